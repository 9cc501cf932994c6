"""What connect() accepts: every kind of async callable, each of them called by a send."""

import asyncio
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from unittest.mock import AsyncMock, MagicMock, create_autospec

import pytest

from typed_signals import ModelSignals, SignalDefinitionError, mark_async

received: list[tuple[str, Any]] = []


class Album:
    signals: ModelSignals["Album"] = ModelSignals()


SIGNAL: Any = Album.signals.pre_save


@pytest.fixture(autouse=True)
def no_receivers():
    received.clear()
    yield
    for receiver in SIGNAL.receivers:
        SIGNAL.disconnect(receiver)


def receive(what: str, instance: Any) -> None:
    received.append((what, instance))


async def function(sender, instance, **kwargs):
    receive("function", instance)


async def with_extra(extra, sender, instance, **kwargs):
    receive(extra, instance)


async def after_extra(extra, /, sender, instance, **kwargs):
    receive(extra, instance)


async def catch_all(*args, **kwargs):
    assert not args
    assert kwargs["sender"] is Album
    receive("catch_all", kwargs["instance"])


async def with_default(sender=None, extra="default", *, instance=None, other=1, **kwargs):
    receive(extra, instance)


class Receivers:
    def __init__(self, name="object"):
        self.name = name

    async def __call__(self, sender, instance, **kwargs):
        receive(self.name, instance)

    async def method(self, sender, instance, **kwargs):
        receive(self.name, instance)

    @classmethod
    async def class_method(cls, sender, instance, **kwargs):
        receive(cls.__name__, instance)

    @staticmethod
    async def static_method(sender, instance, **kwargs):
        receive("static", instance)


class StaticCall:
    @staticmethod
    async def __call__(sender, instance, **kwargs):
        receive("static call", instance)


class ClassCall:
    @classmethod
    async def __call__(cls, sender, instance, **kwargs):
        receive("class call", instance)


class Awaiting:
    """A class whose objects can be awaited, so calling it is like calling an async function."""

    def __init__(self, sender, instance, **kwargs):
        self.instance = instance

    def __await__(self):
        receive("awaited", self.instance)
        return asyncio.sleep(0).__await__()


# --- sync functions that return an awaitable -----------------------------------------------------


def annotated(sender, instance, **kwargs) -> Awaitable[None]:
    return function(sender, instance, **kwargs)


def annotated_by_string(sender, instance, **kwargs) -> "Coroutine[Any, Any, None]":
    return function(sender, instance, **kwargs)


exec(  # under the future import, a quoted annotation is a string in a string
    "from __future__ import annotations\n"
    "def annotated_by_string_twice(sender, instance, **kwargs) -> 'Awaitable[None]':\n"
    "    return function(sender, instance, **kwargs)\n"
)


def annotated_future(sender, instance, **kwargs) -> "asyncio.Future[None]":
    return asyncio.ensure_future(function(sender, instance, **kwargs))


@mark_async
def declared(sender, instance, **kwargs):
    return function(sender, instance, **kwargs)


class Declared:
    def method(self, sender, instance, **kwargs):
        return function(sender, instance, **kwargs)

    @mark_async
    @classmethod
    def of_class(cls, sender, instance, **kwargs):
        return function(sender, instance, **kwargs)

    @mark_async
    def __call__(self, sender, instance, **kwargs):
        return function(sender, instance, **kwargs)


# --- wrappers ------------------------------------------------------------------------------------


def passed_through(wrapped: Any) -> Any:
    @functools.wraps(wrapped)
    async def wrapper(*args, **kwargs):
        return await wrapped(*args, **kwargs)

    return wrapper


def passed_through_sync(wrapped: Any) -> Any:
    @mark_async
    @functools.wraps(wrapped)
    def wrapper(*args, **kwargs):
        return wrapped(*args, **kwargs)

    return wrapper


@functools.wraps(with_extra)
async def self_sufficient(sender, instance, **kwargs):
    """A call meets its own signature, whatever the wrapped function requires."""
    await with_extra("from the wrapper", sender, instance, **kwargs)


class Wrapper:
    def __init__(self, wrapped):
        functools.update_wrapper(self, wrapped)

    async def __call__(self, *args, **kwargs):
        await self.__wrapped__(*args, **kwargs)


class Wrapped:
    @passed_through
    async def __call__(self, sender, instance, **kwargs):
        receive("wrapped call", instance)

    @passed_through
    async def method(self, sender, instance, **kwargs):
        receive("wrapped method", instance)


class WrappedInSync:
    @passed_through_sync
    async def __call__(self, sender, instance, **kwargs):
        receive("sync wrapped call", instance)


