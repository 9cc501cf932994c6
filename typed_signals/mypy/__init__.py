"""The mypy plugin: ``plugins = typed_signals.mypy`` in mypy's configuration.

It reads what signals send from their Protocols, and applies the rules of the core. It imports
neither ormar nor any module of the project that is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from mypy.build import PRI_LOW
from mypy.nodes import MypyFile, TypeInfo
from mypy.plugin import (
    AttributeContext,
    ClassDefContext,
    FunctionContext,
    MethodContext,
    MethodSigContext,
    Plugin,
)
from mypy.types import FunctionLike, Type

from typed_signals.mypy.contracts import check_decorated, check_made_signal
from typed_signals.mypy.declarations import check_declarations
from typed_signals.mypy.fullnames import (
    CONFIG_SIGNALS,
    CONNECT,
    CONNECTOR,
    DECORATORS,
    DECORATORS_WITH_MIXINS,
    EMITTER,
    GET_SIGNALS,
    INSTALLS,
    SIGNAL,
    SIGNAL_DECORATORS,
)
from typed_signals.mypy.installed import installed_signals, modules_needed
from typed_signals.mypy.installs import remember_installs
from typed_signals.mypy.meta import add_signals_to_meta
from typed_signals.mypy.receivers import check_receiver, open_call
from typed_signals.mypy.relations import remember_relations
from typed_signals.mypy.senders import connector_of
from typed_signals.mypy.targets import check_install, check_signals_of
from typed_signals.mypy.undeclared import undeclared_signal
from typed_signals.mypy.wording import name_signal


def _version() -> str:
    """What mypy adds to its cache's key, so that new rules check everything again."""
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


__version__ = _version()

_DEFINE, _DEFINE_WITH_OPTIONS = SIGNAL_DECORATORS
_CONNECTS = (f"{CONNECT}.__call__", f"{CONNECTOR}.__call__")
_FUNCTIONS: dict[str, Callable[[FunctionContext], Type]] = {
    SIGNAL: check_made_signal,
    _DEFINE: check_decorated,
    INSTALLS[0]: check_install,
    INSTALLS[1]: partial(check_install, sessions=True),
    **dict.fromkeys(GET_SIGNALS, check_signals_of),
}
# Any function of a module.
_FUNCTIONS_IN: dict[str, Callable[[FunctionContext], Type]] = {
    **dict.fromkeys(DECORATORS, connector_of),
    **dict.fromkeys(DECORATORS_WITH_MIXINS, partial(connector_of, mixins=True)),
}


def _check_emitter(ctx: ClassDefContext) -> None:
    check_declarations(ctx)
    remember_installs(ctx)


class SignalsPlugin(Plugin):
    """Maps mypy's hooks to the features."""

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """The modules that mypy reads along with a module that does not import them."""
        return [(PRI_LOW, module, -1) for module in modules_needed(file)]

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """The feature for an attribute."""
        owner, _, name = fullname.rpartition(".")
        if owner == EMITTER:
            return partial(undeclared_signal, name)
        return installed_signals if fullname in CONFIG_SIGNALS else None

    def get_class_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """The feature for an attribute of a class."""
        return installed_signals if fullname.endswith(".Meta.signals") else None

    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None]:
        """The feature for any class; pydantic's plugin has the other hooks for models."""
        return add_signals_to_meta if fullname.endswith(".Meta") else remember_relations

    def get_base_class_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """The feature for a class, by one of the bases that stand in its head."""
        return _check_emitter if self._has_base(fullname, EMITTER) else None

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """The feature for a call of a function or class."""
        return _FUNCTIONS.get(fullname) or _FUNCTIONS_IN.get(fullname.rpartition(".")[0])

    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        """The feature for a call of a method, before its arguments are checked."""
        if fullname in _CONNECTS:
            return open_call
        owner, _, name = fullname.rpartition(".")
        is_send = name in ("send", "send_robust") and self._has_base(owner, SIGNAL)
        return name_signal if is_send else None

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """The feature for a call of a method, after its arguments were checked."""
        if fullname in _CONNECTS:
            return check_receiver
        return check_decorated if fullname == _DEFINE_WITH_OPTIONS else None

    def _has_base(self, fullname: str, base: str) -> bool:
        symbol = self.lookup_fully_qualified(fullname)
        cls = symbol.node if symbol else None
        return isinstance(cls, TypeInfo) and cls.has_base(base)


def plugin(version: str) -> type[Plugin]:
    """What mypy calls to find the plugin.

    Args:
        version: The version of mypy; every supported one gets the same plugin.

    Returns:
        The plugin class.
    """
    return SignalsPlugin
