"""The shop's models as ormar 0.21 and later spell them."""

import datetime

import ormar
import sqlalchemy

base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData())


class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums")

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    play_count: int = ormar.Integer(default=0)


class Track(ormar.Model):
    ormar_config = base.copy(tablename="tracks")

    id: int = ormar.Integer(primary_key=True)
    title: str = ormar.String(max_length=100)
    album: Album | None = ormar.ForeignKey(Album, related_name="tracks")


class Single(ormar.Model):
    """Has no relation to an album."""

    ormar_config = base.copy(tablename="singles")

    id: int = ormar.Integer(primary_key=True)


class Dated(ormar.Model):
    ormar_config = base.copy(abstract=True)

    updated: datetime.datetime = ormar.DateTime(default=datetime.datetime.now)


def any_album() -> Album:
    """An instance; nothing here is ever run."""
    raise AssertionError  # only read, never called
