"""Open transactions: which one a send is in, and what runs once it has committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from typed_signals._backend import Transaction
from typed_signals._dispatch.on_commit import (
    DeferredSend,
    log_lost_connection,
    outcome_unknown,
    rolled_back,
    run_deferred,
)
from typed_signals._dispatch.pending import MARK, PendingSends
from typed_signals._dispatch.shield import Shield
from typed_signals.ormar._compat import era
from typed_signals.ormar._databases import databases

__all__ = ["transaction_of"]

PlainEnd = Callable[[], Awaitable[None]]


def transaction_of(sender: object) -> Transaction | None:
    """Find the open transaction that the running code would use for a model.

    Args:
        sender: The model, or an instance of it.

    Returns:
        The transaction; ``None`` if there is none.
    """
    config = era.config(sender if isinstance(sender, type) else sender.__class__)
    database = getattr(config, "database", None)
    connection = None if database is None else databases.connection(database)
    if connection is None:
        return None
    pending = _pending.get(connection)
    ending = pending is not None and pending.committing
    return _Open(database, connection) if ending or databases.in_transaction(connection) else None


# --- one transaction -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Open:
    """A transaction that is open on a connection."""

    database: Any
    connection: Any

    async def run_on_commit(self, deferred: DeferredSend) -> None:
        """Run a send's receivers once the transaction has committed, not if it is rolled back."""
        pending = _pending.get(self.connection)
        if pending is None:
            pending = _pending[self.connection] = _PendingCallbacks(self.database)
        await pending.add(self.connection, deferred)

    def take_back(self, deferred: DeferredSend) -> bool:
        """Cancel a send; return whether it was pending."""
        pending = _pending.get(self.connection)
        return pending is not None and pending.take_back(deferred)


class _PendingCallbacks:
    """What runs after the commit of the transaction that is open on a connection.

    Args:
        database: The database.

    Attributes:
        sends: The sends to run.
        committing: Whether the commit is under way. What another task sends then belongs to it:
            no driver runs two statements of one connection at once, so its write came before.
    """

    __slots__ = ("_database", "committing", "sends")

    def __init__(self, database: Any) -> None:
        self._database = database
        self.sends: PendingSends[None] = PendingSends(databases.dialect(database))
        self.committing = False

    async def add(self, connection: Any, deferred: DeferredSend) -> None:
        """Keep a send until the commit."""
        if not self.committing:
            await self._follow(connection, len(self.sends.kept))
        self.sends.kept.append((deferred, None))

    def take_back(self, deferred: DeferredSend) -> bool:
        """Cancel a send; return whether it was pending."""
        return not self.committing and self.sends.take_back(deferred)

    async def _follow(self, connection: Any, start: int) -> None:
        if self.sends.follow(databases.listen(connection), start):
            await databases.execute(connection, MARK)
            self.sends.is_marked = True

    async def end_savepoint(
        self, connection: Any, savepoint: Any, plain_end: PlainEnd, *, releases: bool
    ) -> None:
        """Release a savepoint, or roll it back and forget what was kept since it began."""
        start = self.sends.end(savepoint)
        try:
            await plain_end()
        except BaseException:
            self.sends.lost = True
            raise
        finally:
            if self.sends.lost or not releases:
                self.sends.drop(start)
        if len(self.sends.kept) > start:
            await self._follow(connection, start)

    async def commit(self, connection: Any, transaction: Any) -> None:
        """Commit the transaction and run what was kept; roll back if the database has ended it.

        Raises:
            TransactionRolledBackError: The database has rolled it back before.
            CommitOutcomeUnknownError: The caller was cancelled, and so was the commit.
        """
        shield = Shield()
        await self._check(connection, transaction, shield)
        self.committing = True
        try:
            failure = await databases.commit(self._database, transaction, shield)
        except BaseException as error:
            if shield.expired:
                raise outcome_unknown(self.sends.sends, shield, error) from error
            raise
        finally:
            _pending.pop(connection, None)
        await run_deferred(self.sends.sends, shield)
        if shield.cancelled is not None:
            if failure is not None:
                log_lost_connection(failure)
            raise shield.cancelled
        if failure is not None:
            raise failure

    async def _check(self, connection: Any, transaction: Any, shield: Shield) -> None:
        """Make sure that the transaction still is the one in which the sends were made."""
        executing = databases.execute(connection, self.sends.check)
        try:
            (await shield.finish(executing, at_shutdown=True)).result()
            if self.sends.lost:
                raise LookupError("a savepoint was gone at its end")
        except BaseException as error:
            _pending.pop(connection, None)
            lost = rolled_back(self.sends.sends) if isinstance(error, Exception) else error
            try:
                await databases.roll_back(transaction)
            except Exception as another:
                lost.add_note(f"The rollback failed, too: {type(another).__qualname__}")
            if lost is error:
                raise
            raise lost from error


_pending: WeakKeyDictionary[Any, _PendingCallbacks] = WeakKeyDictionary()
"""By connection; only for those where something runs after the commit."""


class _Listener:
    """Ends transactions and savepoints, and runs what waits for a commit."""

    async def end(
        self,
        connection: Any,
        transaction: Any,
        plain_end: PlainEnd,
        *,
        is_savepoint: bool,
        commits: bool,
    ) -> None:
        pending = _pending.get(connection)
        if pending is None:
            await plain_end()
        elif is_savepoint:
            await pending.end_savepoint(connection, transaction, plain_end, releases=commits)
        elif commits and (pending.sends.kept or pending.sends.lost):
            await pending.commit(connection, transaction)
        else:
            try:
                await plain_end()
            finally:
                _pending.pop(connection, None)


databases.listener = _Listener()
