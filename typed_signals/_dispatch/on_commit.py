"""Run receivers after the commit."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from typed_signals._backend import Transaction
from typed_signals._connection import Connection
from typed_signals._describe import describe, kind_of
from typed_signals._dispatch.run import failure_of, logger, run_concurrently
from typed_signals._dispatch.shield import Shield
from typed_signals._errors import CommitOutcomeUnknownError, TransactionRolledBackError
from typed_signals._registry import SignalState

__all__ = [
    "DeferredSend",
    "ExceptionHandler",
    "Failure",
    "captures",
    "log_lost_connection",
    "outcome_unknown",
    "rolled_back",
    "run_deferred",
    "set_exception_handler",
]


class Failure(NamedTuple):
    """An on-commit receiver failed; the exception could not be raised.

    Attributes:
        receiver: The receiver as it was connected.
        signal: The signal's name and its owner's, for messages.
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
    """Choose what is called when an on-commit receiver fails.

    Such a failure cannot be raised, as that would make the commit look failed; it is logged with
    its traceback, and passed to the handler.

    Args:
        handler: A function that accepts the :class:`Failure`; ``None`` for none.

    Returns:
        The handler that was set before.

    Raises:
        TypeError: It cannot be called, or is async.
    """
    global _handler
    if handler is not None and not callable(handler):
        raise TypeError(f"an exception handler must be a function or None, not {kind_of(handler)}")
    if inspect.iscoroutinefunction(handler):
        raise TypeError(f"an exception handler must be a sync function: nobody awaits {handler!r}")
    before, _handler = _handler, handler
    return before


@dataclass(frozen=True, slots=True)
class DeferredSend:
    """A send to the receivers that run after the commit.

    Attributes:
        signal: The state of the signal that was sent.
        connections: The receivers, in the order of connection.
        sender: The signal's sender.
        payload: The payload, by name.
    """

    signal: SignalState
    connections: tuple[Connection, ...]
    sender: object
    payload: Mapping[str, Any]

    async def run_on_commit(self, transaction: Transaction | None) -> None:
        """Run the receivers once the transaction has committed; now when there is none.

        Args:
            transaction: The transaction that the send is in.
        """
        if not self.connections:
            return
        kept = replace(
            self,
            sender=_referent(self.sender),
            payload={name: _referent(value) for name, value in self.payload.items()},
        )
        if transaction is not None:
            await transaction.run_on_commit(kept)
            for capture in captures:
                capture(transaction, kept)
            return
        shield = Shield()
        await run_deferred([kept], shield)
        cancelled, shield.cancelled = shield.cancelled, None
        try:
            if cancelled is not None:
                raise cancelled
        finally:
            del cancelled  # a frame that holds what it raises is a reference cycle


captures: Final[list[Callable[[Transaction, DeferredSend], None]]] = []
"""Called with each send that a transaction keeps."""


def _referent(value: Any) -> Any:
    """The object that a weak proxy stands for; it would be gone after the commit."""
    if isinstance(value, weakref.ProxyTypes):
        return value.__dir__.__self__  # any bound method has it
    return value


async def run_deferred(sends: Sequence[DeferredSend], shield: Shield) -> None:
    """Run receivers one after another, each in a task of its own, outside any transaction.

    If one fails, the others still run.

    Args:
        sends: The sends, in their order.
        shield: Holds back the cancellation of the caller. When its time is over, the receiver
            that is running is cancelled, and the rest are not called.

    Raises:
        KeyboardInterrupt: A receiver or the exception handler raised it; the rest are not called.
        SystemExit: As above.
    """
    calls = [(send, connection) for send in sends for connection in send.connections]
    for number, (send, connection) in enumerate(calls, 1):
        receivers = run_concurrently(send.signal, (connection,), send.sender, send.payload)
        task = await shield.finish(receivers)
        try:
            if (error := failure_of(task)) is not None:
                _report(send, connection, error)
        except (KeyboardInterrupt, SystemExit):
            _report_not_called(calls[number:], _ENDING)
            if shield.cancelled is None:  # else the event loop has raised it and cancels all
                raise
            return
        if shield.expired:
            reason = f"its caller was cancelled, and {shield.grace:g} s later it was not their turn"
        elif task.cancelling():  # by code that cancels every task
            reason = _ENDING
        else:
            continue
        _report_not_called(calls[number:], reason)
        return


_ENDING: Final = "the program is ending"


def _report(send: DeferredSend, connection: Connection, error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise error
    receiver, title = describe(connection.receiver), send.signal.title
    kind = type(error).__qualname__
    logger.error(
        "receiver %s of %s failed after the commit: %s", receiver, title, kind, exc_info=error
    )
    if _handler is None:
        return
    try:
        _handler(Failure(connection.receiver, title, send.sender, error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as broken:
        kind = type(broken).__qualname__
        logger.error(
            "the exception handler %s failed itself: %s",
            describe(_handler),
            kind,
            exc_info=broken,
        )


def _report_not_called(calls: Sequence[tuple[DeferredSend, Connection]], reason: str) -> None:
    for send, connection in calls:
        receiver, title = describe(connection.receiver), send.signal.title
        logger.error(
            "receiver %s of %s was not called after the commit: %s", receiver, title, reason
        )


# --- commits that failed -------------------------------------------------------------------------


def rolled_back(sends: Sequence[DeferredSend]) -> TransactionRolledBackError:
    """Make the error for a transaction that the database rolled back before its commit.

    Args:
        sends: The sends that waited for the commit.
    """
    return TransactionRolledBackError(
        "the transaction was over before its commit: a statement in it failed, the "
        "database rolled all of it back, and the program went on. What was saved in it "
        f"is not there, so {_not_called(sends)}. Let the exception of the statement that "
        "failed leave the block, or run that statement in a nested transaction, which "
        "can be rolled back alone. (On MariaDB and MySQL a statement such as CREATE TABLE "
        "ends a transaction, too: it commits it.)"
    )


def outcome_unknown(
    sends: Sequence[DeferredSend], shield: Shield, cause: BaseException
) -> CommitOutcomeUnknownError:
    """Make and log the error for a commit that was cancelled.

    Args:
        sends: The sends that waited for the commit.
        shield: The shield that the commit ran in.
        cause: What the cancelled commit raised.
    """
    unknown = CommitOutcomeUnknownError(
        "whether the transaction has committed is not known: the caller was cancelled during "
        f"the commit, which had not finished {shield.grace:g} s later and was cancelled, too. "
        f"So {_not_called(sends)}. See whether the rows are there before you save them "
        "again; `set_commit_grace()` sets how long such a commit is waited for."
    )
    logger.error("%s", unknown, exc_info=cause)
    return unknown


def log_lost_connection(error: BaseException) -> None:
    """Log what giving a connection back has raised, where that cannot be raised."""
    logger.error("a connection could not be given back", exc_info=error)


def _not_called(sends: Sequence[DeferredSend]) -> str:
    names = {
        f"{describe(connection.receiver)} of {send.signal.title}": None
        for send in sends
        for connection in send.connections
    }
    if not names:
        return "no on-commit receiver is called"
    return f"these on-commit receivers are not called: {', '.join(names)}"
