"""The worker: claims rows, calls their receivers, and saves the results."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from typed_signals._dispatch.shield import finish
from typed_signals.durable._attempt import after_failure, attempt, delay_after
from typed_signals.durable._event import Publish
from typed_signals.durable._table import Claimed
from typed_signals.durable._telemetry import tracing
from typed_signals.durable._work import (
    LONGEST_WAIT,
    PURGE_EVERY,
    Settings,
    TableWork,
    check_options,
)

__all__ = ["Worker"]

logger = logging.getLogger(__name__)


class Worker:
    """Runs the durable receivers of an outbox. Run any number of workers, on any machines.

    Args:
        outbox: The outbox.
        concurrency: How many receivers run at once.
        lease: For how many seconds a row is claimed; renewed while its receiver runs.
        poll: How many seconds to wait when nothing is due.
        grace: How many seconds receivers have to finish when the worker stops.
        publish: Hands events to a broker, in place of their receivers: the worker is a relay.
    """

    def __init__(
        self,
        outbox: TableWork,
        *,
        concurrency: int = 8,
        lease: float = 60.0,
        poll: float = 0.5,
        grace: float = 25.0,
        publish: Publish | None = None,
    ) -> None:
        check_options(concurrency=concurrency, lease=lease, poll=poll, grace=grace)
        self._outbox = outbox
        self._rows = outbox.rows
        self._concurrency = concurrency
        self._lease = lease
        self._poll = poll
        self._grace = grace
        self._publish = publish
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._attempting: set[int] = set()
        self._held_until: dict[int, float] = {}
        self._stopping = False
        self._wake = asyncio.Event()
        self._noting = False
        self._done: list[tuple[Claimed, asyncio.Future[bool]]] = []
        self._any_done = asyncio.Event()

    def stop(self) -> None:
        """Claim no more rows, and let :meth:`run` return when running receivers have finished.

        After the grace, those still running are cancelled and their rows given back. A second
        call does this at once.
        """
        if self._stopping:
            self._grace = 0.0
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until :meth:`stop` is called."""
        beside = [asyncio.create_task(self._keep_leases()), asyncio.create_task(self._note_done())]
        self._noting = True
        purged, failures = -PURGE_EVERY, 0
        try:
            while not self._stopping:
                self._wake.clear()
                wait: float | None = self._poll
                try:
                    if time.monotonic() - purged >= PURGE_EVERY:
                        await finish(self._outbox.purge())
                        purged = time.monotonic()
                    for claimed in await self._claim(self._concurrency - len(self._running)):
                        self._start(claimed)
                    failures = 0
                    wait = None if len(self._running) >= self._concurrency else self._poll
                except Exception:  # SQLAlchemy does not wrap every exception of a driver
                    failures += 1
                    wait = delay_after(failures, self._poll, LONGEST_WAIT)
                    logger.warning(
                        "The worker cannot claim from `%s`; it tries again in %.1f s.",
                        self._outbox.table.name, wait, exc_info=True,
                    )  # fmt: skip
                await self._wait(wait)
        finally:
            try:
                await self._finish()
            finally:  # cancelled a second time, it gives back at once
                self._noting = False
                for task in beside:
                    task.cancel()
                await asyncio.wait(beside)

    async def drain(self) -> int:
        """Handle what is due, one after another, in this task.

        Returns:
            How many were handled without failure.

        Raises:
            BaseException: What the first failing receiver raised.
        """
        handled, first = 0, None
        while claimed := await self._claim(1):
            failure = await self._handle(claimed[0])
            first = first or failure
            handled += failure is None
        if first is not None:
            raise first
        return handled

    # --- claim -----------------------------------------------------------------------------------

    async def _claim(self, limit: int) -> Sequence[Claimed]:
        if limit < 1:
            return ()
        claimed: list[Claimed] = []

        async def claim() -> None:
            rows = self._rows.claim(self._outbox.versions, limit=limit, lease=self._lease)
            claimed.extend(await rows)

        try:
            await finish(claim())
        except asyncio.CancelledError:
            for each in claimed:
                await self._give_back(each)
            raise
        return claimed

    def _start(self, claimed: Claimed) -> None:
        task = asyncio.create_task(self._work(claimed))
        self._running[task] = claimed
        self._held_until[claimed.job.id] = time.monotonic() + self._lease
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        claimed = self._running.pop(task)
        self._held_until.pop(claimed.job.id, None)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error(
                "The result of event %s of `%s` cannot be saved; the event is handled again when "
                "its lease has run out.",
                claimed.job.event_id, claimed.job.receiver, exc_info=error,
            )  # fmt: skip

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _finish(self) -> None:
        began = time.monotonic()
        try:
            while self._running and (left := began + self._grace - time.monotonic()) > 0:
                self._wake.clear()
                await self._wait(left)
        finally:
            await finish(self._give_all_back())

    async def _give_all_back(self) -> None:
        await asyncio.sleep(0)  # lets new tasks begin, so that they can give their rows back
        self._cancel(set(self._attempting))
        if self._running:
            await asyncio.wait(list(self._running))

    def _cancel(self, numbers: set[int]) -> None:
        """Cancel receivers, but not tasks that are saving a result."""
        for task, claimed in self._running.items():
            if claimed.job.id in numbers & self._attempting:
                task.cancel()

    # --- leases ----------------------------------------------------------------------------------

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            running = {each.job.id: each for each in self._running.values()}
            if not running:
                continue
            began = time.monotonic()
            try:
                held = await finish(self._rows.renew([*running.values()], self._lease))
            except Exception:
                logger.warning("The worker cannot renew its leases.", exc_info=True)
                now = time.monotonic()  # the failed renewal may have taken long
                held = {number for number, until in self._held_until.items() if until > now}
            else:
                until = began + self._lease
                self._held_until |= dict.fromkeys(held & self._held_until.keys(), until)
            self._cancel(running.keys() - held)

    # --- one row ---------------------------------------------------------------------------------

    async def _work(self, claimed: Claimed) -> None:
        try:
            await self._handle(claimed)
        except asyncio.CancelledError:
            await self._give_back(claimed)

    async def _give_back(self, claimed: Claimed) -> None:
        await self._settled(claimed, lambda: self._rows.give_back(claimed))

    async def _handle(self, claimed: Claimed) -> BaseException | None:
        """Call the receiver of a row and save the result.

        Returns:
            What it raised.
        """
        registered = self._outbox.receivers[claimed.job.receiver]
        durable = registered.durable
        if claimed.job.attempt > durable.retries + 1:
            text = f"Its worker died or was cut off on each of {durable.retries + 1} attempts."
            await self._settled(claimed, lambda: self._rows.bury(claimed, text))
            tracing().dead(claimed)
            return None
        failure = await self._attempt(durable, claimed)
        if failure is None:
            await self._settled(claimed, lambda: self._noted(claimed))
            return None
        text = "".join(traceback.format_exception(failure))
        delay = after_failure(claimed, durable, failure)
        if delay is None:
            await self._settled(claimed, lambda: self._rows.bury(claimed, text))
        else:
            await self._settled(claimed, lambda: self._rows.retry_later(claimed, delay, text))
        return failure

    async def _attempt(self, durable: Settings, claimed: Claimed) -> BaseException | None:
        self._attempting.add(claimed.job.id)
        try:
            return await attempt(claimed, durable.timeout, lambda: self._call(durable, claimed))
        finally:
            self._attempting.discard(claimed.job.id)

    async def _call(self, durable: Settings, claimed: Claimed) -> None:
        if self._publish is None:
            async with self._outbox.store.attempting():
                await self._outbox.receivers[durable.name].call(claimed, self._outbox.store)
        else:
            await self._publish(claimed.event)

    async def _settled(
        self, claimed: Claimed, settle: Callable[[], Coroutine[Any, Any, bool]]
    ) -> None:
        """Save a result; if the database does not answer, try until the lease has run out."""
        until = self._held_until.get(claimed.job.id, time.monotonic() + self._lease)
        tries = 0
        while True:
            try:
                if not await finish(settle()):
                    logger.warning(
                        "The lease of event %s of `%s` was lost: another worker handles it, too.",
                        claimed.job.event_id, claimed.job.receiver,
                    )  # fmt: skip
                return
            except Exception:
                tries += 1
                delay = delay_after(tries, 0.1, 5.0)
                if time.monotonic() + delay > until:
                    raise
                await asyncio.sleep(delay)

    async def _noted(self, claimed: Claimed) -> bool:
        """Note that a row was handled, together with others that were handled meanwhile."""
        if not self._noting:
            return bool(await self._rows.finish([claimed]))
        noted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._done.append((claimed, noted))
        self._any_done.set()
        return await noted

    async def _note_done(self) -> None:
        while await self._any_done.wait():
            self._any_done.clear()
            done, self._done = self._done, []
            waiting = [(claimed, noted) for claimed, noted in done if not noted.done()]
            try:
                held = await finish(self._rows.finish([claimed for claimed, _ in waiting]))
            except Exception as error:
                for _, noted in waiting:
                    if not noted.done():
                        noted.set_exception(error)
            else:
                for claimed, noted in waiting:
                    if not noted.done():
                        noted.set_result(claimed.job.id in held)
