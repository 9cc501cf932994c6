"""Open transactions: which one a send is in, and what runs once it has committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from typed_signals._backend import Transaction
from typed_signals._dispatch.on_commit import (
    DeferredSend,
    outcome_unknown,
    rolled_back,
    run_deferred,
)
from typed_signals._dispatch.shield import Shield
from typed_signals.ormar._compat import era
from typed_signals.ormar._databases import databases

__all__ = ["transaction_of"]

PlainEnd = Callable[[], Awaitable[None]]


def transaction_of(sender: object) -> Transaction | None:
    """Find the transaction that is open for a model, where the running code would see it.

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
        """Do not run a send's receivers any more, if they are still to be run."""
        pending = _pending.get(self.connection)
        return pending is not None and pending.take_back(deferred)


class _PendingCallbacks:
    """What runs after the commit of the transaction that is open on a connection.

    A database may end a transaction by itself when a statement fails (a deadlock, SQLite's
    ``ON CONFLICT ROLLBACK``), and most then begin another one with the next statement: looking
    whether a transaction is open shows nothing. So a savepoint is set when something is first
    kept. It is gone if its transaction is.

    A savepoint that is rolled back takes with it all that came after it on its connection,
    whoever did it. So it is enough to know how much was kept when each savepoint began.

    Args:
        database: The database.

    Attributes:
        deferred: The sends to run, in their order.
        committing: Whether the commit is under way. What a task sends then was written before it:
            no driver runs a statement of one connection during another.
        lost: Whether a savepoint was gone at its end, and so the transaction that it was in.
    """

    __slots__ = ("_database", "_marked", "_starts", "committing", "deferred", "lost")

    def __init__(self, database: Any) -> None:
        self._database = database
        self.deferred: list[DeferredSend] = []
        self.committing = False
        self.lost = False
        self._marked = False
        self._starts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()

    async def add(self, connection: Any, deferred: DeferredSend) -> None:
        """Keep a send until the commit."""
        if not self.committing:
            await self._follow(connection, len(self.deferred))
        self.deferred.append(deferred)

    def take_back(self, deferred: DeferredSend) -> bool:
        """Forget a send; return whether it was kept."""
        for index, each in enumerate(self.deferred):
            if each is deferred and not (self.committing or self.lost):
                # Its place stays: savepoints know by it what came after them.
                self.deferred[index] = replace(each, connections=())
                return True
        return False

    async def _follow(self, connection: Any, start: int) -> None:
        """Follow what is the innermost on the connection now, before which ``start`` were kept."""
        savepoint = databases.listen(connection)
        if savepoint is not None:
            self._starts.setdefault(savepoint, start)
        elif not self._marked:
            if not self._is_postgresql:
                await databases.execute(connection, "SAVEPOINT typed_signals")
            self._marked = True

    @property
    def _is_postgresql(self) -> bool:
        # Here a failed transaction stays failed until its end: a savepoint then shows as much,
        # and leaves no trace in a transaction that commits.
        return databases.dialect(self._database).startswith("postgres")

    async def end_savepoint(
        self,
        connection: Any,
        savepoint: Any,
        plain_end: Callable[[], Awaitable[None]],
        *,
        releases: bool,
    ) -> None:
        """Release a savepoint, or roll it back and forget what was kept since it began."""
        start = self._starts.pop(savepoint, len(self.deferred))
        try:
            await plain_end()
        except BaseException:
            self.lost = True
            raise
        finally:
            if self.lost or not releases:
                del self.deferred[start:]
        if len(self.deferred) > start:
            await self._follow(connection, start)

    async def commit(self, connection: Any, transaction: Any) -> None:
        """Commit the transaction and run what was kept; roll back if it is not what it was.

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
                raise outcome_unknown(self.deferred, shield, error) from error
            raise
        finally:
            _pending.pop(connection, None)
        await run_deferred(self.deferred, shield)
        if failure is not None:
            raise failure
        if shield.cancelled is not None:
            raise shield.cancelled

    async def _check(self, connection: Any, transaction: Any, shield: Shield) -> None:
        """Make sure that the transaction still is the one in which the sends were made."""
        statement = "SAVEPOINT" if self._is_postgresql else "RELEASE SAVEPOINT"
        executing = databases.execute(connection, f"{statement} typed_signals")
        try:
            (await shield.finish(executing, at_shutdown=True)).result()
            if self.lost:
                raise LookupError("a savepoint was gone at its end")
        except BaseException as error:
            _pending.pop(connection, None)
            if not isinstance(error, Exception):
                await databases.roll_back(transaction)
                raise
            lost = rolled_back(self.deferred)
            try:
                await databases.roll_back(transaction)
            except Exception as another:
                lost.add_note(f"The rollback failed, too: {type(another).__qualname__}")
            raise lost from error


_pending: WeakKeyDictionary[Any, _PendingCallbacks] = WeakKeyDictionary()
"""By connection; only where something runs after the commit."""


class _Listener:
    """Ends transactions and savepoints, and runs what is to run then."""

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
        elif commits and (pending.deferred or pending.lost):
            await pending.commit(connection, transaction)
        else:
            try:
                await plain_end()
            finally:
                _pending.pop(connection, None)


databases.listener = _Listener()
