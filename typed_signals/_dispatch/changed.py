"""Find which fields an operation changes, if a receiver asks for that.

An ORM sends two signals around an operation, and the old values only exist at the first. So the
first send reads them, even if only receivers of the second ask for them, and keeps them in a
context variable, where the second one finds them. Nothing is read unless a receiver asks.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final

from typed_signals._backend import OldRow, find_backend
from typed_signals._connection import Connection
from typed_signals._contract import CHANGED, Mistake
from typed_signals._dispatch.nesting import ActiveSend, current
from typed_signals._dispatch.run import payload_error
from typed_signals._middleware import guests
from typed_signals._protocols import Change
from typed_signals._registry import SignalState, state_of

__all__ = [
    "Changed",
    "Operation",
    "begin",
    "called",
    "find_changed",
    "has_asking_guest",
    "is_read_at",
    "without",
]

Changed = Mapping[str, Change]


# --- who asks ------------------------------------------------------------------------------------


def is_read_at(state: SignalState) -> bool:
    """Tell whether the send of a signal reads old values, for its receivers or later ones."""
    if not state.name or state.registry is None:
        return False
    registries = (state.registry, *state.registry.parents)
    signals = [signal for each in registries for signal in tuple(each.signals.values())]
    connections = [each for signal in signals for each in state_of(signal).connections.values()]
    return any(each.asks_since == state.name for each in (*connections, *guests()))


def has_asking_guest(state: SignalState) -> bool:
    """Tell whether middleware may add a receiver of a signal that asks for what changed."""
    return any(each.asks_since for each in guests()) and bool(state.contract.changed_since)


def called(
    state: SignalState, connections: tuple[Connection, ...], changed: Changed | None
) -> tuple[Connection, ...]:
    """Leave out the receivers for whose fields nothing changed.

    Raises:
        SignalPayloadError: A receiver asks for what changed, and that is not known.
    """
    if changed is None:
        if any(each.asks_since for each in connections):
            problem = "is missing: the old values were not read before, so nothing is compared"
            raise payload_error(state, [Mistake(CHANGED, problem)])
        return connections
    chosen = tuple(
        each for each in connections if each.fields is None or not each.fields.isdisjoint(changed)
    )
    return connections if len(chosen) == len(connections) else chosen


def without(connection: Connection) -> Connection:
    """Make a connection that leaves out ``changed``, for a receiver that does not name it."""
    inner = connection.call

    def call(sender: object, **payload: Any) -> Coroutine[Any, Any, object]:
        payload.pop(CHANGED, None)
        return inner(sender=sender, **payload)

    return replace(connection, call=call)


# --- one operation -------------------------------------------------------------------------------


class Operation:
    """An operation between its two signals, with the old values.

    Args:
        payload: The payload of the first signal.
        row: The old values; ``None`` if the ORM cannot tell them.
        outer: The operation in whose receiver this one is made.
    """

    def __init__(
        self, payload: Mapping[str, Any], row: OldRow | None, outer: Operation | None
    ) -> None:
        self._payload = {name: _reference(value) for name, value in payload.items()}
        self._row = row
        self._senders: dict[str, list[object]] = {}
        self._planned: Changed | None = None
        self._written: Changed | None = None
        self._within: weakref.ref[ActiveSend] | None = None
        if (send := _open_send()) is not None:
            self._within = weakref.ref(send)
        self.outer = outer

    def can_hold(self, send: ActiveSend) -> bool:
        """Whether a receiver of a send may run during this operation, not after it."""
        within = self._within() if self._within is not None else None
        is_over = self._within is not None and (within is None or not within.open)
        return not is_over and within is not send

    def is_first_send(self, name: str, sender: object, payload: Mapping[str, Any]) -> bool:
        """Whether a payload is of this operation, and its sender has not sent the signal yet.

        A model and its parents may each send the same signal in one operation.
        """
        return sender not in self._senders.get(name, ()) and all(
            each in self._payload and self._payload[each]() is value
            for each, value in payload.items()
        )

    def sent(self, name: str, sender: object) -> None:
        """Remember that a signal was sent."""
        self._senders.setdefault(name, []).append(sender)

    def about_to_change(self, payload: Mapping[str, Any]) -> Changed | None:
        """What is about to change, at the first signal."""
        return self._row.compare(payload.get("instance")) if self._row else None

    def has_changed(self, payload: Mapping[str, Any], *, is_repeat: bool) -> Changed | None:
        """What has changed, at the second signal, which a child may have sent before."""
        # Compared once: receivers of the second signal may change the instance again.
        if self._written is None and not is_repeat:
            self._written = self.about_to_change(payload)
        return self._planned if self._written is None else self._written

    async def end_first(self, sender: object, payload: Mapping[str, Any]) -> None:
        """Make this the context's operation again, after the receivers of the first signal."""
        if self._row is not None and not self._row.is_of(payload.get("instance")):
            self._row = await find_backend(sender).read_old_row(payload)
        self._planned = self.about_to_change(payload)
        _operation.set(self)


_operation: Final[ContextVar[Operation | None]] = ContextVar(
    "typed_signals.operation", default=None
)
"""The operation whose first signal was sent last."""


async def begin(state: SignalState, sender: object, payload: Mapping[str, Any]) -> Operation:
    """Read the old values for an operation, unless a child of the sender has read them."""
    known, send = _operation.get(), _open_send()
    if known is not None and known.is_first_send(state.name, sender, payload):
        operation = known
    else:
        outer = known if send is not None else None
        while outer is not None and send is not None and not outer.can_hold(send):
            outer = outer.outer
        row = await find_backend(sender).read_old_row(payload)
        operation = Operation(payload, row, outer)
    operation.sent(state.name, sender)
    _operation.set(operation)
    return operation


def _open_send() -> ActiveSend | None:
    """The innermost send that the running code is a receiver of; ``None`` once it is finished."""
    send = current.get()
    return send if send is not None and send.open else None


def find_changed(state: SignalState, sender: object, payload: Mapping[str, Any]) -> Changed | None:
    """Find what an operation changes at the send of one of its signals; ``None`` if unknown."""
    if CHANGED in payload:
        given: Changed = payload[CHANGED]
        return given
    since, operation = state.contract.changed_since, _operation.get()
    if state.name == since:  # just begun
        return operation.about_to_change(payload) if operation else None
    while operation is not None and not operation.is_first_send(state.name, sender, payload):
        operation = operation.outer
    if operation is None:
        return None
    operation.sent(state.name, sender)
    is_repeat = find_backend(sender).is_repeat(sender, dict(payload))
    return operation.has_changed(payload, is_repeat=is_repeat)


def _reference(value: Any) -> Callable[[], Any]:
    """A reference that does not keep an instance alive."""
    try:
        return weakref.ref(value)
    except TypeError:  # a dict, or None
        return lambda: value
