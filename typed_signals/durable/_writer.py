"""The callable that replaces a durable receiver: it writes the event of each send."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from typed_signals.durable._core import (
    LIFECYCLE,
    CallNext,
    Registry,
    SentSignal,
    SignalDefinitionError,
    SignalState,
    choose_receivers,
    get_emitter,
    install,
    registry_of,
    state_of,
)
from typed_signals.durable._engine import Outbox
from typed_signals.durable._errors import DurableError, NoTransactionError
from typed_signals.durable._fields import Field
from typed_signals.durable._key import Key
from typed_signals.durable._orms import fits
from typed_signals.durable._payload import encoded
from typed_signals.durable._store import METHODS
from typed_signals.durable._telemetry import tracing
from typed_signals.durable._work import Entry

__all__ = ["Writer", "is_atomic"]

T = TypeVar("T")

_PRE: Final = "pre_"
_POST: Final = "post_"


class Writer:
    """Writes the event of each send, in the transaction of the operation that sends.

    Args:
        receiver: The durable receiver.
        name: Its durable name.
        version: The version of its payload.
        atomic: Whether operations outside a transaction are given one.
        outbox: The outbox.
        fields: The fields of its payload, by name.
        key: Gives the key of a send.
        signal: The signal's name.
        lifecycle: Whether the signal is one of a model's lifecycle.
    """

    def __init__(
        self,
        receiver: Callable[..., Awaitable[object]],
        name: str,
        version: int,
        *,
        atomic: bool,
        outbox: Outbox,
        fields: Mapping[str, Field],
        key: Key,
        signal: str,
        lifecycle: bool,
    ) -> None:
        self.__wrapped__ = receiver  # shown in messages and lists
        self.atomic = atomic
        self._name = name
        self._version = version
        self._outbox = outbox
        self._fields = fields
        self._key = key
        self._signal = signal
        self._operation = signal.removeprefix(_POST) if lifecycle else "send"
        self._lifecycle = lifecycle

    async def __call__(self, sender: type, **payload: Any) -> None:
        """Write the event of a send.

        Args:
            sender: The sender.
            payload: The payload.

        Raises:
            NoTransactionError: There is no open transaction.
            DurableError: The payload cannot be written as JSON, or the sender is in another
                database.
        """
        with self._outbox.store.sending(sender, payload):
            self._check(sender, done=True)
            entry = await self._outbox.store.call(lambda: self._entry(sender, payload))
            await self._outbox.write(entry)

    def _entry(self, sender: type, payload: Mapping[str, Any]) -> Entry:
        try:
            return Entry(
                event_id=uuid.uuid4().hex,
                receiver=self._name,
                version=self._version,
                sender=self._outbox.store.name_of(sender),
                key=self._key(sender, payload),
                payload=encoded(self._fields, sender, payload),
                trace=tracing().carried(),
            )
        except DurableError as error:
            raise DurableError(f"{self._title(sender)}: {error}") from error.__cause__

    def check(self, sender: type, payload: Mapping[str, Any]) -> None:
        """Refuse an operation before it writes anything, if its event could not be written.

        Args:
            sender: The sender.
            payload: The payload.

        Raises:
            NoTransactionError: There is no open transaction.
            DurableError: The sender is in another database than the outbox.
        """
        with self._outbox.store.sending(sender, payload):
            self._check(sender, done=False)

    def _check(self, sender: type, *, done: bool) -> None:
        store = self._outbox.store
        if not fits(store, sender):
            raise DurableError(
                f"{self._title(sender)} is durable, and its outbox is in another database than "
                f"`{sender.__name__}`: connect it to that model itself, with a name of its own"
            )
        if store.in_transaction:
            return
        atomic = " or connect the receiver with `atomic=True`" if self._operation in METHODS else ""
        hint = atomic if self._lifecycle else store.belongs
        written = " The operation itself was written." if self._lifecycle and done else ""
        raise NoTransactionError(
            f"{self._title(sender)} is durable, and there is no open transaction to write its "
            f"event in: write `{store.block}` around the "
            f"{self._operation}{hint}.{written}"
        )

    def _title(self, sender: type) -> str:
        name = self._signal or "a signal"
        return f"the receiver `{self._name}` of {name} of {sender.__name__}"


# --- before an operation writes anything ---------------------------------------------------------


class RequireTransaction:
    """The middleware that refuses an operation whose events could not be written after it."""

    def __call__(self, sent: SentSignal, call_next: CallNext[T], /) -> Coroutine[Any, Any, T]:
        """Check the durable receivers of the ``post_`` signal, then pass the ``pre_`` signal on."""
        registry = state_of(sent.signal).registry
        if registry is not None and registry.owner is not None and isinstance(sent.sender, type):
            after = get_emitter(registry.owner)[_after(sent.signal.name)]
            connections = state_of(after).all_connections()
            later = SentSignal(after, sent.sender, sent.payload, connections)
            for each in choose_receivers(later):
                if isinstance(each.call, Writer):
                    each.call.check(sent.sender, sent.payload)
        return call_next(sent)


def _is_before_durable(state: SignalState) -> bool:
    """Whether a signal is sent before one that has a durable receiver."""
    return (
        state.registry is not None
        and state.name.startswith(_PRE)
        and any(_writers(state.registry, _after(state.name)))
    )


def _after(signal: str) -> str:
    after = _POST + signal.removeprefix(_PRE)
    return after if signal in LIFECYCLE and after in LIFECYCLE else ""


def _writers(registry: Registry, signal: str) -> list[Writer]:
    calls = [each.call for each in registry.connections_to(signal)]
    return [call for call in calls if isinstance(call, Writer)]


def is_atomic(sender: type, operation: str) -> bool:
    """Whether an operation of a model is given a transaction, for a receiver with ``atomic``."""
    try:
        registry = registry_of(get_emitter(sender))
    except SignalDefinitionError:  # uninstalled: the events are still written
        return True
    return any(each.atomic for each in _writers(registry, _POST + operation))


install(RequireTransaction(), 5, _is_before_durable)  # after what chooses the receivers of `pre_`
