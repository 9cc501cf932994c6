"""The models of an application on ormar 0.12. Moving to typed signals does not touch them."""

import databases
import ormar
import sqlalchemy

database = databases.Database("sqlite:///shop.sqlite")
metadata = sqlalchemy.MetaData()


class BaseMeta(ormar.ModelMeta):
    database = database
    metadata = metadata


class Named(ormar.Model):
    class Meta(BaseMeta):
        abstract = True

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    revision: int = ormar.Integer(default=1)


class Tag(Named):
    class Meta(BaseMeta):
        tablename = "tags"


class Album(Named):
    class Meta(BaseMeta):
        tablename = "albums"

    tags = ormar.ManyToMany(Tag)
    tag_count: int = ormar.Integer(default=0)
    play_count: int = ormar.Integer(default=0)
    is_best_seller: bool = ormar.Boolean(default=False)


class LogEntry(ormar.Model):
    class Meta(BaseMeta):
        tablename = "log"

    id: int = ormar.Integer(primary_key=True)
    text: str = ormar.String(max_length=200)


async def log(text: str) -> None:
    await LogEntry.objects.create(text=text)
