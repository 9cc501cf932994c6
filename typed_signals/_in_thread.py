"""Make a receiver of a blocking function."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import logging
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar, overload
from weakref import WeakKeyDictionary, ref

from typing_extensions import ParamSpec

from typed_signals._describe import call_method, describe, kind_of, unwrap
from typed_signals._errors import SignalDefinitionError

__all__ = ["in_thread"]

logger: Final = logging.getLogger("typed_signals")

K = ParamSpec("K")
T = TypeVar("T")

Limiter = AbstractAsyncContextManager[object]

# Half of the threads that asyncio has by default: the other half is left to the program.
_THREADS: Final = (min(32, (os.cpu_count() or 1) + 4) + 1) // 2
# A semaphore belongs to its event loop, and lives as long as a thread of that loop uses it.
_limiters: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, ref[asyncio.Semaphore]]] = (
    WeakKeyDictionary()
)


@overload
def in_thread(
    function: Callable[K, T], *, limiter: Limiter | None = None
) -> Callable[K, Coroutine[Any, Any, T]]: ...
@overload
def in_thread(
    *, limiter: Limiter | None = None
) -> Callable[[Callable[K, T]], Callable[K, Coroutine[Any, Any, T]]]: ...
def in_thread(function: Callable[..., Any] | None = None, *, limiter: Limiter | None = None) -> Any:
    """Make a receiver of a sync function, which runs in a thread and does not block the event loop.

    Usable as a decorator, below that of the signal::

        @post_save(Album, on_commit=True)
        @in_thread
        def print_label(sender: type[Album], instance: Album, **kwargs: object) -> None:
            printer.print(instance.name)

    The function is called in a thread of asyncio's, as by ``asyncio.to_thread``, with a copy of the
    caller's context. ``connect()`` checks the parameters of the function itself.

    A thread cannot be cancelled. If the receiver is cancelled, or its ``timeout`` is over, before
    the function has begun, the function is not called. Once it has begun, ``send()`` waits until it
    returns, and raises the cancellation or the timeout then: no receiver runs on after its send.

    Do not use the transaction of the caller in the function: the thread has no event loop and no
    connection. What it writes on a connection of its own is not part of that transaction, and may
    wait forever for a lock that the transaction holds. Connect it with ``on_commit=True``.

    Args:
        function: The function, a method, or another sync callable. Leave it out to get a
            decorator: ``@in_thread(limiter=...)``.
        limiter: Limits how many of the functions that share it run at once: an
            ``asyncio.Semaphore``, an ``anyio.CapacityLimiter``, or another async context manager
            that can be entered many times. Left out, all functions share one limiter per event
            loop, with half as many places as asyncio has threads: ``min(32, cpu_count + 4) / 2``.

    Returns:
        An async function with the parameters of the function, or the decorator.

    Raises:
        SignalDefinitionError: The function is async already, a generator, or not callable.
    """
    if function is None:
        return functools.partial(in_thread, limiter=limiter)
    if wrong := _wrong_function(function):
        raise SignalDefinitionError(wrong)

    async def call(*args: Any, **kwargs: Any) -> Any:
        async with _default_limiter() if limiter is None else limiter:
            return await _call(function, *args, **kwargs)

    return functools.update_wrapper(call, function)


def _wrong_function(function: Any) -> str | None:
    if not callable(function):
        return f"in_thread() expects a sync function, not {kind_of(function)}"
    inner = unwrap(function)
    if any(
        check(each)
        for check in (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
        for each in (inner, call_method(inner))
    ):
        return (
            f"in_thread() expects a sync function, and {describe(function)} is async: connect it "
            "as it is"
        )
    if any(map(inspect.isgeneratorfunction, (inner, call_method(inner)))):
        return (
            f"in_thread() expects a sync function, and {describe(function)} is a generator: remove "
            "its `yield`"
        )
    return None


def _default_limiter() -> Limiter:
    loop = asyncio.get_running_loop()
    known = _limiters.get(loop)
    limiter = known() if known is not None else None
    if limiter is None:
        limiter = asyncio.Semaphore(_THREADS)
        _limiters[loop] = ref(limiter)
    return limiter


async def _call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function in a thread, and wait for it also when cancelled."""
    context = contextvars.copy_context()
    cancelled: asyncio.CancelledError | None = None

    def run() -> Any:
        if cancelled is not None:
            return None
        try:
            result = context.run(function, *args, **kwargs)
        except StopIteration as error:  # a future cannot hold it
            raise RuntimeError(f"{describe(function)} raised StopIteration") from error
        if inspect.isawaitable(result):
            raise TypeError(f"{describe(function)} returned an awaitable: connect it as it is")
        return result

    running: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(None, run)
    while not running.done():
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
    try:
        if cancelled is None:
            return running.result()
        if failure := running.exception():
            text = "the receiver %s was cancelled, and then its function failed: %s"
            kind = type(failure).__qualname__
            logger.error(text, describe(function), kind, exc_info=failure)
        raise cancelled
    finally:
        cancelled = None  # a frame that holds what it raises is a reference cycle
