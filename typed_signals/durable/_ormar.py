"""An outbox's database through ormar: its open transaction, its models."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import ormar
from sqlalchemy import make_url, select
from sqlalchemy.exc import DBAPIError

from typed_signals.durable._errors import DurableError
from typed_signals.durable._store import Model, Store, autocommitting, class_named
from typed_signals.lifecycle import ModelSignals
from typed_signals.ormar._compat import era
from typed_signals.ormar._databases import databases
from typed_signals.ormar._install import installed_outbox

__all__ = ["OrmarStore"]

T = TypeVar("T")


class OrmarStore(Store):
    """One database of ormar's.

    Args:
        database: The ``ormar.DatabaseConnection``.

    Raises:
        DurableError: It is a database of an older ormar.
    """

    signals = ModelSignals
    example = "TableOutbox(base)"
    block = "async with database.transaction():"
    test_database = "`DatabaseConnection(url, force_rollback=True)`"

    def __init__(self, database: Any) -> None:
        if not hasattr(database, "get_query_executor"):
            raise DurableError(
                f"durable receivers need an `ormar.DatabaseConnection`, not a "
                f"`{type(database).__module__}.{type(database).__qualname__}`: before ormar 0.22 "
                "there is no SQLAlchemy connection to write the outbox row on. Update ormar, or "
                "connect the receiver with `on_commit=True`"
            )
        self.database: Any = database
        self._models: dict[str, Model] = {}

    # --- models ----------------------------------------------------------------------------------

    @staticmethod
    def is_model(hint: object) -> bool:
        return isinstance(hint, type) and issubclass(hint, ormar.Model)

    @staticmethod
    def database_of(owner: object) -> Any | None:
        config: Any = era.config(cast("Model", owner)) if OrmarStore.is_model(owner) else None
        return getattr(config, "database", None)

    @staticmethod
    def knows(owner: object) -> bool:
        return OrmarStore.is_model(owner)

    @staticmethod
    def installed_outbox(owner: type | None) -> object | None:
        return installed_outbox(owner)

    @staticmethod
    def is_concrete(owner: type) -> bool:
        config: Any = era.config(owner) if OrmarStore.is_model(owner) else None
        return config is not None and not era.is_abstract(config)

    @staticmethod
    def attributes(model: Model) -> list[str]:
        return list(cast("Any", era.config(model)).model_fields)

    @staticmethod
    def key_type(model: Model) -> Any:
        config = era.config(model)
        return config.model_fields[config.pkname].__type__ if config else Any

    @staticmethod
    def key_of(instance: Any) -> Any:
        return instance.pk

    @staticmethod
    def related(model: Model, relation: str) -> Model:
        config: Any = era.config(model)
        end: Model = config.model_fields[relation].to
        return end

    def can_hold(self, owner: type | None) -> bool:
        return self.database_of(owner) in (None, self.database)

    async def reload(self, model: Model, key: Any) -> Any | None:
        return await model.objects.get_or_none(pk=key)

    # --- transactions ----------------------------------------------------------------------------

    def sending(self, sender: type, payload: Mapping[str, Any]) -> AbstractContextManager[None]:
        return nullcontext()  # ormar knows the open transaction by the running code

    async def call(self, function: Callable[[], T]) -> T:
        return function()

    @property
    def in_transaction(self) -> bool:
        return self._open_connection() is not None

    def _open_connection(self) -> Any | None:
        connection = databases.connection(self.database)  # `None` for that of another database
        is_open = connection is not None and databases.in_transaction(connection)
        return connection if is_open else None

    @property
    def never_commits(self) -> bool:
        connection = self._open_connection()
        whole: Any = getattr(self.database, "_global_transaction", None)  # ormar has no other name
        return connection is not None and whole is not None and whole._connection is connection

    @asynccontextmanager
    async def attempting(self) -> AsyncGenerator[None]:
        connection = self._open_connection() if self.never_commits else None
        if connection is None:
            yield
            return
        savepoint = await connection.begin_nested()
        try:
            yield
        finally:  # other writes stay, as they do where each statement commits
            try:
                await connection.execute(select(1))
            except DBAPIError:
                await savepoint.rollback()
            else:
                await savepoint.commit()

    def connected(self) -> AbstractAsyncContextManager[Any]:
        connection: AbstractAsyncContextManager[Any] = self.database
        return connection

    @property
    def dialect(self) -> str:
        return make_url(self.database.url).get_backend_name()

    @property
    def can_return_updates(self) -> bool:
        return bool(self.database.dialect.update_returning)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Any]:
        connection = self._open_connection()
        if connection is not None:
            yield connection
            return
        async with autocommitting(self.database.engine) as connection:
            yield connection

    # --- senders ---------------------------------------------------------------------------------

    def name_of(self, sender: type) -> str:
        """The name that a sender has in the rows: a model's table, so that its class may move.

        A proxy shares its table with another model, and goes by its module and name.
        """
        config: Any = era.config(sender) if self.is_model(sender) else None
        if config is not None and config.tablename and not config.proxy:
            return str(config.tablename)
        return f"{sender.__module__}:{sender.__qualname__}"

    def sender_named(self, name: str) -> type:
        if name not in self._models:
            below: list[Model] = [ormar.Model]
            while below:
                model = below.pop()
                below += type.__subclasses__(model)
                if self.database_of(model) is self.database:
                    self._models[self.name_of(model)] = model
        return self._models.get(name) or class_named(name)

    # --- a transaction for operations that have none ---------------------------------------------

    def give_transactions(
        self, model: Model, operation: str, is_needed: Callable[[type, str], bool]
    ) -> None:
        # The model gets a method of its own around ormar's.
        given = _given.setdefault(model, set())
        if operation in given:
            return
        given.add(operation)
        method: Callable[..., Awaitable[Any]] = getattr(model, operation)

        async def in_transaction(instance: Any, *args: Any, **kwargs: Any) -> Any:
            if self.in_transaction or not is_needed(instance.__class__, operation):
                return await method(instance, *args, **kwargs)
            async with self.database.transaction():
                return await method(instance, *args, **kwargs)

        in_transaction.__name__ = operation
        in_transaction.__qualname__ = f"{model.__qualname__}.{operation}"
        in_transaction.__doc__ = method.__doc__
        type.__setattr__(model, operation, in_transaction)


_given: WeakKeyDictionary[Model, set[str]] = WeakKeyDictionary()
"""The operations that were given transactions, by model."""
