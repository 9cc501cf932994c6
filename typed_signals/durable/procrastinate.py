"""Durable receivers as jobs of procrastinate, for fleets on PostgreSQL that run it already.

Needs the extra ``procrastinate``. An event is a job. It is deferred in the transaction of the send,
and procrastinate's worker runs it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any

if find_spec("procrastinate") is None:
    raise ImportError(
        "`ProcrastinateOutbox` needs procrastinate: pip install 'typed-signals[procrastinate]'"
    )

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job as ProcrastinateJob
from sqlalchemy.ext.asyncio import async_sessionmaker

from typed_signals.durable._attempt import after_failure, attempt
from typed_signals.durable._engine import check_drain, open_store, remember
from typed_signals.durable._errors import DurableError
from typed_signals.durable._event import Event
from typed_signals.durable._jobs import Jobs, claimed_job, queue_of, task_of
from typed_signals.durable._jobs_runner import JobsRunner, open_app
from typed_signals.durable._receivers import Receivers, Registered
from typed_signals.durable._telemetry import tracing
from typed_signals.durable._work import WEEK, Entry, Status, in_background

__all__ = ["ProcrastinateOutbox"]

logger = logging.getLogger(__name__)


class FailedError(DurableError):
    """Reports a failed attempt to procrastinate; its cause is what the receiver raised.

    Args:
        delay: The seconds until the next attempt; ``None`` if there is none.
    """

    def __init__(self, delay: float | None) -> None:
        super().__init__(delay)
        self.delay = delay


class Retry(BaseRetryStrategy):
    """Tries again as the receiver's ``Durable`` says; a worker that stops gives its jobs back."""

    def get_retry_decision(
        self, *, exception: BaseException, job: ProcrastinateJob
    ) -> RetryDecision | None:
        """When the next attempt is; ``None`` if there is none."""
        delay = exception.delay if isinstance(exception, FailedError) else 0.0
        if delay is None:
            return None
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=delay))


