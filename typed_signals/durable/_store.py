"""The database that an outbox is in, through ormar: its open transaction, its models."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary

import ormar
from sqlalchemy.sql import Executable

from typed_signals.durable._core import databases, era
from typed_signals.durable._errors import DurableError

__all__ = ["Model", "Store", "is_model"]

Model = type[Any]


def is_model(hint: object) -> bool:
    """Whether something is an ormar model class."""
    return isinstance(hint, type) and issubclass(hint, ormar.Model)


class Store:
    """One database of ormar's.

    Args:
        database: The ``ormar.DatabaseConnection``.

    Raises:
        DurableError: It is a database of an older ormar.
    """

    def __init__(self, database: Any) -> None:
        if not hasattr(database, "get_query_executor"):
            raise DurableError(
                f"durable receivers need an `ormar.DatabaseConnection`, not a "
                f"`{type(database).__module__}.{type(database).__qualname__}`: before ormar 0.22 "
                "there is no SQLAlchemy connection to write the outbox row on. Update ormar, or "
                "connect the receiver with `on_commit=True`"
            )
        self.database = database
        self._models: dict[str, Model] = {}

    @staticmethod
    def database_of(model: object) -> Any | None:
        """The database of a model class; ``None`` if it has none."""
        config: Any = era.config(cast("Model", model)) if is_model(model) else None
        return getattr(config, "database", None)

    @property
    def in_transaction(self) -> bool:
        """Whether the running code is in an open transaction of this very database."""
        return self._open_connection() is not None

    def _open_connection(self) -> Any | None:
        connection = databases.connection(self.database)  # `None` for that of another database
        is_open = connection is not None and databases.in_transaction(connection)
        return connection if is_open else None

    @property
    def never_commits(self) -> bool:
        """Whether the open transaction is that of a test database, rolled back at the end."""
        connection = self._open_connection()
        whole: Any = getattr(self.database, "_global_transaction", None)  # ormar has no other name
        return connection is not None and whole is not None and whole._connection is connection

    def connected(self) -> AbstractAsyncContextManager[Any]:
        """Connect to the database, and disconnect at the end."""
        connection: AbstractAsyncContextManager[Any] = self.database
        return connection

    async def execute(self, statement: Executable) -> int:
        """Run a statement, in the transaction that is open or alone, and count its rows."""
        async with self._connection() as connection:
            count: int = (await connection.execute(statement)).rowcount
        return count

    async def fetch(self, statement: Executable) -> Sequence[Mapping[str, Any]]:
        """Fetch the rows of a query."""
        async with self._connection() as connection:
            rows: Sequence[Any] = (await connection.execute(statement)).mappings().all()
        return rows

    @property
    def can_return_updates(self) -> bool:
        """Whether an ``UPDATE`` can return its rows."""
        return bool(self.database.dialect.update_returning)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Any]:
        connection = self._open_connection()
        if connection is not None:
            yield connection
            return
        engine = self.database.engine
        # With aiomysql, `AUTOCOMMIT` costs a statement more than `COMMIT`. And where the server has
        # closed a connection, setting it fails in a way that costs the pool a place for good.
        if engine.dialect.name not in ("mysql", "mariadb"):
            engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.begin() as connection:
            yield connection

    # --- senders ---------------------------------------------------------------------------------

    def name_of(self, sender: type) -> str:
        """The name that a sender has in the rows: a model's table, so that its class may move.

        A proxy shares its table with another model, and goes by its module and name.
        """
        config: Any = era.config(sender) if is_model(sender) else None
        if config is not None and config.tablename and not config.proxy:
            return str(config.tablename)
        return f"{sender.__module__}:{sender.__qualname__}"

    def sender_named(self, name: str) -> type:
        """Find a sender by its name in the rows.

        Args:
            name: The name.

        Returns:
            The class.

        Raises:
            DurableError: There is no such model in this database, or no such class.
        """
        if name not in self._models:
            below: list[Model] = [ormar.Model]
            while below:
                model = below.pop()
                below += type.__subclasses__(model)
                if self.database_of(model) is self.database:
                    self._models[self.name_of(model)] = model
        if (found := self._models.get(name)) is not None:
            return found
        module, _, path = name.partition(":")
        try:
            value: Any = importlib.import_module(module)
            for part in path.split("."):
                value = getattr(value, part)
        except (ImportError, AttributeError) as error:
            raise DurableError(
                f"the sender `{name}` of an event cannot be found: import its module where the "
                "worker imports the outbox"
            ) from error
        sender: type = value
        return sender

    # --- models ----------------------------------------------------------------------------------

    @staticmethod
    def key_type(model: Model) -> Any:
        """The Python type of a model's primary key."""
        config = era.config(model)
        return config.model_fields[config.pkname].__type__ if config else Any

    @staticmethod
    def related(model: Model, relation: str) -> Model:
        """The model at the other end of a relation."""
        config: Any = era.config(model)
        end: Model = config.model_fields[relation].to
        return end

    @staticmethod
    async def reload(model: Model, key: Any) -> Any | None:
        """The model with a primary key, as it is now; ``None`` if it is gone."""
        return await model.objects.get_or_none(pk=key)

    # --- a transaction for operations that have none ---------------------------------------------

    def give_transactions(self, model: Model, operation: str) -> None:
        """Have an operation of a model, and of every model below it, run in a transaction.

        The model gets a method of its own around ormar's. One that runs in a transaction already
        is left alone.

        Args:
            model: The model class.
            operation: ``save``, ``update`` or ``delete``.
        """
        given = _given.setdefault(model, set())
        if operation in given:
            return
        given.add(operation)
        method: Callable[..., Awaitable[Any]] = getattr(model, operation)

        async def in_transaction(instance: Any, *args: Any, **kwargs: Any) -> Any:
            if self.in_transaction:
                return await method(instance, *args, **kwargs)
            async with self.database.transaction():
                return await method(instance, *args, **kwargs)

        in_transaction.__name__ = operation
        in_transaction.__qualname__ = f"{model.__qualname__}.{operation}"
        in_transaction.__doc__ = method.__doc__
        type.__setattr__(model, operation, in_transaction)


_given: WeakKeyDictionary[Model, set[str]] = WeakKeyDictionary()
"""The operations that were given transactions, by model."""
