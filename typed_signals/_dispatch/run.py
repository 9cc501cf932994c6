"""Run receivers, concurrently or sequentially; none is left running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from traceback import walk_tb
from typing import Any, Final, TypeAlias

from typed_signals._backend import find_backend
from typed_signals._connection import Connection
from typed_signals._contract import Mistake, payload_mistakes
from typed_signals._describe import describe
from typed_signals._dispatch.nesting import ActiveSend, current
from typed_signals._dispatch.tasks import UNWIND, Task, can_start_eagerly, cancel_all, wait_for_all
from typed_signals._errors import SignalLoopError, SignalPayloadError
from typed_signals._registry import BaseSignal, SignalState

__all__ = [
    "Run",
    "check_payload",
    "explained",
    "failure_of",
    "logger",
    "payload_error",
    "run_concurrently",
    "run_sequentially",
    "without_frame",
]

logger: Final = logging.getLogger("typed_signals")

Run: TypeAlias = Callable[
    [SignalState, Sequence[Connection], object, Mapping[str, Any]], Coroutine[Any, Any, None]
]

Failures: TypeAlias = list[tuple[Connection, BaseException]]


# --- concurrently --------------------------------------------------------------------------------


async def run_concurrently(
    signal: SignalState,
    connections: Sequence[Connection],
    sender: object,
    payload: Mapping[str, Any],
) -> None:
    """Run all receivers at once, each in a task of its own and a copy of the caller's context.

    Returns once all have finished. If some fail, the first failure in the order of connection is
    raised unchanged. Each other failure is logged, and noted on it. Cancelling the caller cancels
    the receivers and waits for them.
    """
    loop = asyncio.get_running_loop()
    named = {"sender": sender, **payload}
    outer = current.get()
    send = ActiveSend(signal, sender, payload, connections, outer)
    eager = can_start_eagerly(loop, send.depth)
    failed: list[tuple[Connection, asyncio.Task[Any]]] = []
    waiting = send.waiting
    task: asyncio.Task[Any] | None = None
    cancelled: asyncio.CancelledError | None = None
    try:
        current.set(send)  # a new task copies the context
        try:
            for connection in connections:
                try:
                    coroutine = connection.call(**named)
                except TypeError as error:
                    coroutine = _raise(error)
                send.running = connection
                if eager:
                    task = Task(coroutine, loop=loop, eager_start=True)
                else:
                    task = loop.create_task(coroutine)
                if not task.done():
                    waiting[task] = connection
                elif task.cancelled() or task.exception() is not None:
                    failed.append((connection, task))
        except BaseException:  # let KeyboardInterrupt and SystemExit through
            cancel_all(waiting)
            raise
        finally:
            current.set(outer)
            send.running = None
            if waiting:
                cancelled = await wait_for_all(loop, tuple(waiting))
    finally:
        send.close()
    for task, connection in waiting.items():
        if task.cancelled() or task.exception() is not None:
            failed.append((connection, task))
    waiting.clear()  # a task's context holds the send, which holds the task: a reference cycle
    if failed or cancelled is not None:
        try:
            _raise_first(signal, failed, cancelled, payload)
        finally:
            del failed, cancelled, task  # as below


async def _raise(error: TypeError) -> None:
    """Fail in the receiver's task: it is the receiver's failure if the payload does not fit."""
    try:
        raise error
    finally:
        del error  # a frame that holds what it raises is a reference cycle


def _raise_first(
    signal: SignalState,
    failed: Sequence[tuple[Connection, asyncio.Task[Any]]],
    cancelled: asyncio.CancelledError | None,
    payload: Mapping[str, Any],
) -> None:
    """Raise the caller's cancellation, or the first failure; log the others."""
    found = [(connection, failure_of(task)) for connection, task in failed]
    failures: Failures = [(each, failure) for each, failure in found if failure is not None]
    failures.sort(key=lambda failure: failure[0].order)
    try:
        if cancelled is not None:
            _report(signal, [f for f in failures if not isinstance(f[1], asyncio.CancelledError)])
            raise cancelled
        (_, first), *others = failures
        for note in _report(signal, others):
            first.add_note(note)
        raise explained(signal, first, payload)
    finally:
        del cancelled, failures, found, failed  # as above
        first = None  # type: ignore[assignment] # it may never have been assigned


def failure_of(task: asyncio.Task[Any]) -> BaseException | None:
    """The exception with which a task has finished, also if that is its cancellation."""
    try:
        return task.exception()
    except asyncio.CancelledError as error:
        return without_frame(error)


def without_frame(error: BaseException) -> BaseException:
    """Drop the outermost frame of a traceback: it holds the error, so it is a reference cycle."""
    traceback = error.__traceback__
    return error.with_traceback(traceback.tb_next if traceback else None)


def _report(signal: SignalState, failures: Failures) -> list[str]:
    notes: list[str] = []
    for connection, failure in failures:
        if isinstance(failure, SignalLoopError):  # there may be thousands, all the same
            continue
        # The failure's message may hold field values, so it is kept out of our own text.
        kind = type(failure).__qualname__
        receiver = describe(connection.receiver)
        notes.append(f"receiver {receiver} of {signal.title} failed too: {kind}")
        logger.error(notes[-1], exc_info=failure)
    return notes


# --- sequentially --------------------------------------------------------------------------------


async def run_sequentially(
    signal: SignalState,
    connections: Sequence[Connection],
    sender: object,
    payload: Mapping[str, Any],
) -> None:
    """Await one receiver after the other in the caller's task, until one fails."""
    named = {"sender": sender, **payload}
    outer = current.get()
    send = ActiveSend(signal, sender, payload, connections, outer)
    unwind = send.depth > 0 and send.depth % UNWIND == 0  # nested sends share one stack
    current.set(send)
    try:
        for connection in connections:
            send.running = connection
            coroutine = connection.call(**named)
            if unwind:
                task = asyncio.create_task(coroutine)
                find_backend(sender).share_transaction(sender, task)
                await task
            else:
                await coroutine
    except TypeError as error:
        mistake = explained(signal, error, payload)
        try:
            if mistake is not error:
                raise mistake from None
            raise
        finally:
            del mistake  # as above
    finally:
        current.set(outer)
        send.close()


# --- payloads ------------------------------------------------------------------------------------


def check_payload(
    signal: BaseSignal | SignalState, payload: Mapping[str, Any]
) -> SignalPayloadError | None:
    """Compare the names of a payload with the signal's contract."""
    mistakes = payload_mistakes(signal.contract, payload)
    return payload_error(signal, mistakes) if mistakes else None


def payload_error(
    signal: BaseSignal | SignalState, mistakes: Sequence[Mistake]
) -> SignalPayloadError:
    """Make the error for a payload that does not fit a signal's contract."""
    signature = signal.contract.signature.replace("{model}", "Model")
    lines = [f"{signal.title} cannot be sent with this payload:"]
    lines += [f"  - {each}" for each in mistakes]
    lines.append(f"  expected: send({signature})")
    return SignalPayloadError("\n".join(lines), mistakes)


def explained(
    signal: SignalState, failure: BaseException, payload: Mapping[str, Any]
) -> BaseException:
    """The payload's error if a receiver could not be called because of it; else the failure."""
    if not isinstance(failure, TypeError) or isinstance(failure, SignalPayloadError):
        return failure
    frames = (frame for frame, _ in walk_tb(failure.__traceback__))
    *_, module = ["", *(frame.f_globals.get("__name__", "") for frame in frames)]
    called = not module.startswith("typed_signals.")
    return failure if called else check_payload(signal, payload) or failure