class ProcrastinateOutbox:
    """An outbox whose events are jobs of procrastinate, in the models' own PostgreSQL database.

    Making one is enough: durable receivers of models in the same database find it. It adds a task
    to the app for each receiver, and a queue for each version of its payload, so that workers
    leave alone what they do not know.

    Args:
        base: The base ``OrmarConfig`` of ormar's models: its database is used. With SQLAlchemy and
            SQLModel the base class of the models, or their ``registry``.
        app: procrastinate's app, whose connector leads to the same database.
        sessions: With SQLAlchemy and SQLModel the ``async_sessionmaker``, whose ``bind`` is the
            database; it may be configured later.
        keep: For how many seconds a job is kept after it was handled. Workers delete older ones.

    Attributes:
        app: procrastinate's app.
        receivers: The durable receivers, by name.

    Raises:
        DurableError: The database is not PostgreSQL, or already has an outbox. If the database is
            configured later, the first send or the worker raises this.
    """

    def __init__(
        self,
        base: Any,
        app: App,
        *,
        sessions: async_sessionmaker[Any] | None = None,
        keep: float = WEEK,
    ) -> None:
        self.store = open_store(base, type(self).__name__, sessions)
        self.jobs = Jobs(self.store)
        if sessions is None or sessions.kw.get("bind") is not None:
            self.jobs.check_dialect()
        self.app = app
        self.keep = keep
        self.receivers = Receivers(self.store)
        self._tasks: set[str] = set()
        remember(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.receivers)} receivers>"

    # --- receivers -------------------------------------------------------------------------------

    def register(self, new: Registered) -> None:
        """Register a durable receiver, and add its task to the app.

        Args:
            new: The receiver.

        Raises:
            SignalDefinitionError: Another receiver has the name, or it is too long.
        """
        durable = new.durable
        queue = queue_of(durable.name, durable.version)
        self.receivers.register(new)
        if durable.name in self._tasks:  # a receiver of this name was connected before
            return
        self._tasks.add(durable.name)

        async def handle(context: JobContext, /, **values: Any) -> None:
            await self._handle(context.job, values)

        task = self.app.task(
            name=task_of(durable.name), queue=queue, retry=Retry(), pass_context=True
        )
        task(handle)

    async def write(self, entry: Entry) -> None:
        """Defer a job, in the transaction that is open."""
        await self.jobs.defer(entry)

    @property
    def queues(self) -> list[str]:
        """The queues that hold what this process understands."""
        return [
            queue_of(name, version)
            for name, newest in self.receivers.versions.items()
            for version in range(1, newest + 1)
        ]

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON schema of what a receiver's events hold in ``payload``.

        Args:
            name: The receiver's durable name.

        Returns:
            The schema, with one property for each name.
        """
        return self.receivers.schema(name)

    # --- work ------------------------------------------------------------------------------------

    def runner(self, *, concurrency: int, lease: float, poll: float, grace: float) -> JobsRunner:
        """Make a worker, as ``typed-signals worker`` does.

        Args:
            concurrency: How many receivers run at once.
            lease: After how many seconds without a sign of life a worker counts as dead.
            poll: How many seconds to wait when nothing is due and nothing is notified.
            grace: How many seconds receivers have to finish when it stops.

        Returns:
            The worker.
        """
        return JobsRunner(self, concurrency=concurrency, lease=lease, poll=poll, grace=grace)

    @asynccontextmanager
    async def worker(
        self,
        *,
        concurrency: int = 8,
        lease: float = 60.0,
        poll: float = 0.5,
        grace: float = 25.0,
    ) -> AsyncGenerator[JobsRunner]:
        """Run a worker in this event loop while the block runs, and open the app if it is closed.

        Args:
            concurrency: How many receivers run at once.
            lease: After how many seconds without a sign of life a worker counts as dead.
            poll: How many seconds to wait when nothing is due and nothing is notified.
            grace: How many seconds receivers have to finish once the block ends.

        Yields:
            The worker.
        """
        runner = self.runner(concurrency=concurrency, lease=lease, poll=poll, grace=grace)
        async with self._opened(), in_background(runner):
            yield runner

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
        if self.store.never_commits:
            raise DurableError(
                "the workers of procrastinate have connections of their own, which see nothing of "
                "a database that rolls everything back: use a `TableOutbox` in such a test"
            )
        runner = self.runner(concurrency=1, lease=60.0, poll=0.5, grace=25.0)
        async with self._opened():
            await runner.drain()
        if (failure := runner.first_failure) is not None:
            raise failure.__cause__ or failure
        return runner.handled

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

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[None]:
        """Connect to the database and open the app, and close both at the end."""
        async with self.store.connected(), self._opened():
            yield

    # --- jobs ------------------------------------------------------------------------------------

    async def status(self) -> list[Status]:
        """Count the events of each receiver, those of unknown ones included."""
        return await self.jobs.counts()

    async def dead(self, *, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        """List the dead events, the newest first; procrastinate keeps no traceback."""
        return await self.jobs.dead(limit)

    async def retry(self, *ids: int) -> int:
        """Have dead events handled again, with all their attempts.

        Args:
            ids: Their numbers; without any, every dead event.

        Returns:
            How many events will be handled again.
        """
        return await self.jobs.revive(ids or None)

    async def purge(self, *, older_than: float | None = None, dead: bool = False) -> int:
        """Delete events that were handled.

        Args:
            older_than: Delete only events that finished this many seconds ago or earlier; by
                default, ``keep``.
            dead: Whether dead events are deleted, too.

        Returns:
            How many were deleted.
        """
        return await self.jobs.purge(self.keep if older_than is None else older_than, dead=dead)

    async def retry_stalled(self, *, lease: float = 60.0, lost: Sequence[int] = ()) -> int:
        """Have jobs of workers that died handled again, or given up if no attempt is left.

        The workers of this class call it. Call it from a periodic task where you run
        ``procrastinate worker`` instead.

        Args:
            lease: After how many seconds without a sign of life a worker counts as dead.
            lost: Numbers of jobs that count as lost, too.

        Returns:
            How many there were.
        """
        attempts = {name: each.durable.retries + 1 for name, each in self.receivers.items()}
        found = await self.jobs.recover(attempts, lease, lost)
        for row in found:
            claimed = claimed_job(row["id"], row["attempts"] + 1, row["args"])
            what = claimed.job.event_id, claimed.job.receiver, claimed.job.attempt
            if row["dead"]:
                logger.error("Event %s of `%s` is dead: its worker died on attempt %d.", *what)
                tracing().dead(claimed)
            else:
                logger.warning(
                    "Event %s of `%s` is tried again: its worker died on attempt %d.", *what
                )
                tracing().retried(claimed)
        return len(found)

    # --- inside ----------------------------------------------------------------------------------

    def _opened(self) -> AbstractAsyncContextManager[Any]:
        self.jobs.check_dialect()
        return open_app(self.app)

    async def _handle(self, job: ProcrastinateJob, values: Mapping[str, Any]) -> None:
        known = self.receivers[values["receiver"]]
        claimed = claimed_job(job.id or 0, job.attempts + 1, values)
        if known.durable.version < claimed.job.version:  # a worker that takes every queue
            raise FailedError(known.durable.backoff) from DurableError(
                f"this process knows `{known.durable.name}` up to version {known.durable.version}, "
                f"and the job is of version {claimed.job.version}: another worker must handle it"
            )
        failure = await attempt(
            claimed, known.durable.timeout, lambda: known.call(claimed, self.store)
        )
        if failure is not None:
            raise FailedError(after_failure(claimed, known.durable, failure)) from failure
