"""Models and their options as public code spells them with ormar 0.12."""

from typing import Any, Optional

import databases
import ormar
import sqlalchemy
from ormar import ModelMeta
from ormar.models.metaclass import ModelMeta as MetaInItsOwnModule, ModelMetaclass

metadata_of_all = sqlalchemy.MetaData()


class BaseMeta(MetaInItsOwnModule):
    metadata = metadata_of_all
    database = databases.Database("sqlite:///shop.db")


class Naming(ModelMetaclass):
    def __new__(mcs, name: str, bases: Any, attrs: dict[str, Any]) -> Any:
        attrs.setdefault("label", name)
        return super().__new__(mcs, name, bases, attrs)

    @property
    def twice(cls) -> str:  # noqa: N805 - a metaclass
        return cls.__name__ * 2


class Base(ormar.Model, metaclass=Naming):
    class Meta(BaseMeta):
        abstract = True


class Album(Base):
    class Meta(BaseMeta):
        tablename: str = "albums"
        constraints = [ormar.UniqueColumns("name")]  # noqa: RUF012 - as in older code

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)


class Track(ormar.Model):
    class Meta(BaseMeta):
        pass

    id: int = ormar.Integer(primary_key=True)
    album: Optional[Album] = ormar.ForeignKey(Album)


def table_of(meta: type[ModelMeta], model: type[ormar.Model]) -> sqlalchemy.Table:
    return meta.table


table_of(Album.Meta, Album)
Album.twice.upper()
Album.Meta.tablename.upper()


async def use() -> None:
    await Track.Meta.database.connect()
    album = await Album.objects.get(id=1)
    await album.update(name=album.name.upper())


@ormar.pre_save(Album)
async def right(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@ormar.pre_save(Album)  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...
