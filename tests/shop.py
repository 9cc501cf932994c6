"""The album shop: real ormar models on a real database, in the installed ormar's own spelling.

Everything that ormar versions spell differently is here; the tests do not depend on the version.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ormar
import sqlalchemy

import typed_signals.ormar
from tests import lanes
from tests.lanes import CONFIG

__all__ = ["CONFIG", "LIFECYCLE", "Sent", "Shop", "Store", "log_sends"]

LIFECYCLE = (
    "pre_save",
    "post_save",
    "pre_update",
    "post_update",
    "pre_delete",
    "post_delete",
    "pre_relation_add",
    "post_relation_add",
    "pre_relation_remove",
    "post_relation_remove",
    "post_bulk_update",
)
"""The names of the signals that ormar itself sends."""

Model = Any
"""A model class, or an instance: no single type fits all versions."""


class Store:
    """One database and its models, with table names that no other store has.

    Args:
        url: The database's URL.
    """

    def __init__(self, url: str) -> None:
        self.prefix = f"ts_{uuid.uuid4().hex[:8]}_"
        self.metadata = sqlalchemy.MetaData()
        self.models: list[Model] = []
        self._url = url
        if lanes.CURRENT:
            # A test has a loop of its own, so connections cannot wait in a pool for the next one.
            self.database: Any = ormar.DatabaseConnection(
                url,
                pool_size=5,
                max_overflow=10,
                pool_timeout=600,  # thousands of saves wait for a connection
            )
        else:
            import databases

            self.database = databases.Database(url)
        self.base = self.new_base()

    @classmethod
    def sqlite(cls, path: Path) -> Store:
        """Make a store in an SQLite file."""
        return cls(f"sqlite{'+aiosqlite' if lanes.CURRENT else ''}:///{path}")

    # --- models ----------------------------------------------------------------------------------

    def new_base(self) -> Any:
        """Make a base configuration for models to derive from."""
        shared = {"metadata": self.metadata, "database": self.database}
        return type("BaseMeta", (), shared) if lanes.LEGACY else ormar.OrmarConfig(**shared)

    def config(self, *, base: Any = None, **options: Any) -> Any:
        """Make a model's configuration from a base one."""
        base = base or self.base
        if lanes.LEGACY:  # ormar copies some configurations without what they inherit
            return type(
                "Meta", (base,), {"metadata": base.metadata, "database": base.database, **options}
            )
        signals = options.pop("signals", None)
        config = base.copy(**options)
        if signals is not None:
            config.signals = signals
        return config

    def model(
        self, name: str, /, *bases: Model, base: Any = None, config: Any = None, **members: Any
    ) -> Model:
        """Define a model.

        Args:
            name: The class's name; its table is named after it.
            bases: Its base classes, ``ormar.Model`` when left out.
            base: The base configuration, the store's own when left out.
            config: The configuration, or options for one made from ``base``.
            members: Fields, methods, or anything else in its body; an ``id`` and a ``name``
                when there are none.
        """
        if config is None or isinstance(config, dict):
            options: dict[str, Any] = dict(config or {})
            if not options.get("abstract") and not options.get("proxy"):
                options.setdefault("tablename", f"{self.prefix}{name.lower()}")
            config = self.config(base=base, **options)
        if not bases and not any(hasattr(each, "__type__") for each in members.values()):
            members["id"] = ormar.Integer(primary_key=True)
            members["name"] = ormar.String(max_length=50)
        types = {key: each.__type__ for key, each in members.items() if hasattr(each, "__type__")}
        body = {"__module__": __name__, "__qualname__": name, "__annotations__": types}
        metaclass = type(ormar.Model)
        made = metaclass(name, bases or (ormar.Model,), {**body, CONFIG: config, **members})
        self.models.append(made)
        return made

    # --- tables ----------------------------------------------------------------------------------

    def create_tables(self) -> None:
        """Create the tables of all models."""
        self._with_tables(self.metadata.create_all)

    def drop_tables(self) -> None:
        """Drop the tables of all models."""
        self._with_tables(self.metadata.drop_all)

    def _with_tables(self, work: Callable[[Any], None]) -> None:
        if lanes.CURRENT:
            asyncio.run(self._with_tables_async(work))
        else:
            engine = sqlalchemy.create_engine(self._url)
            work(engine)
            engine.dispose()

    async def _with_tables_async(self, work: Callable[[Any], None]) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.database)
            connection = await stack.enter_async_context(self.database.engine.begin())
            await connection.run_sync(work)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Create the tables of all models defined so far, and connect."""
        if lanes.CURRENT:
            await self._with_tables_async(self.metadata.create_all)
        else:
            self.create_tables()
        async with self.database:
            yield

    async def empty(self) -> None:
        """Delete all rows; no signal is sent for that."""
        for table in reversed(self.metadata.sorted_tables):
            await self.execute(table.delete())

    def table(self, model: Model) -> str:
        """The name of a model's table."""
        name: str = model.objects.table.name
        return name

    async def names(self, model: Model) -> list[str]:
        """The names of a model's rows that another connection sees."""
        other = Store(self._url)
        async with other.database:
            query = model.objects.build_select_expression()
            if lanes.CURRENT:
                async with other.database.get_query_executor() as executor:
                    rows = await executor.fetch_all(query)
            else:
                rows = await other.database.fetch_all(query)
        return sorted([dict(row)["name"] if "name" in dict(row) else row[1] for row in rows])

    async def execute(self, statement: Any) -> None:
        """Run an SQL statement."""
        if lanes.CURRENT:
            async with self.database.get_query_executor() as executor:
                await executor.execute(statement)
        else:
            await self.database.execute(statement)

    # --- signals ---------------------------------------------------------------------------------

    def install(self) -> None:
        """Let all models send typed signals."""
        typed_signals.ormar.install()

    @contextmanager
    def attached(self, instance: Model) -> Iterator[None]:
        """Let an instance belong to the open transaction: here all do."""
        yield

    def uninstall(self) -> None:
        """Give all models ormar's own signals."""
        typed_signals.ormar.uninstall()

    def all_models(self) -> list[Model]:
        """The models, and those that ormar made for them."""
        found = {
            each: None
            for each in _subclasses(ormar.Model)
            if getattr(vars(each).get(CONFIG), "metadata", None) is self.metadata
        }
        return list({**dict.fromkeys(self.models), **found})

    def forget_receivers(self) -> None:
        """Give every model ormar's own signals, without receivers."""
        for model in self.all_models():
            if CONFIG in vars(model):
                vars(model)[CONFIG].signals = ormar.signals.SignalEmitter()


