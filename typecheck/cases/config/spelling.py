"""A model's signals, however they are spelled, know the model (ormar 0.21 and later)."""

from typing import Any, assert_type

import ormar
import sqlalchemy
from shop import Album, Track, any_album, base

from typed_signals import CustomReceiver, ModelSignals, PreSaveReceiver, Signal

assert_type(Album.ormar_config.signals, ModelSignals[Album])
assert_type(Album.ormar_config.signals.pre_save, Signal[PreSaveReceiver[Album]])
assert_type(Album.ormar_config.signals.my_own, Signal[CustomReceiver[Album]])
assert_type(Track.ormar_config.signals.pre_save, Signal[PreSaveReceiver[Track]])
assert_type(Album.Meta.signals.pre_save, Signal[PreSaveReceiver[Album]])

album = any_album()
assert_type(album.signals.pre_save, Signal[PreSaveReceiver[Album]])
assert_type(album.ormar_config.signals.pre_save, Signal[PreSaveReceiver[Album]])


class Abstract(ormar.Model):
    ormar_config = base.copy(abstract=True)


class Concrete(Abstract):
    ormar_config = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), tablename="concrete")

    id: int = ormar.Integer(primary_key=True)

    async def touch(self) -> None:
        await self.signals.post_save.send(sender=type(self), instance=self)


assert_type(Concrete.ormar_config.signals.pre_save, Signal[PreSaveReceiver[Concrete]])
assert_type(Abstract.ormar_config.signals.pre_save, Signal[PreSaveReceiver[Abstract]])


def of_any(model: type[ormar.Model], instance: ormar.Model) -> None:
    assert_type(model.ormar_config.signals.pre_save, Signal[PreSaveReceiver[ormar.Model]])
    assert_type(instance.signals.pre_save, Signal[PreSaveReceiver[ormar.Model]])


@Album.ormar_config.signals.pre_save.connect
async def right(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@Album.ormar_config.signals.pre_save.connect  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@Album.Meta.signals.pre_save.connect  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong_meta(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@album.signals.pre_save.connect  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong_of_instance(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


Album.ormar_config.signals.played = ormar.Signal()
Album.ormar_config.signals.played = object()  # E[not-a-signal] all

# The stubs leave everything else of ormar as it is.
assert_type(Album.ormar_config.tablename, str)
assert_type(album.name, str)
assert_type(ormar.Integer(), int)
assert_type(base.copy(tablename="x").signals, ModelSignals[Any])
base.copy(tablenmae="x")  # E[types-of-ormar-itself] all
ormar.OrmarConfig(tablename=3)  # E[types-of-ormar-itself] all


async def queries() -> None:
    assert_type(await Album.objects.get(), Album)
    assert_type(await album.save(), Album)
    assert_type(await Album.objects.all(), list[Album])
