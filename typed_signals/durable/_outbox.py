"""The outbox in the user's own database: its receivers, and the operations on its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import async_sessionmaker

from typed_signals.durable._engine import check_drain, open_store, remember
from typed_signals.durable._errors import DurableError
from typed_signals.durable._event import Event, Publish
from typed_signals.durable._receivers import Receivers, Registered
from typed_signals.durable._table import DEAD, DONE, PENDING, Rows, outbox_table
from typed_signals.durable._work import WEEK, Entry, Status, in_background
from typed_signals.durable._worker import Worker

__all__ = ["TableOutbox"]


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
    the metadata of the base, so ``create_all()`` and Alembic see it.

    Args:
        base: The base ``OrmarConfig`` of ormar's models: its database and its metadata are used.
            With SQLAlchemy and SQLModel the base class of the models, or their ``registry``.
        sessions: With SQLAlchemy and SQLModel the ``async_sessionmaker``, whose ``bind`` is the
            database; it may be configured later.
        table: The table's name.
        keep: For how many seconds a row is kept after it was handled. Workers delete older ones.

    Attributes:
        table: The SQLAlchemy ``Table``.
        receivers: The durable receivers, by name.

    Raises:
        DurableError: The database is that of an ormar before 0.22, or already has an outbox. Or
            ``sessions`` or ``table`` has a wrong value.
    """

    def __init__(
        self,
        base: Any,
        *,
        sessions: async_sessionmaker[Any] | None = None,
        table: str = "typed_signals_outbox",
        keep: float = WEEK,
    ) -> None:
        name: Any = table
        if not (isinstance(name, str) and name):
            raise DurableError(f"`table` must be the name of a table, not {name!r}")
        self.store = open_store(base, type(self).__name__, sessions)
        self.table: sa.Table = outbox_table(base.metadata, table)
        self.rows = Rows(self.table, self.store)
        self.keep = keep
        self.receivers = Receivers(self.store)
        remember(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.table.name}: {len(self.receivers)} receivers>"

    # --- receivers -------------------------------------------------------------------------------

    def register(self, new: Registered) -> None:
        """Register a durable receiver, under the name that its rows are kept under.

        Args:
            new: The receiver.

        Raises:
            SignalDefinitionError: Another receiver has the name.
        """
        self.receivers.register(new)

    async def write(self, entry: Entry) -> None:
        """Write a row, in the transaction that is open."""
        await self.rows.write(**asdict(entry))

    @property
    def versions(self) -> dict[str, int]:
        """The newest version of the payload that each receiver understands."""
        return self.receivers.versions

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON schema of what a receiver's events hold in ``payload``.

        Args:
            name: The receiver's durable name.

        Returns:
            The schema, with one property for each name.
        """
        return self.receivers.schema(name)

    # --- work ------------------------------------------------------------------------------------

    async def drain(self) -> int:
        """Handle every event that is due, here and now, one after another; for tests.

        Returns:
            How many were handled without failure.

        Raises:
            BaseException: What the first failing receiver raised, once the others have run. Its
                event is due again later, as after a worker's attempt.
            DurableError: A transaction is open: its events are not committed yet.
        """
        check_drain(self.store)
        return await Worker(self, concurrency=1).drain()

    async def receive(self, event: Event, *, attempt: int = 1, last: bool = False) -> None:
        """Handle an event that came through a broker; call this in the broker's consumer.

        Args:
            event: The event.
            attempt: Which attempt this is, if the broker counts them.
            last: Whether the broker gives the event up if this attempt fails. A failure then
                counts as dead, otherwise as a retry.

        Raises:
            DurableError: This process does not know the receiver, or only an older version.
            Exception: What the receiver raised. Let it reach the broker, which delivers again.
        """
        await self.receivers.receive(event, attempt_number=attempt, last=last)

    def runner(self, *, concurrency: int, lease: float, poll: float, grace: float) -> Worker:
        """Make a worker, as ``typed-signals worker`` does.

        Args:
            concurrency: How many receivers run at once.
            lease: For how many seconds a row is claimed.
            poll: How many seconds to wait when nothing is due.
            grace: How many seconds receivers have to finish when it stops.

        Returns:
            The worker.
        """
        return Worker(self, concurrency=concurrency, lease=lease, poll=poll, grace=grace)

    def worker(
        self,
        *,
        concurrency: int = 8,
        lease: float = 60.0,
        poll: float = 0.5,
        grace: float = 25.0,
        publish: Publish | None = None,
    ) -> AbstractAsyncContextManager[Worker]:
        """Run a worker in this event loop while the block runs: in development, or as a relay.

        Args:
            concurrency: How many receivers run at once.
            lease: For how many seconds a row is claimed; renewed while its receiver runs.
            poll: How many seconds to wait when nothing is due.
            grace: How many seconds receivers have to finish once the block ends.
            publish: Hands events to a broker, in place of their receivers.

        Returns:
            A context manager that gives the worker.
        """
        worker = Worker(
            self, concurrency=concurrency, lease=lease, poll=poll, grace=grace, publish=publish
        )
        return in_background(worker)

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
        """List the dead events, the newest first, each with its ``error``."""
        return await self.rows.dead(limit)

    async def retry(self, *ids: int) -> int:
        """Have dead events handled again, with all their attempts.

        Args:
            ids: Their numbers; without any, every dead event.

        Returns:
            How many events will be handled again.
        """
        return await self.rows.revive(ids or None)

    async def purge(self, *, older_than: float | None = None, dead: bool = False) -> int:
        """Delete events that were handled.

        Args:
            older_than: Delete only events that finished this many seconds ago or earlier; by
                default, ``keep``.
            dead: Whether dead events are deleted, too.

        Returns:
            How many were deleted.
        """
        states = [DONE, DEAD] if dead else [DONE]
        return await self.rows.purge(self.keep if older_than is None else older_than, states)
