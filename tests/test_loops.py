"""Receivers that send one another's signals: endless loops are stopped, deep chains are allowed."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lanes import CONFIG
from typed_signals import ModelSignals, Signal, SignalLoopError, set_loop_limits
from typed_signals._dispatch import nesting
from typed_signals._dispatch.nesting import current
from typed_signals._emitter import bind_emitter

SEQUENTIAL_OR_NOT = pytest.mark.parametrize(
    "sequential", [None, True], ids=["concurrent", "sequential"]
)
PAUSES = pytest.mark.parametrize("pause", [False, True], ids=["at once", "waits"])


class Album:
    signals: ModelSignals[Any] = ModelSignals()


def signals(model: Any) -> Any:
    return getattr(model, CONFIG).signals


@pytest.fixture
def default_limits() -> Iterator[None]:
    """The limits are the default ones again after the test."""
    limits = nesting.limits
    before = {"repeats": limits.repeats, "depth": limits.depth, "open_sends": limits.open_sends}
    yield
    set_loop_limits(**before)


@SEQUENTIAL_OR_NOT
@PAUSES
@pytest.mark.parametrize("length", [1, 2, 5])
async def test_endless_loop_stops_with_an_error_that_names_its_receivers(
    sequential: bool | None, pause: bool, length: int
) -> None:
    ring = [Signal(sequential=sequential) for _ in range(length)]

    def sends(number: int) -> Any:
        async def receiver(sender: object, **kwargs: object) -> None:
            if pause:
                await asyncio.sleep(0)
            await ring[(number + 1) % length].send(sender=Album)

        receiver.__qualname__ = f"receiver_{number}"
        return receiver

    for number, signal in enumerate(ring):
        signal.connect(sends(number))
    with pytest.raises(SignalLoopError) as caught:
        await ring[0].send(sender=Album)
    message = str(caught.value)
    assert message.startswith("a signal sent by Album is sent recursively without end; ")
    for number in range(length):
        assert message.count(f"receiver_{number}`") == 1
    assert isinstance(caught.value, RecursionError)


class GreatAlbum: ...


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize(
    ("owner", "sender", "name"),
    [
        (Album, Album, "of Album"),
        (GreatAlbum, Album, "of GreatAlbum sent by Album"),
        (Album, Album(), "of Album sent by an instance of Album"),
    ],
    ids=["its own class", "another class", "an instance"],
)
async def test_loop_error_names_signal_receiver_and_model_and_what_to_do(
    owner: type[Any], sender: Any, name: str, sequential: bool | None
) -> None:
    signals: ModelSignals[Any] = ModelSignals()
    bind_emitter(signals, owner)
    signals.pre_update.sequential = sequential

    async def promote(sender: Any, instance: Any, **kwargs: object) -> None:
        await signals.pre_update.send(sender=sender, instance=instance, passed_args={})

    signals.pre_update.connect(promote)
    with pytest.raises(SignalLoopError) as caught:
        await signals.pre_update.send(sender=sender, instance=1, passed_args={})
    count, message = re.subn(r"end; \d+ sends", "end; many sends", str(caught.value))[::-1]
    place = f"(tests/test_loops.py:{promote.__code__.co_firstlineno})"
    assert count == 1
    assert message == (
        f"signal `pre_update` {name} is sent recursively without end; many sends are nested "
        "in one another:\n"
        f"  signal `pre_update` {name} → receiver `{__name__}.{promote.__qualname__}` {place} → "
        "sends\n"
        f"  signal `pre_update` {name}\n"
        "Let the receiver send, or change the instance, only when there still is something to "
        "change. If the sends do end, allow more with `typed_signals.set_loop_limits()`."
    )


@SEQUENTIAL_OR_NOT
async def test_loop_of_robust_sends_fails_in_the_innermost_receiver(
    sequential: bool | None,
) -> None:
    signal = Signal(sequential=sequential)
    failures: list[BaseException] = []

    async def again(sender: type[Any], **kwargs: object) -> None:
        outcomes = await signal.send_robust(sender=sender)
        failures.extend(each.exception for each in outcomes if each.exception)

    signal.connect(again)
    await signal.send_robust(sender=Album)
    (failure,) = failures
    assert isinstance(failure, SignalLoopError)
    assert str(failure).startswith("a signal sent by Album is sent recursively without end; ")


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("pause", [None, "in itself", "in a task"])
async def test_loop_error_names_the_receiver_that_sends_among_others(
    sequential: bool | None, pause: str | None
) -> None:
    signal = Signal(sequential=sequential)

    async def receives(sender: object, **kwargs: object) -> None:
        await asyncio.sleep(0)

    async def loops(sender: object, **kwargs: object) -> None:
        if pause == "in a task":
            await asyncio.create_task(signal.send(sender=Album))
            return
        if pause:
            await asyncio.sleep(0)
        await signal.send(sender=Album)

    async def also_receives(sender: object, **kwargs: object) -> None:
        pass

    for receiver in (receives, loops, also_receives):
        signal.connect(receiver)
    with pytest.raises(SignalLoopError) as caught:
        await signal.send(sender=Album)
    message = str(caught.value)
    assert "loops`" in message
    # A task that a receiver starts before it first waits does not show whose it is.
    unknown = pause == "in a task" and not sequential
    assert ("receives`" in message) is unknown
    assert (message.count(") or `") == 2) is unknown


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside a transaction"])
async def test_receiver_that_updates_its_instance_is_stopped(shop, inside):
    async def promote(sender: Any, instance: Any, **kwargs: Any) -> None:
        await instance.update(is_best_seller=True)

    signals(shop.Album).pre_update.connect(promote)
    album = await shop.Album(name="a").save()

    async def update() -> None:
        if inside:
            async with shop.store.database.transaction():
                await album.update(play_count=1)
        else:
            await album.update(play_count=1)

    with pytest.raises(SignalLoopError, match="signal `pre_update` of Album") as caught:
        await update()
    assert "promote`" in str(caught.value)
    assert current.get() is None


@pytest.mark.usefixtures("default_limits")
async def test_models_that_save_each_other_are_stopped(shop):
    set_loop_limits(depth=64)

    async def album_makes_a_track(sender: Any, instance: Any, **kwargs: Any) -> None:
        await shop.Track(name="t").save()

    async def track_makes_an_album(sender: Any, instance: Any, **kwargs: Any) -> None:
        await shop.Album(name="a").save()

    signals(shop.Album).post_save.connect(album_makes_a_track)
    signals(shop.Track).post_save.connect(track_makes_an_album)
    with pytest.raises(SignalLoopError) as caught:
        await shop.Album(name="a").save()
    assert "signal `post_save` of Album → receiver" in str(caught.value)
    assert "signal `post_save` of Track → receiver" in str(caught.value)


@pytest.mark.usefixtures("default_limits")
async def test_loop_through_the_commit_is_stopped(shop, caplog):
    """Nothing can be raised after the commit, so the error is logged, once."""
    set_loop_limits(depth=64)

    async def again(sender: Any, instance: Any, **kwargs: Any) -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="again").save()

    signals(shop.Album).post_save.connect(again, on_commit=True)
    await shop.Album(name="a").save()
    ours = [record.getMessage() for record in caplog.records if record.name == "typed_signals"]
    assert [message.rpartition(": ")[2] for message in ours] == ["SignalLoopError"]
    assert await shop.Album.objects.count() <= 64 + nesting.CHECK_EVERY


@SEQUENTIAL_OR_NOT
@PAUSES
@pytest.mark.parametrize("robust", [False, True], ids=["send", "send_robust"])
@pytest.mark.usefixtures("default_limits")
async def test_receivers_that_double_are_stopped_at_the_limit_of_open_sends(
    sequential: bool | None, pause: bool, robust: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Also those whose failures do not stop their siblings: each would grow as far again."""
    set_loop_limits(open_sends=100)
    signal = Signal(sequential=sequential)
    sent = 0

    def sends() -> Callable[..., Any]:
        async def receiver(sender: object, **kwargs: object) -> None:
            nonlocal sent
            sent += 1
            assert sent < 50 * 100
            if pause:
                await asyncio.sleep(0)
            await (signal.send_robust if robust else signal.send)(sender=Album)

        return receiver

    for _ in range(2):
        signal.connect(sends())
    if robust:
        await signal.send_robust(sender=Album)
    else:
        with pytest.raises(SignalLoopError):
            await signal.send(sender=Album)
    assert 100 <= sent < 50 * 100
    assert len(caplog.records) < 10


