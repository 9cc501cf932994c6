"""Open transactions: which one a send is in, and what runs once it has committed."""

# The class of a payload's value is not known here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, object_session

from typed_signals._backend import Transaction
from typed_signals._dispatch.on_commit import DeferredSend
from typed_signals._dispatch.pending import MARK, PendingSends
from typed_signals.sqlalchemy._commit import commit, loaded_in
from typed_signals.sqlalchemy._compat import await_, greenlet_spawn
from typed_signals.sqlalchemy._models import mapper_of

__all__ = ["current_session", "keep_loaded", "session_of", "transaction_of"]

current_session: Final[ContextVar[Session | None]] = ContextVar(
    "typed_signals.session", default=None
)
"""The session whose flush the running receiver is called in."""


def transaction_of(sender: object, payload: Mapping[str, Any]) -> Transaction | None:
    """Find the transaction that a send is in.

    It is that of the first session in the payload, or of the first instance there that is in a
    session. Without either, it is that of the flush that the running code is a receiver of.

    Args:
        sender: The sender.
        payload: The payload by name.

    Returns:
        The transaction; ``None`` if there is none.
    """
    session = session_of(payload)
    if session is None or not session.in_transaction():
        return None
    model = next((type(each) for each in payload.values() if mapper_of(type(each))), sender)
    return _Open(session, model)


def session_of(payload: Mapping[str, Any]) -> Session | None:
    """The session of a send: that of its payload, else that of the flush in which it is sent."""
    return next(_sessions_in(payload.values()), None) or current_session.get()


def _sessions_in(values: Iterable[object]) -> Iterator[Session]:
    for value in values:
        if isinstance(value, AsyncSession):
            yield value.sync_session
        elif mapper_of(type(value)) and (session := object_session(value)) is not None:
            yield session


@dataclass(frozen=True, slots=True)
class _Open:
    """The transaction of a session, on the connection that it uses for a model."""

    session: Session
    model: object

    async def run_on_commit(self, deferred: DeferredSend) -> None:
        """Run a send's receivers once the transaction has committed, not if it is rolled back."""
        mapper = mapper_of(self.model)
        binding: dict[str, Any] = {"bind_arguments": {"mapper": mapper}} if mapper else {}
        connection: Connection = await greenlet_spawn(self.session.connection, **binding)
        pending = _pending.get(connection)
        if pending is None:
            own = isinstance(self.session.get_bind(mapper), Engine)
            pending = _pending[connection] = _PendingCallbacks(connection, is_of_session=own)
        await greenlet_spawn(pending.add, connection, self.session, deferred)

    def take_back(self, deferred: DeferredSend) -> bool:
        """Cancel a deferred send.

        Returns:
            Whether it was pending.
        """
        return any(pending.take_back(deferred) for pending in list(_pending.values()))


# --- one connection ------------------------------------------------------------------------------


