"""Receivers that raise, or answer anything, when they are looked at; the same of other values."""

from __future__ import annotations

import copy
import functools
import logging
import types
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from unittest.mock import ANY, AsyncMock, MagicMock

import pytest

from typed_signals import (
    Signal,
    SignalDefinitionError,
    SignalEmitter,
    SignalLoopError,
    add_middleware,
    remove_middleware,
)
from typed_signals.introspection import inspect_emitter
from typed_signals.testing import capture_signals, connected_to, isolated, only


class OrderPaid(Protocol):
    def __call__(self, sender: type[Any], *, total: int, **kwargs: object) -> Awaitable[object]: ...


class ShopSignals(SignalEmitter[Any]):
    order_paid: Signal[OrderPaid]


class Counting:
    async def __call__(self, sender: type, **kwargs: object) -> None:
        calls.append(self)

    async def method(self, sender: type, **kwargs: object) -> None:
        calls.append(self)


calls: list[object] = []


def fail(*args: object, **kwargs: object) -> Any:
    raise RuntimeError("do not look at me")


def answer(thing: Any) -> Any:
    return property(lambda self: thing)


ODD: dict[str, dict[str, Any]] = {
    "eq and hash raise": {"__eq__": fail, "__hash__": fail},
    "like an array": {"__eq__": lambda self, other: Ambiguous(), "__hash__": None},
    "repr raises": {"__repr__": fail, "__str__": fail, "__format__": fail},
    "unknown attributes raise": {"__getattr__": fail},
    "all attributes raise": {"__getattribute__": fail},
    "answers any attribute": {"__getattr__": lambda self, name: MagicMock()},
    "attributes of any type": {"__getattr__": lambda self, name: 1},
    "names raise": {name: property(fail) for name in ("__name__", "__module__", "__doc__")},
    "name is no string": {"__getattr__": lambda self, name: MagicMock(spec=str)},
    "class raises": {"__class__": property(fail)},
    "says it is a partial": {"__class__": answer(functools.partial)},
    "says it is a type": {"__class__": answer(type)},
    "says it is a method": {"__class__": answer(types.MethodType)},
    "says it is a function": {"__class__": answer(types.FunctionType)},
    "says it is a static method": {"__class__": answer(staticmethod)},
    "says it is a mock": {"__class__": answer(AsyncMock)},
    "truth and length raise": {"__bool__": fail, "__len__": fail, "__iter__": fail},
    "wrapped raises": {"__wrapped__": property(fail)},
    "wraps a number": {"__wrapped__": 1},
    "wraps itself": {"__wrapped__": property(lambda self: self)},
    "signature raises": {"__signature__": property(fail)},
    "signature is a number": {"__signature__": 1},
    "half a method": {"__self__": 1, "__func__": 2},
    "code is a number": {"__code__": 1, "__qualname__": "odd"},
    "annotations raise": {"__annotations__": property(fail)},
}


class Ambiguous:
    def __bool__(self) -> bool:
        raise ValueError("the truth value of an array is ambiguous")


class OddType(type):
    def __getattr__(cls, name: str) -> Any:
        return fail()

    def __eq__(cls, other: object) -> bool:
        return bool(fail())

    def __hash__(cls) -> int:
        return 1

    def __instancecheck__(cls, instance: object) -> bool:
        return bool(fail())


def odd_object(kind: str) -> Any:
    if kind == "its type is odd":
        return OddType("Odd", (), {"__call__": Counting.__call__})()
    return type("Odd", (Counting,), dict(ODD[kind]))()


def odd_method(kind: str) -> Any:
    return types.MethodType(Counting.method, odd_object(kind))


EVERY = [
    pytest.param(make, kind, id=f"{kind}{'' if make is odd_object else ' (method)'}")
    for kind in [*ODD, "its type is odd"]
    for make in (odd_object, odd_method)
]


