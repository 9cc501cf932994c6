"""The tables of the shop, its sessions, and the signals that they send."""

import os

from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

import typed_signals.sqlalchemy as signals
from typed_signals import signal


class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=100)
    stock: int = 0


class Order(SQLModel, table=True):
    __tablename__ = "orders"
    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="item.id")
    copies: int = 1
    state: str = Field(default="new", max_length=20)


class AuditEntry(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    event: str = Field(max_length=200)


engine = create_async_engine(os.environ.get("SHOP_DATABASE", "sqlite+aiosqlite:///shop.sqlite"))


def new_session() -> AsyncSession:
    return AsyncSession(engine, expire_on_commit=False)


signals.install(SQLModel)


@signal
async def ran_out(sender: type[Item], *, item: Item, **kwargs: object) -> None:
    """Sent when the last copy of an item is sold, in the transaction of the order."""
