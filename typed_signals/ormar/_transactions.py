"""Open transactions: whether a send is in one, and what is told after its commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from typed_signals._backend import Deferred, Transaction
from typed_signals.ormar._compat import databases, era

__all__ = ["transaction_of", "watch_commits"]


def transaction_of(sender: object) -> Transaction | None:
    """Find the transaction that is open for a model, where the running code would see it.

    Args:
        sender: The model.

    Returns:
        The transaction; ``None`` if there is none.
    """
    config = era.config(sender) if isinstance(sender, type) else None
    database = getattr(config, "database", None)
    connection = None if database is None else databases.in_transaction(database)
    return None if connection is None else _Open(database, connection)


def watch_commits() -> None:
    """Be told of commits from now on, where the open transaction itself cannot be asked to tell.

    A transaction that is open already is not watched.
    """
    databases.watch(_Watcher())


# --- one transaction -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Open:
    """A transaction that is open on a connection."""

    database: Any
    connection: Any

    def run_on_commit(self, deferred: Deferred) -> None:
        """Keep what is to be told until the transaction has committed."""
        if databases.never_commits(self.database, self.connection):
            return
        ledger = _ledgers.get(self.connection)
        if ledger is None:
            ledger = _ledgers[self.connection] = _Ledger()
        databases.follow(self.connection, _Watcher())
        ledger.kept.append(deferred)


class _Ledger:
    """What is to be told after the commit of the transaction that is open on a connection.

    A savepoint that is rolled back takes with it all that came after it on its connection,
    whoever did it. So it is enough to know how much was kept when each savepoint began.
    """

    __slots__ = ("_begun", "kept")

    def __init__(self) -> None:
        self.kept: list[Deferred] = []
        self._begun: dict[object, int] = {}

    def began(self, savepoint: object) -> None:
        self._begun.setdefault(savepoint, len(self.kept))

    def ended(self, savepoint: object, *, released: bool) -> None:
        # One that is older than the ledger is not in it, and had nothing before it.
        begun = self._begun.pop(savepoint, 0)
        if not released:
            del self.kept[begun:]


_ledgers: WeakKeyDictionary[Any, _Ledger] = WeakKeyDictionary()
"""By connection; only for transactions that have something to tell."""


class _Watcher:
    """Hears what happens to transactions."""

    def began(self, connection: Any, savepoint: object) -> None:
        """A savepoint began, or is found to have begun."""
        if ledger := _ledgers.get(connection):
            ledger.began(savepoint)

    async def ending(
        self,
        connection: Any,
        savepoint: object | None,
        end: Callable[[], Coroutine[Any, Any, None]],
        *,
        commits: bool,
    ) -> None:
        """End a savepoint, or with ``None`` the transaction itself, and tell what is to be told."""
        ledger = _ledgers.get(connection)
        if ledger is None:
            await end()
        elif savepoint is not None:
            try:
                await end()
            except BaseException:
                ledger.ended(savepoint, released=False)
                raise
            ledger.ended(savepoint, released=commits)
        elif commits and ledger.kept:
            await _tell_after(connection, ledger, end)
        else:
            try:
                await end()
            finally:
                _ledgers.pop(connection, None)


async def _tell_after(
    connection: Any, ledger: _Ledger, commit: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    try:
        cancelled = await _Unbroken(commit())
    finally:
        _ledgers.pop(connection, None)
    for deferred in ledger.kept:
        try:
            await deferred.run()
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


class _Unbroken(Awaitable["asyncio.CancelledError | None"]):
    """Awaits a commit to its end, and gives the cancellation that came meanwhile, if one did.

    A commit that is cancelled half-way may have happened or not, and nobody can say which. It
    runs in the caller's task and context all the same, because both may be what its connection
    is found by: so each future that it awaits is shielded, not the whole.
    """

    def __init__(self, commit: Coroutine[Any, Any, None]) -> None:
        self._commit = commit

    def __await__(self) -> Generator[Any, Any, asyncio.CancelledError | None]:
        caller = asyncio.current_task()
        before = caller.cancelling() if caller else 0
        cancelled: asyncio.CancelledError | None = None
        steps = self._commit.__await__()
        while (awaited := next(steps, _ENDED)) is not _ENDED:
            cancelled = (yield from _end_of(awaited)) or cancelled
        # What has been cancelled and un-cancelled was a timeout of the commit's own.
        return cancelled if caller is not None and caller.cancelling() > before else None


_ENDED = object()


def _end_of(awaited: Any) -> Generator[Any, Any, asyncio.CancelledError | None]:
    """Wait for what a coroutine has given its task to wait for."""
    cancelled: asyncio.CancelledError | None = None
    if not asyncio.isfuture(awaited):  # `None`: until the next turn of the loop
        try:
            yield awaited
        except asyncio.CancelledError as error:
            cancelled = error
        return cancelled
    awaited._asyncio_future_blocking = False  # what a task does that begins to wait
    while not awaited.done():
        try:
            yield from asyncio.shield(awaited).__await__()
        except asyncio.CancelledError as error:
            if not awaited.cancelled():
                cancelled = error
        except BaseException:
            break  # the future's own, which the coroutine gets from it
    return cancelled
