"""The commit of a transaction with on-commit receivers."""

# The class of a payload's value is not known here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, attributes

from typed_signals._dispatch.on_commit import (
    DeferredSend,
    log_lost_connection,
    outcome_unknown,
    rolled_back,
    run_deferred,
)
from typed_signals._dispatch.run import failure_of
from typed_signals._dispatch.shield import Shield
from typed_signals._errors import TransactionRolledBackError
from typed_signals.sqlalchemy._compat import await_, greenlet_spawn
from typed_signals.sqlalchemy._models import mapper_of

__all__ = ["after_commit", "after_transaction_end", "commit", "committed_session", "loaded_in"]

committed_session: Final[ContextVar[Session | None]] = ContextVar(
    "typed_signals.committed_session", default=None
)
"""The session after whose commit the running receiver is called."""


@dataclass(slots=True)
class Committed:
    """What runs once a session is done with a transaction that has committed.

    Attributes:
        sends: The sends, in their order; none when they have run.
        shield: The shield that the commit ran in.
        connection: The connection, if the session is to give it back.
        loaded: The instances of the payloads, each with its loaded attributes.
    """

    sends: list[DeferredSend]
    shield: Shield
    connection: Connection | None
    loaded: list[tuple[object, dict[str, Any]]]

    async def run(self, session: Session | None) -> None:
        """Give the connection back, and run the receivers.

        Args:
            session: The session that has committed.
        """
        sends, self.sends = self.sends, []
        connection, self.connection = self.connection, None
        if connection is not None:  # receivers are outside the transaction, and may need it
            closing = await self.shield.clean_up(greenlet_spawn(connection.close))
            if (error := failure_of(closing)) is not None:
                log_lost_connection(error)
        _load(self.loaded)
        token = committed_session.set(session)
        try:
            await run_deferred(sends, self.shield)
        finally:
            committed_session.reset(token)

    def raise_cancelled(self) -> None:
        """Raise the cancellation that came meanwhile."""
        cancelled, self.shield.cancelled = self.shield.cancelled, None
        try:
            if cancelled is not None:
                raise cancelled
        finally:
            del cancelled  # a frame that holds what it raises is a reference cycle


async def commit(
    connection: Connection,
    sends: list[DeferredSend],
    loaded: list[tuple[object, dict[str, Any]]],
    *,
    check: Callable[[], None],
    session: Session | None,
    is_of_session: bool,
) -> None:
    """Commit before SQLAlchemy does, which would leave a cancelled commit half-way.

    Args:
        connection: The connection.
        sends: What is to run afterwards.
        loaded: The loaded attributes of instances that have expired since.
        check: Fails if the database has ended the transaction.
        session: The session that commits; ``None`` if it had only joined this transaction, and
            its own is over.
        is_of_session: Whether the session has taken the connection from an engine.

    Raises:
        TransactionRolledBackError: The database has rolled it back before.
        CommitOutcomeUnknownError: The caller was cancelled, and so was the commit.
    """
    shield = Shield()
    try:
        try:
            (await shield.finish(greenlet_spawn(check), at_shutdown=True)).result()
        except Exception as error:
            raise rolled_back(sends) from error
        committing = greenlet_spawn(_commit_now, connection)
        (await shield.finish(committing, at_shutdown=True)).result()
    except BaseException as error:
        # SQLAlchemy believes that the transaction has ended, and may give the connection back as it
        # is. After a commit that was cancelled half-way its state is unknown: close it for good.
        end = connection.invalidate if shield.expired else connection.connection.rollback
        ending = await Shield().finish(greenlet_spawn(end), at_shutdown=True)
        if (another := failure_of(ending)) is not None:
            what = "Closing the connection" if shield.expired else "The rollback"
            error.add_note(f"{what} failed, too: {type(another).__qualname__}")
        if shield.expired and not isinstance(error, TransactionRolledBackError):
            raise outcome_unknown(sends, shield, error) from error
        raise
    if session is None:
        committed = Committed(sends, shield, None, loaded)
        await committed.run(None)
        committed.raise_cancelled()
    else:
        own = connection if is_of_session else None
        committed = Committed(sends, shield, own, [*loaded_in(sends)])
        _committed.setdefault(session, []).append(committed)


def _commit_now(connection: Connection) -> None:
    """Commit, and fail as SQLAlchemy's own commit does: with its error around the driver's."""
    dialect = connection.dialect
    kinds: type[Exception] = dialect.loaded_dbapi.Error
    try:
        dialect.do_commit(connection.connection)
    except kinds as error:
        raise DBAPIError.instance(None, None, error, kinds, dialect=dialect) from error


_committed: Final[WeakKeyDictionary[Session, list[Committed]]] = WeakKeyDictionary()
"""What has committed, by the session that has yet to give its connection back."""


def after_commit(session: Session) -> None:
    """Run what waits for the commit, before the session lets its instances expire."""
    if session.get_nested_transaction() is None:
        for committed in _committed.get(session, ()):
            await_(committed.run(session))


def after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    """Raise the cancellation that came during the commit, now that the session is done with it."""
    if transaction.parent is not None:
        return
    every = _committed.pop(session, ())
    for committed in every:
        if committed.sends:  # cancelled while SQLAlchemy committed what was committed already
            await_(committed.run(session))
    for committed in every:
        committed.raise_cancelled()


# --- instances whose attributes expire with the commit -------------------------------------------


def loaded_in(sends: Iterable[DeferredSend]) -> Iterator[tuple[object, dict[str, Any]]]:
    """The instances of the payloads, each with the attributes that are loaded."""
    instances = {id(each): each for send in sends for each in send.payload.values()}
    for each in instances.values():
        mapper = mapper_of(type(each))
        if mapper is not None:
            values = attributes.instance_dict(each)
            names = [attribute.key for attribute in mapper.attrs]
            yield each, {name: values[name] for name in names if name in values}


def _load(loaded: Iterable[tuple[object, dict[str, Any]]]) -> None:
    """Put back attributes that have expired, without asking the database."""
    for instance, values in loaded:
        present = attributes.instance_dict(instance)
        for name in values.keys() - present.keys():
            attributes.set_committed_value(instance, name, values[name])
