"""Middleware: which sends it is called for, in which order, and what it can change."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.lanes import CONFIG
from typed_signals import (
    Middleware,
    ModelSignals,
    Outcome,
    SentSignal,
    Signal,
    SignalDefinitionError,
    SignalEmitter,
    SignalPayloadError,
    add_middleware,
    remove_middleware,
)


class Shop:
    signals: Any = ModelSignals()


class Branch:
    signals: Any = ModelSignals()


@pytest.fixture(autouse=True)
def no_receivers() -> Iterator[None]:
    yield
    for sender in (Shop, Branch):
        for name in list(vars(sender.signals)):
            sender.signals[name].disconnect_all()


@pytest.fixture
def add() -> Iterator[Any]:
    """``add_middleware``, undone after the test."""
    added: list[Middleware] = []

    def add(middleware: Any, *targets: Any, **options: Any) -> Any:
        added.append(middleware)
        add_middleware(middleware, *targets, **options)
        return middleware

    yield add
    for middleware in added:
        remove_middleware(middleware)


def noting(name: str, noted: list[str]) -> Any:
    """Middleware that notes when it is called and when the receivers have finished."""

    async def middleware(sent: SentSignal, call_next: Any) -> Any:
        noted.append(f"{name} before")
        try:
            return await call_next(sent)
        finally:
            noted.append(f"{name} after")

    return middleware


async def receive(sender: object, **kwargs: object) -> None: ...


# --- order ---------------------------------------------------------------------------------------


async def test_middleware_is_called_in_the_order_in_which_it_was_added(add: Any) -> None:
    signal, noted = Signal(), list[str]()

    @signal.connect
    async def receiver(sender: object, **kwargs: object) -> None:
        noted.append("receiver")

    add(noting("first", noted))
    add(noting("second", noted))
    await signal.send(sender=int)
    assert noted == ["first before", "second before", "receiver", "second after", "first after"]


async def test_middleware_with_a_lower_priority_is_called_first(add: Any) -> None:
    signal, noted = Signal(), list[str]()
    signal.connect(receive)
    for name, options in (("c", {}), ("e", {"priority": 1}), ("b", {"priority": -1})):
        add(noting(name, noted), **options)
    for name, options in (("d", {"priority": 0}), ("a", {"priority": -5})):
        add(noting(name, noted), **options)
    await signal.send(sender=int)
    assert noted[:5] == [f"{name} before" for name in "abcde"]


async def test_middleware_added_again_is_called_once_with_its_new_priority(add: Any) -> None:
    signal, noted = Signal(), list[str]()
    signal.connect(receive)
    first = add(noting("first", noted))
    add(noting("second", noted))
    add(first, priority=1)
    await signal.send(sender=int)
    assert noted[:2] == ["second before", "first before"]
    assert len(noted) == 4


async def test_removed_middleware_is_not_called(add: Any) -> None:
    signal, noted = Signal(), list[str]()
    signal.connect(receive)
    middleware = add(noting("first", noted))
    await signal.send(sender=int)
    remove_middleware(middleware)
    remove_middleware(middleware)  # once more changes nothing
    noted.clear()
    await signal.send(sender=int)
    assert noted == []


async def test_middleware_removed_during_a_send_finishes_that_send(add: Any) -> None:
    signal, noted = Signal(), list[str]()
    middleware = add(noting("removed", noted))

    @signal.connect
    async def removes(sender: object, **kwargs: object) -> None:
        remove_middleware(middleware)
        add(noting("added", noted))

    await signal.send(sender=int)
    assert noted == ["removed before", "removed after"]
    await signal.send(sender=int)
    assert noted[2:] == ["added before", "added after"]


# --- targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([], ["Shop.pre_save", "Shop.post_save", "Branch.pre_save", "alone"]),
        ([Shop], ["Shop.pre_save", "Shop.post_save"]),
        ([Shop.signals], ["Shop.pre_save", "Shop.post_save"]),
        ([Shop.signals.pre_save], ["Shop.pre_save"]),
        ([Shop.signals.post_save, Branch], ["Shop.post_save", "Branch.pre_save"]),
    ],
    ids=["everything", "sender", "emitter", "signal", "signal and sender"],
)
async def test_middleware_is_called_for_its_targets(
    add: Any, targets: list[Any], expected: list[str]
) -> None:
    called: list[str] = []

    def middleware(sent: SentSignal, call_next: Any) -> Any:
        called.append(sent.payload["label"])
        return call_next(sent)

    add(middleware, *targets)
    for label, signal, sender in (
        ("Shop.pre_save", Shop.signals.pre_save, Shop),
        ("Shop.post_save", Shop.signals.post_save, Shop),
        ("Branch.pre_save", Branch.signals.pre_save, Branch),
        ("alone", Signal(), int),
    ):
        signal.connect(receive)
        await signal.send(sender, instance=sender(), label=label)
    assert called == expected


async def test_middleware_of_an_abstract_model_is_called_for_its_children(
    store: Any, add: Any
) -> None:
    from typed_signals.ormar import install

    install()
    base = store.model("Base", config={"abstract": True})
    album = store.model("Album", base)
    signals = getattr(album, CONFIG).signals
    titles: list[str] = []

    def middleware(sent: SentSignal, call_next: Any) -> Any:
        titles.append(sent.signal.title)
        return call_next(sent)

    add(middleware, base)
    signals.pre_save.connect(receive)
    await signals.pre_save.send(album, instance=None)
    assert titles == ["signal `pre_save` of Album"]
    add(middleware, getattr(base, CONFIG).signals.post_save)
    await signals.pre_save.send(album, instance=None)
    await signals.post_save.send(album, instance=None)
    assert titles[1:] == ["signal `post_save` of Album"]


@pytest.mark.parametrize("target", [int, 3, "pre_save", None])
async def test_add_middleware_refuses_what_sends_no_signals(target: Any) -> None:
    called: list[object] = []

    def middleware(sent: SentSignal, call_next: Any) -> Any:
        called.append(sent)
        return call_next(sent)

    with pytest.raises(SignalDefinitionError, match="sends no signals"):
        add_middleware(middleware, Shop, target)
    Shop.signals.pre_save.connect(receive)
    await Shop.signals.pre_save.send(Shop, instance=Shop())
    assert called == [], "it must not be added for the other targets"


# --- what middleware sees ------------------------------------------------------------------------


async def test_sent_signal_has_signal_sender_payload_and_receivers(add: Any) -> None:
    seen: list[SentSignal] = []

    def middleware(sent: SentSignal, call_next: Any) -> Any:
        seen.append(sent)
        return call_next(sent)

    add(middleware)
    signal = Shop.signals.pre_save
    signal.connect(receive)
    shop = Shop()
    await signal.send(Shop, instance=shop)
    (sent,) = seen
    assert (sent.signal, sent.sender, sent.payload) == (signal, Shop, {"instance": shop})
    assert sent.receivers == (receive,)
    assert [each.receiver for each in sent.connections] == [receive]


async def test_middleware_is_called_for_a_signal_without_receivers(add: Any) -> None:
    seen: list[tuple[Any, ...]] = []

    async def middleware(sent: SentSignal, call_next: Any) -> Any:
        seen.append(sent.receivers)
        return await call_next(sent)

    add(middleware)
    await Signal().send(sender=int)
    assert await Signal().send_robust(sender=int) == []
    assert seen == [(), ()]


async def test_middleware_of_a_strict_signal_is_not_called_with_a_wrong_payload(add: Any) -> None:
    noted: list[str] = []
    add(noting("middleware", noted))
    shop_signals: Any = ModelSignals(mode="strict")
    with pytest.raises(SignalPayloadError, match="`instance` is missing"):
        await shop_signals.pre_save.send(sender=Shop)
    assert noted == []


# --- what middleware changes ---------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [None, True], ids=["concurrent", "sequential"])
async def test_middleware_chooses_the_receivers(add: Any, sequential: bool | None) -> None:
    signal, received = Signal(sequential=sequential), list[str]()

    def named(name: str) -> Any:
        async def receiver(sender: object, **kwargs: object) -> str:
            received.append(name)
            return name

        return receiver

    for name in "abc":
        signal.connect(named(name))

    def keeps_the_last(sent: SentSignal, call_next: Any) -> Any:
        return call_next(replace(sent, connections=sent.connections[2:]))

    add(keeps_the_last)
    await signal.send(sender=int)
    assert received == ["c"]
    assert [each.result for each in await signal.send_robust(sender=int)] == ["c"]
    remove_middleware(keeps_the_last)
    received.clear()
    await signal.send(sender=int)
    assert received == ["a", "b", "c"]


async def test_middleware_wraps_a_receivers_call(add: Any) -> None:
    signal, noted = Signal(), list[str]()

    @signal.connect
    async def receiver(sender: object, **kwargs: object) -> None:
        noted.append("receiver")

    async def wraps(sent: SentSignal, call_next: Any) -> Any:
        (connection,) = sent.connections

        async def call(sender: Any, **payload: Any) -> Any:
            noted.append("before")
            return await connection.call(sender=sender, **payload)

        return await call_next(replace(sent, connections=(replace(connection, call=call),)))

    add(wraps)
    await signal.send(sender=int)
    assert noted == ["before", "receiver"]


async def test_middleware_replaces_payload_and_sender(add: Any) -> None:
    signal, received = Signal(), list[Any]()
    seen_by_second: list[object] = []

    @signal.connect
    async def receiver(sender: object, **kwargs: object) -> None:
        received.append((sender, kwargs))

    def first(sent: SentSignal, call_next: Any) -> Any:
        return call_next(replace(sent, sender=str, payload={**sent.payload, "user": "ann"}))

    def second(sent: SentSignal, call_next: Any) -> Any:
        seen_by_second.append((sent.sender, dict(sent.payload)))
        return call_next(sent)

    add(first)
    add(second)
    payload = {"order": 7}
    await signal.send(sender=int, **payload)
    assert received == seen_by_second == [(str, {"order": 7, "user": "ann"})]
    assert payload == {"order": 7}


async def test_middleware_that_puts_a_sender_into_the_payload_is_refused(add: Any) -> None:
    signal, received = Signal[Any](), []

    @signal.connect
    async def receive(sender: Any, **kwargs: object) -> None:
        received.append(sender)

    def replaces(sent: SentSignal, call_next: Any) -> Any:
        return call_next(replace(sent, payload={**sent.payload, "sender": str}))

    add(replaces, signal)
    with pytest.raises(SignalPayloadError) as caught:
        await signal.send(int)
    assert "`sender` is no part of it: pass on `dataclasses.replace(sent, sender=" in str(
        caught.value
    )
    assert received == []


async def test_middleware_that_does_not_call_next_stops_the_send(add: Any) -> None:
    signal, received = Signal(), list[str]()

    @signal.connect
    async def receiver(sender: object, **kwargs: object) -> None:
        received.append("receiver")

    async def stops(sent: SentSignal, call_next: Any) -> Any:
        return ["stopped"]

    noted: list[str] = []
    add(stops)
    add(noting("inner", noted), priority=1)
    await signal.send(sender=int)
    assert await signal.send_robust(sender=int) == ["stopped"]
    assert received == noted == []


async def test_middleware_that_calls_next_twice_calls_the_receivers_twice(add: Any) -> None:
    signal, attempts = Signal(), list[str]()

    @signal.connect
    async def fails_once(sender: object, **kwargs: object) -> None:
        attempts.append("attempt")
        if len(attempts) == 1:
            raise ConnectionError

    async def retries(sent: SentSignal, call_next: Any) -> Any:
        with contextlib.suppress(ConnectionError):
            return await call_next(sent)
        return await call_next(sent)

    add(retries)
    await signal.send(sender=int)
    assert attempts == ["attempt"] * 2


# --- failures ------------------------------------------------------------------------------------


async def test_receivers_exception_passes_through_middleware(add: Any) -> None:
    signal, error = Signal(), ValueError("wrong")
    caught: list[BaseException] = []

    @signal.connect
    async def fails(sender: object, **kwargs: object) -> None:
        raise error

    async def watches(sent: SentSignal, call_next: Any) -> Any:
        try:
            return await call_next(sent)
        except ValueError as found:
            caught.append(found)
            raise

    add(watches)
    with pytest.raises(ValueError, match="wrong") as raised:
        await signal.send(sender=int)
    assert raised.value is error
    assert caught == [error]


async def test_middlewares_own_exception_is_raised_by_send_and_send_robust(add: Any) -> None:
    signal = Signal()
    signal.connect(receive)

    async def fails(sent: SentSignal, call_next: Any) -> Any:
        raise PermissionError

    add(fails)
    for send in (signal.send, signal.send_robust):
        with pytest.raises(PermissionError):
            await send(sender=int)


async def test_send_robust_returns_outcomes_through_middleware(add: Any) -> None:
    signal, error = Signal(), ValueError()
    seen: list[list[Outcome]] = []

    @signal.connect
    async def fails(sender: object, **kwargs: object) -> None:
        raise error

    @signal.connect
    async def answers(sender: object, **kwargs: object) -> int:
        return 42

    async def passes_on(sent: SentSignal, call_next: Any) -> Any:
        seen.append(await call_next(sent))
        return seen[-1]

    add(passes_on)
    outcomes = await signal.send_robust(sender=int)
    assert outcomes == [Outcome(fails, None, error), Outcome(answers, 42, None)]
    assert seen == [outcomes]


async def test_cancelling_a_send_cancels_its_middleware(add: Any) -> None:
    signal, noted = Signal(), list[str]()
    add(noting("middleware", noted))

    @signal.connect
    async def slow(sender: object, **kwargs: object) -> None:
        await asyncio.sleep(10)

    send = asyncio.create_task(signal.send(sender=int))
    await asyncio.sleep(0.001)
    send.cancel()
    with pytest.raises(asyncio.CancelledError):
        await send
    assert noted == ["middleware before", "middleware after"]


# --- in a transaction ----------------------------------------------------------------------------


async def test_middleware_of_a_model_passes_on_what_runs_after_the_commit(
    shop: Any, add: Any
) -> None:
    noted: list[str] = []
    signal = getattr(shop.Album, CONFIG).signals.post_save

    async def at_once(sender: Any, instance: Any, **kwargs: Any) -> None:
        noted.append(f"at once for {kwargs['user']}")

    async def on_commit(sender: Any, instance: Any, **kwargs: Any) -> None:
        noted.append(f"after the commit for {kwargs['user']}")

    async def adds_the_user(sent: SentSignal, call_next: Any) -> Any:
        await call_next(replace(sent, payload={**sent.payload, "user": "ann"}))
        noted.append("middleware finished")

    signal.connect(on_commit, on_commit=True)
    signal.connect(at_once)
    add(adds_the_user, signal)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
        noted.append("end of the transaction")
    assert noted == [
        "at once for ann",
        "middleware finished",
        "end of the transaction",
        "after the commit for ann",
    ]


async def test_middleware_that_raises_in_a_transaction_rolls_it_back(shop: Any, add: Any) -> None:
    async def refuses(sent: SentSignal, call_next: Any) -> Any:
        raise PermissionError

    add(refuses, getattr(shop.Album, CONFIG).signals.post_save)
    with pytest.raises(PermissionError):
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
    assert await shop.Album.objects.count() == 0


async def test_receivers_in_a_transaction_run_in_the_callers_task_behind_middleware(
    shop: Any, add: Any
) -> None:
    caller, tasks = asyncio.current_task(), list[object]()

    async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        tasks.append(asyncio.current_task())

    add(noting("middleware", []))
    getattr(shop.Album, CONFIG).signals.post_save.connect(receiver)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
    await shop.Album(name="b").save()
    assert [task is caller for task in tasks] == [True, False]


# --- emitters of other kinds ---------------------------------------------------------------------


async def test_middleware_of_an_emitter_without_owner_is_called(add: Any) -> None:
    emitter, noted = SignalEmitter[Any](), list[str]()
    add(noting("middleware", noted), emitter)
    emitter.opened.connect(receive)
    await emitter.opened.send(int)
    assert noted == ["middleware before", "middleware after"]
