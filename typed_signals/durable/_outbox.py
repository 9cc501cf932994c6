"""The outbox in the user's own database: who its receivers are, and what is done with its rows."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import pydantic_core
import sqlalchemy as sa

from typed_signals.durable._core import SignalDefinitionError, describe
from typed_signals.durable._errors import DurableError
from typed_signals.durable._event import Event, Publish
from typed_signals.durable._payload import Field, decoded
from typed_signals.durable._store import Store
from typed_signals.durable._table import DEAD, DONE, PENDING, Claimed, Rows, outbox_table
from typed_signals.durable._telemetry import tracing
from typed_signals.durable._work import Settings
from typed_signals.durable._worker import Worker

__all__ = ["Registered", "Status", "TableOutbox", "outbox_of"]

_WEEK = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """A durable receiver of an outbox.

    Attributes:
        durable: How it was connected.
        receiver: The receiver.
        fields: What travels.
    """

    durable: Settings
    receiver: Callable[..., Awaitable[object]]
    fields: Mapping[str, Field]

    async def call(self, claimed: Claimed, store: Store) -> None:
        """Call the receiver with what a row of a database holds."""
        sender = store.sender_named(claimed.sender)
        values = pydantic_core.from_json(claimed.payload)
        if claimed.job.version < self.durable.version and self.durable.upgrade is not None:
            values = self.durable.upgrade(values, claimed.job.version)
        payload = await decoded(self.fields, sender, values)
        await self.receiver(sender=sender, **payload, job=claimed.job)


class Status(NamedTuple):
    """How many events a receiver has.

    Attributes:
        receiver: Its durable name.
        pending: Those that wait.
        running: Those that a worker holds.
        done: Those that were handled and are not yet deleted.
        dead: Those that were given up.
        oldest: How many seconds ago the oldest was written that waits or runs.
    """

    receiver: str
    pending: int
    running: int
    done: int
    dead: int
    oldest: float | None


def _status(receiver: str, states: Mapping[str, Mapping[str, Any]]) -> Status:
    counts = {state: int(row["count"]) for state, row in states.items()}
    waiting = states.get(PENDING)
    running = int(waiting["running"]) if waiting else 0
    return Status(
        receiver,
        pending=counts.get(PENDING, 0) - running,
        running=running,
        done=counts.get(DONE, 0),
        dead=counts.get(DEAD, 0),
        oldest=float(waiting["oldest"]) if waiting else None,
    )


class TableOutbox:
    """An outbox that is a table of the user's own database; its workers need no other server.

    Making one is enough: durable receivers of models in the same database find it. The table is in
    the metadata of the base configuration, so ``create_all()`` and Alembic see it.

    Args:
        base: The base ``OrmarConfig`` of the models: its database and its metadata are used.
        table: The table's name.
        keep: For how many seconds a row is kept after it was handled. Workers delete older ones.

    Attributes:
        table: The SQLAlchemy ``Table``.
        receivers: The durable receivers, by name.

    Raises:
        DurableError: The database is that of an ormar before 0.22, or has an outbox already.
    """

    def __init__(
        self, base: Any, *, table: str = "typed_signals_outbox", keep: float = _WEEK
    ) -> None:
        if base.database is None or base.metadata is None:
            raise DurableError(
                "the base configuration of an outbox needs a database and metadata: write "
                "`TableOutbox(OrmarConfig(database=..., metadata=...))`"
            )
        self.store = Store(base.database)
        if id(base.database) in _outboxes:
            raise DurableError(
                "this database has an outbox already: make one `TableOutbox` for all its models"
            )
        self.table: sa.Table = outbox_table(base.metadata, table)
        self.rows = Rows(self.table, self.store)
        self.keep = keep
        self.receivers: dict[str, Registered] = {}
        _outboxes[id(base.database)] = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.table.name}: {len(self.receivers)} receivers>"

    # --- receivers -------------------------------------------------------------------------------

    def register(self, new: Registered) -> None:
        """Take a durable receiver, under the name that its rows are kept by.

        Args:
            new: The receiver.

        Raises:
            SignalDefinitionError: The name is another receiver's.
        """
        name = new.durable.name
        known = self.receivers.setdefault(name, new)
        if known.receiver is not new.receiver or known.fields.keys() != new.fields.keys():
            raise SignalDefinitionError(
                f"`{name}` is the durable name of {describe(known.receiver)} already, so it cannot "
                f"be that of {describe(new.receiver)}: rows are kept under it; choose another"
            )

    @property
    def versions(self) -> dict[str, int]:
        """The newest version of the payload that each receiver understands."""
        return {name: each.durable.version for name, each in self.receivers.items()}

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON schema of what a receiver's rows hold.

        Args:
            name: The receiver's durable name.

        Returns:
            The schema, with one property for each name that travels.
        """
        fields = self.receivers[name].fields
        return {
            "title": name,
            "type": "object",
            "properties": {each: field.schema() for each, field in fields.items()},
        }

    # --- work ------------------------------------------------------------------------------------

    async def drain(self) -> int:
        """Handle every event that is due, here and now, one after another; for tests.

        Returns:
            How many were handled without failure.

        Raises:
            BaseException: What the first failing receiver raised, once the others have run. Its
                row is due again later, as after a worker's attempt.
            DurableError: A transaction is open: what it wrote is not committed yet.
        """
        if self.store.in_transaction and not self.store.never_commits:
            raise DurableError(
                "`drain()` was called inside an open transaction, whose events are not committed: "
                "call it after the `async with database.transaction()` block"
            )
        return await Worker(self, concurrency=1).drain()

    async def receive(self, event: Event, *, attempt: int = 1) -> None:
        """Handle an event that came through a broker; what its consumer calls.

        Args:
            event: The event.
            attempt: Which attempt this is, if the broker says.

        Raises:
            DurableError: This process does not know the receiver, or only an older version.
            Exception: What the receiver raised: let it reach the broker, which delivers again.
        """
        known = self.receivers.get(event.job.receiver)
        if known is None or known.durable.version < event.job.version:
            raise DurableError(
                f"this process has no receiver `{event.job.receiver}` of version "
                f"{event.job.version}: let the broker deliver the event to another"
            )
        lag = (datetime.now(UTC) - event.job.created).total_seconds()
        job = replace(event.job, attempt=attempt)
        claimed = Claimed(job, event.sender, event.payload, event.trace, "", max(0.0, lag))
        with tracing().handling(claimed):
            async with asyncio.timeout(known.durable.timeout):
                await known.call(claimed, self.store)

    @asynccontextmanager
    async def worker(
        self,
        *,
        concurrency: int = 8,
        lease: float = 60.0,
        poll: float = 0.5,
        grace: float = 25.0,
        publish: Publish | None = None,
    ) -> AsyncGenerator[Worker]:
        """Run a worker in this event loop while the block runs: in development, or as a relay.

        Args:
            concurrency: How many receivers run at once.
            lease: For how many seconds a row is claimed; renewed while its receiver runs.
            poll: How many seconds to wait when nothing is due.
            grace: How many seconds receivers have to finish once the block ends.
            publish: Hands events to a broker, in place of their receivers.

        Yields:
            The worker.
        """
        worker = Worker(
            self, concurrency=concurrency, lease=lease, poll=poll, grace=grace, publish=publish
        )
        running = asyncio.create_task(worker.run(), context=contextvars.Context())
        try:
            yield worker
        finally:
            worker.stop()
            await running

    def connected(self) -> AbstractAsyncContextManager[Any]:
        """Connect to the outbox's database, and disconnect at the end."""
        return self.store.connected()

    async def status(self) -> list[Status]:
        """Count the events of each receiver, those of unknown ones included."""
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for row in await self.rows.counts():
            found.setdefault(row["receiver"], {})[row["state"]] = row
        return [_status(name, states) for name, states in sorted(found.items())]

    async def dead(self, *, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        """The events that were given up, the newest first, each with its ``error``."""
        return await self.rows.dead(limit)

    async def retry(self, *ids: int) -> int:
        """Have dead events handled again, with all their attempts.

        Args:
            ids: The numbers of their rows; none at all stand for every dead event.

        Returns:
            How many there were.
        """
        return await self.rows.revive(ids or None)

    async def purge(self, *, older_than: float | None = None, dead: bool = False) -> int:
        """Delete events that were handled.

        Args:
            older_than: For how many seconds they must have been finished; ``keep`` if left out.
            dead: Whether dead events are deleted, too.

        Returns:
            How many were deleted.
        """
        states = [DONE, DEAD] if dead else [DONE]
        return await self.rows.purge(self.keep if older_than is None else older_than, states)


_outboxes: WeakValueDictionary[int, TableOutbox] = WeakValueDictionary()
"""By the database's ``id()``: an outbox holds its database, so the number is not used again."""


def outbox_of(database: object) -> TableOutbox | None:
    """The outbox of a database, if one was made."""
    return _outboxes.get(id(database))
