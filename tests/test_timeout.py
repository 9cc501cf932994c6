"""`timeout=`: receivers that take too long are cancelled, and fail."""

import asyncio
import logging
import time
from typing import Any

import pytest

from tests.lanes import CONFIG
from typed_signals import Failure, ModelSignals, Signal, in_thread, set_exception_handler
from typed_signals._describe import describe
from typed_signals.introspection import inspect_signal
from typed_signals.testing import connected_to, only

ended: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ended() -> None:
    ended.clear()


async def slow(sender: object, **kwargs: object) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        ended.append("slow was cancelled")
        raise


async def quick(sender: object, **kwargs: object) -> str:
    await asyncio.sleep(0)
    ended.append("quick")
    return "quick"


def message(signal: Signal[Any], seconds: str) -> str:
    return f"receiver {describe(slow)} of {signal.title} took longer than its {seconds} s"


@pytest.mark.parametrize("sequential", [True, False])
async def test_receiver_that_takes_too_long_is_cancelled_and_fails(sequential: bool) -> None:
    class Shop:
        signals = ModelSignals[Any]()

    signal = Shop.signals.closed
    signal.sequential = sequential
    signal.connect(quick, timeout=60)
    signal.connect(slow, timeout=0.01)
    begun = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        await signal.send(sender=Shop)
    assert str(caught.value) == message(signal, "0.01")
    assert "signal `closed` of Shop" in str(caught.value)
    assert ended == ["quick", "slow was cancelled"]
    assert time.monotonic() - begun < 10
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_others_finish_and_send_robust_returns_both_outcomes() -> None:
    signal = Signal()
    signal.connect(slow, timeout=0.01)
    signal.connect(quick)
    failed, done = await signal.send_robust(sender=None)
    assert isinstance(failed.exception, TimeoutError)
    assert str(failed.exception) == message(signal, "0.01")
    assert done.result == "quick"


async def test_receiver_that_is_in_time_is_called_as_without() -> None:
    signal = Signal()
    signal.connect(quick, timeout=5)
    [outcome] = await signal.send_robust(sender=None)
    assert outcome.result == "quick"


async def test_timeout_error_of_the_receivers_own_stays_as_it_is() -> None:
    signal = Signal()
    own = TimeoutError("the printer does not answer")

    @signal.connect(timeout=5)
    async def give_up(sender: object, **kwargs: object) -> None:
        raise own

    with pytest.raises(TimeoutError) as caught:
        await signal.send(sender=None)
    assert caught.value is own


async def test_receiver_that_goes_on_after_its_cancellation_fails_all_the_same() -> None:
    signal = Signal()

    @signal.connect(timeout=0.01)
    async def stubborn(sender: object, **kwargs: object) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("went on")

    with pytest.raises(TimeoutError, match=r"stubborn` .* took longer than its 0\.01 s"):
        await signal.send(sender=None)
    assert ended == ["went on"]


async def test_cancelling_the_send_is_no_timeout() -> None:
    signal = Signal()
    signal.connect(slow, timeout=60)
    sending = asyncio.create_task(signal.send(sender=None))
    await asyncio.sleep(0.01)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert ended == ["slow was cancelled"]


async def test_function_in_a_thread_is_waited_for() -> None:
    signal = Signal()

    @in_thread
    def block(sender: object, **kwargs: object) -> None:
        time.sleep(0.05)
        ended.append("block")

    signal.connect(block, timeout=0.01)
    with pytest.raises(TimeoutError, match=r"block` .* took longer than its 0\.01 s"):
        await signal.send(sender=None)
    assert ended == ["block"]


async def test_time_of_a_guest_and_of_chosen_receivers_is_limited() -> None:
    signal = Signal()
    with connected_to(signal, slow, timeout=0.01), pytest.raises(TimeoutError, match=r"0\.01 s"):
        await signal.send(sender=None)
    signal.connect(slow, timeout=0.02)
    with only(slow), pytest.raises(TimeoutError, match=r"0\.02 s"):
        await signal.send(sender=None)


def test_time_is_shown_by_introspection() -> None:
    signal = Signal()
    signal.connect(slow, timeout=3)
    signal.connect(quick)
    assert [each.timeout for each in inspect_signal(signal).receivers] == [3, None]


# --- after the commit ----------------------------------------------------------------------------


async def test_on_commit_receiver_that_takes_too_long_is_logged(
    shop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    signal = getattr(shop.Album, CONFIG).signals.post_save
    signal.connect(slow, on_commit=True, timeout=0.01)
    failures: list[Failure] = []
    before = set_exception_handler(failures.append)
    try:
        with caplog.at_level(logging.ERROR, "typed_signals"):
            async with shop.store.database.transaction():
                await shop.Album(name="Horses").save()
                assert ended == []
    finally:
        set_exception_handler(before)
    [failure] = failures
    assert isinstance(failure.exception, TimeoutError)
    assert str(failure.exception) == message(signal, "0.01")
    assert ended == ["slow was cancelled"]
    assert "failed after the commit: TimeoutError" in caplog.text
