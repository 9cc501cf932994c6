"""The outbox table: its rows, and every statement that is run on it.

A row is claimed by an ``UPDATE`` that moves ``due`` into the future. Until then the row is leased;
a lease that has run out is a row that is due again, so a worker that died needs no one to notice
it.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from typed_signals.durable._core import Job
from typed_signals.durable._event import Event
from typed_signals.durable._key import KEY_LENGTH
from typed_signals.durable._store import Store

__all__ = ["DEAD", "DONE", "PENDING", "Claimed", "Rows", "outbox_table"]

PENDING: Final = "pending"
DONE: Final = "done"
DEAD: Final = "dead"

ERROR_LENGTH: Final = 20_000


def _text(length: int) -> sa.types.TypeEngine[Any]:
    # MariaDB would take `Mail` for `mail`.
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(exact, "mysql", "mariadb")


def _long_text() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4"), "mysql", "mariadb")


def outbox_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """Describe the table in the user's metadata.

    Args:
        metadata: The metadata that the models' tables are in.
        name: The table's name.

    Returns:
        The table.
    """
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Table(
        name,
        metadata,
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("event_id", _text(32), nullable=False),
        sa.Column("receiver", _text(KEY_LENGTH), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sender", _text(KEY_LENGTH), nullable=False),
        sa.Column("key", _text(KEY_LENGTH)),
        sa.Column("payload", _long_text(), nullable=False),
        sa.Column("trace", _text(200)),
        sa.Column("state", _text(10), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", _text(32)),
        sa.Column("error", _long_text()),
        sa.UniqueConstraint("event_id", "receiver", name=f"uq_{name}_event"),
        sa.Index(f"ix_{name}_due", "state", "due", "id"),
        sa.Index(f"ix_{name}_key", "receiver", "key", "state", "id"),
        sqlite_autoincrement=True,
    )


class now(FunctionElement[float]):  # noqa: N801 - a function of SQL
    """Seconds since 1970 by the database's clock: machines need not agree on the time."""

    type: sa.types.TypeEngine[float] = sa.Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _sqlite(element: now, compiler: Any, **kwargs: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _postgresql(element: now, compiler: Any, **kwargs: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) AS DOUBLE PRECISION)"


