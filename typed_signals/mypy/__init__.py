"""The mypy plugin: ``plugins = typed_signals.mypy`` in mypy's configuration.

Everything it knows of signals it reads from the Protocols and from :mod:`typed_signals.contract`.
It imports neither ormar nor any module of the project that is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from mypy.plugin import (
    AttributeContext,
    ClassDefContext,
    FunctionContext,
    MethodContext,
    MethodSigContext,
    Plugin,
)
from mypy.types import FunctionLike, Type

from typed_signals.mypy.emitters import EMITTER, SIGNAL
from typed_signals.mypy.meta import add_signals_to_meta
from typed_signals.mypy.names import check_name
from typed_signals.mypy.receivers import check_receiver, open_call
from typed_signals.mypy.remembered import remembered_signal
from typed_signals.mypy.senders import connector_of


def _version() -> str:
    """What mypy adds to its cache's key, so that no verdict outlives the rules it was made by."""
    here = Path(__file__).parent
    files = sorted([*here.glob("*.py"), here.parent / "contract.py"])
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


__version__ = _version()

_PACKAGE = "typed_signals."
_CONNECT = f"{SIGNAL.rpartition('.')[0]}.Connect.__call__"
_CONNECTOR = "typed_signals.signal.Connector.__call__"
_DECORATORS = ("typed_signals.decorators", "ormar.decorators.signals")


def _undeclared(name: str, ctx: AttributeContext) -> Type:
    check_name(name, ctx)
    return remembered_signal(name, ctx)


_SIGNATURES: dict[str, Callable[[MethodSigContext], FunctionLike]] = {
    _CONNECT: open_call,
    _CONNECTOR: open_call,
}
_METHODS: dict[str, Callable[[MethodContext], Type]] = {
    _CONNECT: check_receiver,
    _CONNECTOR: check_receiver,
}

# By the last part of the name.
_CLASSES_NAMED: dict[str, Callable[[ClassDefContext], None]] = {"Meta": add_signals_to_meta}
# By what stands before the last dot: any function of the module, any name that is not declared.
_FUNCTIONS_IN: dict[str, Callable[[FunctionContext], Type]] = dict.fromkeys(
    _DECORATORS, connector_of
)
_UNKNOWN_IN: dict[str, Callable[[str, AttributeContext], Type]] = {EMITTER: _undeclared}


class SignalsPlugin(Plugin):
    """Maps mypy's hooks to the features."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """The feature for an attribute."""
        if not fullname.startswith(_PACKAGE):
            return None
        owner, _, name = fullname.rpartition(".")
        if feature := _UNKNOWN_IN.get(owner):
            return partial(feature, name)
        return None

    def get_customize_class_mro_hook(
        self, fullname: str
    ) -> Callable[[ClassDefContext], None] | None:
        """The feature for a class; other hooks for classes are taken by pydantic's plugin."""
        return _CLASSES_NAMED.get(fullname.rpartition(".")[2])

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """The feature for a call of a function."""
        return _FUNCTIONS_IN.get(fullname.rpartition(".")[0])

    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        """The feature for a call of a method, before its arguments are checked."""
        return _SIGNATURES.get(fullname)

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """The feature for a call of a method, after its arguments were checked."""
        return _METHODS.get(fullname)


def plugin(version: str) -> type[Plugin]:
    """What mypy calls to find the plugin.

    Args:
        version: The version of mypy; every supported one gets the same plugin.

    Returns:
        The plugin class.
    """
    return SignalsPlugin
