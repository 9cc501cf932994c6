"""What differs between ormar's eras in how databases keep open transactions."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import Any, Protocol

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncTransaction

from typed_signals._dispatch.shield import Shield
from typed_signals._errors import warn
from typed_signals.ormar._compat import ormar

__all__ = ["Databases", "TransactionListener", "databases"]


class TransactionListener(Protocol):
    """Ends the transactions and savepoints that it listens to."""

    async def end(
        self,
        connection: Any,
        transaction: Any,
        plain_end: Callable[[], Awaitable[None]],
        *,
        is_savepoint: bool,
        commits: bool,
    ) -> None:
        """End a transaction or savepoint, in place of its own method.

        Args:
            connection: Its connection.
            transaction: The transaction or savepoint.
            plain_end: Ends it as without a listener.
            is_savepoint: Whether it is a savepoint.
            commits: Whether it is committed (a savepoint: released), or rolled back.
        """
        ...


class Databases(ABC):
    """How the databases of one era keep the transactions that are open.

    Attributes:
        listener: Called when a transaction or savepoint is to end.
    """

    listener: TransactionListener

    @abstractmethod
    def connection(self, database: Any) -> Any | None:
        """The connection that the running code has a transaction on, or had until just now."""

    @abstractmethod
    def share(self, database: Any, task: asyncio.Task[Any]) -> None:
        """Let another task use the connection that the running code has a transaction on."""

    @abstractmethod
    def in_transaction(self, connection: Any) -> bool:
        """Whether a transaction is open on a connection."""

    @abstractmethod
    def listen(self, connection: Any) -> Any | None:
        """Let the listener end a transaction and its innermost savepoint.

        Args:
            connection: A connection on which a transaction is open.

        Returns:
            The innermost savepoint; ``None`` if there is none.
        """

    @abstractmethod
    async def commit(self, database: Any, transaction: Any, shield: Shield) -> Exception | None:
        """Commit a transaction and give its connection back.

        Args:
            database: The database.
            transaction: The transaction.
            shield: Lets the commit finish even if the caller is cancelled.

        Returns:
            The failure after the commit, if there was one.

        Raises:
            BaseException: It has not committed.
        """

    @abstractmethod
    async def roll_back(self, transaction: Any) -> None:
        """Roll a transaction back that is no longer open in the database."""

    @abstractmethod
    async def execute(self, connection: Any, statement: str) -> None:
        """Run a statement on a connection."""

    @abstractmethod
    def dialect(self, database: Any) -> str:
        """The name of a database's SQL dialect."""


class _WatchedTransaction(AsyncTransaction):
    """A SQLAlchemy transaction or savepoint that the listener ends.

    It has no attributes of its own, so an open transaction is turned into one by ``__class__``.
    """

    __slots__ = ()

    async def commit(self) -> None:
        await self._end(super().commit, commits=True)

    async def rollback(self) -> None:
        await self._end(super().rollback, commits=False)

    async def close(self) -> None:
        await self._end(super().close, commits=False)

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = partial(super().__aexit__, type_, value, traceback)
        await self._end(leave, commits=type_ is None)

    async def _end(self, plain_end: Callable[[], Awaitable[None]], *, commits: bool) -> None:
        if not self.is_active:  # it was over before
            await plain_end()
        else:
            await databases.listener.end(
                self.connection, self, plain_end, is_savepoint=self.nested, commits=commits
            )