async def send_crowd(signal: Signal, size: int) -> None:
    """Have so many sends of a signal open at once, each nested in eleven of the same signal."""

    async def grows(sender: object, level: int, **kwargs: object) -> None:
        if level < 10:
            await signal.send(sender=Album, level=level + 1)
        elif level == 10:
            await asyncio.gather(*(signal.send(sender=Album, level=11) for _ in range(size)))
        else:
            await asyncio.sleep(0)

    signal.connect(grows)
    try:
        await signal.send(sender=Album, level=0)
    finally:
        signal.disconnect(grows)


ALLOWED = 50 - (11 - nesting.CROWDED_DEPTH)
"""A crowd of so many fills a limit of 50: with it, the deep ones that it is nested in are open."""


@SEQUENTIAL_OR_NOT
@pytest.mark.usefixtures("default_limits")
async def test_crowd_is_stopped_when_one_more_is_open_than_the_limit(
    sequential: bool | None,
) -> None:
    set_loop_limits(open_sends=50)
    signal = Signal(sequential=sequential)
    await send_crowd(signal, ALLOWED)
    with pytest.raises(SignalLoopError):
        await send_crowd(signal, ALLOWED + 1)


@SEQUENTIAL_OR_NOT
@pytest.mark.usefixtures("default_limits")
async def test_crowd_that_was_stopped_leaves_room_for_another_in_the_same_send(
    sequential: bool | None,
) -> None:
    set_loop_limits(open_sends=50)
    outer, signal = Signal(), Signal(sequential=sequential)
    stopped = 0

    @outer.connect
    async def catches(sender: object, **kwargs: object) -> None:
        nonlocal stopped
        for _ in range(2):
            try:
                await send_crowd(signal, ALLOWED + 1)
            except SignalLoopError:
                stopped += 1
            await send_crowd(signal, ALLOWED - 1)  # one more is open: the outer send is one level

    await outer.send(sender=Album)
    assert stopped == 2