ACCEPTED: dict[str, tuple[Any, str]] = {
    "a function": (function, "function"),
    "a function that names nothing": (catch_all, "catch_all"),
    "parameters with defaults": (with_default, "default"),
    "a bound method": (Receivers("bound").method, "bound"),
    "a class method": (Receivers.class_method, "Receivers"),
    "a class method through an object": (Receivers().class_method, "Receivers"),
    "a static method": (Receivers.static_method, "static"),
    "a static method of a class body": (Receivers.__dict__["static_method"], "static"),
    "an object": (Receivers("callable"), "callable"),
    "an object with a static __call__": (StaticCall(), "static call"),
    "an object with a class method as __call__": (ClassCall(), "class call"),
    "a class whose objects can be awaited": (Awaiting, "awaited"),
    "a partial by keyword": (functools.partial(with_default, extra="bound"), "bound"),
    "a partial by position": (functools.partial(with_extra, "first"), "first"),
    "a partial of a positional-only parameter": (functools.partial(after_extra, "first"), "first"),
    "a partial of a partial": (
        functools.partial(functools.partial(with_default, extra="inner"), extra="outer"),
        "outer",
    ),
    "a partial of a method": (functools.partial(Receivers("bound").method, extra=1), "bound"),
    "a partial of an object": (functools.partial(Receivers("callable"), extra=1), "callable"),
    "a partial of a static method of a class body": (
        functools.partial(Receivers.__dict__["static_method"], extra=1),
        "static",
    ),
    "a partial of a class whose objects can be awaited": (
        functools.partial(Awaiting, extra=1),
        "awaited",
    ),
    "sync, annotated": (annotated, "function"),
    "sync, annotated by a string": (annotated_by_string, "function"),
    "sync, annotated by a string in a string": (
        globals()["annotated_by_string_twice"],
        "function",
    ),
    "sync, annotated as a future": (annotated_future, "function"),
    "sync, declared": (declared, "function"),
    "sync method, declared": (mark_async(Declared().method), "function"),
    "sync class method, declared": (Declared.of_class, "function"),
    "sync __call__, declared": (Declared(), "function"),
    "lambda, declared": (
        mark_async(lambda sender, **kwargs: function(sender, **kwargs)),
        "function",
    ),
    "a partial of what is declared": (functools.partial(declared, extra=1), "function"),
    "a wrapper that passes on": (passed_through(function), "function"),
    "a wrapper around a wrapper": (passed_through(passed_through(function)), "function"),
    "a wrapper around a bound method": (passed_through(Receivers("bound").method), "bound"),
    "a sync wrapper, declared": (passed_through_sync(function), "function"),
    "a sync wrapper that took over a declaration": (
        functools.wraps(declared)(lambda *args, **kwargs: declared(*args, **kwargs)),
        "function",
    ),
    "a sync wrapper that took over an annotation": (
        functools.wraps(annotated)(lambda *args, **kwargs: annotated(*args, **kwargs)),
        "function",
    ),
    "a wrapper with a signature of its own": (self_sufficient, "from the wrapper"),
    "an object that wraps": (Wrapper(function), "function"),
    "a wrapped method": (Wrapped().method, "wrapped method"),
    "a wrapped __call__": (Wrapped(), "wrapped call"),
    "a __call__ in a sync wrapper, declared": (WrappedInSync(), "sync wrapped call"),
    "a partial of a wrapper": (
        functools.partial(passed_through(with_extra), "first"),
        "first",
    ),
}


@pytest.mark.parametrize(("receiver", "what"), ACCEPTED.values(), ids=ACCEPTED.keys())
async def test_receiver_is_connected_and_called(receiver, what):
    instance = Album()
    assert SIGNAL.connect(receiver) is receiver
    assert SIGNAL.receivers == (receiver,)

    await SIGNAL.send(Album, instance=instance)
    await SIGNAL.send(sender=Album, instance=instance, added_in_a_later_version=1)
    assert received == [(what, instance)] * 2

    assert SIGNAL.disconnect(receiver)
    await SIGNAL.send(Album, instance=instance)
    assert len(received) == 2


MOCKS: dict[str, Callable[[], Any]] = {
    "AsyncMock": AsyncMock,
    "AsyncMock with a spec": lambda: AsyncMock(spec=function),
    "AsyncMock of an object": lambda: AsyncMock(spec=Receivers()),
    "AsyncMock of a name": lambda: AsyncMock(name="receiver"),
    "MagicMock of an async function": lambda: MagicMock(spec=function),
    "autospec": lambda: create_autospec(function),
    "autospec of a method": lambda: create_autospec(Receivers).method,
}


@pytest.mark.parametrize("make", MOCKS.values(), ids=MOCKS.keys())
async def test_async_mocks_are_receivers(make):
    mock, instance = make(), Album()
    assert SIGNAL.connect(mock) is mock
    await SIGNAL.send(Album, instance=instance)
    mock.assert_awaited_once_with(sender=Album, instance=instance)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="inspect has the marker since Python 3.12")
async def test_function_marked_as_a_coroutine_function_is_a_receiver():
    mark = getattr(inspect, "markcoroutinefunction")  # noqa: B009 - unknown to Python 3.11

    class Marked:
        def __init__(self):
            mark(self)

        def __call__(self, sender, instance, **kwargs):
            return function(sender, instance, **kwargs)

    marked = mark(lambda sender, **kwargs: function(sender, **kwargs))
    SIGNAL.connect(marked)
    SIGNAL.connect(Marked())
    await SIGNAL.send(Album, instance=1)
    assert received == [("function", 1)] * 2


async def test_payload_bound_by_keyword_is_only_a_default():
    receiver = functools.partial(function, instance="bound")
    SIGNAL.connect(receiver)
    await SIGNAL.send(Album, instance="sent")
    assert received == [("function", "sent")]


def test_mark_async_returns_the_same_callable():
    def plain(sender, instance, **kwargs): ...

    with pytest.raises(SignalDefinitionError, match=r"typed_signals\.mark_async"):
        SIGNAL.connect(plain)
    assert mark_async(plain) is plain
    assert SIGNAL.connect(plain) is plain
