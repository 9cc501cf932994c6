"""The shop's models as ormar 0.12.3 spells them."""

import datetime

import databases
import ormar
import sqlalchemy


class BaseMeta(ormar.ModelMeta):
    metadata = sqlalchemy.MetaData()
    database = databases.Database("sqlite:///shop.db")


class Album(ormar.Model):
    class Meta(BaseMeta):
        tablename = "albums"

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    play_count: int = ormar.Integer(default=0)


class Track(ormar.Model):
    class Meta(BaseMeta):
        tablename = "tracks"

    id: int = ormar.Integer(primary_key=True)
    title: str = ormar.String(max_length=100)
    album: Album | None = ormar.ForeignKey(Album, related_name="tracks")


class Single(ormar.Model):
    """Has no relation to an album."""

    class Meta(BaseMeta):
        tablename = "singles"

    id: int = ormar.Integer(primary_key=True)


class Dated(ormar.Model):
    class Meta(ormar.ModelMeta):
        abstract = True

    updated: datetime.datetime = ormar.DateTime(default=datetime.datetime.now)


def any_album() -> Album:
    """An instance; nothing here is ever run."""
    raise AssertionError  # only read, never called