class _PendingCallbacks:
    """What runs after the commit of the transaction that is open on a connection.

    Args:
        connection: The connection; its events are listened to as long as it exists.
        is_of_session: Whether a session has taken it from an engine, and gives it back.
    """

    def __init__(self, connection: Connection, *, is_of_session: bool) -> None:
        self._is_of_session = is_of_session
        self._loaded: list[tuple[object, dict[str, Any]]] = []
        self._ending: int | None = None  # the sends kept before the savepoint that is ending
        self._releases = False  # whether that savepoint is released
        self._begun = False  # whether the statement that ends it has begun
        self._released: int | None = None  # the sends kept before the one released last
        self._quiet = False  # while statements of our own run
        self._forget(connection)
        listeners: Mapping[str, Any] = {
            "after_cursor_execute": self._after_statement,
            "before_cursor_execute": self._before_statement,
            "commit": self._commit,
            "release_savepoint": self._release_savepoint,
            "rollback": self._roll_back,
            "rollback_savepoint": self._roll_back_savepoint,
        }
        for name, listener in listeners.items():
            event.listen(connection, name, listener)

    def add(self, connection: Connection, session: Session, deferred: DeferredSend) -> None:
        """Keep a send until the commit."""
        self._settle(connection)
        self._follow(connection, len(self._sends.kept))
        self._sends.kept.append((deferred, ref(session)))

    def take_back(self, deferred: DeferredSend) -> bool:
        """Cancel a send; return whether it was pending."""
        return self._sends.take_back(deferred)

    def _follow(self, connection: Connection, start: int) -> None:
        if self._sends.follow(connection.get_nested_transaction(), start):
            if not _has_begun(connection):
                self._execute(connection, "BEGIN")
            self._execute(connection, MARK)
            self._sends.is_marked = True

    def _execute(self, connection: Connection, statement: str) -> None:
        self._quiet = True
        try:
            connection.exec_driver_sql(statement)
        finally:
            self._quiet = False

    def keep_loaded(self, session: Session) -> None:
        """Keep the loaded attributes of a session's instances, before these expire."""
        mine = (deferred for deferred, weak in self._sends.kept if weak() is session)
        self._loaded += loaded_in(mine)

    def _forget(self, connection: Connection) -> None:
        self._sends: PendingSends[ref[Session]] = PendingSends(connection.dialect.name)
        self._loaded = []
        self._ending = self._released = None

    # --- savepoints ------------------------------------------------------------------------------

    def _release_savepoint(self, connection: Connection, name: str, context: object) -> None:
        self._ending = self._end_savepoint(connection)
        self._releases = True

    def _roll_back_savepoint(self, connection: Connection, name: str, context: object) -> None:
        self._ending = self._end_savepoint(connection)
        self._releases = False
        self._sends.drop(self._ending)

    def _end_savepoint(self, connection: Connection) -> int:
        """The number of sends that were kept before the savepoint that is about to end."""
        self._settle(connection)
        self._begun = False
        return self._sends.end(connection.get_nested_transaction())

    def _before_statement(self, connection: Connection, *_: object) -> None:
        if self._quiet:
            return
        if self._ending is not None and not self._begun:
            self._begun = True  # this is the statement that ends the savepoint
        elif self._ending is not None or self._released is not None:
            self._settle(connection)

    def _after_statement(self, *_: object) -> None:
        if not self._quiet and self._ending is not None:  # this statement has ended the savepoint
            self._released = self._ending if self._releases else None
            self._ending = None

    def _settle(self, connection: Connection) -> None:
        """Note how the previous savepoint has ended."""
        if self._ending is not None:  # it was gone, and so is the transaction that it was in
            self._sends.drop(self._ending)
            self._ending, self._sends.lost = None, True
        start, self._released = self._released, None
        if start is not None and len(self._sends.kept) > start:
            self._follow(connection, start)

    # --- the transaction -------------------------------------------------------------------------

    def _roll_back(self, connection: Connection) -> None:
        self._forget(connection)

    def _commit(self, connection: Connection) -> None:
        self._settle(connection)
        pending, loaded = self._sends, self._loaded
        self._forget(connection)
        if pending.kept or pending.lost:
            sessions = [each for each in (weak() for _, weak in pending.kept) if each is not None]
            committing = commit(
                connection,
                pending.sends,
                loaded,
                check=partial(self._check, connection, pending),
                session=next((each for each in sessions if each.in_transaction()), None),
                is_of_session=self._is_of_session,
            )
            await_(committing)

    def _check(self, connection: Connection, pending: PendingSends[ref[Session]]) -> None:
        """Make sure that the transaction still is the one in which the sends were made."""
        if pending.lost:
            raise LookupError("a savepoint was gone at its end")
        if pending.is_marked:
            self._execute(connection, pending.check)


_pending: Final[WeakKeyDictionary[Connection, _PendingCallbacks]] = WeakKeyDictionary()
"""By connection; only for those where something runs after the commit."""


def keep_loaded(session: Session) -> None:
    """Keep the loaded attributes of a session's instances if it has only joined a transaction."""
    if session.get_nested_transaction() is None:
        for pending in list(_pending.values()):
            pending.keep_loaded(session)


def _has_begun(connection: Connection) -> bool:
    """Whether the database has a transaction open; SQLite's driver begins one lazily."""
    return bool(getattr(connection.connection.driver_connection, "in_transaction", True))
