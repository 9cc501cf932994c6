"""The tables of the shop, in SQLite or in the database whose URL is in ``SHOP_DATABASE``."""

import os
from datetime import UTC, datetime

import ormar
import sqlalchemy
from ormar.relations.relation_proxy import RelationProxy

import typed_signals.ormar

typed_signals.ormar.install()

database = ormar.DatabaseConnection(
    os.environ.get("SHOP_DATABASE", "sqlite+aiosqlite:///shop.sqlite")
)
base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=database)


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Audited(ormar.Model):
    """Every model that derives from this one is in the audit log."""

    ormar_config = base.copy(abstract=True)

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)


class Tag(Audited):
    ormar_config = base.copy(tablename="tags")


class Album(Audited):
    ormar_config = base.copy(tablename="albums")

    stock: int = ormar.Integer(default=0)
    tags: RelationProxy[Tag] = ormar.ManyToMany(Tag)
    tag_count: int = ormar.Integer(default=0)
    changed_at: datetime = ormar.DateTime(default=now)


class AuditEntry(ormar.Model):
    ormar_config = base.copy(tablename="audit")

    id: int = ormar.Integer(primary_key=True)
    model: str = ormar.String(max_length=50)
    key: int = ormar.Integer()
    happened: str = ormar.String(max_length=20)
    at: datetime = ormar.DateTime(default=now)


async def locked(album_id: int) -> Album:
    """Get an album that nobody else changes until the open transaction ends."""
    # A write locks, on every database. This kind of update sends no signals.
    await Album.objects.filter(id=album_id).update(changed_at=now())
    return await Album.objects.get(id=album_id)
