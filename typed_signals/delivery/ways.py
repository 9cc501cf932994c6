"""How receivers are awaited: together, or one after another; none is left running."""

from __future__ import annotations

import asyncio
import logging
import types
from collections.abc import Callable, Generator, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Any, Final

from typed_signals.delivery.connection import Callee
from typed_signals.delivery.nesting import Sending, Titled, current
from typed_signals.delivery.starting import starter
from typed_signals.errors import SignalLoopError
from typed_signals.inspection import describe

__all__ = ["one_after_another", "together"]

logger = logging.getLogger("typed_signals")


# --- together ------------------------------------------------------------------------------------


async def together(
    signal: Titled, connections: Sequence[Callee], sender: object, payload: Mapping[str, Any]
) -> None:
    """Await all receivers at once, each in a task of its own and a copy of the caller's context.

    Returns when all have ended. If some fail, the first failure in the order of connection is
    raised as itself, with a note for each other one, which is also logged. Cancelling the caller
    cancels the receivers and waits for them.

    Args:
        signal: What is sent.
        connections: The receivers, in the order of connection.
        sender: The signal's sender.
        payload: What is sent, by name.
    """
    loop = asyncio.get_running_loop()
    sending = Sending(signal, sender, current.get())
    within = copy_context()
    within.run(current.set, (sending, None))
    named = {"sender": sender, **payload}
    left: list[tuple[Callee, asyncio.Task[Any]]] = []  # those that have not ended, or have failed
    waiting: list[asyncio.Task[Any]] = []
    task: asyncio.Task[Any] | None = None
    cancelled: asyncio.CancelledError | None = None
    try:
        start = starter(loop, sending.depth)
        try:
            for connection in connections:
                sending.running = connection
                context = within.copy()
                try:
                    coroutine = connection.begin(**named)
                except TypeError as error:
                    coroutine = _raising(error)
                task = start(loop, coroutine, context)
                if not task.done():
                    context.run(current.set, (sending, connection))
                    waiting.append(task)
                    left.append((connection, task))
                elif task.cancelled() or task.exception() is not None:
                    left.append((connection, task))
            sending.running = connections
        except BaseException:  # KeyboardInterrupt and its like
            for each in waiting:
                each.cancel()
            raise
        finally:
            if waiting:
                cancelled = await _all_ended(loop, waiting)
    finally:
        sending.close()
    if left:
        try:
            _raise_first(signal, left, cancelled)
        finally:
            waiting.clear()  # a frame that holds what it raises is a cycle; others have this list
            del left, task, cancelled


async def _raising(error: TypeError) -> None:
    """Fail as a receiver that the payload does not fit: that is the receiver's failure."""
    raise error


class _End:
    """A future's view of the end of one task among several: to cancel it is to cancel them all.

    So the caller waits for one task after the other, and most have ended by the time that it is
    their turn. A callback on each would cost more than all the rest.
    """

    __slots__ = ("_asyncio_future_blocking", "_task", "_tasks")

    def __init__(self, task: asyncio.Task[Any], tasks: Sequence[asyncio.Task[Any]]) -> None:
        self._asyncio_future_blocking = True  # asyncio's mark of something to be awaited
        self._task = task
        self._tasks = tasks

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._task.get_loop()

    def add_done_callback(self, callback: Callable[..., object], *, context: Context) -> None:
        self._task.add_done_callback(callback, context=context)

    def cancel(self, msg: Any | None = None) -> bool:
        cancelled = [task.cancel(msg) for task in self._tasks]  # every one of them
        return any(cancelled)


@types.coroutine
def _ends(tasks: Sequence[asyncio.Task[Any]]) -> Generator[_End, None, None]:
    cancelled: asyncio.CancelledError | None = None
    for index in range(len(tasks)):  # no name for a task; see `together`
        while not tasks[index].done():
            try:
                yield _End(tasks[index], tasks)
            except GeneratorExit:
                raise
            except asyncio.CancelledError as error:
                cancelled = error
            except BaseException:
                pass  # the task's failure, which is read from the task
    if cancelled is not None:
        raise cancelled


