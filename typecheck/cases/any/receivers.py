"""Receivers of every kind, and what becomes of them: nobody may flag what is right here."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import Any, ParamSpec, Type, TypeVar
from unittest.mock import AsyncMock

import ormar
from ormar import post_save, pre_delete, pre_save, pre_update
from shop import Album, Track, any_album

signals = any_album().signals
K = ParamSpec("K")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


@pre_save(Album)
@pre_update(Album)
async def stacked(sender: type[Album], instance: Album, **kwargs: Any) -> int:
    return 1


@pre_update(Album)
@pre_save(Album)
async def stacked_the_other_way(sender: type[Album], instance: Album, **kwargs: Any) -> int:
    return 1


@pre_save(Album)
@pre_save(Track)
async def stacked_models(
    sender: type[Album] | type[Track], instance: Album | Track, **kwargs: Any
) -> int:
    return 1


@pre_save(Album)
@pre_update(Album)
@pre_delete([Album, Track])
async def stacked_untyped(sender, instance, **kwargs):
    return 1


@pre_save(Album)  # E[second-wrong-decorator] plugin: write `instance`
@pre_update(Album)  # E[misspelt-payload] all: write `instance`
async def stacked_wrong(sender: type[Album], instnace: Album, **kwargs: Any) -> int:
    return 1


@pre_save(Album)  # E[never-sent] all: it requires `passed_args`, which `pre_save` never sends
@pre_update(Album)
async def only_inner(
    sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: Any
) -> int:
    return 1


@pre_update(Album)
@pre_save(Album)  # E[never-sent] all: it requires `passed_args`, which `pre_save` never sends
async def only_outer(
    sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: Any
) -> int:
    return 1


@pre_save(Album)
async def untyped(sender, instance, **kwargs): ...


@pre_save(Album)
async def partly_typed(sender, instance: Album, **kwargs) -> None: ...


@pre_save(Album)
async def anything(*args: Any, **kwargs: Any) -> None: ...


@pre_save(Album)
async def anything_untyped(*args, **kwargs): ...


@pre_save(Album)
async def old_style(
    sender: Type[ormar.Model],
    instance: ormar.Model,
    **kwargs: Any,
) -> None: ...


@post_save(Album)
async def exactly_the_contract(
    sender: type[Album], *, instance: Album, **kwargs: object
) -> None: ...


class Receivers:
    @pre_save(Album)
    @staticmethod
    async def inside(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...

    @staticmethod
    @pre_save(Album)
    async def outside(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...

    async def method(self, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...

    @classmethod
    async def of_class(cls, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...

    @staticmethod
    async def static(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...

    def __init__(self) -> None:
        pre_save(Album)(self.method)
        signals.pre_save.connect(self.method)
        signals.pre_save.disconnect(self.method)


signals.pre_save.connect(Receivers().method)
signals.pre_save.connect(Receivers.of_class)
signals.pre_save.connect(Receivers.static)
signals.pre_save.connect(AsyncMock())


async def logged(log: str, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


signals.pre_save.connect(partial(logged, "audit"))


def connect_unknown(receiver: Callable[..., Any], other: Callable[..., Awaitable[Any]]) -> None:
    pre_save(Album)(receiver)
    signals.pre_save.connect(receiver)
    signals.pre_save.connect(other)
    signals.pre_save.disconnect(receiver)


def generic(receiver: F) -> F:
    signals.pre_save.connect(receiver)
    return receiver


def timed(function: Callable[K, Awaitable[R]]) -> Callable[K, Coroutine[Any, Any, R]]:
    @wraps(function)
    async def wrapper(*args: K.args, **kwargs: K.kwargs) -> R:
        return await function(*args, **kwargs)

    return wrapper


@pre_save(Album)
@timed
async def wrapped(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


def awaits(sender: type[Album], instance: Album, **kwargs: Any) -> Awaitable[int]:
    return stacked(sender, instance)


signals.pre_save.connect(awaits)


def for_models(*models: type[ormar.Model]) -> None:
    @pre_save(models)
    async def local(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None: ...


async def call(album: Album, track: Track) -> None:
    one: int = await stacked(Album, album)
    two: int = await stacked_the_other_way(sender=Album, instance=album)
    await untyped(Album, album)
    await Receivers.inside(Album, album)
    await Receivers.outside(Album, album)
    await exactly_the_contract(Album, instance=album)
    await stacked(Album)  # E[receiver-called-wrongly] all
    await stacked(Album, track)  # E[receiver-called-wrongly] all
    words: str = await stacked(Album, album)  # E[receiver-called-wrongly] all
    await Receivers.inside(Album)  # E[receiver-called-wrongly] all
    await exactly_the_contract(Album)  # E[receiver-called-wrongly] all but mypy
    print(one, two, words)
