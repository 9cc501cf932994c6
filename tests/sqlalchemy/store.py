"""The album shop on SQLAlchemy, with the interface of :mod:`tests.shop`, for tests of both."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

from sqlalchemy import MetaData, String, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import typed_signals.sqlalchemy
from tests.sqlalchemy.shop import make_engine
from typed_signals._emitter import get_emitter, registry_of

__all__ = ["AlchemyShop", "AlchemyStore"]


class Database:
    """What the tests use of ormar's databases."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sessions = async_sessionmaker(expire_on_commit=False)
        self._session: ContextVar[AsyncSession | None] = ContextVar("session", default=None)

    async def __aenter__(self) -> Self:
        self.engine = make_engine(self.url)
        self.sessions.configure(bind=self.engine)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.dispose()

    @property
    def session(self) -> AsyncSession | None:
        session = self._session.get()
        return session if session is not None and session.in_transaction() else None

    @asynccontextmanager
    async def transaction(self, *, force_rollback: bool = False) -> AsyncIterator[None]:
        """A transaction, or a savepoint in the one that is open."""
        if (session := self.session) is not None:
            async with session.begin_nested() as savepoint:
                yield
                if force_rollback:
                    await savepoint.rollback()
            return
        async with self.sessions() as session:
            await session.begin()
            token = self._session.set(session)
            try:
                yield
            except BaseException:
                await session.rollback()
                raise
            else:
                # What runs after the commit is outside.
                self._session.set(None)
                await (session.rollback() if force_rollback else session.commit())
            finally:
                self._session.reset(token)

    @asynccontextmanager
    async def flushed(self) -> AsyncIterator[AsyncSession]:
        """The open session, or one that is committed; it is flushed in the end."""
        if (session := self.session) is not None:
            yield session
            await session.flush()
        else:
            async with self.sessions.begin() as session:
                yield session


class Objects:
    """What the tests use of ormar's querysets."""

    def __init__(self, database: Database, model: Any) -> None:
        self.database = database
        self.model = model

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        if (session := self.database.session) is not None:
            yield session
        else:
            async with self.database.sessions() as session:
                yield session

    async def all(self) -> list[Any]:
        async with self._session() as session:
            return list((await session.scalars(select(self.model))).all())

    async def get(self) -> Any:
        """The only one."""
        [only] = await self.all()
        return only

    async def count(self) -> int:
        async with self._session() as session:
            return (await session.scalars(select(func.count()).select_from(self.model))).one()


class AlchemyStore:
    """One database and its models, with table names that no other store has.

    Args:
        url: The database's URL.
    """

    def __init__(self, url: str) -> None:
        self.prefix = f"ts_{uuid.uuid4().hex[:8]}_"
        self.metadata = MetaData()
        self.database = Database(url)
        self._url = url
        database = self.database

        class Base(DeclarativeBase):
            metadata = self.metadata

            def __init_subclass__(cls, **options: Any) -> None:
                super().__init_subclass__(**options)
                cls.objects = Objects(database, cls)

            async def save(self) -> Self:
                async with database.flushed() as session:
                    session.add(self)
                return self

            async def update(self, **values: Any) -> Self:
                async with database.flushed() as session:
                    session.add(self)
                    for name, value in values.items():
                        setattr(self, name, value)
                return self

            async def delete(self) -> None:
                async with database.flushed() as session:
                    await session.delete(self)

        self.Base = Base

    @classmethod
    def sqlite(cls, path: Path) -> AlchemyStore:
        """Make a store in an SQLite file."""
        return cls(f"sqlite+aiosqlite:///{path}")

    def create_tables(self) -> None:
        asyncio.run(self._with_tables(self.metadata.create_all))

    def drop_tables(self) -> None:
        asyncio.run(self._with_tables(self.metadata.drop_all))

    async def _with_tables(self, work: Any) -> None:
        async with self.database, self.database.engine.begin() as connection:
            await connection.run_sync(work)

    async def empty(self) -> None:
        """Delete all rows; no signal is sent for that."""
        for table in reversed(self.metadata.sorted_tables):
            await self.execute(table.delete())

    async def execute(self, statement: Any) -> None:
        """Run an SQL statement."""
        if (session := self.database.session) is not None:
            await (await session.connection()).execute(statement)
        else:
            async with self.database.engine.begin() as connection:
                await connection.execute(statement)

    def table(self, model: Any) -> str:
        """The name of a model's table."""
        return str(model.__tablename__)

    async def names(self, model: Any) -> list[str]:
        """The names of a model's rows that another connection sees."""
        async with self.database.engine.connect() as connection:
            return sorted((await connection.scalars(select(model.name))).all())

    @contextmanager
    def attached(self, instance: Any) -> Iterator[None]:
        """Let an instance belong to the open transaction."""
        session = self.database.session
        assert session is not None
        session.add(instance)
        yield
        session.expunge(instance)

    def install(self) -> None:
        typed_signals.sqlalchemy.install(self.Base)

    def uninstall(self) -> None:
        typed_signals.sqlalchemy.uninstall()

    def forget_receivers(self) -> None:
        with self._installed():
            for mapper in self.Base.registry.mappers:
                for signal in vars(get_emitter(mapper.class_)).values():
                    signal.disconnect_all()
                registry_of(get_emitter(mapper.class_)).signals.clear()

    @contextmanager
    def _installed(self) -> Iterator[None]:
        self.install()
        yield
        self.uninstall()


class AlchemyShop:
    """``Album`` and ``AuditLog`` of the album shop.

    Args:
        store: The database.
    """

    def __init__(self, store: AlchemyStore) -> None:
        self.store = store
        prefix = store.prefix

        class Album(store.Base):  # made anew for each store
            __tablename__ = f"{prefix}album"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(String(100))

        class AuditLog(store.Base):  # as above
            __tablename__ = f"{prefix}auditlog"
            id: Mapped[int] = mapped_column(primary_key=True)
            event: Mapped[str] = mapped_column(String(100))

            async def save(self) -> None:
                """Insert a row, also in the midst of a flush; no signal is sent for that."""
                await store.execute(insert(AuditLog).values(event=self.event))

        self.Album: Any = Album
        self.AuditLog: Any = AuditLog