def _subclasses(model: type) -> list[type]:
    children = type.__subclasses__(model)
    return [*children, *(each for child in children for each in _subclasses(child))]


@dataclass
class Shop:
    """The models of the album shop.

    ``Track`` has a foreign key to ``Album``; ``Album`` has a many-to-many relation to ``Tag``
    whose through model ``AlbumTag`` has a column of its own, ``weight``. ``Album`` and ``Track``
    derive from the abstract ``Product``; ``AuditLog`` stands alone.
    """

    store: Store
    Product: Model = field(init=False)
    Album: Model = field(init=False)
    Track: Model = field(init=False)
    Tag: Model = field(init=False)
    AlbumTag: Model = field(init=False)
    AuditLog: Model = field(init=False)

    def __post_init__(self) -> None:
        model = self.store.model
        self.Product = model(
            "Product",
            config={"abstract": True},
            id=ormar.Integer(primary_key=True),
            name=ormar.String(max_length=100),
        )
        self.Tag = model(
            "Tag", id=ormar.Integer(primary_key=True), name=ormar.String(max_length=100)
        )
        self.AlbumTag = model(
            "AlbumTag",
            id=ormar.Integer(primary_key=True),
            weight=ormar.Integer(default=1),
        )
        self.Album = model(
            "Album",
            self.Product,
            play_count=ormar.Integer(default=0),
            is_best_seller=ormar.Boolean(default=False),
            tags=ormar.ManyToMany(self.Tag, through=self.AlbumTag),
        )
        self.Track = model(
            "Track",
            self.Product,
            position=ormar.Integer(default=0),
            album=ormar.ForeignKey(self.Album, related_name="tracks", nullable=True),
        )
        self.AuditLog = model(
            "AuditLog",
            id=ormar.Integer(primary_key=True),
            event=ormar.String(max_length=100),
        )


@dataclass(frozen=True)
class Sent:
    """One call of a receiver."""

    signal: str
    sender: Model
    payload: dict[str, Any]


def log_sends(model: Model, *signals: str, log: list[Sent] | None = None) -> list[Sent]:
    """Log the signals of a model: those named, or all that ormar sends.

    Returns:
        The log; each send from now on is appended to it.
    """
    received: list[Sent] = [] if log is None else log
    for name in signals or LIFECYCLE:

        async def note(sender: Any, *, _name: str = name, **payload: Any) -> None:
            received.append(Sent(_name, sender, payload))

        getattr(getattr(model, CONFIG).signals, name).connect(note)
    return received
