"""Run receivers after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from typed_signals._backend import Transaction
from typed_signals._connection import Connection
from typed_signals._describe import describe
from typed_signals._dispatch.run import logger, run_concurrently
from typed_signals._registry import SignalState

__all__ = ["DeferredSend", "ExceptionHandler", "Failure", "run_on_commit", "set_exception_handler"]


class Failure(NamedTuple):
    """An on-commit receiver failed; the exception could not be raised.

    Attributes:
        receiver: The receiver as it was connected.
        signal: The signal's name and whose it is, for people.
        sender: The signal's sender.
        exception: What the receiver raised.
    """

    receiver: Callable[..., Awaitable[object]]
    signal: str
    sender: object
    exception: BaseException


ExceptionHandler = Callable[[Failure], object]
_handler: ExceptionHandler | None = None


def set_exception_handler(handler: ExceptionHandler | None) -> ExceptionHandler | None:
    """Choose what is called when a receiver fails after the commit.

    Such a failure cannot be raised, as that would make the commit look failed; it is logged, and
    passed to the handler.

    Args:
        handler: A function that accepts the :class:`Failure`; ``None`` for none.

    Returns:
        The handler that was set before.
    """
    global _handler
    before, _handler = _handler, handler
    return before


@dataclass(frozen=True, slots=True)
class DeferredSend:
    """A send whose receivers run after the commit."""

    signal: SignalState
    connections: tuple[Connection, ...]
    sender: object
    payload: Mapping[str, Any]

    async def run(self) -> None:
        """Run the receivers one after another, each in a task of its own, in no transaction.

        Whichever fails, the others run all the same.
        """
        caller = asyncio.current_task()
        before = caller.cancelling() if caller else 0
        cancelled: asyncio.CancelledError | None = None
        for connection in self.connections:
            try:
                await run_concurrently(self.signal, (connection,), self.sender, self.payload)
            except asyncio.CancelledError as error:
                self._report(connection, error)
                if caller is not None and caller.cancelling() > before:
                    before = caller.cancelling()
                    cancelled = error
            except Exception as error:
                self._report(connection, error)
        try:
            if cancelled is not None:
                raise cancelled
        finally:
            del cancelled  # a frame that holds what it raises is a cycle

    def _report(self, connection: Connection, exception: BaseException) -> None:
        kind = type(exception).__qualname__
        receiver = describe(connection.receiver)
        logger.error(
            f"receiver {receiver} of {self.signal.title} failed after the commit: {kind}",
            exc_info=exception,
        )
        if _handler is None:
            return
        try:
            _handler(Failure(connection.receiver, self.signal.title, self.sender, exception))
        except Exception as broken:
            kind = type(broken).__qualname__
            logger.error(
                f"the exception handler {describe(_handler)} failed itself: {kind}",
                exc_info=broken,
            )


async def run_on_commit(deferred: DeferredSend, transaction: Transaction | None) -> None:
    """Run receivers after a transaction has committed; at once when there is none."""
    if transaction is None:
        await deferred.run()
    else:
        transaction.run_on_commit(deferred)