@pytest.mark.usefixtures("default_limits")
async def test_crowd_of_sends_that_do_not_repeat_is_allowed() -> None:
    set_loop_limits(open_sends=16)
    inner, signal = Signal(), Signal()

    async def fans_out(sender: object, **kwargs: object) -> None:
        await asyncio.gather(*(inner.send(sender=Album) for _ in range(100)))

    @inner.connect
    async def waits(sender: object, **kwargs: object) -> None:
        await asyncio.sleep(0)

    signal.connect(nested(None, fans_out).send)
    await signal.send(sender=Album)


# --- limits --------------------------------------------------------------------------------------


async def nested_sends(signal: Signal, **payload: Any) -> int:
    """Send a signal whose receiver sends it again, until it is stopped; how often it was sent."""
    sent = 0

    async def again(sender: object, **kwargs: Any) -> None:
        nonlocal sent
        sent += 1
        await signal.send(sender=sender, **payload)

    signal.connect(again)
    with pytest.raises(SignalLoopError):
        await signal.send(sender=Album, **payload)
    return sent


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize(
    ("limits", "payload", "expected"),
    [
        ({}, {"instance": 1}, 64),
        ({"repeats": 32}, {"instance": 1}, 32),
        ({"repeats": 200}, {"instance": 1}, 200),
        ({"depth": 32}, {"instance": 1}, 32),
        ({}, {}, 1_000),
        ({"depth": 100}, {}, 100),
        ({"depth": 100, "repeats": 16}, {}, 100),
    ],
    ids=str,
)
@pytest.mark.usefixtures("default_limits")
async def test_loop_is_stopped_at_its_limit(
    sequential: bool | None, limits: dict[str, int], payload: dict[str, Any], expected: int
) -> None:
    """Sends of one instance count as repeats; sends of no instance only by their depth."""
    set_loop_limits(**limits)
    sent = await nested_sends(Signal(sequential=sequential), **payload)
    every = nesting.CHECK_EVERY
    assert sent == math.ceil(expected / every) * every


