"""The tables of the shop, in SQLite or in the database whose URL is in ``SHOP_DATABASE``."""

import os
from decimal import Decimal
from typing import Any

import ormar
import sqlalchemy

import typed_signals.ormar
from typed_signals.durable import TableOutbox

typed_signals.ormar.install()

URL = os.environ.get("SHOP_DATABASE", "sqlite+aiosqlite:///durable_shop.sqlite")

# SQLite has one writer at a time: the others wait.
options: dict[str, Any] = {"connect_args": {"timeout": 30}} if URL.startswith("sqlite") else {}
database = ormar.DatabaseConnection(URL, **options)
base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=database)

outbox = TableOutbox(base)


class Order(ormar.Model):
    ormar_config = base.copy(tablename="orders")

    id: int = ormar.Integer(primary_key=True)
    customer: str = ormar.String(max_length=100)
    total: Decimal = ormar.Decimal(max_digits=10, decimal_places=2)


class Receipt(ormar.Model):
    """What was mailed. The event's identity is unique: a second delivery finds the first."""

    ormar_config = base.copy(tablename="receipts")

    id: int = ormar.Integer(primary_key=True)
    event_id: str = ormar.String(max_length=32, unique=True)
    order: int = ormar.Integer()
    text: str = ormar.String(max_length=200)


async def create_tables() -> None:
    async with database, database.engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
