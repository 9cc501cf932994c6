"""The mypy plugin: ``plugins = typed_signals.mypy`` in mypy's configuration.

Everything it knows of signals it reads from the Protocols and from :mod:`typed_signals.contract`.
It imports neither ormar nor any module of the project that is checked.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.plugin import AttributeContext, MethodContext, MethodSigContext, Plugin
from mypy.types import FunctionLike, Type

from typed_signals.mypy.receivers import check_receiver, open_attribute, open_call

_CONNECT = "typed_signals.signal.Signal.connect"
_CONNECTOR = "typed_signals.decorators.Connector.__call__"

_ATTRIBUTES: dict[str, Callable[[AttributeContext], Type]] = {_CONNECT: open_attribute}
_SIGNATURES: dict[str, Callable[[MethodSigContext], FunctionLike]] = {_CONNECTOR: open_call}
_METHODS: dict[str, Callable[[MethodContext], Type]] = {
    _CONNECT: check_receiver,
    _CONNECTOR: check_receiver,
}


class SignalsPlugin(Plugin):
    """Maps mypy's hooks to the features."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """The feature for an attribute."""
        return _ATTRIBUTES.get(fullname)

    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        """The feature for a method before its arguments are checked."""
        return _SIGNATURES.get(fullname)

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """The feature for a method after its arguments are checked."""
        return _METHODS.get(fullname)


def plugin(version: str) -> type[Plugin]:
    """What mypy calls to find the plugin.

    Args:
        version: The version of mypy; every supported one gets the same plugin.

    Returns:
        The plugin class.
    """
    return SignalsPlugin
