"""Receivers behind decorators of every kind; this file is only read, by mypy.

test_cache_independence.py says how.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from typed_signals import Signal, SignalEmitter, mark_async


class Paid(Protocol):
    async def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...


class ShopSignals(SignalEmitter[Any]):
    """Two names that a misspelt one is equally near to."""

    album_sold_b: Signal[Paid]
    album_sold_a: Signal[Paid]


paid = Signal[Paid]()
shop = ShopSignals()
K = ParamSpec("K")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


def any_result(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def awaitable_result(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    return function


def same(function: F) -> F:
    return function


def timed(function: Callable[K, Awaitable[R]]) -> Callable[K, Coroutine[Any, Any, R]]:
    raise AssertionError("only type checkers read this")


def sync_timed(function: Callable[K, R]) -> Callable[K, R]:
    return function


def untyped_decorator(function):
    return function


def with_options(**options: Any) -> Callable[[F], F]:
    return lambda function: function


async def fine(sender: type[object], amount: int, **kwargs: object) -> None: ...


def is_sync(sender: type[object], amount: int, **kwargs: object) -> int:
    return 1


def sync_untyped(sender, **kwargs): ...


async def fine_untyped(sender, **kwargs): ...


def sync_any(sender: type[object], **kwargs: object) -> Any: ...


def sync_union(
    sender: type[object], **kwargs: object
) -> "Awaitable[None] | Coroutine[Any, Any, None]":
    raise AssertionError("only type checkers read this")


async def misspelt(sender: type[object], amuont: int, **kwargs: object) -> None: ...


async def wrong(sender: type[object], amount: str, **kwargs: object) -> None: ...


async def slashed(sender: type[object], amount: int, /, **kwargs: object) -> None: ...


async def slashed_other(model: type[object], amount: int, /, **kwargs: object) -> None: ...


async def generator(sender: type[object], **kwargs: object):
    yield None


async def generator_typed(sender: type[object], **kwargs: object) -> AsyncIterator[None]:
    yield None


@any_result
async def fine_any(sender: type[object], amount: int, **kwargs: object) -> None: ...


@any_result
def sync_any_result(sender, **kwargs): ...


@any_result
async def misspelt_any(sender: type[object], amuont: int, **kwargs: object) -> None: ...


@any_result
async def slashed_any(sender: type[object], amount: int, /, **kwargs: object) -> None: ...


@awaitable_result
async def fine_awaitable(sender: type[object], amount: int, **kwargs: object) -> None: ...


@same
async def fine_same(sender: type[object], amount: int, **kwargs: object) -> None: ...


@same
def sync_same(sender: type[object], amount: int, **kwargs: object) -> int:
    return 1


@same
def sync_untyped_same(sender, **kwargs): ...


@same
async def untyped_same(sender, **kwargs): ...


@same
def sync_any_same(sender: type[object], **kwargs: object) -> Any: ...


@same
async def generator_same(sender: type[object], **kwargs: object):
    yield None


@same
async def misspelt_same(sender: type[object], amuont: int, **kwargs: object) -> None: ...


@same
async def slashed_same(sender: type[object], amount: int, /, **kwargs: object) -> None: ...


@with_options(a=1)
async def fine_options(sender: type[object], amount: int, **kwargs: object) -> None: ...


@with_options(a=1)
def sync_options(sender, **kwargs): ...


@timed
async def fine_timed(sender: type[object], amount: int, **kwargs: object) -> None: ...


@timed
async def untyped_timed(sender, **kwargs): ...


@timed
async def wrong_timed(sender: type[object], amount: str, **kwargs: object) -> None: ...


@timed
async def slashed_timed(sender: type[object], amount: int, /, **kwargs: object) -> None: ...


@sync_timed
def sync_sync_timed(sender, **kwargs): ...


@sync_timed
async def async_sync_timed(sender, **kwargs): ...


@untyped_decorator
async def fine_untyped_decorator(sender: type[object], amount: int, **kwargs: object) -> None: ...


@untyped_decorator
def sync_untyped_decorator(sender, **kwargs): ...


@mark_async
def marked(sender, **kwargs): ...


@functools.lru_cache
def cached(sender, **kwargs): ...


@functools.cache
def cached_typed(sender: type[object], amount: int, **kwargs: object) -> Awaitable[None]:
    raise AssertionError("only type checkers read this")


@asynccontextmanager
async def manager(sender: type[object], **kwargs: object) -> AsyncIterator[None]:
    yield None


@overload
async def overloaded(sender: type[object], amount: int, **kwargs: object) -> int: ...
@overload
async def overloaded(sender: type[object], amount: str, **kwargs: object) -> str: ...
async def overloaded(sender: type[object], amount: Any, **kwargs: object) -> Any: ...


@overload
def overloaded_sync(sender: type[object], amount: int, **kwargs: object) -> int: ...
@overload
def overloaded_sync(sender: type[object], amount: str, **kwargs: object) -> str: ...
def overloaded_sync(sender: type[object], amount: Any, **kwargs: object) -> Any: ...


shop.album_sold_c.disconnect(fine)
paid.connect(fine)
paid.connect(is_sync)
paid.connect(sync_untyped)
paid.connect(fine_untyped)
paid.connect(sync_any)
paid.connect(sync_union)
paid.connect(misspelt)
paid.connect(wrong)
paid.connect(slashed)
paid.connect(slashed_other)
paid.connect(generator)
paid.connect(generator_typed)
paid.connect(fine_any)
paid.connect(sync_any_result)
paid.connect(misspelt_any)
paid.connect(slashed_any)
paid.connect(fine_awaitable)
paid.connect(fine_same)
paid.connect(sync_same)
paid.connect(sync_untyped_same)
paid.connect(untyped_same)
paid.connect(sync_any_same)
paid.connect(generator_same)
paid.connect(misspelt_same)
paid.connect(slashed_same)
paid.connect(fine_options)
paid.connect(sync_options)
paid.connect(fine_timed)
paid.connect(untyped_timed)
paid.connect(wrong_timed)
paid.connect(slashed_timed)
paid.connect(sync_sync_timed)
paid.connect(async_sync_timed)
paid.connect(fine_untyped_decorator)
paid.connect(sync_untyped_decorator)
paid.connect(marked)
paid.connect(cached)
paid.connect(cached_typed)
paid.connect(manager)
paid.connect(overloaded)
paid.connect(overloaded_sync)
paid.connect(partial(sync_untyped_same))
paid.connect(partial(fine_any))
paid.connect(same(sync_untyped))
paid.connect(same(fine_untyped))
paid.connect(any_result(sync_untyped))


@paid.connect
@same
def sync_under_connect(sender, **kwargs): ...


@paid.connect
@same
async def async_under_connect(sender, **kwargs): ...


@paid.connect
@any_result
def any_under_connect(sender, **kwargs): ...


@paid.connect
@paid.connect
def stacked_sync(sender, **kwargs): ...
