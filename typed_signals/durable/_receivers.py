"""The durable receivers of an outbox, whatever engine runs them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from weakref import WeakSet

import pydantic_core

from typed_signals.durable._attempt import attempt
from typed_signals.durable._core import (
    Contract,
    SignalDefinitionError,
    SignalState,
    describe,
    identity,
)
from typed_signals.durable._errors import DurableError
from typed_signals.durable._event import Event
from typed_signals.durable._fields import Field
from typed_signals.durable._payload import decoded
from typed_signals.durable._store import Store
from typed_signals.durable._table import Claimed
from typed_signals.durable._telemetry import tracing
from typed_signals.durable._work import Settings

__all__ = ["Receivers", "Registered"]


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """A durable receiver of an outbox.

    Attributes:
        durable: How it was connected.
        receiver: The receiver.
        fields: The fields of its payload, by name.
        contract: What the receiver is called with.
        state: The signal that it is connected to, or is about to be.
    """

    durable: Settings
    receiver: Callable[..., Awaitable[object]]
    fields: Mapping[str, Field]
    contract: Contract
    state: InitVar[SignalState]
    states: WeakSet[SignalState] = field(init=False, default_factory=WeakSet)

    def __post_init__(self, state: SignalState) -> None:
        self.states.add(state)

    @property
    def is_connected(self) -> bool:
        """Whether events can still be written for it."""
        return any(identity(self.receiver) in each.connections for each in self.states)

    async def call(self, claimed: Claimed, store: Store) -> None:
        """Call the receiver with the payload of an event."""
        sender = store.sender_named(claimed.sender)
        values = pydantic_core.from_json(claimed.payload)
        if claimed.job.version < self.durable.version and self.durable.upgrade is not None:
            values = self.durable.upgrade(values, claimed.job.version)
        payload = await decoded(self.fields, sender, values)
        for name in self.fields:
            if name not in payload and not self.contract.payload[name]:
                raise DurableError(
                    f"the event of version {claimed.job.version} has no `{name}`: raise the "
                    "`version` when the payload changes, and let `upgrade` add it"
                )
        await self.receiver(sender=sender, **payload, job=claimed.job)


class Receivers(Mapping[str, Registered]):
    """The durable receivers of an outbox, by the names that their events are kept under.

    Args:
        store: The outbox's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Registered] = {}

    def __getitem__(self, name: str) -> Registered:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def register(self, new: Registered) -> None:
        """Register a durable receiver.

        Args:
            new: The receiver.

        Raises:
            SignalDefinitionError: Another receiver has the name.
        """
        name = new.durable.name
        known = self._known.setdefault(name, new)
        same = identity(known.receiver) == identity(new.receiver)
        runs_alike = known.contract == new.contract and known.durable.runs_like(new.durable)
        if same and runs_alike:
            known.states.update(new.states)
        elif not known.is_connected:  # as after a disconnect(), or in a module that is reloaded
            self._known[name] = new
        elif same:
            raise SignalDefinitionError(
                f"`{name}` of {describe(new.receiver)} is connected already and is to run in "
                "another way, and its rows are kept under one name: connect it everywhere with "
                "the same payload, version and retries, or give it another name here"
            )
        else:
            raise SignalDefinitionError(
                f"`{name}` is the durable name of {describe(known.receiver)} already, so it cannot "
                f"be that of {describe(new.receiver)}: rows are kept under it; choose another"
            )

    def clear(self) -> None:
        """Forget them all; for tests that connect others."""
        self._known.clear()

    @property
    def versions(self) -> dict[str, int]:
        """The newest version of the payload that each receiver understands."""
        return {name: each.durable.version for name, each in self.items()}

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON schema of what a receiver's events hold.

        Args:
            name: The receiver's durable name.

        Returns:
            The schema, with one property for each name.
        """
        return {
            "title": name,
            "type": "object",
            "properties": {each: known.schema() for each, known in self[name].fields.items()},
        }

    async def receive(self, event: Event, *, attempt_number: int, last: bool) -> None:
        """Handle an event that came through a broker.

        Args:
            event: The event.
            attempt_number: Which attempt this is.
            last: Whether the broker gives the event up if this attempt fails.

        Raises:
            DurableError: This process does not know the receiver, or only an older version; or the
                receiver cancelled itself.
            Exception: What the receiver raised.
        """
        known = self.get(event.job.receiver)
        if known is None or known.durable.version < event.job.version:
            raise DurableError(
                f"this process has no receiver `{event.job.receiver}` of version "
                f"{event.job.version}: let the broker deliver the event to another"
            )
        lag = (datetime.now(UTC) - event.job.created).total_seconds()
        job = replace(event.job, attempt=attempt_number)
        claimed = Claimed(job, event.sender, event.payload, event.trace, "", max(0.0, lag))
        failure = await attempt(
            claimed, known.durable.timeout, lambda: known.call(claimed, self._store)
        )
        if failure is None:
            return
        if last:
            tracing().dead(claimed)
        else:
            tracing().retried(claimed)
        if isinstance(failure, asyncio.CancelledError):  # to a broker's client this is a shutdown
            raise DurableError(f"the receiver `{known.durable.name}` cancelled itself") from failure
        raise failure
