"""Small applications with durable receivers, as the text of a module, for each ORM."""

from __future__ import annotations

import pytest

from tests import lanes

__all__ = ["ANY_ORM", "APPS", "EVERY_ORM", "PROCRASTINATE", "RECEIVER"]

ORMAR = """\
import asyncio
import os

import ormar
import sqlalchemy
import typed_signals.ormar
from typed_signals.durable import Durable, Job, TableOutbox
from typed_signals.ormar import post_save

base = ormar.OrmarConfig(
    metadata=sqlalchemy.MetaData(),
    database=ormar.DatabaseConnection("sqlite+aiosqlite:///shop.db"),
)

class Order(ormar.Model):
    ormar_config = base.copy(tablename="orders")
    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)

typed_signals.ormar.install()
outbox = TableOutbox(base)

async def sell(*names):
    async with base.database:
        async with base.database.engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        async with base.database.transaction():
            for name in names:
                await Order(name=name).save()
"""

DECLARATIVE = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class base(DeclarativeBase):
    pass

class Order(base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""

SQLMODEL = """\
from sqlmodel import Field, SQLModel

base = SQLModel

class Order(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
"""

SESSIONS = """
import asyncio
import os

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
import typed_signals.sqlalchemy
from typed_signals.durable import Durable, Job, TableOutbox
from typed_signals.sqlalchemy import post_save

url = os.environ.get("SHOP_DATABASE", "sqlite+aiosqlite:///shop.db")
engine = create_async_engine(url)
async_session = async_sessionmaker(engine)
typed_signals.sqlalchemy.install(base)

async def sell(*names):
    async with engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
    async with async_session.begin() as session:
        for name in names:
            session.add(Order(name=name))
            await session.flush()
    await engine.dispose()
"""

TABLE = """
outbox = TableOutbox(base, sessions=async_session)
"""

APPS = {
    "ormar": ORMAR,
    "sqlalchemy": DECLARATIVE + SESSIONS + TABLE,
    "sqlmodel": SQLMODEL + SESSIONS + TABLE,
}

PROCRASTINATE = f"""{DECLARATIVE}{SESSIONS}
import procrastinate
from typed_signals.durable.procrastinate import ProcrastinateOutbox

plain = url.replace("+asyncpg", "")
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=plain))
outbox = ProcrastinateOutbox(base, app, sessions=async_session)
"""

RECEIVER = """
@post_save(Order, durable=Durable("mail.receipt", retries=0))
async def send_receipt(sender, instance, job, **kwargs):
    if instance.name == "broken" and not os.environ.get("FIXED"):
        raise ValueError("no such address")
    if instance.name == "slow":
        print("started", flush=True)
        await asyncio.sleep(1.5)
    print("mailed", instance.name, flush=True)
"""

ANY_ORM = "ormar" if lanes.ORMAR else "sqlalchemy"

EVERY_ORM = [
    pytest.param("ormar", marks=pytest.mark.ormar_only),
    *([] if lanes.ORMAR else ["sqlalchemy"]),
    "sqlmodel",
]
