"""The jobs of procrastinate, and every statement on them, through the models' database.

procrastinate's own SQL functions defer, retry and finish jobs. They are called on the ORM's
connection, so that a job is deferred in the open transaction, and so that only one worker takes a
job back from one that died.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import ProgrammingError

from typed_signals.durable._core import Job, SignalDefinitionError
from typed_signals.durable._errors import DurableError
from typed_signals.durable._store import Store
from typed_signals.durable._table import Claimed
from typed_signals.durable._work import Entry, Status

__all__ = ["IDENTITY", "NO_SCHEMA", "Jobs", "claimed_job", "is_ours", "queue_of", "task_of"]

PREFIX: Final = "typed_signals:"

LONGEST_QUEUE: Final = 40
"""PostgreSQL's channels have 63 bytes, and procrastinate puts 23 of its own before the queue."""

NO_SCHEMA: Final = (
    "procrastinate's tables are not in the models' database: apply its schema with "
    "`python -m procrastinate --app=... schema --apply`"
)
NO_TRACEBACK: Final = "procrastinate keeps no traceback: it is in the log of the worker\n"

IDENTITY: Final = (
    "SELECT to_regclass('procrastinate_jobs')::oid::text AS jobs, "
    "pg_postmaster_start_time()::text AS server"
)
"""Reads which table of which server a connection sees."""

