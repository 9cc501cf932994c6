"""How rows are claimed, tried again, given up and ordered."""

from __future__ import annotations

import asyncio

import pytest

from tests.durable.receivers import BrokenError, names, send, settled
from typed_signals.durable import Job, Worker
from typed_signals.durable._attempt import delay_after

# --- failures ------------------------------------------------------------------------------------


async def test_failure_is_tried_again_later_and_given_up_with_its_traceback(shop, caplog):
    async def fails(name: str, job: Job) -> None:
        raise BrokenError(name)

    received = names(shop, fails, retries=1, backoff=50)
    await send(shop, "a", "b")
    with pytest.raises(BrokenError, match="a"):
        await shop.outbox.drain()
    assert received == [("a", 1), ("b", 1)]
    assert await shop.outbox.drain() == 0  # not due yet
    await shop.make_due()
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    assert received[2:] == [("a", 2), ("b", 2)]
    assert await shop.states() == ["dead", "dead"]
    error = (await shop.rows())[0]["error"]
    assert "in fails" in error
    assert error.endswith("BrokenError: a\n")
    assert [record.levelname for record in caplog.records].count("ERROR") == 2
    assert caplog.records[0].exc_info


def test_delays_double_and_no_two_are_alike():
    for tries, longest in ((1, 1.0), (2, 2.0), (5, 16.0), (20, 60.0), (5000, 60.0)):
        delays = {delay_after(tries, 1.0, 60.0) for _ in range(100)}
        assert len(delays) > 50
        assert longest / 2 <= min(delays) <= max(delays) <= longest


async def test_dead_events_are_listed_and_can_be_tried_again(shop):
    broken = True

    async def fails(name: str, job: Job) -> None:
        if broken:
            raise BrokenError

    received = names(shop, fails, retries=0)
    await send(shop, "a", "b")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    second, first = await shop.outbox.dead()
    assert (first["receiver"], first["attempts"]) == ("note", 1)
    broken = False
    assert await shop.outbox.retry(second["id"]) == 1
    assert await shop.outbox.drain() == 1
    assert received[2:] == [("b", 1)]
    assert await shop.outbox.retry() == 1
    assert await shop.outbox.drain() == 1
    assert await shop.outbox.retry() == 0


async def test_attempt_that_takes_too_long_fails(shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    names(shop, hangs, timeout=0.05, retries=0)
    await send(shop, "a")
    with pytest.raises(TimeoutError):
        await shop.outbox.drain()
    assert await shop.states() == ["dead"]


async def test_cancellation_of_the_receivers_own_is_a_failure(shop):
    async def cancels(name: str, job: Job) -> None:
        raise asyncio.CancelledError

    names(shop, cancels, retries=0)
    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02):
        await settled(shop, "dead")


async def test_attempt_counts_when_it_is_claimed_so_that_a_worker_that_dies_counts(shop):
    received = names(shop, retries=1)
    await send(shop, "a")
    for _ in range(2):  # two workers that claim, and die
        assert len(await shop.outbox.rows.claim({"note": 1}, limit=1, lease=60)) == 1
        assert await shop.outbox.drain() == 0  # leased
        await shop.make_due()
    await shop.outbox.drain()
    assert received == []
    [row] = await shop.rows()
    assert (row["state"], row["attempts"]) == ("dead", 3)
    assert row["error"] == "Its worker died or was cut off on each of 2 attempts."


async def test_event_that_cannot_be_read_dies_like_any_other(shop):
    names(shop, retries=0)
    await send(shop, "a")
    await shop.store.execute(shop.outbox.table.update().values(payload="{"))
    with pytest.raises(ValueError, match="EOF"):
        await shop.outbox.drain()
    assert await shop.states() == ["dead"]


# --- who may claim what --------------------------------------------------------------------------


async def test_unknown_receiver_and_newer_version_stay_pending(shop):
    names(shop)
    await send(shop, "a", "b", "c")
    row = shop.outbox.table.c
    first, second, _ = [each["id"] for each in await shop.rows()]
    for number, values in ((first, {"receiver": "later"}), (second, {"version": 2})):
        statement = shop.outbox.table.update().where(row.id == number).values(**values)
        await shop.store.execute(statement)
    assert await shop.outbox.drain() == 1
    assert await shop.states() == ["pending", "pending", "done"]
    assert [each["attempts"] for each in await shop.rows()] == [0, 0, 1]


async def test_names_that_differ_in_case_are_different_receivers(shop):
    names(shop)
    await send(shop, "a")
    await shop.store.execute(shop.outbox.table.update().values(receiver="Note"))
    assert await shop.outbox.drain() == 0
    assert await shop.states() == ["pending"]


