"""Receivers that are reached through something else: decorators, aliases, partials, classes.

This file is only read, by mypy; test_cache_independence.py says how.
"""
# ruff: noqa: E731

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar, overload
from unittest.mock import AsyncMock

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
    raise NotImplementedError


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
    raise NotImplementedError


async def misspelt(sender: type[object], amuont: int, **kwargs: object) -> None: ...


async def wrong(sender: type[object], amount: str, **kwargs: object) -> None: ...


async def slashed(sender: type[object], amount: int, /, **kwargs: object) -> None: ...


async def slashed_other(model: type[object], amount: int, /, **kwargs: object) -> None: ...


async def generator(sender: type[object], **kwargs: object):
    yield None


async def generator_typed(sender: type[object], **kwargs: object) -> AsyncIterator[None]:
    yield None


async def with_extra(extra: str, sender: type[object], amount: int, **kwargs: object) -> None: ...


async def amount_first(amount: int, sender: type[object], **kwargs: object) -> None: ...


def sync_extra(extra, sender, **kwargs): ...


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
    raise NotImplementedError


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


class Receivers:
    async def method(self, sender: type[object], amount: int, **kwargs: object) -> None: ...
    def sync_method(self, sender, **kwargs): ...
    async def untyped_method(self, sender, **kwargs): ...
    async def wrong_method(self, sender: type[object], amount: str, **kwargs: object) -> None: ...
    async def slashed_method(self, sender: type[object], /, **kwargs: object) -> None: ...
    async def slashed_other(self, model: type[object], /, **kwargs: object) -> None: ...
    async def generator_method(self, sender: type[object], **kwargs: object):
        yield None

    @staticmethod
    async def static(sender: type[object], amount: int, **kwargs: object) -> None: ...
    @staticmethod
    def sync_static(sender, **kwargs): ...
    @staticmethod
    async def untyped_static(sender, **kwargs): ...
    @classmethod
    async def of_class(cls, sender: type[object], amount: int, **kwargs: object) -> None: ...
    @classmethod
    def sync_of_class(cls, sender, **kwargs): ...
    @classmethod
    async def slashed_of_class(cls, sender: type[object], /, **kwargs: object) -> None: ...
    @same
    def sync_same_method(self, sender, **kwargs): ...
    @staticmethod
    @same
    def sync_same_static(sender, **kwargs): ...
    @staticmethod
    @any_result
    def sync_any_static(sender, **kwargs): ...
    @any_result
    def sync_any_method(self, sender, **kwargs): ...
    @timed
    async def timed_method(self, sender: type[object], amount: int, **kwargs: object) -> None: ...
    @property
    def made(self) -> Callable[..., Any]:
        return fine

    sync_alias = sync_method
    sync_static_alias = staticmethod(sync_untyped)
    held: Callable[..., Any] = fine
    sync_untyped = sync_untyped

    def __init__(self) -> None:
        self.kept = sync_untyped


class Below(Receivers): ...


class SyncCall:
    def __call__(self, sender, **kwargs): ...


class UntypedCall:
    async def __call__(self, sender, **kwargs): ...


class SlashedCall:
    async def __call__(self, sender: type[object], /, **kwargs: object) -> None: ...


class AliasCall:
    def other(self, sender, **kwargs): ...

    __call__ = other


class StaticCall:
    @staticmethod
    def __call__(sender, **kwargs): ...


class DecoratedCall:
    @any_result
    def __call__(self, sender, **kwargs): ...


class SameCall:
    @same
    def __call__(self, sender, **kwargs): ...


class InitClass:
    def __init__(self, sender, **kwargs): ...


class AwaitableClass:
    def __init__(self, sender, **kwargs): ...

    def __await__(self):
        yield None


alias = fine
sync_alias = sync_untyped
slashed_alias = slashed
method_alias = Receivers.wrong_method
bound_alias = Receivers().wrong_method
generator_alias = generator
wrong_alias = wrong
partial_fine = partial(with_extra, "a")
partial_amount = partial(amount_first, 1)
partial_sync = partial(sync_extra, "a")
partial_untyped = partial(fine_untyped)
a_lambda = lambda sender, **kwargs: fine(sender, 1)
receivers_object = Receivers()
sync_call = SyncCall()
a_mock = AsyncMock()
unknown: Any = fine
typed: Callable[..., Any] = sync_untyped
by_position: Callable[[type[object], int], Awaitable[None]] = fine
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
paid.connect(Receivers().method)
paid.connect(Receivers().sync_method)
paid.connect(Receivers.sync_method)
paid.connect(Receivers().untyped_method)
paid.connect(Receivers().wrong_method)
paid.connect(Receivers().slashed_method)
paid.connect(Receivers().slashed_other)
paid.connect(Receivers().generator_method)
paid.connect(Receivers.static)
paid.connect(Receivers.sync_static)
paid.connect(Receivers().sync_static)
paid.connect(Receivers.untyped_static)
paid.connect(Receivers.of_class)
paid.connect(Receivers.sync_of_class)
paid.connect(Receivers.slashed_of_class)
paid.connect(Receivers().sync_same_method)
paid.connect(Receivers.sync_same_static)
paid.connect(Receivers.sync_any_static)
paid.connect(Receivers().sync_any_method)
paid.connect(Receivers().timed_method)
paid.connect(Receivers().made)
paid.connect(Receivers().sync_alias)
paid.connect(Receivers().sync_static_alias)
paid.connect(Receivers().held)
paid.connect(Receivers.sync_untyped)
paid.connect(Receivers().kept)
paid.connect(Below().sync_method)
paid.connect(Below().slashed_method)
paid.connect(Below.sync_static)
paid.connect(SyncCall())
paid.connect(UntypedCall())
paid.connect(SlashedCall())
paid.connect(AliasCall())
paid.connect(StaticCall())
paid.connect(DecoratedCall())
paid.connect(SameCall())
paid.connect(InitClass)
paid.connect(AwaitableClass)
paid.connect(alias)
paid.connect(sync_alias)
paid.connect(slashed_alias)
paid.connect(method_alias)
paid.connect(bound_alias)
paid.connect(generator_alias)
paid.connect(wrong_alias)
paid.connect(partial_fine)
paid.connect(partial_amount)
paid.connect(partial_sync)
paid.connect(partial_untyped)
paid.connect(partial(with_extra, "a"))
paid.connect(partial(amount_first, 1))
paid.connect(partial(sync_extra, "a"))
paid.connect(partial(fine_untyped))
paid.connect(partial(sync_untyped_same))
paid.connect(partial(fine_any))
paid.connect(partial(sync_alias))
paid.connect(partial(Receivers().sync_method))
paid.connect(partial(Receivers().wrong_method))
paid.connect(a_lambda)
paid.connect(receivers_object)
paid.connect(receivers_object.sync_method)
paid.connect(sync_call)
paid.connect(a_mock)
paid.connect(unknown)
paid.connect(typed)
paid.connect(by_position)
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
