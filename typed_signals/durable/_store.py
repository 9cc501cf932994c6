"""The database that an outbox is in: one interface, and a class for each ORM."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql import Executable

from typed_signals.durable._errors import DurableError

__all__ = ["METHODS", "Model", "Store", "autocommitting", "class_named"]

Model = type[Any]

T = TypeVar("T")

METHODS: Final = ("save", "update", "delete")
"""The operations that can be given a transaction."""


class Store(ABC):
    """One database, through the ORM whose models are in it.

    Attributes:
        database: What the models and their outbox have in common; each database has its own.
        signals: The emitter class with the signals that its models send themselves.
        example: How the database is given to an outbox, for people.
        block: The line that opens a transaction, for people.
        belongs: How a signal of the user's own belongs to a transaction, for people; empty if each
            that is sent inside one does.
        test_database: What a test needs that rolls back everything, for people.
    """

    database: object
    signals: type
    example: str
    block: str
    belongs: str = ""
    test_database: str

    # --- models, of whatever database --------------------------------------------------------

    @staticmethod
    @abstractmethod
    def is_model(hint: object) -> bool:
        """Whether something is a model class of the ORM."""

    @staticmethod
    @abstractmethod
    def database_of(owner: object) -> object | None:
        """The database of a model class; ``None`` if it is not known."""

    @staticmethod
    @abstractmethod
    def knows(owner: object) -> bool:
        """Whether a class is a model of the ORM, or one that its models derive from."""

    @staticmethod
    @abstractmethod
    def installed_outbox(owner: type | None) -> object | None:
        """The outbox that a model was installed with, or that all were; ``None`` if none was."""

    @staticmethod
    @abstractmethod
    def is_concrete(owner: type) -> bool:
        """Whether a class is a model with rows of its own."""

    @staticmethod
    @abstractmethod
    def attributes(model: Model) -> list[str]:
        """The names of a model's fields."""

    @staticmethod
    @abstractmethod
    def key_type(model: Model) -> Any:
        """The Python type of a model's primary key."""

    @staticmethod
    @abstractmethod
    def key_of(instance: Any) -> Any:
        """The primary key of an instance; ``None`` if it has none yet."""

    @staticmethod
    @abstractmethod
    def related(model: Model, relation: str) -> Model:
        """The model at the other end of a relation."""

    def has_attribute(self, model: Model, name: str) -> bool:
        """Whether the instances of a model have an attribute, as far as its class says."""
        return name in self.attributes(model) or hasattr(model, name)

    # --- models of this database -------------------------------------------------------------

    @abstractmethod
    def can_hold(self, owner: type | None) -> bool:
        """Whether events of a sender can be written here, as far as its class says."""

    @abstractmethod
    def name_of(self, sender: type) -> str:
        """The name that a sender has in the rows."""

    @abstractmethod
    def sender_named(self, name: str) -> type:
        """Find a sender by its name in the rows.

        Args:
            name: The name.

        Returns:
            The class.

        Raises:
            DurableError: There is no such model in this database, or no such class.
        """

    @abstractmethod
    async def reload(self, model: Model, key: Any) -> Any | None:
        """The model with a primary key, as it is now; ``None`` if it is gone."""

    # --- transactions ------------------------------------------------------------------------

    @abstractmethod
    def sending(self, sender: type, payload: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Use the transaction that a send is in as the open one while a block runs.

        Raises:
            DurableError: It is one of another database.
        """

    @abstractmethod
    async def call(self, function: Callable[[], T]) -> T:
        """Call a function that reads attributes of instances, which may have to be loaded."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether the running code is in an open transaction of this database."""

    @property
    @abstractmethod
    def never_commits(self) -> bool:
        """Whether the open transaction is that of a test database, rolled back at the end."""

    @abstractmethod
    def give_transactions(
        self, model: Model, operation: str, is_needed: Callable[[type, str], bool]
    ) -> None:
        """Have an operation of a model, and of every model below it, run in a transaction.

        Args:
            model: The model class.
            operation: ``save``, ``update`` or ``delete``.
            is_needed: Whether the operation of a model still needs one.
        """

    def attempting(self) -> AbstractAsyncContextManager[None]:
        """Keep an attempt's failed statement from breaking the transaction of a test database."""
        return nullcontext()

    # --- statements --------------------------------------------------------------------------

    @abstractmethod
    def connected(self) -> AbstractAsyncContextManager[Any]:
        """Connect to the database, and disconnect at the end."""

    @abstractmethod
    def connection(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """The connection of the open transaction; without one, a connection that commits."""

    @property
    @abstractmethod
    def dialect(self) -> str:
        """The name of the database's dialect, connected or not."""

    @property
    @abstractmethod
    def can_return_updates(self) -> bool:
        """Whether an ``UPDATE`` can return its rows."""

    async def execute(self, statement: Executable) -> int:
        """Run a statement, in the transaction that is open or alone, and count its rows."""
        async with self.connection() as connection:
            count: int = (await connection.execute(statement)).rowcount
        return count

    async def fetch(self, statement: Executable) -> Sequence[Mapping[str, Any]]:
        """Fetch the rows of a query."""
        async with self.connection() as connection:
            rows: Sequence[Any] = (await connection.execute(statement)).mappings().all()
        return rows


@asynccontextmanager
async def autocommitting(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """A connection of an engine, where each statement is a transaction of its own."""
    # With aiomysql, `AUTOCOMMIT` costs a statement more than `COMMIT`. And if the server has closed
    # the connection, setting it fails in a way that takes one place from the pool for good.
    if engine.dialect.name not in ("mysql", "mariadb"):
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.begin() as connection:
        yield connection


def class_named(name: str) -> type:
    """Import a class.

    Args:
        name: Its module and its qualified name, with a colon between.

    Returns:
        The class.

    Raises:
        DurableError: There is none.
    """
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
