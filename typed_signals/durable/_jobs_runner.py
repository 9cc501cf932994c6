"""The worker of a ``ProcrastinateOutbox``: keeps procrastinate's own worker running."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from procrastinate import App, JobContext
from procrastinate.exceptions import AppNotOpen, ConnectorException
from procrastinate.worker import Worker
from psycopg import OperationalError

from typed_signals._dispatch.shield import finish
from typed_signals.durable._attempt import delay_after
from typed_signals.durable._errors import DurableError
from typed_signals.durable._jobs import IDENTITY, NO_SCHEMA, Jobs, is_ours
from typed_signals.durable._work import LONGEST_WAIT, PURGE_EVERY, Runner, check_options

if TYPE_CHECKING:
    from procrastinate.middleware import AsyncCallNext

__all__ = ["JobsRunner", "open_app"]

logger = logging.getLogger(__name__)


class ProcrastinateWorker(Runner, Protocol):
    """What is used of procrastinate's worker; it is not annotated in full."""

    worker_id: int | None


class Work(Protocol):
    """What the worker works on."""

    app: App
    jobs: Jobs

    @property
    def queues(self) -> list[str]: ...
    async def retry_stalled(self, *, lease: float, lost: Sequence[int]) -> int: ...
    async def purge(self) -> int: ...


class JobsRunner:
    """Runs durable receivers in procrastinate's worker.

    procrastinate's worker ends when it loses its connection; it is then started again. Jobs of
    workers that died are taken back, and so are jobs of this worker that were lost with a
    connection.

    Args:
        work: The outbox.
        concurrency: How many receivers run at once.
        lease: After how many seconds without a sign of life a worker counts as dead.
        poll: How many seconds to wait when nothing is due and nothing is notified.
        grace: How many seconds receivers have to finish when the worker stops.
    """

    def __init__(
        self, work: Work, *, concurrency: int, lease: float, poll: float, grace: float
    ) -> None:
        check_options(concurrency=concurrency, lease=lease, poll=poll, grace=grace)
        self._work = work
        self._options: dict[str, Any] = {
            "concurrency": concurrency,
            "fetch_job_polling_interval": poll,
            "shutdown_graceful_timeout": grace,
            "update_heartbeat_interval": lease / 3,
            "stalled_worker_timeout": lease,
            "install_signal_handlers": False,
        }
        self._lease = lease
        self._poll = poll
        self._worker: ProcrastinateWorker | None = None
        self._running: dict[int, asyncio.Task[Any]] = {}
        self._stopped = asyncio.Event()
        self.handled = 0
        self.first_failure: BaseException | None = None

    def stop(self) -> None:
        """Take no more jobs, and let :meth:`run` return when the running receivers have finished.

        After the grace, those still running are cancelled and their jobs given back. A second
        call does this at once.
        """
        if self._stopped.is_set():
            for task in self._running.values():
                task.cancel()
        self._stopped.set()
        if self._worker is not None:
            self._worker.stop()

    async def run(self) -> None:
        """Work until :meth:`stop` is called.

        Raises:
            DurableError: procrastinate's app is connected to another database than the models.
        """
        await self._check_until_answered()
        beside = asyncio.create_task(self._watch())
        failures = 0
        try:
            with _without_payloads():
                while not self._stopped.is_set():
                    began = time.monotonic()
                    await self._work_until_stopped()
                    failures = 1 if time.monotonic() - began > 1.0 else failures + 1
                    await self._wait(delay_after(failures, self._poll, LONGEST_WAIT))
        finally:
            beside.cancel()
            await asyncio.wait([beside])

    async def drain(self) -> None:
        """Handle what is due, one after another, and note the results."""
        await self._check_database()
        with _without_payloads():
            await self._new_worker(concurrency=1, wait=False, listen_notify=False).run()

    # --- inside ----------------------------------------------------------------------------------

    def _new_worker(self, **options: Any) -> ProcrastinateWorker:
        return Worker(
            self._work.app,
            queues=self._work.queues,
            name=None,
            worker_middleware=[self._track],
            **{**self._options, **options},
        )

    async def _work_until_stopped(self) -> None:
        self._worker = self._new_worker()
        try:
            await self._worker.run()
        except Exception:
            logger.warning("procrastinate's worker failed; it is started again.", exc_info=True)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _track(self, call_next: AsyncCallNext, context: JobContext, worker: Worker) -> Any:
        """Track what runs and its results; a middleware of procrastinate's."""
        number, task = context.job.id, asyncio.current_task()
        if number is None or task is None:
            raise AssertionError("procrastinate runs a job that has no number, or no task")
        self._running[number] = task
        try:
            result = await call_next()
        except BaseException as error:
            self.first_failure = self.first_failure or error
            raise
        finally:
            del self._running[number]
        self.handled += 1
        return result

    async def _watch(self) -> None:
        """Take back what is lost, and delete what is old."""
        suspects: set[int] = set()
        purged = -PURGE_EVERY
        while True:
            try:
                suspects = await finish(self._take_back(suspects))
                if time.monotonic() - purged >= PURGE_EVERY:
                    await finish(self._work.purge())
                    purged = time.monotonic()
                wait = self._lease / 3
            except Exception:
                logger.warning("The worker cannot look for lost jobs.", exc_info=True)
                wait = min(self._lease / 3, 1.0)
            await asyncio.sleep(wait)

    async def _take_back(self, suspects: set[int]) -> set[int]:
        """Have lost jobs run again: those of dead workers, and those of this one that do not run.

        Args:
            suspects: The jobs of this worker that did not run at the last check.

        Returns:
            Those that do not run now.
        """
        number = self._worker.worker_id if self._worker else None
        held: set[int] = set()
        if number is not None:
            held = await self._work.jobs.held_by(number)
        idle = held - self._running.keys()
        lost = idle & suspects  # twice in a row: it is not just being fetched or settled
        await self._work.retry_stalled(lease=self._lease, lost=sorted(lost))
        return idle - lost

    async def _check_until_answered(self) -> None:
        """Check the database; again and again while a connection to it fails."""
        failures = 0
        while not self._stopped.is_set():
            try:
                await finish(self._check_database())
            except (DurableError, AppNotOpen):
                raise
            except Exception:  # SQLAlchemy does not wrap every exception of a driver
                failures += 1
                wait = delay_after(failures, self._poll, LONGEST_WAIT)
                logger.warning(
                    "The worker cannot read its database; it tries again in %.1f s.",
                    wait, exc_info=True,
                )  # fmt: skip
            else:
                return
            await self._wait(wait)

    async def _check_database(self) -> None:
        mine = await self._work.jobs.identity()
        theirs = await self._work.app.connector.execute_query_one_async(IDENTITY)
        if mine != dict(theirs):
            raise DurableError(
                "procrastinate's app is connected to another database, or another schema, than "
                "the models: its worker would never see their jobs; give both the same server, "
                "database and `search_path`"
            )