async def _all_ended(
    loop: asyncio.AbstractEventLoop, tasks: Sequence[asyncio.Task[Any]]
) -> asyncio.CancelledError | None:
    """Wait for all tasks to end, and say whether the caller was cancelled meanwhile."""
    caller = asyncio.current_task(loop)
    before = caller.cancelling() if caller else 0
    cancelled: asyncio.CancelledError | None = None
    try:
        await (tasks[0] if len(tasks) == 1 else _ends(tasks))
    except asyncio.CancelledError as error:
        cancelled = error
    except GeneratorExit:
        for task in tasks:
            task.cancel()
        raise
    except BaseException:
        pass  # the one task's failure, which is read from the task
    # A receiver may have swallowed its cancellation, or may have cancelled only itself.
    if caller is None or caller.cancelling() <= before:
        return None
    return cancelled or asyncio.CancelledError()


def _raise_first(
    signal: Titled,
    ended: Sequence[tuple[Callee, asyncio.Task[Any]]],
    cancelled: asyncio.CancelledError | None,
) -> None:
    found = ((each, _failure(task)) for each, task in ended)
    failures = [(each, failure) for each, failure in found if failure is not None]
    if cancelled is not None:
        _report([f for f in failures if not isinstance(f[1], asyncio.CancelledError)], signal)
        first: BaseException = cancelled
    elif failures:
        (_, first), *others = failures
        for note in _report(others, signal):
            first.add_note(note)
    else:
        return
    try:
        raise first
    finally:
        del first, failures, found, cancelled, ended  # as above


def _failure(task: asyncio.Task[Any]) -> BaseException | None:
    try:
        return task.exception()
    except asyncio.CancelledError as error:
        return error


def _report(failures: Sequence[tuple[Callee, BaseException]], signal: Titled) -> list[str]:
    notes: list[str] = []
    for connection, failure in failures:
        if isinstance(failure, SignalLoopError):  # there may be thousands of it, all the same
            continue
        # The failure's message may hold field values: not for logs.
        kind = type(failure).__qualname__
        notes.append(
            f"receiver {describe(connection.receiver)} of {signal.title} failed too: {kind}"
        )
        logger.error(notes[-1])
    return notes


# --- one after another ---------------------------------------------------------------------------

_DONE: Final = object()


async def one_after_another(
    signal: Titled, connections: Sequence[Callee], sender: object, payload: Mapping[str, Any]
) -> None:
    """Await receivers in the order of connection, in the caller's task; the first failure stops.

    Each receiver runs in a copy of the caller's context, as when they run together.

    Args:
        signal: What is sent.
        connections: The receivers, in the order of connection.
        sender: The signal's sender.
        payload: What is sent, by name.
    """
    sending = Sending(signal, sender, current.get())
    within = copy_context()
    within.run(current.set, (sending, None))
    named = {"sender": sender, **payload}
    try:
        for connection in connections:
            sending.running = connection
            try:
                coroutine = connection.begin(**named)
            except TypeError as error:
                coroutine = _raising(error)
            steps = coroutine.__await__()
            context = within.copy()
            # `next` with a default asks for no exception when the receiver ends without waiting.
            awaited: Any = context.run(next, steps, _DONE)  # pyright: ignore[reportUnknownMemberType] - `next` is overloaded
            if awaited is not _DONE:
                await _Rest(context, steps, awaited)
    except RecursionError as error:
        told = sending.error_of(error)
        if told is error:
            raise
        raise told from None
    finally:
        sending.close()


class _Rest:
    """What is left of a receiver that has begun to wait, run in its own context."""

    __slots__ = ("_awaited", "_context", "_steps")

    def __init__(self, context: Context, steps: Generator[Any, Any, Any], awaited: Any) -> None:
        self._context = context
        self._steps = steps
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        caller = asyncio.current_task()
        before = caller.cancelling() if caller else 0
        cancelled: asyncio.CancelledError | None = None
        awaited = self._awaited
        while awaited is not _DONE:
            try:
                yield awaited
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError):
                    cancelled = error
                try:
                    awaited = self._context.run(self._steps.throw, error)
                except StopIteration:
                    awaited = _DONE
            else:
                awaited = self._context.run(next, self._steps, _DONE)  # pyright: ignore[reportUnknownMemberType] - as above
        if cancelled is not None and caller is not None and caller.cancelling() > before:
            raise cancelled  # the receiver swallowed it; it was meant for all
