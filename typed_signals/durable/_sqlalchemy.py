"""An outbox's database through SQLAlchemy: its sessions, its mapped classes."""

# SQLAlchemy's mappers and its declarative classes are generic in what is not known here.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_session,
    async_sessionmaker,
)
from sqlalchemy.orm import Mapper, Session, registry

from typed_signals.durable._core import find_backend, kind_of
from typed_signals.durable._errors import DurableError
from typed_signals.durable._store import Model, Store, autocommitting, class_named
from typed_signals.sqlalchemy._backend import SqlalchemyBackend
from typed_signals.sqlalchemy._commit import committed_session
from typed_signals.sqlalchemy._compat import greenlet_spawn
from typed_signals.sqlalchemy._models import installed_outbox, mapper_of, subclasses
from typed_signals.sqlalchemy._transactions import current_session, session_of
from typed_signals.sqlalchemy.lifecycle import ModelSignals

__all__ = ["SqlalchemyStore"]

T = TypeVar("T")


class _Sending(NamedTuple):
    """The session that a send is in, and its sender."""

    session: Session
    sender: type


_sending: Final[ContextVar[_Sending | None]] = ContextVar("typed_signals.sending", default=None)


class SqlalchemyStore(Store):
    """One database that sessions of SQLAlchemy's use.

    Args:
        base: The base class of the models, or their ``registry``.
        sessions: What makes the sessions; its ``bind`` is looked up when it is needed, so that
            tests may configure another.
    """

    signals = ModelSignals
    example = "TableOutbox(Base, sessions=async_session)"
    block = "async with async_session.begin() as session:"
    belongs = ", and put the session, or an instance that is in it, in the payload"
    test_database = "sessions that are bound to the connection of its outer transaction"

    def __init__(self, base: Any, sessions: async_sessionmaker[Any]) -> None:
        given: Any = sessions
        if not isinstance(given, async_sessionmaker):
            raise DurableError(
                f"`sessions` must be an `async_sessionmaker`, not {kind_of(given)}: write "
                f"`{self.example}`"
            )
        self.database: object = base.metadata
        self._base = base
        self._sessions = sessions
        self._models: dict[str, Model] = {}

    # --- models ----------------------------------------------------------------------------------

    @staticmethod
    def is_model(hint: object) -> bool:
        return mapper_of(hint) is not None

    @staticmethod
    def database_of(owner: object) -> object | None:
        mapper = mapper_of(owner)
        table = None if mapper is None else mapper.local_table
        found = table.metadata if isinstance(table, sa.Table) else getattr(owner, "metadata", None)
        return found if isinstance(found, sa.MetaData) else None

    @staticmethod
    def knows(owner: object) -> bool:
        return mapper_of(owner) is not None or isinstance(find_backend(owner), SqlalchemyBackend)

    @staticmethod
    def installed_outbox(owner: type | None) -> object | None:
        return installed_outbox(owner)

    @staticmethod
    def is_concrete(owner: type) -> bool:
        return mapper_of(owner) is not None

    @staticmethod
    def attributes(model: Model) -> list[str]:
        return [*_mapper(model).attrs.keys()]

    @staticmethod
    def key_type(model: Model) -> Any:
        types = [_python_type(column) for column in _mapper(model).primary_key]
        return types[0] if len(types) == 1 else tuple[tuple(types)]  # type: ignore[misc] # known at run time only

    @staticmethod
    def key_of(instance: Any) -> Any:
        identity = sa.inspect(instance).identity
        return identity[0] if identity is not None and len(identity) == 1 else identity

    @staticmethod
    def related(model: Model, relation: str) -> Model:
        end: Model = _mapper(model).relationships[relation].mapper.class_
        return end

    def can_hold(self, owner: type | None) -> bool:
        return True  # only a session knows in which engine a model's tables are

    def name_of(self, sender: type) -> str:
        """The name that a sender has in the rows: a model's table, so that its class may move.

        One that shares its table with its parent goes by its module and name; so does one that
        does not derive from the base of the outbox.
        """
        mapper = mapper_of(sender)
        if mapper is not None and self._is_below_base(mapper):
            parent = mapper.inherits
            table = mapper.local_table
            if isinstance(table, sa.Table) and (parent is None or parent.local_table is not table):
                return str(table.fullname)
        return f"{sender.__module__}:{sender.__qualname__}"

    def _is_below_base(self, mapper: Mapper[Any]) -> bool:
        if isinstance(self._base, registry):
            return mapper.registry is self._base
        return issubclass(mapper.class_, self._base)

    def sender_named(self, name: str) -> type:
        if name not in self._models:
            models = filter(self.is_model, subclasses(self._base))
            self._models |= {self.name_of(model): model for model in models}
        return self._models.get(name) or class_named(name)

    async def reload(self, model: Model, key: Any) -> Any | None:
        async with self._sessions() as session:
            return await session.get(model, key)

    # --- transactions ----------------------------------------------------------------------------

    @contextmanager
    def sending(self, sender: type, payload: Mapping[str, Any]) -> Generator[None]:
        session = session_of(payload)
        token = _sending.set(None if session is None else _Sending(session, sender))
        try:
            if session is not None and self.in_transaction:
                self._check_engine(session, sender)
            yield
        finally:
            _sending.reset(token)

    def _check_engine(self, session: Session, sender: type) -> None:
        """Refuse a session whose transaction is in another database."""
        bind = session.get_bind(mapper_of(sender))
        if bind.engine.pool is not self._bind.sync_engine.pool:
            raise DurableError(
                f"`{sender.__name__}` is written on another engine than the outbox's events: no "
                "transaction spans both. Bind the `async_sessionmaker` that the outbox was made "
                "with to the engine that the session uses"
            )

    async def call(self, function: Callable[[], T]) -> T:
        return await greenlet_spawn(function)  # where attributes can be loaded

    @property
    def in_transaction(self) -> bool:
        session = self._open_session()
        return session is not None and session.in_transaction()

    def _open_session(self) -> Session | None:
        sending = _sending.get()
        session = current_session.get() if sending is None else sending.session
        return None if session is committed_session.get() else session

    @property
    def never_commits(self) -> bool:
        return False  # a test's outer transaction is that of the connection it binds sessions to

    def give_transactions(
        self, model: Model, operation: str, is_needed: Callable[[type, str], bool]
    ) -> None:
        """Do nothing: a session flushes in a transaction."""

    # --- statements ------------------------------------------------------------------------------

    @property
    def _bind(self) -> AsyncEngine | AsyncConnection:
        bind = self._sessions.kw.get("bind")
        if not isinstance(bind, AsyncEngine | AsyncConnection):
            raise DurableError(
                "the `async_sessionmaker` of the outbox has no engine: write "
                "`async_session.configure(bind=engine)` before it is used"
            )
        return bind

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Any]:
        bind = self._bind
        try:
            yield bind
        finally:
            if isinstance(bind, AsyncEngine):
                await bind.dispose()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection]:
        sending, bind = _sending.get(), self._bind
        session = None if sending is None else async_session(sending.session)
        if sending is not None and session is not None:
            mapper = mapper_of(sending.sender)
            arguments = {"bind_arguments": {"mapper": mapper}} if mapper else {}
            yield await session.connection(**arguments)
        elif isinstance(bind, AsyncEngine):
            async with autocommitting(bind) as connection:
                yield connection
        else:
            async with AsyncSession(bind) as joined, joined.begin():
                yield await joined.connection()

    @property
    def dialect(self) -> str:
        return self._bind.dialect.name

    @property
    def can_return_updates(self) -> bool:
        return bool(self._bind.dialect.update_returning)


def _mapper(model: Model) -> Mapper[Any]:
    mapper = mapper_of(model)
    assert mapper is not None
    return mapper


def _python_type(column: Any) -> Any:
    try:
        return column.type.python_type
    except NotImplementedError:  # raised by SQLAlchemy: the column's type names no Python type
        return Any
