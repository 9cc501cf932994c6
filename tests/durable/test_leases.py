"""What a worker holds: leases that run out, are renewed or lost, and are given back."""

from __future__ import annotations

import asyncio
import contextvars
import time
from typing import Any

import pytest

from tests.durable.receivers import PATIENCE, Named, names, send, settled, until
from typed_signals.durable import Job, Worker
from typed_signals.durable._store import Store

# --- leases --------------------------------------------------------------------------------------


async def test_lease_of_a_dead_worker_runs_out(shop):
    handled: list[float] = []

    async def notes_when(name: str, job: Job) -> None:
        handled.append(time.monotonic())

    received = names(shop, notes_when)
    await send(shop, "a")
    claimed = time.monotonic()
    await shop.outbox.rows.claim({"note": 1}, limit=1, lease=0.3)
    async with shop.outbox.worker(poll=0.02):
        await settled(shop, "done")
    assert received == [("a", 2)]
    assert handled[0] - claimed >= 0.3


async def test_lease_is_renewed_while_its_receiver_runs(shop):
    finish = asyncio.Event()

    async def waits(name: str, job: Job) -> None:
        await finish.wait()

    received = names(shop, waits)
    await send(shop, "a")
    lease = 4
    async with (
        shop.outbox.worker(lease=lease, poll=0.02),
        shop.outbox.worker(lease=lease, poll=0.02),
    ):
        await until(lambda: received)
        [claimed] = await shop.rows()
        async with asyncio.timeout(PATIENCE):  # without renewals it would have run out by then
            while (await shop.rows())[0]["due"] <= claimed["due"] + lease:
                await asyncio.sleep(0.05)
        finish.set()
        await settled(shop, "done")
    assert received == [("a", 1)]


async def test_receiver_whose_lease_was_lost_is_cancelled(shop, caplog):
    ended: list[str] = []

    async def hangs(name: str, job: Job) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    received = names(shop, hangs)
    await send(shop, "a")
    async with shop.outbox.worker(lease=0.3, poll=5):
        await until(lambda: received)
        await shop.store.execute(shop.outbox.table.update().values(lease="another"))
        await until(lambda: ended)
    assert (await shop.rows())[0]["lease"] == "another"
    assert "another worker handles it, too" in caplog.text


async def test_worker_outlives_a_database_that_is_away(shop, monkeypatch, caplog):
    received = names(shop)
    fetch, away = Store.fetch, True

    async def fetch_if_there(store: Store, statement: Any) -> Any:
        if away:
            raise ConnectionRefusedError("away")
        return await fetch(store, statement)

    monkeypatch.setattr(Store, "fetch", fetch_if_there)
    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02):
        await until(lambda: caplog.text.count("cannot claim") > 2)
        away = False
        await until(lambda: received)


async def test_success_is_noted_once_the_database_is_back(shop, monkeypatch):
    received = names(shop)
    finish, tries = shop.outbox.rows.finish, 0

    async def finish_at_last(claimed: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionResetError
        return await finish(claimed)

    monkeypatch.setattr(shop.outbox.rows, "finish", finish_at_last)
    await send(shop, "a")
    await shop.outbox.drain()
    assert (received, await shop.states(), tries) == ([("a", 1)], ["done"], 3)


async def test_success_that_cannot_be_noted_is_logged_and_handled_again(shop, monkeypatch, caplog):
    received = names(shop)
    finish = shop.outbox.rows.finish

    async def never(claimed: Any) -> Any:
        if claimed[0].job.attempt == 1:
            raise ConnectionResetError
        return await finish(claimed)

    monkeypatch.setattr(shop.outbox.rows, "finish", never)
    await send(shop, "a")
    async with shop.outbox.worker(lease=0.3, poll=0.02):
        await settled(shop, "done")
    assert received == [("a", 1), ("a", 2)]
    assert "the event is handled again when its lease has run out" in caplog.text


# --- stopping ------------------------------------------------------------------------------------


async def test_worker_that_stops_lets_its_receivers_finish(shop):
    async def takes_a_while(name: str, job: Job) -> None:
        await asyncio.sleep(0.2)

    received = names(shop, takes_a_while)
    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02):
        await until(lambda: received)
    assert await shop.states() == ["done"]


