"""Start a task for each receiver, and wait for all of them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

__all__ = [
    "UNWIND",
    "Task",
    "can_start_eagerly",
    "cancel_all",
    "wait_for_all",
]

UNWIND: Final = 16
"""Once in this number of nested sends, the event loop starts the tasks.

A task that is started at once uses the stack of its caller, and the stack is limited.
"""


def can_start_eagerly(loop: asyncio.AbstractEventLoop, depth: int) -> bool:
    """Tell whether the tasks of a send may be started at once.

    Such a task needs the event loop only if it waits.

    Args:
        loop: The running event loop; its task factory, if it has one, makes all tasks.
        depth: How many sends this one is nested in.
    """
    return (
        sys.version_info >= (3, 12)
        and loop.get_task_factory() is None
        and (not depth or depth % UNWIND != 0)
    )


Task: Final[Callable[..., asyncio.Task[Any]]] = asyncio.Task
"""``asyncio.Task``; type checkers that assume Python 3.11 do not know its ``eager_start``."""


async def wait_for_all(
    loop: asyncio.AbstractEventLoop, tasks: Sequence[asyncio.Task[Any]]
) -> asyncio.CancelledError | None:
    """Wait until all tasks are done. Cancelling the caller cancels all of them, and still waits."""
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        # Most tasks are done by the time it is their turn, so few ever need a callback.
        while not task.done():
            waiter = loop.create_future()
            wake = _waker(waiter)
            task.add_done_callback(wake)
            try:
                await waiter  # nobody else has this future: only the caller can be cancelled
            except asyncio.CancelledError as error:
                task.remove_done_callback(wake)
                cancelled = error.with_traceback(None)  # this frame holds it: a reference cycle
                cancel_all(tasks, *error.args)
            except BaseException:  # the caller is closed, or the program ends
                cancel_all(tasks)
                raise
    return cancelled


def cancel_all(tasks: Iterable[asyncio.Task[Any]], *message: Any) -> None:
    """Cancel the tasks that are not done, with the message of the cancellation if it has one."""
    for task in tasks:
        task.cancel(*message)


def _waker(waiter: asyncio.Future[None]) -> Callable[[object], None]:
    def wake(_: object) -> None:
        if not waiter.done():
            waiter.set_result(None)

    return wake
