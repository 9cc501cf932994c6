"""Work that goes on although its caller is cancelled, for a limited time."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from typed_signals import set_commit_grace
from typed_signals._dispatch.shield import Shield, finish

SHORT = 0.02  # seconds


@pytest.fixture(autouse=True)
def grace() -> Iterator[None]:
    before = set_commit_grace(30)
    yield
    set_commit_grace(before)


class Work:
    """Takes a short time, and says how far it came."""

    def __init__(self, failure: Exception | None = None, seconds: float = SHORT) -> None:
        self.seen: list[str] = []
        self.failure = failure
        self.seconds = seconds

    async def run(self) -> str:
        self.seen.append("started")
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise
        if self.failure is not None:
            raise self.failure
        self.seen.append("finished")
        return "result"


async def cancelled_at_once(coroutine: Any) -> asyncio.Task[Any]:
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task


def test_grace_is_five_seconds_until_it_is_set():
    program = "from typed_signals import set_commit_grace; print(set_commit_grace(1))"
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert float(output.stdout) == 5


async def test_work_of_a_caller_in_peace_gives_its_result_or_its_failure():
    assert await finish(Work().run()) == "result"
    with pytest.raises(LookupError):
        await finish(Work(LookupError()).run())


async def test_work_finishes_before_the_cancellation_of_its_caller_is_raised():
    work = Work()
    caller = await cancelled_at_once(finish(work.run()))
    assert caller.cancelled()
    assert work.seen == ["started", "finished"]


@pytest.mark.parametrize("failure", [LookupError(), None], ids=["a failure", "no failure"])
async def test_outcome_of_work_whose_caller_is_cancelled_is_not_reported_as_forgotten(failure):
    reports: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    caller = await cancelled_at_once(finish(Work(failure).run()))
    assert caller.cancelled()
    gc.collect()
    assert reports == []


async def test_work_that_takes_longer_than_the_grace_is_cancelled():
    set_commit_grace(SHORT)
    work = Work(seconds=10)
    caller = await cancelled_at_once(finish(work.run()))
    assert caller.cancelled()
    assert work.seen == ["started", "cancelled"]


async def test_cleaning_up_has_its_own_time_when_that_of_the_work_is_over():
    set_commit_grace(0)
    shield, work, cleaning = Shield(), Work(), Work()

    async def both() -> None:
        await shield.finish(work.run())
        await shield.clean_up(cleaning.run())

    await cancelled_at_once(both())
    assert shield.expired
    assert work.seen == ["started", "cancelled"]
    assert cleaning.seen == ["started", "finished"]


def test_work_and_cleaning_up_finish_when_the_program_ends():
    work, cleaning = Work(), Work()
    tasks: list[asyncio.Task[Any]] = []

    async def main() -> None:
        tasks.append(asyncio.create_task(finish(work.run())))
        tasks.append(asyncio.create_task(Shield().clean_up(cleaning.run())))
        await asyncio.sleep(0)

    asyncio.run(main())  # which cancels what still runs
    assert work.seen == cleaning.seen == ["started", "finished"]


async def test_work_is_cancelled_if_its_caller_is_thrown_away():
    work = Work()
    coroutine = finish(work.run())
    coroutine.send(None)
    await asyncio.sleep(0)
    coroutine.close()
    await asyncio.sleep(0)
    assert work.seen == ["started", "cancelled"]
