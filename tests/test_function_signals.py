"""``@signal``: a function's signature is the contract, and its name and docstring the signal's."""

from __future__ import annotations

import asyncio
import copy
import functools
from collections.abc import Awaitable
from typing import Annotated, Any, Protocol

import pytest

from typed_signals import (
    Alias,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalEmitter,
    SignalPayloadError,
    add_middleware,
    remove_middleware,
    signal,
)
from typed_signals.introspection import inspect_signal
from typed_signals.testing import capture_signals, muted


class OrderLost(Protocol):
    async def __call__(self, sender: type[Order], *, reason: str, **kwargs: object) -> None: ...


def declared(**options: Any) -> Signal[Any]:
    """A new signal whose annotations name a class that is defined below it."""

    async def order_paid(
        sender: type[Order], *, amount: int, note: str = "", **kwargs: object
    ) -> None:
        """Sent when an order was paid."""
        raise AssertionError("a contract is never called")

    return signal(**options)(order_paid) if options else signal(order_paid)


class Order: ...


class BigOrder(Order): ...


def refusal(function: Any) -> str:
    with pytest.raises(SignalDefinitionError) as caught:
        signal(function)
    return str(caught.value)


async def test_receivers_get_the_payload_and_the_contract_is_not_called():
    order_paid, got = declared(), []

    @order_paid.connect
    async def book(sender: type[Order], amount: int, **kwargs: object) -> None:
        got.append((sender, amount, kwargs))

    await order_paid.send(sender=BigOrder, amount=3, more=1)
    assert got == [(BigOrder, 3, {"more": 1})]


def test_signal_has_the_name_and_docstring_of_its_function():
    order_paid = declared()
    assert (order_paid.name, order_paid.title) == ("order_paid", "signal `order_paid`")
    assert order_paid.__doc__ == "Sent when an order was paid."
    assert order_paid.__module__ == __name__
    assert repr(order_paid) == "<signal `order_paid`: no receivers>"
    info = inspect_signal(order_paid)
    assert (info.name, info.protocol.__qualname__, info.declared) == (
        "order_paid",
        "declared.<locals>.order_paid",
        True,
    )


@pytest.mark.parametrize(
    ("receiver", "fault"),
    [
        ("async def given(sender, amont, **kwargs): ...", "write `amount`"),
        ("def given(sender, amount, **kwargs): ...", "it must be async"),
        ("async def given(sender, amount): ...", "add `**kwargs: object`"),
        ("async def given(amount, **kwargs): ...", "it has no `sender` parameter"),
        ("async def given(sender, note, **kwargs): ...", "give `note` a default"),
    ],
)
def test_receiver_that_breaks_the_contract_is_refused(receiver: str, fault: str):
    names: dict[str, Any] = {}
    exec(receiver, names)
    order_paid = declared()
    with pytest.raises(SignalDefinitionError) as caught:
        order_paid.connect(names["given"])
    assert fault in str(caught.value)
    assert (
        "async def receiver(sender: type[Order], *, amount: int, note: str = ..., "
        "**kwargs: object)" in str(caught.value)
    )
    assert not order_paid.receivers


async def test_payload_that_breaks_the_contract_is_refused():
    order_paid = declared(mode="strict")
    with pytest.raises(SignalPayloadError, match="`amount` is missing: `amonut` was sent"):
        await order_paid.send(sender=Order, amonut=3)


def test_options_are_those_of_a_signal():
    assert declared(sequential=True).sequential is True
    assert declared(sequential=None).sequential is None
    with pytest.raises(SignalDefinitionError, match="`mode` of a signal must be"):
        declared(mode="strit")
    lenient = declared(mode="lenient")

    async def without_kwargs(sender: type[Order], amount: int, note: str = "") -> None: ...

    with pytest.warns(SignalDefinitionWarning, match="breaks the contract of signal `order_paid`"):

        @lenient.connect
        async def swallowing(**kwargs: object) -> None: ...

    with pytest.raises(SignalDefinitionError):
        lenient.connect(without_kwargs)


# --- what is no contract -------------------------------------------------------------------------


async def positional(sender: type[Order], amount: int) -> None: ...
async def slash(sender: type[Order], /) -> None: ...
async def no_sender(order: type[Order], *, amount: int) -> None: ...
async def nothing() -> None: ...
def sync(sender: type[Order], *, amount: int) -> None: ...
async def generator(sender: type[Order], *, amount: int) -> Any:
    yield amount


def awaitable(sender: type[Order], *, amount: int) -> Awaitable[object]:
    return asyncio.sleep(0)


