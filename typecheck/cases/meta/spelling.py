"""A model's signals as ormar 0.12.3 spells them."""

from typing import Any, assert_type

import databases
import ormar
import sqlalchemy
from shop import Album, Track, any_album

from typed_signals import PreSaveReceiver, Signal


class Bare(ormar.Model):
    class Meta:
        tablename = "bare"
        metadata = sqlalchemy.MetaData()
        database = databases.Database("sqlite:///shop.db")

    id: int = ormar.Integer(primary_key=True)


class Typed(ormar.Model):
    class Meta(ormar.ModelMeta):
        tablename = "typed"

    id: int = ormar.Integer(primary_key=True)


assert_type(Album.Meta.signals.pre_save, Signal[PreSaveReceiver[Album]])  # F[meta-model] mypy
assert_type(Typed.Meta.signals.pre_save, Signal[PreSaveReceiver[Typed]])  # F[meta-model] mypy
assert_type(Bare.Meta.signals.pre_save, Signal[PreSaveReceiver[Bare]])  # F[bare-meta] mypy
assert_type(any_album().signals.pre_save, Signal[PreSaveReceiver[Album]])
assert_type(Bare.construct().signals.pre_save, Signal[PreSaveReceiver[Bare]])
assert_type(Album.Meta.tablename, str)


@Album.Meta.signals.pre_save.connect
async def right(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@Album.Meta.signals.pre_save.connect  # E[meta-model] plugin: annotated `Track`
async def wrong(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@Album.Meta.signals.pre_save.connect  # E[misspelt-payload] all: write `instance`
async def misspelt(sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


Album.Meta.signals.played = ormar.Signal()
Album.Meta.signals.played = object()  # E[not-a-signal] all