@pytest.mark.usefixtures("default_limits")
async def test_sends_of_different_instances_are_no_repeats() -> None:
    signal, sent = Signal(), 0

    @signal.connect
    async def next_one(sender: object, *, instance: int, **kwargs: object) -> None:
        nonlocal sent
        sent += 1
        if instance:
            await signal.send(sender=Album, instance=instance - 1)

    set_loop_limits(repeats=16)
    await signal.send(sender=Album, instance=500)
    assert sent == 501


@pytest.mark.parametrize("name", ["repeats", "depth", "open_sends"])
@pytest.mark.usefixtures("default_limits")
def test_limit_less_than_sixteen_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"`{name}` must be at least 16, not 15"):
        set_loop_limits(**{name: 15})
    set_loop_limits(**{name: 16})
    assert getattr(nesting.limits, name) == 16
    set_loop_limits()
    assert getattr(nesting.limits, name) == 16


# --- deep sends that are no loops ----------------------------------------------------------------


@SEQUENTIAL_OR_NOT
@PAUSES
async def test_chain_of_a_hundred_sends_is_allowed(sequential: bool | None, pause: bool) -> None:
    signal = Signal(sequential=sequential)
    depths: list[int] = []

    async def receiver(sender: object, *, left: int, **kwargs: object) -> None:
        if pause:
            await asyncio.sleep(0)
        if left:
            await signal.send(sender=Album, left=left - 1)
        depths.append(left)

    signal.connect(receiver)
    await signal.send(sender=Album, left=100)
    assert depths == list(range(101))


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside a transaction"])
async def test_chain_of_a_hundred_saves_is_allowed(shop, inside):
    async def next_one(sender: Any, instance: Any, **kwargs: Any) -> None:
        left = int(instance.name)
        if left:
            await shop.Album(name=str(left - 1)).save()

    signals(shop.Album).post_save.connect(next_one)
    if inside:
        async with shop.store.database.transaction():
            await shop.Album(name="100").save()
    else:
        await shop.Album(name="100").save()
    assert await shop.Album.objects.count() == 101


@SEQUENTIAL_OR_NOT
@pytest.mark.usefixtures("default_limits")
async def test_many_sends_within_one_are_allowed(sequential: bool | None) -> None:
    set_loop_limits(open_sends=100)
    outer, inner = Signal(sequential=sequential), Signal(sequential=sequential)
    received = 0

    async def fans_out(sender: object, **kwargs: object) -> None:
        await asyncio.gather(*(inner.send(sender=Album) for _ in range(1_000)))

    async def receives(sender: object, **kwargs: object) -> None:
        nonlocal received
        await asyncio.sleep(0)
        received += 1

    outer.connect(fans_out)
    inner.connect(receives)
    await outer.send(sender=Album)
    assert received == 1_000


def nested(sequential: bool | None, innermost: Callable[..., Any]) -> Signal:
    """A signal whose receiver sends another one, and so on; the last one calls a function."""
    signal = Signal(sequential=sequential)
    signal.connect(innermost)
    for _ in range(nesting.CROWDED_DEPTH):
        inner, signal = signal, Signal(sequential=sequential)
        signal.connect(inner.send)
    return signal


@SEQUENTIAL_OR_NOT
@pytest.mark.usefixtures("default_limits")
async def test_any_number_of_nested_sends_is_allowed_sequentially(
    sequential: bool | None,
) -> None:
    set_loop_limits(open_sends=100)
    signal = Signal(sequential=sequential)
    received = 0

    @signal.connect
    async def receives(sender: object, **kwargs: object) -> None:
        nonlocal received
        received += 1

    async def sends(sender: object, **kwargs: object) -> None:
        for _ in range(1_000):
            await signal.send(sender=sender)

    await nested(sequential, sends).send(sender=Album)
    assert received == 1_000


