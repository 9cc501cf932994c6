"""Receivers behind decorators of their own: whatever these say, nobody may flag a right one."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ormar import pre_save
from shop import Album, any_album

signals = any_album().signals
K = ParamSpec("K")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


def to_anything(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def to_awaitable(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    return function


def to_itself(function: F) -> F:
    return function


def with_options(**options: Any) -> Callable[[F], F]:
    return to_itself


def timed(function: Callable[K, Awaitable[R]]) -> Callable[K, Coroutine[Any, Any, R]]:
    @wraps(function)
    async def wrapper(*args: K.args, **kwargs: K.kwargs) -> R:
        return await function(*args, **kwargs)

    return wrapper


@to_anything
async def anything(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@to_anything
async def anything_untyped(sender, instance, **kwargs): ...


@to_awaitable
async def awaitable(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@to_itself
async def itself(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@to_itself
async def itself_untyped(sender, instance, **kwargs): ...


@with_options(retries=3)
async def options(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@timed
async def wrapped(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@timed
async def wrapped_untyped(sender, instance, **kwargs): ...


signals.pre_save.connect(anything)
signals.pre_save.connect(anything_untyped)
signals.pre_save.connect(awaitable)
signals.pre_save.connect(itself)
signals.pre_save.connect(itself_untyped)
signals.pre_save.connect(options)
signals.pre_save.connect(wrapped)
signals.pre_save.connect(wrapped_untyped)


@pre_save(Album)
@to_anything
async def under_anything(sender, instance, **kwargs): ...


@signals.pre_save.connect
@with_options(retries=3)
async def under_options(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@to_itself
async def misspelt(sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


@timed
async def wrong_type(sender: type[Album], instance: int, **kwargs: Any) -> None: ...


signals.pre_save.connect(misspelt)  # E[misspelt-payload] all: write `instance`
signals.pre_save.connect(wrong_type)  # E[payload-of-another-type] all: is annotated `int`