async def test_what_does_not_finish_in_time_is_given_back_and_does_not_count(shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    received = names(shop, hangs)
    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02, grace=0.05):
        await until(lambda: received)
    [row] = await shop.rows()
    assert (row["state"], row["attempts"], row["lease"]) == ("pending", 0, None)
    claimed = await shop.outbox.rows.claim({"note": 1}, limit=1, lease=60)
    assert claimed[0].job.attempt == 1


async def test_success_that_is_being_noted_is_not_given_back(shop, monkeypatch):
    received = names(shop)
    finish, noting = shop.outbox.rows.finish, asyncio.Event()

    async def finish_slowly(claimed: Any) -> Any:
        noting.set()
        await asyncio.sleep(0.3)
        return await finish(claimed)

    monkeypatch.setattr(shop.outbox.rows, "finish", finish_slowly)
    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02, grace=0):
        await noting.wait()
    assert (received, await shop.states()) == ([("a", 1)], ["done"])


async def test_what_was_only_just_claimed_is_given_back(shop, monkeypatch):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    names(shop, hangs, payload=Named)  # cancelled in a query, drivers leave a connection open
    await send(shop, "a")
    worker = Worker(shop.outbox, grace=0)
    claim = shop.outbox.rows.claim

    async def claim_and_stop(*args: Any, **kwargs: Any) -> Any:
        claimed = await claim(*args, **kwargs)
        worker.stop()
        return claimed

    monkeypatch.setattr(shop.outbox.rows, "claim", claim_and_stop)
    await asyncio.wait_for(worker.run(), 10)
    [row] = await shop.rows()
    assert (row["state"], row["attempts"], row["lease"]) == ("pending", 0, None)


async def test_second_stop_does_not_wait(shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    received = names(shop, hangs)
    await send(shop, "a")
    worker = Worker(shop.outbox, poll=0.02, grace=60)
    running = asyncio.create_task(worker.run())
    await until(lambda: received)
    worker.stop()
    await asyncio.sleep(0.05)
    assert not running.done()
    worker.stop()
    await asyncio.wait_for(running, 20)
    assert await shop.states() == ["pending"]


async def test_worker_that_is_cancelled_gives_back(shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    received = names(shop, hangs)
    await send(shop, "a")
    running = asyncio.create_task(Worker(shop.outbox, poll=0.02, grace=0).run())
    await until(lambda: received)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [row["lease"] for row in await shop.rows()] == [None]


async def test_worker_that_is_cancelled_twice_does_not_wait_for_its_receivers(shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    received = names(shop, hangs)
    await send(shop, "a")
    others = asyncio.all_tasks()
    running = asyncio.create_task(Worker(shop.outbox, poll=0.02, grace=60).run())
    await until(lambda: received)
    running.cancel()
    await asyncio.wait((running,), timeout=0.05)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 10)
    assert [row["lease"] for row in await shop.rows()] == [None]
    assert asyncio.all_tasks() == others


async def test_lease_that_runs_out_while_its_renewal_fails_is_lost(shop, monkeypatch):
    ended, renewals = asyncio.Event(), 0

    async def hangs(name: str, job: Job) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def fails_when_the_lease_is_over(held: Any, lease: float) -> Any:
        nonlocal renewals
        renewals += 1
        await asyncio.sleep(lease)
        raise ConnectionResetError

    monkeypatch.setattr(shop.outbox.rows, "renew", fails_when_the_lease_is_over)
    names(shop, hangs)
    await send(shop, "a")
    async with shop.outbox.worker(lease=0.3, poll=5, grace=0):
        await asyncio.wait_for(ended.wait(), 10)
        assert renewals == 1


async def test_worker_that_is_cancelled_at_any_moment_leaves_nothing_behind(shop):
    names(shop)
    for number in range(30):
        await send(shop, str(number))
        running = asyncio.create_task(Worker(shop.outbox, poll=0.001, grace=0).run())
        await asyncio.sleep(0.001 * number)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert shop.store.database.engine.pool.checkedout() == 0
        assert {row["lease"] for row in await shop.rows()} == {None}


async def test_events_do_not_share_a_context(shop):
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="clean")
    found: list[str] = []

    async def sets(name: str, job: Job) -> None:
        found.append(variable.get())
        variable.set("dirty")

    names(shop, sets)
    variable.set("outside")
    await send(shop, "a", "b")
    async with shop.outbox.worker(poll=0.02):
        await settled(shop, "done", "done")
    assert found == ["clean", "clean"]
