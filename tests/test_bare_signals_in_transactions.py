"""A signal of no model, sent with a model as sender, knows that model's transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests import lanes
from typed_signals import (
    Signal,
    SignalEmitter,
    SignalLoopError,
    set_loop_limits,
    signal as make_signal,
)
from typed_signals.ormar import post_save


class ShopSignals(SignalEmitter[Any]):
    announced: Signal


async def announced(sender: Any, *args: Any, **kwargs: Any) -> None: ...


KINDS = {
    "bare signal": Signal,
    "signal of an emitter": lambda: ShopSignals().announced,
    "signal of a function": lambda: make_signal(announced),
}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def signal(request: pytest.FixtureRequest) -> Signal:
    made: Signal = request.param()
    return made


class UndoError(Exception):
    pass


def transaction(shop: Any) -> Any:
    return shop.store.database.transaction()


@asynccontextmanager
async def undone(shop: Any) -> AsyncIterator[None]:
    """A transaction or savepoint that is rolled back."""
    with suppress(UndoError):
        async with transaction(shop):
            yield
            raise UndoError


async def names(shop: Any) -> list[str]:
    return sorted([each.name for each in await shop.Album.objects.all()])


async def test_on_commit_receiver_waits_for_the_commit(shop: Any, signal: Signal):
    called: list[str] = []

    async def announce(sender: Any, what: str, **kwargs: object) -> None:
        called.append(what)

    signal.connect(announce, on_commit=True)
    async with transaction(shop):
        await shop.Album(name="one").save()
        await signal.send(sender=shop.Album, what="committed")
        async with undone(shop):
            await signal.send(sender=shop.Album, what="of a savepoint that was undone")
        assert called == []
    assert called == ["committed"]
    async with undone(shop):
        await signal.send_robust(sender=shop.Album, what="rolled back")
    assert called == ["committed"]
    await signal.send(sender=shop.Album, what="outside")
    assert called == ["committed", "outside"]


async def test_receivers_with_savepoints_keep_their_writes(shop: Any, signal: Signal):
    async def keep(sender: Any, **kwargs: object) -> None:
        async with transaction(shop):
            await sender(name="kept").save()

    async def undo(sender: Any, **kwargs: object) -> None:
        async with undone(shop):
            await sender(name="undone").save()

    for each in (keep, undo, keep, undo):

        async def receive(sender: Any, *, _each: Any = each, **kwargs: object) -> None:
            await _each(sender)

        signal.connect(receive)
    async with transaction(shop):
        await signal.send(sender=shop.Album)
    assert await names(shop) == ["kept", "kept"]


# --- chains of saves -----------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside a transaction"])
async def test_chain_of_250_saves_ends(shop: Any, inside: bool):
    rows = 250

    @post_save(shop.Album)
    async def save_next(sender: Any, instance: Any, **kwargs: object) -> None:
        number = int(instance.name)
        if number < rows:
            await sender(name=str(number + 1)).save()

    if inside:
        async with transaction(shop):
            await shop.Album(name="1").save()
    else:
        await shop.Album(name="1").save()
    assert await shop.Album.objects.count() == rows


@pytest.mark.skipif(not lanes.CURRENT, reason="the same on every lane, and slow")
async def test_limit_of_depth_can_be_set(plain_shop: Any):
    signal = Signal()

    async def again(sender: Any, left: int, **kwargs: object) -> None:
        if left:
            await signal.send(sender=sender, left=left - 1)

    signal.connect(again)
    set_loop_limits(depth=32)
    try:
        with pytest.raises(
            SignalLoopError, match=r"allow more with `typed_signals.set_loop_limits"
        ):
            await signal.send(sender=plain_shop.Album, left=100)
    finally:
        set_loop_limits(depth=1_000)
    await signal.send(sender=plain_shop.Album, left=100)
