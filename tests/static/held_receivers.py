"""Receivers that are objects, methods, aliases and partials; this file is only read, by mypy.

test_cache_independence.py says how.
"""
# ruff: noqa: E731 - a lambda that has a name is one of the cases

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar
from unittest.mock import AsyncMock

from typed_signals import Signal


class Paid(Protocol):
    async def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...


paid = Signal[Paid]()
K = ParamSpec("K")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


def any_result(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def same(function: F) -> F:
    return function


def timed(function: Callable[K, Awaitable[R]]) -> Callable[K, Coroutine[Any, Any, R]]:
    raise AssertionError("only type checkers read this")


async def fine(sender: type[object], amount: int, **kwargs: object) -> None: ...


def sync_untyped(sender, **kwargs): ...


async def fine_untyped(sender, **kwargs): ...


async def wrong(sender: type[object], amount: str, **kwargs: object) -> None: ...


async def slashed(sender: type[object], amount: int, /, **kwargs: object) -> None: ...


async def generator(sender: type[object], **kwargs: object):
    yield None


async def with_extra(extra: str, sender: type[object], amount: int, **kwargs: object) -> None: ...


async def amount_first(amount: int, sender: type[object], **kwargs: object) -> None: ...


def sync_extra(extra, sender, **kwargs): ...


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
