"""Mistakes that people make with signals. `docs/refusals.md` shows each with what it raises."""

# ruff: noqa: F811 - the same name in each mistake

import ormar
import sqlalchemy
from ormar import post_save, pre_save, pre_update

import typed_signals.ormar
from typed_signals.ormar import receiver

typed_signals.ormar.install()

base = ormar.OrmarConfig(
    metadata=sqlalchemy.MetaData(), database=ormar.DatabaseConnection("sqlite+aiosqlite://")
)


class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums")
    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)


class Catalogue: ...


# %% The receiver is not async
@pre_save(Album)
def check(sender, instance, **kwargs): ...


# %% It does not accept `**kwargs`
@pre_update(Album)
async def promote(sender, instance): ...


# %% A parameter is misspelt
@pre_save(Album)
async def check(sender, instnace, **kwargs): ...


# %% `sender` has another name
@pre_save(Album)
async def check(_, instance, **kwargs): ...


# %% It asks for what this signal never sends
@post_save(Album)
async def count_tracks(sender, instance, child, **kwargs): ...


# %% Several mistakes at once
@pre_update(Album)
def promote(album, passed_arg): ...


# %% What is connected cannot be called
Album.ormar_config.signals.pre_save.connect("shop.receivers.check")


# %% One sender of a list is no model
@pre_save([Album, Catalogue])
async def check(sender, instance, **kwargs): ...


# %% The sender is not a class at all
@pre_save("Album")
async def check(sender, instance, **kwargs): ...


# %% A function is assigned instead of connected
Album.ormar_config.signals.pre_save = print


# %% The signal's name is misspelt
@receiver("pre_svae", Album)
async def check(sender, instance, **kwargs): ...


# %% The same with `install(mode="strict")`
typed_signals.ormar.install(mode="strict")


@receiver("bulk_post_update", Album)
async def check(sender, instances, **kwargs): ...