@contextmanager
def _without_payloads() -> Generator[None]:
    """Keep procrastinate's worker from logging the arguments of our jobs, which are payloads.

    Our own log has the results, without arguments.
    """
    worker_logger = logging.getLogger("procrastinate.worker")

    def allowed(record: logging.LogRecord) -> bool:
        job = getattr(record, "job", None)
        if job is None:
            return getattr(record, "action", None) != "ending_job"  # has them in its text
        return not is_ours(job["task_name"])

    worker_logger.addFilter(allowed)
    try:
        yield
    finally:
        worker_logger.removeFilter(allowed)


@asynccontextmanager
async def open_app(app: App) -> AsyncGenerator[None]:
    """Open procrastinate's app while the block runs, unless it is open.

    Args:
        app: The app.

    Raises:
        DurableError: Its schema is not there, or its database does not answer.
    """
    async with AsyncExitStack() as opened:
        try:
            try:
                ready = await app.check_connection_async()
            except AppNotOpen:
                await opened.enter_async_context(app.open_async())
                ready = await app.check_connection_async()
        except (ConnectorException, OperationalError) as error:
            reason = str(error.__cause__ or error).partition("\n")[0]
            raise DurableError(f"procrastinate's database does not answer: {reason}") from error
        if not ready:
            raise DurableError(NO_SCHEMA)
        yield
