"""A task of its own for a receiver, started at once: it only meets the event loop if it waits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, Final

__all__ = ["starter"]

Start = Callable[[asyncio.AbstractEventLoop, Coroutine[Any, Any, Any]], asyncio.Task[Any]]

UNWIND: Final = 16
"""At every so many sends within one another, tasks are left to the event loop to start.

A task that is started at once stands on the stack of whoever starts it, and the stack has an end.
"""


def starter(loop: asyncio.AbstractEventLoop, depth: int) -> Start:
    """Choose how the tasks of one send are made.

    Args:
        loop: The running event loop.
        depth: How many sends the send is within.

    Returns:
        A function that makes a task of a coroutine, in a copy of the caller's context. It raises
        only what ends the program, such as ``KeyboardInterrupt``, or what the loop's own task
        factory raises.
    """
    if loop.get_task_factory() is not None or (depth and depth % UNWIND == 0):
        return _scheduled
    return _eager


def _scheduled(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]
) -> asyncio.Task[Any]:
    return loop.create_task(coroutine)


if sys.version_info >= (3, 12):

    def _eager(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]
    ) -> asyncio.Task[Any]:
        return asyncio.Task(coroutine, loop=loop, eager_start=True)

else:
    # Python 3.11 has no eager tasks, but all that one needs: a task is born by handing its first
    # step to `loop.call_soon`, and asyncio documents how to say which task is running ("task
    # lifetime support"). So the first step is caught, and taken at once.

    def _eager(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]
    ) -> asyncio.Task[Any]:
        own: dict[str, Any] = getattr(loop, "__dict__", {"call_soon": None})
        if "call_soon" in own:  # it is someone else's, or cannot be replaced
            return loop.create_task(coroutine)
        ours = copy_context()
        first: list[Callable[[], object]] = []

        def call_soon(
            callback: Callable[..., object], *args: Any, context: Context | None = None
        ) -> asyncio.Handle | None:
            if context is ours:
                first.append(callback)
                return None
            return type(loop).call_soon(loop, callback, *args, context=context)  # a finalizer's

        own["call_soon"] = call_soon
        try:
            task = asyncio.Task(coroutine, loop=loop, context=ours)
        finally:
            del own["call_soon"]
        caller = asyncio.current_task(loop)
        if caller is not None:
            asyncio.tasks._leave_task(loop, caller)
        try:
            ours.run(first[0])
        except BaseException:  # the program is to end; it is told of it by this, not by the task
            task.exception()
            raise
        finally:
            if caller is not None:
                asyncio.tasks._enter_task(loop, caller)
        return task