async def test_event_is_claimed_by_one_worker_only(shop):
    received = names(shop)
    await send(shop, *map(str, range(40)))
    workers = [Worker(shop.outbox, concurrency=4, poll=0.02) for _ in range(4)]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    await settled(shop, *["done"] * 40)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    assert sorted(received) == sorted((str(number), 1) for number in range(40))


# --- order ---------------------------------------------------------------------------------------


async def test_events_of_a_key_wait_for_earlier_ones_and_others_do_not(shop):
    failed = asyncio.Event()

    async def fails_once(name: str, job: Job) -> None:
        if name == "a1" and job.attempt == 1:
            failed.set()
            raise BrokenError
        await asyncio.sleep(0.01)

    received = names(shop, fails_once, key=lambda instance: instance.name[0], backoff=50)
    await send(shop, "a1", "a2", "b1", "a3", "b2")
    async with shop.outbox.worker(poll=0.02):
        await failed.wait()
        await settled(shop, "pending", "pending", "done", "pending", "done")
        await shop.make_due()
        await settled(shop, *["done"] * 5)
    assert [each for each in received if each[0][0] == "b"] == [("b1", 1), ("b2", 1)]
    assert [each for each in received if each[0][0] == "a"] == [
        ("a1", 1), ("a1", 2), ("a2", 1), ("a3", 1),
    ]  # fmt: skip


async def test_dead_event_lets_its_key_go_on(shop):
    async def fails(name: str, job: Job) -> None:
        if name == "a":
            raise BrokenError

    received = names(shop, fails, key=lambda: "all", retries=0)
    await send(shop, "a", "b")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    assert received == [("a", 1), ("b", 1)]


async def test_keys_of_different_receivers_have_nothing_to_do_with_each_other(shop):
    async def fails(name: str, job: Job) -> None:
        raise BrokenError

    names(shop, fails, name="fails", key=lambda: "all")
    received = names(shop, key=lambda: "all")
    await send(shop, "a", "b")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    assert received == [("a", 1), ("b", 1)]


# --- upkeep --------------------------------------------------------------------------------------


async def test_purge_deletes_what_was_finished_long_ago(shop):
    async def fails(name: str, job: Job) -> None:
        if name == "b":
            raise BrokenError

    names(shop, fails, retries=0)
    await send(shop, "a", "b")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    await send(shop, "c")
    assert await shop.outbox.purge() == 0
    assert await shop.outbox.purge(older_than=0) == 1
    assert await shop.states() == ["dead", "pending"]
    assert await shop.outbox.purge(older_than=0, dead=True) == 1
    assert await shop.states() == ["pending"]


async def test_worker_purges(shop):
    names(shop)
    shop.outbox.keep = 0
    await send(shop, "a")
    await shop.outbox.drain()
    async with shop.outbox.worker(poll=0.02):
        await settled(shop)


async def test_status_counts_by_receiver(shop):
    names(shop)
    names(shop, name="other")
    await send(shop, "a", "b")
    await shop.outbox.rows.claim({"note": 1}, limit=1, lease=60)
    status = {each.receiver: each for each in await shop.outbox.status()}
    note, other = status["note"], status["other"]
    assert (note.pending, note.running, note.done, note.dead) == (1, 1, 0, 0)
    assert (other.pending, other.running) == (2, 0)
    assert 0 <= note.oldest < 60
    await shop.make_due()
    await shop.outbox.drain()
    note = {each.receiver: each for each in await shop.outbox.status()}["note"]
    assert (note.pending, note.running, note.done, note.oldest) == (0, 0, 2, None)


def test_arguments_that_cannot_be_are_named(tmp_path):
    with pytest.raises(ValueError, match="concurrency=0"):
        Worker(None, concurrency=0)


# --- OpenTelemetry -------------------------------------------------------------------------------


async def test_span_of_the_work_is_linked_to_that_of_the_send(shop, telemetry):
    async def fails(name: str, job: Job) -> None:
        if job.attempt < 3:
            raise BrokenError

    names(shop, fails, retries=1)
    with telemetry.tracer.start_as_current_span("request"):
        await send(shop, "a")
    for _ in range(2):
        await shop.make_due()
        with pytest.raises(BrokenError):
            await shop.outbox.drain()
    request, first, second = telemetry.spans()
    assert (first.name, first.attributes["typed_signals.attempt"]) == ("handle note", 1)
    assert (second.attributes["error.type"], second.attributes["typed_signals.attempt"]) == (
        "BrokenError",
        2,
    )
    assert [link.context.span_id for link in first.links] == [request.context.span_id]
    assert not first.events
    assert telemetry.measured() == {"lag": 2, "retries": 1, "dead": 1}
