"""A task of its own for a receiver, started at once: it only meets the event loop if it waits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Final

__all__ = ["starter"]

Start = Callable[[asyncio.AbstractEventLoop, Coroutine[Any, Any, Any], Context], asyncio.Task[Any]]

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
        A function that makes a task of a coroutine, for the loop and in a context. It raises only
        what ends the program, such as ``KeyboardInterrupt``, or what the loop's own task factory
        raises.
    """
    if loop.get_task_factory() is not None or (depth and depth % UNWIND == 0):
        return _scheduled
    return _eager


def _scheduled(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], context: Context
) -> asyncio.Task[Any]:
    return loop.create_task(coroutine, context=context)


if sys.version_info >= (3, 12):

    def _eager(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], context: Context
    ) -> asyncio.Task[Any]:
        return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)

else:
    # Python 3.11 has no eager tasks, but all that one needs: a task is born by handing its first
    # step to `loop.call_soon`, and asyncio documents how to say which task is running ("task
    # lifetime support"). So the first step is caught, and taken at once.

    def _eager(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], context: Context
    ) -> asyncio.Task[Any]:
        own: dict[str, Any] = getattr(loop, "__dict__", _NOT_TO_BE_CHANGED)
        if "call_soon" in own:
            return loop.create_task(coroutine, context=context)
        own["call_soon"] = first = _FirstStep(loop, context)
        try:
            task = asyncio.Task(coroutine, loop=loop, context=context)
        finally:
            del own["call_soon"]
        caller = asyncio.current_task(loop)
        if caller is not None:
            asyncio.tasks._leave_task(loop, caller)
        try:
            context.run(first.step)
        except BaseException:  # the program is to end; it is told of it by this, not by the task
            task.exception()
            raise
        finally:
            if caller is not None:
                asyncio.tasks._enter_task(loop, caller)
        return task

    _NOT_TO_BE_CHANGED: Final = {"call_soon": None}

    class _FirstStep:
        """Stands in for ``loop.call_soon`` while a task is made."""

        __slots__ = ("_context", "_loop", "step")

        step: Callable[[], object]

        def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
            self._loop = loop
            self._context = context

        def __call__(
            self, callback: Callable[..., object], *args: Any, context: Context | None = None
        ) -> asyncio.Handle | None:
            if context is self._context:
                self.step = callback
                return None
            # Something that was collected as garbage meanwhile.
            return type(self._loop).call_soon(self._loop, callback, *args, context=context)
