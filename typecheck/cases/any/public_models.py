"""Whatever else public code does with ormar's models: the stubs take nothing of it away."""

from collections.abc import Iterator
from typing import Any, Generic, Type, TypeVar, cast

import ormar
from ormar.fields import BaseField
from ormar.fields.model_fields import ModelFieldFactory
from ormar.models import ExcludableItems, ModelRow, NewBaseModel, T
from ormar.models.model import Model
from ormar.queryset import QuerySet
from ormar.relations.relation_proxy import RelationProxy
from shop import Album, Track, any_album

M = TypeVar("M", bound=ormar.Model)
TypeOfModel = TypeVar("TypeOfModel", bound=Type[ormar.Model])


class Repository(Generic[M]):
    def __init__(self, model: type[M]) -> None:
        self.model = model

    async def every(self) -> list[M]:
        return await self.model.objects.all()

    async def one(self, pk: int) -> M | None:
        return await self.model.objects.get_or_none(pk=pk)


class OfClasses(Generic[TypeOfModel]):
    def __init__(self, model: TypeOfModel) -> None:
        self.model = model

    async def every(self) -> Any:
        return await self.model.objects.all()  # F[type-of-a-model] pyrefly


class Newest(QuerySet[T]):
    async def newest(self) -> T:
        return await self.order_by("-id").first()


class Tagged(ModelFieldFactory):
    _type = str

    def __new__(  # type: ignore[misc] # pyright: ignore - as ormar's own fields do
        cls, *, shape: str = "", **kwargs: Any
    ) -> BaseField:
        return super().__new__(cls, shape=shape, **kwargs)

    @classmethod
    def get_column_type(cls, **kwargs: Any) -> Any:
        return super().get_column_type(**kwargs)


def take(model: type[Model], row: ModelRow, base: NewBaseModel, front: type[ormar.Model]) -> None:
    front.objects.filter(pk=1)


def models() -> Iterator[type[ormar.Model]]:
    yield from (Album, Track)


def without(items: ExcludableItems, proxy: "RelationProxy[Album] | None") -> None: ...


Repository(Album).model(id=1)
OfClasses(Album).model.objects.limit(1)
take(Album, any_album(), any_album(), Track)
dynamic = cast(Type[ormar.Model], type("Made", (ormar.Model,), {}))
dynamic.objects.order_by("-id")
every: dict[str, type[ormar.Model]] = {each.__name__: each for each in models()}
values: dict[str, Any] = {"id": 1}
Album(**values)
Album.objects.filter(play_count__gt=3).order_by("-name").limit(3)


class InItsOwnModule(Model):
    id: int = ormar.Integer(primary_key=True)


InItsOwnModule(id=1)  # F[model-by-its-own-module] ty, pyrefly