class OwnDatabases(Databases):
    """From ormar 0.22 on: ``ormar.DatabaseConnection``."""

    def __init__(self) -> None:
        self._warned: set[tuple[str, str]] = set()

    def connection(self, database: Any) -> Any | None:
        connection = database.get_transaction_connection()
        # A task that was started in a transaction still sees its connection when that is over.
        if connection is None or connection.closed:
            return None
        # ormar has one variable for the open transactions of all databases.
        if database.is_connected and database.engine.sync_engine is connection.sync_engine:
            return connection
        self._warn(_name(connection.engine.url), _name(make_url(database.url)))
        return None

    def _warn(self, open_on: str, other: str) -> None:
        if (open_on, other) in self._warned:
            return
        self._warned.add((open_on, other))
        warn(
            f"a signal of a model on {other} was sent inside a transaction on {open_on}: ormar "
            f"{ormar.__version__} runs the statements of every database on the connection of the "
            f"open transaction, so they went to {open_on}. The signal is sent as outside a "
            f"transaction. Use {other} before or after the transaction, or in a task that was "
            "started outside it",
            RuntimeWarning,
        )

    def share(self, database: Any, task: asyncio.Task[Any]) -> None:
        pass  # a task inherits it with the context

    def in_transaction(self, connection: Any) -> bool:
        return connection.get_transaction() is not None

    def listen(self, connection: Any) -> Any | None:
        # SQLAlchemy keeps one object for each: these are the very objects that ormar will end.
        savepoint = connection.get_nested_transaction()
        for each in (connection.get_transaction(), savepoint):
            if each is not None:
                each.__class__ = _WatchedTransaction
        return savepoint

    async def commit(self, database: Any, transaction: Any, shield: Shield) -> Exception | None:
        (await shield.finish(AsyncTransaction.commit(transaction), at_shutdown=True)).result()
        # As ormar does next: receivers are outside the transaction, and may need its connection.
        database.set_transaction_connection(None)
        try:
            (await shield.clean_up(transaction.connection.close())).result()
        except Exception as error:
            return error
        except asyncio.CancelledError:  # after the grace; it has committed all the same
            if shield.cancelled is None:
                raise
        return None

    async def roll_back(self, transaction: Any) -> None:
        await AsyncTransaction.rollback(transaction)

    async def execute(self, connection: Any, statement: str) -> None:
        await connection.exec_driver_sql(statement)

    def dialect(self, database: Any) -> str:
        name: str = database.engine.dialect.name
        return name


def _name(url: Any) -> str:
    """A database's name, without user, password and options."""
    place = f"{url.host}:{url.port}" if url.port else url.host or ""
    return f"`{url.get_backend_name()}://{place}/{url.database or ''}`"


class DatabasesDatabases(Databases):
    """Before ormar 0.22: ``databases.Database``, whose public interface has hardly any of this."""

    def connection(self, database: Any) -> Any | None:
        if database._global_connection is not None:
            return database._global_connection
        # `database.connection()` would make one, and tie it to the running code.
        if hasattr(database, "_connection_context"):  # before databases 0.8
            return database._connection_context.get(None)
        return database._connection

    def share(self, database: Any, task: asyncio.Task[Any]) -> None:
        # From databases 0.8 on each task has a connection of its own.
        if hasattr(database, "_connection_map") and database._connection is not None:
            database._connection_map[task] = database._connection

    def in_transaction(self, connection: Any) -> bool:
        # SQLite may have rolled it back; each statement commits by itself then.
        return bool(connection._transaction_stack) and bool(
            getattr(connection.raw_connection, "in_transaction", True)
        )

    def listen(self, connection: Any) -> Any | None:
        stack = connection._transaction_stack
        # `databases` calls both on the instance, so assignment is enough.
        for each in (stack[0], stack[-1]):
            each.commit = partial(self._end, each, commits=True)
            each.rollback = partial(self._end, each, commits=False)
        return stack[-1] if len(stack) > 1 else None

    async def _end(self, transaction: Any, *, commits: bool) -> None:
        connection = transaction._connection
        await self.listener.end(
            connection,
            transaction,
            partial(
                type(transaction).commit if commits else type(transaction).rollback, transaction
            ),
            is_savepoint=len(connection._transaction_stack) > 1,
            commits=commits,
        )

    async def commit(self, database: Any, transaction: Any, shield: Shield) -> Exception | None:
        # `databases` finds the connection by the running task or context, so only the driver's
        # work can run in tasks of its own. It calls both methods on the instance.
        backend, connection = transaction._transaction, transaction._connection._connection
        committed = False

        async def commit() -> None:
            nonlocal committed
            (await shield.finish(type(backend).commit(backend), at_shutdown=True)).result()
            committed = True

        async def release() -> None:
            (await shield.clean_up(type(connection).release(connection))).result()

        backend.commit, connection.release = commit, release
        try:
            await type(transaction).commit(transaction)
        except (Exception, asyncio.CancelledError) as error:
            if committed and isinstance(error, Exception):
                return error
            if not committed or shield.cancelled is None:
                raise
        finally:
            del backend.commit, connection.release
        return None

    async def roll_back(self, transaction: Any) -> None:
        backend = transaction._transaction

        async def roll_back() -> None:
            # This fails if nothing is open; the connection has to be given back all the same.
            with contextlib.suppress(Exception):
                await type(backend).rollback(backend)

        backend.rollback = roll_back
        try:
            await type(transaction).rollback(transaction)
        finally:
            del backend.rollback

    async def execute(self, connection: Any, statement: str) -> None:
        await connection.execute(statement)

    def dialect(self, database: Any) -> str:
        name: str = database.url.dialect
        return name


databases: Databases = (
    OwnDatabases() if hasattr(ormar, "DatabaseConnection") else DatabasesDatabases()
)
"""The databases of the ormar that is installed."""
