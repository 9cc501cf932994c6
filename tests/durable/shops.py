"""A shop with durable receivers, of each ORM, with one interface."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tests.sqlalchemy.store import AlchemyStore
from typed_signals.durable import TableOutbox

__all__ = ["SHOPS", "Shop"]


class Shop:
    """Models on one database, with an outbox in it."""

    def __init__(self, store: Any, outbox: Any, **models: Any) -> None:
        self.store = store
        self.database = store.database
        self.outbox = outbox
        self.Order = models["Order"]
        self.Item = models.get("Item")

    async def create_tables(self) -> None:
        """Create the tables of all models so far."""
        await self._with_connection(self.store.metadata.create_all)

    async def drop_tables(self) -> None:
        await self._with_connection(self.store.metadata.drop_all)

    async def _with_connection(self, work: Any) -> None:
        async with self.database.engine.begin() as connection:
            await connection.run_sync(work)

    @property
    def locks_the_database(self) -> bool:
        """Whether readers wait for a writer."""
        return bool(self.database.engine.dialect.name == "sqlite")

    def redeploy(self) -> None:
        """Forget the receivers, as a process of another version does not have them."""
        self.store.forget_receivers()
        self.store.install()
        self.outbox.receivers.clear()

    async def rows(self) -> list[dict[str, Any]]:
        """The rows of the outbox, seen by a connection of its own."""
        async with self.database.engine.connect() as connection:
            found = await connection.execute(
                self.outbox.table.select().order_by(self.outbox.table.c.id)
            )
            return [dict(row) for row in found.mappings()]

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows()]

    async def make_due(self) -> None:
        """Let every delay and every lease run out."""
        table = self.outbox.table
        await self.store.execute(table.update().where(table.c.state == "pending").values(due=0.0))


def ormar_shop(url: str) -> Shop:
    import ormar

    from tests.shop import Store

    store = Store(url)
    order = store.model(
        "Order",
        id=ormar.Integer(primary_key=True),
        name=ormar.String(max_length=50, default=""),
        total=ormar.Integer(default=150),
    )
    item = store.model(
        "Item",
        id=ormar.Integer(primary_key=True),
        order=ormar.ForeignKey(order, related_name="items", nullable=True),
    )
    outbox = TableOutbox(store.base, table=f"{store.prefix}outbox")
    return Shop(store, outbox, Order=order, Item=item)


def sqlalchemy_shop(url: str) -> Shop:
    store = AlchemyStore(url)

    class Order(store.Base):  # made anew for each store
        __qualname__ = "Order"
        __tablename__ = f"{store.prefix}order"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(50), default="")
        total: Mapped[int] = mapped_column(default=150)

        @property
        def pk(self) -> int:
            """The name that ormar has for it, here a property."""
            return self.id

    sessions, table = store.database.sessions, f"{store.prefix}outbox"
    return Shop(store, TableOutbox(store.Base, sessions=sessions, table=table), Order=Order)


SHOPS = {"ormar": ormar_shop, "sqlalchemy": sqlalchemy_shop}
