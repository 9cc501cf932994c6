"""Receivers inside an open transaction: one after another, so that savepoints keep their word."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests import lanes
from tests.cancelling import cancelled_at_every_await
from tests.commits import UndoneError, signals
from typed_signals.testing import capture_signals

if TYPE_CHECKING:
    from tests.shop import Shop

pytestmark = pytest.mark.both_backends


async def events(shop: Shop) -> list[str]:
    return sorted([row.event for row in await shop.AuditLog.objects.all()])


# --- the scenario --------------------------------------------------------------------------------


def connect_two_that_use_savepoints(shop: Shop) -> None:
    """One keeps what it writes; the other takes back what it writes, and takes longer."""
    other_has_written = asyncio.Event()

    async def takes_back(sender: Any, instance: Any, **kwargs: Any) -> None:
        with contextlib.suppress(UndoneError):
            async with shop.store.database.transaction():
                await shop.AuditLog(event="taken back").save()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(other_has_written.wait(), 0.2)
                raise UndoneError

    async def keeps(sender: Any, instance: Any, **kwargs: Any) -> None:
        async with shop.store.database.transaction():
            await shop.AuditLog(event="kept").save()
        other_has_written.set()

    signals(shop.Album).post_save.connect(takes_back)
    signals(shop.Album).post_save.connect(keeps)


@pytest.mark.skipif(
    lanes.DATABASES,
    reason="databases 0.9 gives each task a connection of its own: with ormar alone its receivers "
    "are not in the transaction at all",
)
@pytest.mark.ormar_only("about what ormar alone does")
async def test_with_ormar_alone_one_receivers_rollback_takes_anothers_rows(plain_shop):
    """Not our behaviour: what this package is measured against."""
    connect_two_that_use_savepoints(plain_shop)
    async with plain_shop.store.database.transaction():
        await plain_shop.Album(name="a").save()
    assert await events(plain_shop) == []


async def test_one_receivers_rollback_leaves_anothers_rows(shop):
    connect_two_that_use_savepoints(shop)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
    assert await events(shop) == ["kept"]


# --- one after another, or not -------------------------------------------------------------------


def connect_two_that_meet(shop: Shop, **options: Any) -> list[str]:
    """Two receivers that note whether they run at the same time."""
    running: set[str] = set()
    seen: list[str] = []

    def named(name: str) -> Any:
        async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
            running.add(name)
            await asyncio.sleep(0.001)
            seen.append("".join(sorted(running)))
            running.discard(name)

        return receiver

    for name in "ab":
        signals(shop.Album).post_save.connect(named(name), **options)
    return seen


@pytest.mark.ormar_only("a session is always in a transaction")
async def test_inside_a_transaction_one_after_another_and_outside_together(shop):
    seen = connect_two_that_meet(shop)
    await shop.Album(name="a").save()
    assert seen == ["ab", "b"]
    seen.clear()
    async with shop.store.database.transaction():
        await shop.Album(name="b").save()
    assert seen == ["a", "b"]
    seen.clear()
    await shop.Album(name="c").save()
    assert seen == ["ab", "b"]


@pytest.mark.parametrize("watched", [False, True])
async def test_robust_sends_are_told_so_too_and_when_somebody_watches(shop, watched):
    seen = connect_two_that_meet(shop)
    album = shop.Album(name="a")
    send = functools.partial(
        signals(shop.Album).post_save.send_robust, sender=shop.Album, instance=album
    )
    with capture_signals(shop.Album) if watched else contextlib.nullcontext():
        await send()
        assert seen == ["ab", "b"]
        seen.clear()
        async with shop.store.database.transaction():
            with shop.store.attached(album):
                await send()
        assert seen == ["a", "b"]


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("whose", ["signal", "connection"])
async def test_the_user_can_choose_otherwise(shop, sequential, whose):
    if whose == "signal":
        seen = connect_two_that_meet(shop)
        signals(shop.Album).post_save.sequential = sequential
    else:
        seen = connect_two_that_meet(shop, sequential=sequential)
    expected = ["a", "b"] if sequential else ["ab", "b"]
    await shop.Album(name="a").save()
    assert seen == expected
    seen.clear()
    async with shop.store.database.transaction():
        await shop.Album(name="b").save()
    assert seen == expected
    signals(shop.Album).post_save.sequential = None


async def test_inside_a_transaction_the_first_failure_stops(shop):
    received = []

    async def fails(sender: Any, instance: Any, **kwargs: Any) -> None:
        raise UndoneError

    async def later(sender: Any, instance: Any, **kwargs: Any) -> None:
        received.append(instance)

    signals(shop.Album).post_save.connect(fails)
    signals(shop.Album).post_save.connect(later)
    with pytest.raises(UndoneError):
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
    assert received == []
    assert await shop.Album.objects.count() == 0


async def test_what_receivers_write_is_part_of_the_transaction(shop):
    async def audits(sender: Any, instance: Any, **kwargs: Any) -> None:
        await shop.AuditLog(event="saved").save()

    signals(shop.Album).post_save.connect(audits)
    with contextlib.suppress(UndoneError):
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
            raise UndoneError
    assert await events(shop) == []
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
    assert await events(shop) == ["saved"]


async def test_a_robust_send_inside_a_transaction_tells_everyone(shop):
    async def fails(sender: Any, **kwargs: Any) -> None:
        raise UndoneError

    async def audits(sender: Any, **kwargs: Any) -> str:
        await shop.AuditLog(event="received").save()
        return "done"

    signals(shop.Album).sold_out.connect(fails)
    signals(shop.Album).sold_out.connect(audits)
    async with shop.store.database.transaction():
        outcomes = await signals(shop.Album).sold_out.send_robust(sender=shop.Album)
    assert [type(outcome.exception) for outcome in outcomes] == [UndoneError, type(None)]
    assert outcomes[1].result == "done"
    assert await events(shop) == ["received"]


# --- any mix of receivers ------------------------------------------------------------------------


@dataclass
class Step:
    """What a receiver does in a savepoint: write, do the inner steps, and end it."""

    inner: list[Step]
    end: str  # "released", "rolled back", "raised" or "cancelled"

    async def take(self, shop: Shop, name: str) -> None:
        async with shop.store.database.transaction(force_rollback=self.end == "rolled back"):
            await shop.AuditLog(event=name).save()
            for number, step in enumerate(self.inner):
                with contextlib.suppress(UndoneError, asyncio.CancelledError):
                    await step.take(shop, f"{name}.{number}")
            if self.end == "raised":
                raise UndoneError
            if self.end == "cancelled":
                raise asyncio.CancelledError

    def left(self, name: str) -> list[str]:
        """The rows that must be there afterwards."""
        if self.end != "released":
            return []
        rows = [name]
        for number, step in enumerate(self.inner):
            rows += step.left(f"{name}.{number}")
        return rows


ends = st.sampled_from(["released", "released", "rolled back", "raised", "cancelled"])
steps = st.recursive(
    st.builds(Step, st.just([]), ends),
    lambda inner: st.builds(Step, st.lists(inner, max_size=3), ends),
    max_leaves=5,
)


@dataclass
class Mix:
    """What the receivers of one send do, and how the transaction around it ends."""

    receivers: list[Step]
    end: str
    left: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.left = []
        for number, step in enumerate(self.receivers):
            self.left += step.left(str(number))
        if self.end != "released":
            self.left = []


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mix=st.builds(Mix, st.lists(steps, min_size=1, max_size=3), ends))
async def test_exactly_the_rows_of_released_savepoints_are_left(shop, mix):
    await shop.store.empty()
    connected = []
    for number, step in enumerate(mix.receivers):

        async def receiver(
            sender: Any, instance: Any, *, _step: Step = step, _name: str = str(number), **kw: Any
        ) -> None:
            with contextlib.suppress(UndoneError, asyncio.CancelledError):
                await _step.take(shop, _name)

        connected.append(signals(shop.Album).post_save.connect(receiver))
    try:
        with contextlib.suppress(UndoneError, asyncio.CancelledError):
            rolls_back = mix.end == "rolled back"
            async with shop.store.database.transaction(force_rollback=rolls_back):
                await shop.Album(name="a").save()
                if mix.end == "raised":
                    raise UndoneError
                if mix.end == "cancelled":
                    raise asyncio.CancelledError
    finally:
        for receiver in connected:
            signals(shop.Album).post_save.disconnect(receiver)
    assert await events(shop) == sorted(mix.left)


@pytest.mark.skipif(
    lanes.LEGACY,
    reason="databases 0.6 leaves its connection in the transaction when it is cancelled while it "
    "begins one, with no signals involved",
)
# Cancelled while it connects, aiosqlite drops the connection; Python 3.13 warns.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
async def test_cancelled_at_any_await_a_transaction_leaves_all_of_its_rows_or_none(shop):
    async def audits(sender: Any, instance: Any, **kwargs: Any) -> None:
        async with shop.store.database.transaction():
            await shop.AuditLog(event="saved").save()

    async def work() -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()

    for _ in range(2):
        signals(shop.Album).post_save.connect(functools.partial(audits))

    async def read() -> tuple[list[str], int]:
        return await events(shop), await shop.Album.objects.count()

    all_of_them, none = (["saved", "saved"], 1), ([], 0)
    left, ends = none, 0
    async for _ in cancelled_at_every_await(work):
        left = await read()
        # SQLAlchemy drops a connection whose COMMIT is cancelled; a server may still finish that
        # between two reads.
        while (again := await read()) != left:
            left = again
        assert left in (all_of_them, none)
        await shop.store.empty()
        ends += 1
    assert left == all_of_them
    assert ends > 5
