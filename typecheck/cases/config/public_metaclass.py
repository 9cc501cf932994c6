"""Metaclasses of one's own on top of ormar's."""

from typing import Any

import ormar
import ormar.models.metaclass
from ormar.models.metaclass import ModelMetaclass, add_cached_properties
from shop import base

registered: list[ModelMetaclass] = []


class Naming(ormar.models.metaclass.ModelMetaclass):
    def __new__(mcs, name: str, bases: Any, attrs: dict[str, Any], **kwargs: Any) -> Any:
        attrs.setdefault("label", name)
        return super().__new__(mcs, name, bases, attrs, **kwargs)

    @property
    def twice(cls) -> str:  # noqa: N805 - a metaclass
        return cls.__name__ * 2


class Registering(ModelMetaclass):
    def __init__(  # pyright: ignore[reportInconsistentConstructor] - of pydantic's `__new__`
        cls,  # noqa: N805 - a metaclass
        name: str,
        bases: Any,
        attrs: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(name, bases, attrs, **kwargs)
        registered.append(cls)


class Plain(ModelMetaclass):
    pass


class Base(ormar.Model, metaclass=Naming):
    ormar_config = base.copy(abstract=True)


class Album(Base):
    ormar_config = base.copy(tablename="named")

    id: int = ormar.Integer(primary_key=True)


class Track(ormar.Model, metaclass=Registering):
    ormar_config = base.copy(tablename="registered")

    id: int = ormar.Integer(primary_key=True)


class Cover(ormar.Model, metaclass=Plain):
    ormar_config = base.copy(tablename="plain")

    id: int = ormar.Integer(primary_key=True)


def is_model(value: object) -> bool:
    return isinstance(value, ModelMetaclass)


def add_to(model: ModelMetaclass) -> None:
    registered.append(model)


add_to(Cover)
Album.twice.upper()
Cover(id=1).pk = 3
add_cached_properties(Cover)


async def use() -> None:
    album = await Album.objects.get(id=1)
    await album.update(id=2)
    (await Track.objects.all())[0].id.bit_count()


@ormar.pre_save(Album)
async def right(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@ormar.pre_save(Album)  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@ormar.pre_save(Album)  # E[sender-as-instance] all: `sender` is annotated `Album`
async def sender_as_instance(sender: Album, instance: Album, **kwargs: Any) -> None: ...
