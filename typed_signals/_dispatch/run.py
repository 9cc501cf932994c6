"""Run receivers, concurrently or sequentially; none is left running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeAlias

from typed_signals._connection import Connection
from typed_signals._contract import payload_mistakes
from typed_signals._describe import describe
from typed_signals._dispatch.nesting import ActiveSend, Frame, current
from typed_signals._dispatch.tasks import (
    UNWIND,
    can_start_eagerly,
    cancel_all,
    set_in_task,
    start_eagerly,
    wait_for_all,
)
from typed_signals._errors import SignalLoopError, SignalPayloadError
from typed_signals._registry import SignalState

__all__ = ["Run", "check_payload", "logger", "run_concurrently", "run_sequentially"]

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
    raised as itself, with a note for each other one, which is also logged. Cancelling the caller
    cancels the receivers and waits for them.

    Args:
        signal: The state of what is sent.
        connections: The receivers, in the order of connection.
        sender: The signal's sender.
        payload: The payload by name.
    """
    loop = asyncio.get_running_loop()
    frame = current.get()
    send = ActiveSend(signal, sender, payload, connections, frame)
    eager = can_start_eagerly(loop, send.depth)
    started: list[tuple[Connection, asyncio.Task[Any]]] = []  # those that wait, or have failed
    waiting: list[asyncio.Task[Any]] = []
    task: asyncio.Task[Any] | None = None
    cancelled: asyncio.CancelledError | None = None
    try:
        current.set(Frame(send, None))  # a new task copies the context
        try:
            for connection in connections:
                try:
                    coroutine = connection.call(sender=sender, **payload)
                except TypeError as error:
                    coroutine = _raise(error)
                if not eager:
                    current.set(Frame(send, connection))
                    task = loop.create_task(coroutine)
                else:
                    send.running = connection
                    task = start_eagerly(loop, coroutine)
                    if not task.done():
                        set_in_task(task, current, Frame(send, connection))
                if not task.done():
                    waiting.append(task)
                    started.append((connection, task))
                elif task.cancelled() or task.exception() is not None:
                    started.append((connection, task))
        except BaseException:  # let KeyboardInterrupt and SystemExit through
            cancel_all(waiting)
            raise
        finally:
            current.set(frame)
            send.running = connections
            if waiting:
                cancelled = await wait_for_all(loop, waiting)
    finally:
        send.close()
    if started:
        try:
            _raise_first(signal, started, cancelled, payload)
        finally:  # a frame that holds what it raises is a cycle
            waiting.clear()
            del started, cancelled, task


async def _raise(error: TypeError) -> None:
    """Fail like a receiver that the payload does not fit: that is the receiver's failure."""
    raise error


def _raise_first(
    signal: SignalState,
    started: Sequence[tuple[Connection, asyncio.Task[Any]]],
    cancelled: asyncio.CancelledError | None,
    payload: Mapping[str, Any],
) -> None:
    """Raise the caller's cancellation, or the first failure; log the others."""
    found = [(connection, _failure(task)) for connection, task in started]
    failures: Failures = [(each, failure) for each, failure in found if failure is not None]
    if cancelled is None and not failures:
        return
    try:
        if cancelled is not None:
            _report(signal, [f for f in failures if not isinstance(f[1], asyncio.CancelledError)])
            raise cancelled
        (_, first), *others = failures
        for note in _report(signal, others):
            first.add_note(note)
        raise _explained(signal, first, payload)
    finally:
        del cancelled, failures, found, started  # as above
        first = None  # type: ignore[assignment] # as above


def _failure(task: asyncio.Task[Any]) -> BaseException | None:
    try:
        return task.exception()
    except asyncio.CancelledError as error:
        return error


def _report(signal: SignalState, failures: Failures) -> list[str]:
    notes: list[str] = []
    for connection, failure in failures:
        if isinstance(failure, SignalLoopError):  # there may be thousands, all the same
            continue
        # The failure's message may hold field values: not for our own text.
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
    """Await one receiver after the other in the caller's task; the first failure stops.

    Args:
        signal: The state of what is sent.
        connections: The receivers, in the order of connection.
        sender: The signal's sender.
        payload: The payload by name.
    """
    frame = current.get()
    send = ActiveSend(signal, sender, payload, connections, frame)
    current.set(Frame(send, None))
    try:
        if send.depth and send.depth % UNWIND == 0:  # each send stands on the stack of the last
            loop = asyncio.get_running_loop()
            await loop.create_task(_await_each(send, connections, sender, payload))
        else:
            await _await_each(send, connections, sender, payload)
    except TypeError as error:
        explained = _explained(signal, error, payload)
        if explained is error:
            raise
        raise explained from None
    finally:
        current.set(frame)
        send.close()


async def _await_each(
    send: ActiveSend,
    connections: Sequence[Connection],
    sender: object,
    payload: Mapping[str, Any],
) -> None:
    for connection in connections:
        send.running = connection
        await connection.call(sender=sender, **payload)


# --- payloads ------------------------------------------------------------------------------------


def check_payload(signal: SignalState, payload: Mapping[str, Any]) -> SignalPayloadError | None:
    """Compare the names of a payload with the signal's contract.

    Args:
        signal: The signal's state.
        payload: The payload by name.

    Returns:
        The error to raise; ``None`` if the payload fits.
    """
    contract = signal.contract
    mistakes = payload_mistakes(contract, payload)
    if not mistakes:
        return None
    lines = [f"{signal.title} cannot be sent with this payload:"]
    lines += [f"  - {each}" for each in mistakes]
    lines.append(f"  expected: send({contract.signature.replace('{model}', 'Model')})")
    return SignalPayloadError("\n".join(lines), mistakes)


def _explained(
    signal: SignalState, failure: BaseException, payload: Mapping[str, Any]
) -> BaseException:
    """The sender's mistake, if a receiver could not even be called because of that."""
    if not isinstance(failure, TypeError) or isinstance(failure, SignalPayloadError):
        return failure
    innermost = failure.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    module = innermost.tb_frame.f_globals.get("__name__", "") if innermost is not None else ""
    called = not module.startswith("typed_signals.")
    return failure if called else check_payload(signal, payload) or failure