@compiles(now, "mysql")
@compiles(now, "mariadb")
def _mariadb(element: now, compiler: Any, **kwargs: Any) -> str:
    # Not `UNIX_TIMESTAMP(NOW())`, which is an hour off when the clocks go back.
    return "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / CAST(1e6 AS DOUBLE))"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that a worker holds the lease of.

    Attributes:
        job: The event's ids, key and attempt, for the receiver.
        sender: The sender's name.
        payload: The payload, as JSON.
        trace: The trace context of the send.
        lease: The token of the worker's lease.
        lag: Seconds from when it was written to when it was claimed.
    """

    job: Job
    sender: str
    payload: str
    trace: str | None
    lease: str
    lag: float

    @property
    def event(self) -> Event:
        """The row as a broker carries it."""
        return Event(job=self.job, sender=self.sender, payload=self.payload, trace=self.trace)


class Rows:
    """The rows of an outbox.

    Args:
        table: The table.
        store: The database.
    """

    def __init__(self, table: sa.Table, store: Store) -> None:
        self.table = table
        self._store = store

    async def write(self, **values: object) -> None:
        """Write a row, in the transaction that is open."""
        await self._store.execute(
            self.table.insert().values(
                state=PENDING, attempts=0, created=now(), due=now(), **values
            )
        )

    async def claim(
        self, known: Mapping[str, int], *, limit: int, lease: float
    ) -> Sequence[Claimed]:
        """Claim rows that are due, and count the attempt.

        Args:
            known: The receivers that may be claimed, each with the newest version it understands.
            limit: How many rows at most.
            lease: For how many seconds.

        Returns:
            The rows; none if others were faster.
        """
        row, token = self.table.c, uuid.uuid4().hex
        values = {"due": now() + lease, "lease": token, "attempts": row.attempts + 1}
        if self._store.can_return_updates:
            due = self._due(known, limit).with_for_update(skip_locked=True).cte("due_rows")
            found = await self._store.fetch(
                self.table.update()
                .where(row.id.in_(sa.select(due.c.id)))
                .values(values)
                .returning(*self.table.c, now().label("now"))
            )
            return sorted(map(_claimed, found), key=lambda each: each.job.id)
        # MariaDB cannot return what it updates. So a worker chooses at random from more rows than
        # it takes: two workers then rarely choose the same row.
        choice = await self._store.fetch(self._due(known, 4 * limit if limit > 1 else 1))
        ids = [each["id"] for each in random.sample(choice, min(limit, len(choice)))]
        mine = row.id.in_(ids), row.state == PENDING, row.due <= now()
        if not ids or not await self._store.execute(
            self.table.update().where(*mine).values(values)
        ):
            return ()
        held = sa.select(self.table, now().label("now")).where(row.id.in_(ids), row.lease == token)
        return [_claimed(each) for each in await self._store.fetch(held.order_by(row.id))]

    def _due(self, known: Mapping[str, int], limit: int) -> sa.Select[Any]:
        row, earlier = self.table.c, self.table.alias("earlier")
        waits_for = (
            sa.exists()
            .where(earlier.c.receiver == row.receiver, earlier.c.key == row.key)
            .where(earlier.c.state == PENDING, earlier.c.id < row.id)
        )
        # No index fits a `CASE`, so the one on `due` is used, with or without statistics.
        newest = sa.case(dict(known), value=row.receiver, else_=0) if known else 0
        return (
            sa.select(row.id)
            .where(row.state == PENDING, row.due <= now(), row.version <= newest)
            .where(sa.or_(row.key.is_(None), ~waits_for))
            .order_by(row.due, row.id)
            .limit(limit)
        )

    async def renew(self, held: Sequence[Claimed], lease: float) -> set[int]:
        """Renew leases.

        Args:
            held: The rows.
            lease: For how many seconds from now.

        Returns:
            The numbers of those that are still held.
        """
        row = self.table.c
        mine = sa.and_(
            row.id.in_([each.job.id for each in held]),
            row.lease.in_([each.lease for each in held]),
            row.state == PENDING,
        )
        await self._store.execute(self.table.update().where(mine).values(due=now() + lease))
        return {each["id"] for each in await self._store.fetch(sa.select(row.id).where(mine))}

    async def finish(self, claimed: Sequence[Claimed]) -> set[int]:
        """Note that rows were handled.

        Args:
            claimed: The rows.

        Returns:
            The numbers of those whose lease was still held.
        """
        row = self.table.c
        ids = [each.job.id for each in claimed]
        mine = row.id.in_(ids), row.lease.in_({each.lease for each in claimed})
        values = {"state": DONE, "due": now(), "error": None, "lease": None}
        if await self._store.execute(self.table.update().where(*mine).values(values)) == len(ids):
            return set(ids)
        found = sa.select(row.id).where(row.id.in_(ids), row.state == DONE)
        return {each["id"] for each in await self._store.fetch(found)}

    async def retry_later(self, claimed: Claimed, delay: float, error: str) -> bool:
        """Have a row handled again after some seconds."""
        return await self._settle(claimed, due=now() + delay, error=error[-ERROR_LENGTH:])

    async def bury(self, claimed: Claimed, error: str) -> bool:
        """Mark a row as dead."""
        return await self._settle(claimed, state=DEAD, due=now(), error=error[-ERROR_LENGTH:])

    async def give_back(self, claimed: Claimed) -> bool:
        """Have another worker handle a row at once; the attempt does not count."""
        return await self._settle(claimed, due=now(), attempts=self.table.c.attempts - 1)

    async def _settle(self, claimed: Claimed, **values: Any) -> bool:
        row = self.table.c
        return bool(
            await self._store.execute(
                self.table.update()
                .where(row.id == claimed.job.id, row.lease == claimed.lease)
                .values(lease=None, **values)
            )
        )

    # --- for people ------------------------------------------------------------------------------

    async def counts(self) -> Sequence[Mapping[str, Any]]:
        """How many rows each receiver has in each state, and the age of the oldest in seconds."""
        row = self.table.c
        running = sa.case((sa.and_(row.lease.is_not(None), row.due > now()), 1), else_=0)
        return await self._store.fetch(
            sa.select(
                row.receiver,
                row.state,
                sa.func.count().label("count"),
                sa.func.sum(running).label("running"),
                sa.func.max(now() - row.created).label("oldest"),
                sa.func.max(row.version).label("version"),
            ).group_by(row.receiver, row.state)
        )

    async def dead(self, limit: int) -> Sequence[Mapping[str, Any]]:
        """List the dead rows, the newest first."""
        row = self.table.c
        return await self._store.fetch(
            sa.select(row.id, row.event_id, row.receiver, row.key, row.attempts, row.error)
            .add_columns(row.created, row.due.label("finished"))
            .where(row.state == DEAD)
            .order_by(row.id.desc())
            .limit(limit)
        )

    async def revive(self, ids: Sequence[int] | None) -> int:
        """Make dead rows due again, with all their attempts; ``None`` stands for all of them."""
        row = self.table.c
        chosen = sa.true() if ids is None else row.id.in_(ids)
        return await self._store.execute(
            self.table.update()
            .where(row.state == DEAD, chosen)
            .values(state=PENDING, due=now(), attempts=0, lease=None)
        )

    async def purge(self, older_than: float, states: Sequence[str]) -> int:
        """Delete rows that were finished more than some seconds ago."""
        row = self.table.c
        return await self._store.execute(
            self.table.delete().where(row.state.in_(states), row.due <= now() - older_than)
        )


def _claimed(row: Mapping[str, Any]) -> Claimed:
    job = Job(
        id=row["id"],
        event_id=row["event_id"],
        receiver=row["receiver"],
        key=row["key"],
        attempt=row["attempts"],
        created=datetime.fromtimestamp(row["created"], UTC),
        version=row["version"],
    )
    lag = max(0.0, row["now"] - row["created"])
    return Claimed(job, row["sender"], row["payload"], row["trace"], row["lease"], lag)