@pytest.mark.parametrize(("make", "kind"), EVERY)
async def test_odd_receiver_is_connected_called_and_disconnected(
    make: Callable[[str], Any], kind: str, caplog: pytest.LogCaptureFixture
):
    calls.clear()
    odd = make(kind)
    emitter = ShopSignals()
    signal = emitter.order_paid
    signal.connect(odd)
    signal.connect(odd)
    signal.connect(other := make(kind))
    assert len(signal.receivers) == 2
    assert signal.disconnect(other)
    assert len(signal.receivers) == 1
    assert repr(signal).startswith("<signal `order_paid` of ShopSignals: `")
    assert "NoneType" not in repr(signal)
    assert repr(emitter) == "<ShopSignals: order_paid 1>"
    assert len(inspect_emitter(emitter)[0].receivers) == 1
    with only(odd), capture_signals(signal) as sent, connected_to(signal, odd):
        await signal.send(sender=int, total=1)
    assert len(sent[0].receivers) == 1
    with isolated():
        assert signal.disconnect(odd)
    (outcome,) = await signal.send_robust(sender=int, total=1)
    assert outcome.exception is None
    await copy.deepcopy(emitter).order_paid.send(sender=int, total=1)
    with pytest.raises(SignalDefinitionError, match="is connected to signal `order_paid` of Shop"):
        signal.connect(odd, on_commit=True)
    assert signal.disconnect(odd)
    assert not signal.disconnect(odd)
    assert len(calls) == 3
    signal.connect(odd, on_commit=True)
    await signal.send(sender=int, total=1)
    assert len(calls) == 4
    assert not caplog.records


@pytest.mark.parametrize("kind", [*ODD])
async def test_failure_of_odd_receiver_is_named_in_logs_and_loops(
    kind: str, caplog: pytest.LogCaptureFixture
):
    instance = object()
    signal = Signal[OrderPaid]()

    class Failing:
        async def __call__(self, sender: Any, *, total: int, **kwargs: object) -> None:
            if not total:
                raise ValueError("no")
            await signal.send(sender=sender, total=total, instance=instance)

    odd = type("Odd", (Failing,), dict(ODD[kind]))()
    signal.connect(odd, on_commit=True)
    with caplog.at_level(logging.ERROR):
        await signal.send(sender=int, total=0)
    assert "failed after the commit: ValueError" in caplog.text
    signal.disconnect(odd)
    signal.connect(odd)
    with pytest.raises(SignalLoopError, match="is sent recursively without end"):
        await signal.send(sender=odd, total=1, instance=instance)


class NotCallable:
    __class__: Any = property(fail)


@pytest.mark.parametrize("make", [MagicMock, NotCallable, Ambiguous, int, type(ANY)])
def test_what_cannot_be_a_receiver_gets_one_clear_error(make: Callable[[], Any]):
    thing, signal = make(), Signal[OrderPaid]()
    with pytest.raises(SignalDefinitionError, match=r"object` .*cannot be connected to a signal"):
        signal.connect(thing)
    assert signal.receivers == ()


def test_middleware_is_distinguished_by_identity_not_by_equality():
    class Odd:
        __eq__ = fail
        __hash__ = fail

        def __call__(self, sent: Any, call_next: Any, /) -> Any:
            return call_next(sent)

    one, other = Odd(), Odd()
    add_middleware(one)
    add_middleware(other)
    remove_middleware(one)
    remove_middleware(other)


# --- values --------------------------------------------------------------------------------------


class Array:
    """Compares element by element, as numpy's does."""

    def __init__(self, *elements: Any) -> None:
        self.elements = elements
        self.shape = (len(elements),)

    def __eq__(self, other: object) -> Any:
        there = other.elements if isinstance(other, Array) else (other,)
        if len(there) not in (1, len(self.elements)):
            raise ValueError("the shapes do not fit")
        if len(there) == 1:
            there = there * len(self.elements)
        return Array(*(a == b for a, b in zip(self.elements, there, strict=True)))

    __hash__ = None

    def __bool__(self) -> bool:
        if len(self.elements) == 1:
            return bool(self.elements[0])
        raise ValueError("the truth value of an array is ambiguous")

    def all(self) -> bool:
        return all(self.elements)


class Unequal:
    __eq__ = fail
    __hash__ = None
    __repr__ = fail


async def test_captured_values_that_compare_like_arrays_are_asserted_on():
    signal = Signal()
    sent_array, odd = Array(1, 2), Unequal()
    with capture_signals(signal) as sent:
        await signal.send(sender=int, array=sent_array, odd=odd)
    for same in (sent_array, Array(1, 2), ANY):
        sent.assert_sent(signal, int, array=same)
    sent.assert_sent(signal, odd=odd)
    sent.assert_sent(signal, odd=ANY)
    for other in (Array(1, 3), Array(1, 2, 3), Array(), 1, None, odd):
        sent.assert_not_sent(signal, array=other)
        with pytest.raises(AssertionError, match=r"1\. had array=<"):
            sent.assert_sent(signal, array=other)
    with pytest.raises(AssertionError, match="had odd=<Unequal instance"):
        sent.assert_sent(signal, odd=Unequal())
