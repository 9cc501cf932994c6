"""Collect on-commit receivers in tests that never commit, and run them on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, overload

from typed_signals._backend import Transaction
from typed_signals._connection import Connection
from typed_signals._describe import describe
from typed_signals._dispatch.on_commit import DeferredSend, captures
from typed_signals._dispatch.run import logger, run_sequentially, without_frame

__all__ = ["OnCommitCall", "OnCommitCalls", "capture_on_commit"]


@dataclass(frozen=True, slots=True, eq=False)
class OnCommitCall:
    """One call of an on-commit receiver that waited for a commit.

    Attributes:
        receiver: The receiver as it was connected.
        signal: The signal's name; empty for a signal that belongs to no emitter.
        sender: The signal's sender.
        payload: The payload by name.
    """

    receiver: Callable[..., Awaitable[object]]
    signal: str
    sender: object
    payload: Mapping[str, Any]


class OnCommitCalls(Sequence[OnCommitCall]):
    """The calls that waited for a commit, in the order in which they would have run."""

    def __init__(self) -> None:
        self._found: list[tuple[Transaction, DeferredSend]] = []
        self._calls: list[OnCommitCall] = []
        self._waiting: list[tuple[DeferredSend, Connection]] = []

    @overload
    def __getitem__(self, index: int) -> OnCommitCall: ...
    @overload
    def __getitem__(self, index: slice) -> list[OnCommitCall]: ...
    def __getitem__(self, index: int | slice) -> OnCommitCall | list[OnCommitCall]:
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def receivers(self) -> list[Callable[..., Awaitable[object]]]:
        """The receivers, in order; one that is called twice is there twice."""
        return [each.receiver for each in self._calls]

    def __repr__(self) -> str:
        names = [describe(each) for each in self.receivers]
        return f"<on commit: {', '.join(names) or 'nothing'}>"

    def add(self, transaction: Transaction, deferred: DeferredSend) -> None:
        """Remember a send that waits for the commit of a transaction."""
        self._found.append((transaction, deferred))

    def collect(self) -> None:
        """Collect what still waits, without what was rolled back or has run after a commit."""
        found, self._found = self._found, []
        for transaction, deferred in found:
            if transaction.take_back(deferred):
                for each in deferred.connections:
                    self._calls.append(
                        OnCommitCall(
                            each.receiver, deferred.signal.name, deferred.sender, deferred.payload
                        )
                    )
                    self._waiting.append((deferred, each))

    async def run(self) -> None:
        """Run the receivers that have not run yet, one after another, in the order of the sends.

        They run where this is called, inside the transaction of the test, so they see its rows.
        If they send signals with on-commit receivers, these run, too. If one fails, the others
        still run.

        Raises:
            BaseException: What the first failing receiver raised; the other failures are noted
                on it and logged.
        """
        failures: list[tuple[str, BaseException]] = []
        captures.append(self.add)
        try:
            self.collect()
            while self._waiting:
                send, connection = self._waiting.pop(0)
                if (error := await _failure(send, connection)) is not None:
                    receiver = f"the on-commit receiver {describe(connection.receiver)}"
                    failures.append((f"{receiver} of {send.signal.title}", error))
                self.collect()
            if failures:
                raise _joined(failures)
        finally:
            captures.remove(self.add)
            failures.clear()  # a frame that holds what it raises is a reference cycle


async def _failure(send: DeferredSend, connection: Connection) -> BaseException | None:
    """Run a receiver, and return what it raised."""
    try:
        await run_sequentially(send.signal, (connection,), send.sender, send.payload)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task and task.cancelling():
            raise  # the test is cancelled, not the receiver alone
        return without_frame(error)
    return None


def _joined(failures: Sequence[tuple[str, BaseException]]) -> BaseException:
    """The first failure, with a note about each other one; these are also logged."""
    (who, first), *others = failures
    first.add_note(f"raised by {who}")
    for who, error in others:
        first.add_note(f"{who} failed too: {type(error).__qualname__}")
        logger.error("%s failed too: %s", who, type(error).__qualname__, exc_info=error)
    return first


@asynccontextmanager
async def capture_on_commit(*, execute: bool = False) -> AsyncGenerator[OnCommitCalls]:
    """Collect on-commit receivers, for tests whose transactions are always rolled back.

    If a signal is sent inside the block, in a transaction that is still open when the block ends,
    its on-commit receivers are collected instead of waiting for the commit::

        async with database.transaction(force_rollback=True):
            async with capture_on_commit(execute=True) as calls:
                await place_order()
            assert calls.receivers == [mail]

    Sends in a savepoint that was rolled back inside are not collected. Nor are receivers that have
    already run: without a transaction, or after a commit inside the block. A collected receiver no
    longer runs after a later commit. Blocks can be nested: the inner one collects first. A block
    collects from the whole process: every database, task and thread.

    Args:
        execute: Whether to run all of it at the end of the block, and raise the first failure;
            see :meth:`OnCommitCalls.run`. A block that fails runs nothing.

    Yields:
        The calls: filled in when the block exits, or after ``await calls.run()`` in it.

    Raises:
        BaseException: An on-commit receiver has failed.
    """
    calls = OnCommitCalls()
    captures.append(calls.add)
    try:
        yield calls
    finally:
        captures.remove(calls.add)
    calls.collect()
    if execute:
        await calls.run()