@SEQUENTIAL_OR_NOT
async def test_receiver_that_catches_the_loop_error_can_send_again(sequential: bool | None) -> None:
    endless = Signal(sequential=sequential)
    endless.connect(endless.send)
    received: list[object] = []

    async def receives(sender: object, **kwargs: object) -> None:
        received.append(sender)

    outer = Signal(sequential=sequential)

    @outer.connect
    async def catches(sender: object, **kwargs: object) -> None:
        for _ in range(2):
            with pytest.raises(SignalLoopError):
                await endless.send(sender=sender)
            await nested(sequential, receives).send(sender=sender)

    await outer.send(sender=Album)
    assert received == [Album] * 2


@SEQUENTIAL_OR_NOT
@pytest.mark.usefixtures("default_limits")
async def test_task_that_outlives_its_receiver_is_no_loop(sequential: bool | None) -> None:
    """As a heartbeat does: each send starts when the one that started its task has finished."""
    set_loop_limits(depth=16)
    signal = Signal(sequential=sequential)
    beats = 0
    done = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    async def beat() -> None:
        await asyncio.sleep(0)
        await signal.send(sender=Album)

    async def receiver(sender: object, **kwargs: object) -> None:
        nonlocal beats
        beats += 1
        if beats == 200:
            done.set()
        else:
            task = asyncio.create_task(beat())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    signal.connect(receiver)
    await signal.send(sender=Album)
    await asyncio.wait_for(done.wait(), 10)
    await asyncio.gather(*tasks)


@SEQUENTIAL_OR_NOT
@pytest.mark.usefixtures("default_limits")
async def test_task_that_overlaps_the_send_that_started_it_is_no_loop(
    sequential: bool | None,
) -> None:
    """Each send is open when the next one starts, and finished before the one after that."""
    set_loop_limits(depth=16)
    signal = Signal(sequential=sequential)
    beats = 0
    tasks: list[asyncio.Task[None]] = []

    async def receiver(sender: object, **kwargs: object) -> None:
        nonlocal beats
        beats += 1
        if beats < 200:
            tasks.append(asyncio.create_task(signal.send(sender=Album)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    signal.connect(receiver)
    await signal.send(sender=Album)
    while waiting := [task for task in tasks if not task.done()]:
        await asyncio.gather(*waiting)
    assert beats == 200


async def test_signal_can_be_sent_again_after_a_loop() -> None:
    signal = Signal()
    endless = True

    async def receiver(sender: object, **kwargs: object) -> None:
        if endless:
            await signal.send(sender=Album)

    signal.connect(receiver)
    for _ in range(2):
        with pytest.raises(SignalLoopError):
            await signal.send(sender=Album)
    endless = False
    await signal.send(sender=Album)


@SEQUENTIAL_OR_NOT
@PAUSES
@pytest.mark.parametrize("fails", [False, True], ids=["went well", "fails"])
async def test_send_leaves_its_caller_as_it_was(
    sequential: bool | None, pause: bool, fails: bool
) -> None:
    """Also a receiver that sends: what it sends later is nested in its own send, in no other."""
    outer, inner = Signal(), Signal(sequential=sequential)
    found: list[nesting.ActiveSend | None] = []

    @inner.connect
    async def receives(sender: object, **kwargs: object) -> None:
        found.append(current.get())
        if pause:
            await asyncio.sleep(0)
        if fails:
            raise ValueError

    @outer.connect
    async def sends(sender: object, **kwargs: object) -> None:
        before = current.get()
        assert before is not None
        for _ in range(2):
            with contextlib.suppress(ValueError):
                await inner.send(sender=Album)
            assert current.get() is before
        assert [each is not None and each.depth for each in found] == [1, 1]
        assert [each is not None and each.open for each in found] == [False, False]
        assert before.open

    await outer.send(sender=Album)
    assert current.get() is None
