"""Convert ormar's own signals to typed ones in place, and back; they keep their identity."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

from typed_signals._connection import Connection, make_connection
from typed_signals._describe import identity
from typed_signals._registry import BaseSignal, state_of, written_protocol
from typed_signals._signal import Signal
from typed_signals.ormar._compat import ormar
from typed_signals.ormar._errors import SignalDefinitionError

__all__ = ["convert_signal", "copy_signal", "receivers_of", "restore_signal", "set_receivers"]


def copy_signal(signal: Any, kind: type[Signal[Any]] = Signal) -> Signal[Any] | None:
    """Make a typed signal with the receivers of another, which stays as it is.

    Args:
        signal: A signal of ormar's, or a typed one that is to move to another emitter.
        kind: The class of the copy.

    Returns:
        The copy, whose receivers are not checked yet; ``None`` if it is no signal.

    Raises:
        SignalDefinitionError: The signal is of a subclass of ormar's class, or its class cannot
            be changed to ``kind``.
    """
    if isinstance(signal, Signal):
        source = state_of(signal)
        copy = (kind if issubclass(kind, type(signal)) else type(signal))(
            mode=source.mode, sequential=source.sequential
        )
        state = state_of(copy)
        state.protocol, state.connections = written_protocol(signal), source.connections
        return copy
    if not isinstance(signal, ormar.Signal):
        return None
    if type(signal) is not ormar.Signal:
        name = type(signal).__qualname__
        raise SignalDefinitionError(
            f"a `{name}` is of a subclass of `ormar.Signal`, and what that adds would be lost: "
            f"derive `{name}` from `typed_signals.Signal`"
        )
    try:
        ormar.Signal().__class__ = kind
    except TypeError:
        raise SignalDefinitionError(
            f"a signal of ormar's cannot become a `{kind.__qualname__}` in place: remove its "
            "`__slots__`"
        ) from None
    copy = kind()
    restored = _restored.get(signal, {})
    state_of(copy).protocol = written_protocol(signal)
    connections = [
        restored.get(identity(each)) or make_connection(copy, each, {})
        for each in receivers_of(signal)
    ]
    state_of(copy).connections = {identity(each.receiver): each for each in connections}
    return copy


def convert_signal(signal: Any, copy: BaseSignal) -> BaseSignal:
    """Turn a signal into the typed copy of it, in place.

    Args:
        signal: The signal.
        copy: What :func:`copy_signal` made of it.

    Returns:
        The signal.
    """
    signal.__class__ = type(copy)
    signal.__dict__ = {**vars(signal), **vars(copy)}
    vars(signal).pop("_receivers", None)
    converted: BaseSignal = signal
    return converted


def restore_signal(signal: Signal[Any]) -> None:
    """Turn a typed signal into one of ormar's, in place; one of a subclass is only detached.

    Args:
        signal: The signal.
    """
    if type(signal) is not Signal:
        state_of(signal).registry = None
        return
    connections = state_of(signal).connections.values()
    plain: Any = signal
    kept = {name: value for name, value in vars(signal).items() if name != "__signal_state__"}
    plain.__class__ = ormar.Signal
    plain.__dict__ = kept
    set_receivers(plain, [each.called for each in connections])
    _restored[plain] = {identity(each.called): each for each in connections}


_restored: Final[WeakKeyDictionary[Any, dict[Hashable, Connection]]] = WeakKeyDictionary()
"""The connections of signals that became ormar's again, in case they are converted again."""


def set_receivers(signal: Any, receivers: Iterable[Any]) -> None:
    """Let one of ormar's own signals have these receivers and no others."""
    make_id = ormar.signals.signal.make_id
    signal._receivers = {make_id(each): each for each in receivers}


def receivers_of(signal: Any) -> list[Any]:
    """List the receivers connected to a signal itself, typed or ormar's."""
    return list(signal._receivers.values())