_DEFER: Final = sa.text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[CAST(ROW("
    "CAST(:queue AS varchar), CAST(:task AS varchar), 0, CAST(:lock AS text), NULL, "
    "CAST(:args AS jsonb) || jsonb_build_object("
    "'created', extract(epoch FROM statement_timestamp())), NULL"
    ") AS procrastinate_job_to_defer_v1)])"
)

# The rows are locked before they are read: another worker may have recovered them meanwhile.
_RECOVER: Final = sa.text(
    "SELECT id, args, attempts, CASE "
    "WHEN attempts + 1 >= CAST(CAST(:attempts AS jsonb) ->> task_name AS integer) "
    "THEN procrastinate_finish_job_v1(id, 'failed', false) "
    "ELSE procrastinate_retry_job_v1(id, now(), NULL, NULL, NULL) END AS called, "
    "attempts + 1 >= CAST(CAST(:attempts AS jsonb) ->> task_name AS integer) AS dead "
    "FROM (SELECT job.* FROM procrastinate_jobs AS job "
    "LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id "
    "WHERE job.status = 'doing' AND CAST(:attempts AS jsonb) ? job.task_name "
    "AND (worker.id IS NULL OR job.id = ANY(CAST(:lost AS bigint[])) "
    "OR worker.last_heartbeat < now() - make_interval(secs => :lease)) "
    "FOR UPDATE OF job SKIP LOCKED) AS stalled"
)

_jobs = sa.table(
    "procrastinate_jobs",
    sa.column("id", sa.BigInteger),
    sa.column("task_name", sa.Text),
    sa.column("status", sa.Text),
    sa.column("args", JSONB),
    sa.column("attempts", sa.Integer),
    sa.column("scheduled_at", sa.DateTime(timezone=True)),
    sa.column("worker_id", sa.BigInteger),
)
_events = sa.table(
    "procrastinate_events",
    sa.column("job_id", sa.BigInteger),
    sa.column("at", sa.DateTime(timezone=True)),
)
_status = sa.cast(_jobs.c.status, sa.Text)
_done = _status == "succeeded"
_given_up = _status.in_(["failed", "cancelled", "aborted"])
_ours = _jobs.c.task_name.startswith(PREFIX, autoescape=True)
_now: sa.ColumnElement[float] = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)


_last = sa.select(sa.func.max(_events.c.at)).where(_events.c.job_id == _jobs.c.id).scalar_subquery()


def is_ours(task: str) -> bool:
    """Whether a task is that of a durable receiver."""
    return task.startswith(PREFIX)


def task_of(name: str) -> str:
    """The task of a durable receiver."""
    return f"{PREFIX}{name}"


def queue_of(name: str, version: int) -> str:
    """The queue of a version of a durable receiver's payload.

    Args:
        name: The receiver's durable name.
        version: The version.

    Returns:
        The queue's name.

    Raises:
        SignalDefinitionError: It would be too long.
    """
    queue = f"{name}:v{version}"
    if (size := len(queue.encode())) > LONGEST_QUEUE:
        raise SignalDefinitionError(
            f"`Durable({name!r})` cannot be run by procrastinate: its queue `{queue}` has {size} "
            f"bytes, and PostgreSQL's notifications leave {LONGEST_QUEUE} for it; choose a shorter "
            "name"
        )
    return queue


class Jobs:
    """The jobs of an outbox.

    Args:
        store: The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def check_dialect(self) -> None:
        """Make sure that the database is PostgreSQL.

        Raises:
            DurableError: It is another one.
        """
        if (dialect := self._store.dialect) != "postgresql":
            raise DurableError(
                f"procrastinate keeps its jobs in PostgreSQL, and the models are in {dialect}: "
                f"write `{self._store.example}`"
            )

    async def identity(self) -> Mapping[str, Any]:
        """Which table of which server this is."""
        [row] = await self._store.fetch(sa.text(IDENTITY))
        return dict(row)

    async def defer(self, entry: Entry) -> None:
        """Defer a job, in the transaction that is open."""
        self.check_dialect()
        lock = None if entry.key is None else f"{task_of(entry.receiver)}:{entry.key}"
        values = {
            "queue": queue_of(entry.receiver, entry.version),
            "task": task_of(entry.receiver),
            "lock": lock,
            "args": json.dumps(asdict(entry)),
        }
        try:
            await self._store.execute(_DEFER.bindparams(**values))
        except ProgrammingError as error:
            raise DurableError(NO_SCHEMA) from error

    async def counts(self) -> list[Status]:
        """How many jobs each receiver has in each state."""
        waits, runs = _status == "todo", _status == "doing"
        created = sa.cast(_jobs.c.args["created"].astext, sa.Double)

        def count(which: sa.ColumnElement[bool], name: str) -> sa.Label[int]:
            return sa.func.count().filter(which).label(name)

        found = await self._store.fetch(
            sa.select(
                sa.func.substr(_jobs.c.task_name, len(PREFIX) + 1).label("receiver"),
                count(waits, "pending"),
                count(runs, "running"),
                count(_done, "done"),
                count(_given_up, "dead"),
                sa.func.max(_now - created).filter(waits | runs).label("oldest"),
            )
            .where(_ours)
            .group_by(_jobs.c.task_name)
            .order_by(_jobs.c.task_name)
        )
        return [Status(**row) for row in found]

    async def dead(self, limit: int) -> Sequence[Mapping[str, Any]]:
        """List the dead jobs, the newest first."""
        args = _jobs.c.args
        return await self._store.fetch(
            sa.select(
                _jobs.c.id,
                _jobs.c.attempts,
                *(args[name].astext.label(name) for name in ("event_id", "receiver", "key")),
                sa.cast(args["created"].astext, sa.Double).label("created"),
                sa.cast(sa.extract("epoch", _last), sa.Double).label("finished"),
                sa.literal(NO_TRACEBACK).label("error"),
            )
            .where(_ours, _given_up)
            .order_by(_jobs.c.id.desc())
            .limit(limit)
        )

    async def revive(self, ids: Sequence[int] | None) -> int:
        """Make dead jobs due again, with all their attempts; ``None`` stands for all of them."""
        chosen = sa.true() if ids is None else _jobs.c.id.in_(ids)
        todo = sa.text("'todo'::procrastinate_job_status")
        return await self._store.execute(
            sa.update(_jobs)
            .where(_ours, _given_up, chosen)
            .values(status=todo, attempts=0, scheduled_at=sa.func.now(), worker_id=None)
        )

    async def purge(self, older_than: float, *, dead: bool) -> int:
        """Delete jobs that were finished more than some seconds ago."""
        return await self._store.execute(
            sa.delete(_jobs).where(
                _ours,
                _done | _given_up if dead else _done,
                sa.extract("epoch", _last) <= _now - older_than,
            )
        )

    async def recover(
        self, attempts: Mapping[str, int], lease: float, lost: Sequence[int]
    ) -> Sequence[Mapping[str, Any]]:
        """Take jobs back from workers that died.

        Args:
            attempts: How many attempts each receiver has; jobs of others are left alone.
            lease: After how many seconds without a heartbeat a worker counts as dead.
            lost: Jobs that count as lost, too.

        Returns:
            The jobs: ``id``, ``args``, ``attempts``, and ``dead`` if no attempt is left.
        """
        most = json.dumps({task_of(name): number for name, number in attempts.items()})
        return await self._store.fetch(
            _RECOVER.bindparams(attempts=most, lost=list(lost), lease=lease)
        )

    async def held_by(self, worker: int) -> set[int]:
        """The jobs that a worker of procrastinate's is said to run."""
        query = sa.select(_jobs.c.id).where(_status == "doing", _jobs.c.worker_id == worker)
        return {row["id"] for row in await self._store.fetch(query)}


def claimed_job(number: int, attempt: int, values: Mapping[str, Any]) -> Claimed:
    """Convert a job to an event.

    Args:
        number: The job's number.
        attempt: Which attempt it is.
        values: Its arguments.

    Returns:
        The event.
    """
    created = datetime.fromtimestamp(values["created"], UTC)
    job = Job(
        id=number,
        event_id=values["event_id"],
        receiver=values["receiver"],
        key=values["key"],
        attempt=attempt,
        created=created,
        version=values["version"],
    )
    lag = max(0.0, (datetime.now(UTC) - created).total_seconds())
    return Claimed(job, values["sender"], values["payload"], values["trace"], "", lag)
