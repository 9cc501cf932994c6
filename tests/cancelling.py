"""Cancel work at each of its awaits in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from typing import Any

__all__ = ["cancelled_at_every_await"]


class _CancelledAt(Awaitable[None]):
    """Cancels the task that awaits it, at the await with the given number."""

    def __init__(self, work: Coroutine[Any, Any, None], number: int) -> None:
        self.work = work
        self.number = number
        self.reached = False

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self.work.__await__()
        count = 0
        try:
            awaited = next(steps)
            while True:
                if count == self.number:
                    task = asyncio.current_task()
                    assert task is not None
                    task.cancel()
                    self.reached = True
                count += 1
                try:
                    yield awaited
                except BaseException as error:
                    awaited = steps.throw(error)
                else:
                    awaited = next(steps)
        except StopIteration:
            pass


async def cancelled_at_every_await(
    work: Callable[[], Coroutine[Any, Any, None]],
) -> AsyncIterator[BaseException | None]:
    """Repeat the work, cancelled at its first, second … await; at last let it finish.

    Yields:
        What each attempt raised, or ``None``.
    """
    number, reached = 0, True
    while reached:
        attempt = _CancelledAt(work(), number)

        async def run(attempt: _CancelledAt = attempt) -> None:
            await attempt

        task = asyncio.create_task(run())
        await asyncio.wait([task])
        yield asyncio.CancelledError() if task.cancelled() else task.exception()
        number, reached = number + 1, attempt.reached