NO_AWAITABLE = "it returns no awaitable: write `async def`, and no `yield` in it"
NO_FUNCTION = "it is no function; with a Protocol class `P` write `Signal[P]()`"


class Shop:
    async def method(self, sender: type[Order], *, amount: int) -> None: ...


@pytest.mark.parametrize(
    ("function", "given", "reason"),
    [
        (
            positional,
            "`positional`",
            "its payload `amount` is not keyword-only: write `*` before it",
        ),
        (slash, "`slash`", "its first parameter is not `sender`"),
        (no_sender, "`no_sender`", "its first parameter is not `sender`"),
        (nothing, "`nothing`", "its first parameter is not `sender`"),
        (Shop.method, "`Shop.method`", "its first parameter is not `sender`"),
        (sync, "`sync`", NO_AWAITABLE),
        (generator, "`generator`", NO_AWAITABLE),
        (Shop().method, "a `method`", NO_FUNCTION),
        (OrderLost, "`OrderLost`", NO_FUNCTION),
        (functools.partial(awaitable), "a `partial`", NO_FUNCTION),
        (1, "an `int`", NO_FUNCTION),
    ],
)
def test_what_cannot_be_a_contract_is_refused_when_it_is_decorated(
    function: Any, given: str, reason: str
):
    assert refusal(function) == (
        f"{given} cannot be a signal's contract: {reason}.\n"
        "  expected: async def my_signal(sender: type[Model], *, <payload>, **kwargs: object) "
        "-> None: ..."
    )


def test_sync_function_that_is_annotated_to_return_an_awaitable_is_a_contract():
    assert [*signal(awaitable).contract.payload] == ["amount"]


def test_annotation_that_nothing_defines_is_reported_when_a_receiver_connects():
    async def paid(sender: type[Order], *, amount: Missing) -> None: ...  # noqa: F821 - defined nowhere

    made = signal(paid)
    with pytest.raises(SignalDefinitionError, match="its annotations name `Missing`, which cannot"):
        made.connect(no_sender)

    def also(sender: type[Order]) -> Missing: ...  # noqa: F821 - defined nowhere

    name = also.__qualname__
    assert f"`{name}` cannot be a signal's contract: its annotations name `Miss" in refusal(also)


# --- like any other signal -----------------------------------------------------------------------


async def test_alias_is_filled_from_what_is_sent():
    @signal
    async def added(
        sender: type[Order],
        *,
        passed_kwargs: dict[str, int],
        passed_args: Annotated[dict[str, int], Alias("passed_kwargs")],
        **kwargs: object,
    ) -> None: ...

    got = []

    @added.connect
    async def note(sender: type[Order], passed_args: dict[str, int], **kwargs: object) -> None:
        got.append(passed_args)

    send: Any = added.send
    await send(sender=Order, passed_kwargs={"a": 1})
    assert got == [{"a": 1}]


async def test_copy_has_the_contract_and_receivers():
    order_paid = declared()

    @order_paid.connect
    async def book(sender: type[Order], amount: int, **kwargs: object) -> None: ...

    copied = copy.copy(order_paid)
    assert copied.receivers == (book,)
    assert copied.contract == order_paid.contract
    with pytest.raises(SignalDefinitionError, match="`order_paid`"):
        copied.connect(no_sender)


def test_emitter_gives_the_signal_its_own_name():
    class ShopSignals(SignalEmitter[Any]): ...

    signals: Any = ShopSignals()
    signals.paid = order_paid = declared()
    assert order_paid.title == "signal `paid` of ShopSignals"
    with pytest.raises(SignalDefinitionError, match="signal `paid` of ShopSignals"):
        signals.paid.connect(no_sender)


def test_emitter_refuses_the_signal_for_another_contract():
    class ShopSignals(SignalEmitter[Any]):
        lost: Signal[OrderLost]

    signals: Any = ShopSignals()
    order_paid = declared()
    with pytest.raises(SignalDefinitionError, match="declared with the contract `OrderLost`, not"):
        signals.lost = order_paid
    assert order_paid.name == "order_paid"


async def test_tests_and_middleware_name_the_signal():
    order_paid, sent = declared(), []

    def note(each: Any, call_next: Any, /) -> Any:
        sent.append((each.signal.name, each.sender))
        return call_next(each)

    add_middleware(note, order_paid)
    try:
        with capture_signals(order_paid) as captured, muted(order_paid):
            await order_paid.send(sender=Order, amount=1)
    finally:
        remove_middleware(note)
    captured.assert_sent("order_paid", Order, amount=1)
    captured.assert_sent(order_paid, times=1)
    assert sent == [("order_paid", Order)]
