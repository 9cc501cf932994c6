"""What the benchmark of durable receivers measures, on one database with one engine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import durable_shop as shop
import sqlalchemy as sa

WORKER = "import asyncio, durable_shop, sys; asyncio.run(durable_shop.work(sys.argv[1]))"
EVENT = {"instance": {"id": 1, "name": "1"}}


class Row(NamedTuple):
    """A line of the report: the ratio is to the line that it names."""

    where: str
    what: str
    figure: str
    ratio: float | None = None
    of: str = ""


# --- cost of the row -----------------------------------------------------------------------------


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def save(
    model: Any, count: int, after: Callable[[], Awaitable[object]] | None = None
) -> None:
    for number in range(count):
        async with shop.base.database.transaction():
            await model(name=str(number)).save()
        if after is not None:
            await after()


async def seconds_of(count: int, *works: Callable[[int], Awaitable[object]]) -> list[float]:
    """Seconds of each, for one; in turns, so that what else runs disturbs all alike."""
    best = [float("inf")] * len(works)
    for _ in range(5):
        for index, each in enumerate(works):
            best[index] = min(best[index], await timed(lambda each=each: each(count)) / count)
    return best


# --- throughput ----------------------------------------------------------------------------------


def rows_of(count: int, keys: int | None) -> Iterator[dict[str, Any]]:
    now = time.time()
    for number in range(count):
        key = None if keys is None else str(number % keys)
        event = {
            "event_id": uuid.uuid4().hex, "receiver": "handle", "version": 1,
            "sender": f"{shop.PREFIX}orders", "key": key, "payload": json.dumps(EVENT),
        }  # fmt: skip
        if shop.ENGINE == "procrastinate":
            args = {**event, "trace": None, "created": now}
            yield {
                "queue": "handle:v1", "task": "typed_signals:handle", "args": json.dumps(args),
                "lock": None if key is None else f"typed_signals:handle:{key}",
            }  # fmt: skip
        else:
            due = now - 10 + number / count
            yield {**event, "state": "pending", "created": now, "due": due, "attempts": 0}


async def fill(rows: Iterator[dict[str, Any]]) -> None:
    """Put events into the outbox, faster than by saving."""
    every = list(rows)
    insert: Any = sa.text(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args) "
        "VALUES (:queue, :task, :lock, CAST(:args AS jsonb))"
    )
    table = "procrastinate_jobs"
    if shop.ENGINE != "procrastinate":
        insert, table = shop.outbox.table.insert(), shop.outbox.table.name
    async with shop.base.database.engine.begin() as connection:
        for start in range(0, len(every), 1_000):
            await connection.execute(insert, every[start : start + 1_000])
    async with shop.base.database.engine.begin() as connection:  # as a live database does by itself
        what = "table " if "mysql" in shop.URL else ""
        await connection.execute(sa.text(f"analyze {what}{table}"))


async def empty() -> None:
    table = "procrastinate_jobs"
    if shop.ENGINE != "procrastinate":
        table = shop.outbox.table.name
    await shop.outbox.store.execute(sa.text(f"DELETE FROM {table}"))


async def done() -> int:
    query = "SELECT count(*) AS number FROM procrastinate_jobs WHERE status = 'succeeded'"
    if shop.ENGINE != "procrastinate":
        query = f"SELECT count(*) AS number FROM {shop.outbox.table.name} WHERE state = 'done'"
    [row] = await shop.outbox.store.fetch(sa.text(query))
    return int(row["number"])


async def rate(workers: int, rows: int, kind: str = "ours") -> float:
    """Events a second that some worker processes handle, of those that are there."""
    command = [sys.executable, "-c", WORKER, kind]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [
        subprocess.Popen(command, env=environment, **pipes)  # noqa: ASYNC220 - before what is measured
        for _ in range(workers)
    ]
    for process in processes:
        assert process.stdout
        await asyncio.to_thread(process.stdout.readline)
    began = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    handled = 0
    while handled < rows:
        await asyncio.sleep(0.05)
        handled = await done()
    seconds = time.perf_counter() - began
    for process in processes:
        process.kill()
        await asyncio.to_thread(process.wait)
    return handled / seconds


async def filled_rate(
    workers: int, rows: int, *, pending: int = 0, keys: int | None = None
) -> float:
    await empty()
    await fill(rows_of(rows + pending, keys))
    return await rate(workers, rows)


# --- reports -------------------------------------------------------------------------------------


async def measure(where: str, rows: int, pending: int) -> list[Row]:
    """An outbox: the cost of the row, and how its workers grow."""
    works: list[Callable[[int], Awaitable[object]]] = [
        lambda count: save(shop.Plain, count),
        lambda count: save(shop.Order, count),
    ]
    async with AsyncExitStack() as stack:
        if shop.ENGINE == "procrastinate":  # the same save, then a job on its own connection
            await stack.enter_async_context(shop.app.open_async())
            works.append(
                lambda count: save(shop.Plain, count, lambda: shop.alone.defer_async(name="1"))
            )
        plain, durable, *others = await seconds_of(rows // 10, *works)
    found = [
        Row(where, "a save in a transaction", f"{plain * 1e3:.2f} ms"),
        Row(where, "with a durable receiver", f"{durable * 1e3:.2f} ms", durable / plain, "save"),
    ]
    for own in others:
        what = "procrastinate's own defer after it"
        found.append(Row(where, what, f"{own * 1e3:.2f} ms", own / plain, "save"))
    one = await filled_rate(1, rows)
    found.append(Row(where, "1 worker", f"{one:.0f} events/s"))
    if shop.ENGINE == "procrastinate":
        await empty()
        alone = {"queue": "alone", "task": "alone", "lock": None, "args": '{"name": "1"}'}
        await fill(alone for _ in range(rows))
        own = await rate(1, rows, "alone")
        what = "procrastinate alone, 1 worker"
        found.append(Row(where, what, f"{own:.0f} events/s", own / one, "1 worker"))
    for workers in (2, 4):
        more = await filled_rate(workers, rows)
        found.append(
            Row(where, f"{workers} workers", f"{more:.0f} events/s", more / one, "1 worker")
        )
    keyed = await filled_rate(1, rows, keys=100)
    found.append(Row(where, "1 worker, 100 keys", f"{keyed:.0f} events/s", keyed / one, "1 worker"))
    full = await filled_rate(1, rows, pending=pending)
    what = f"1 worker, {pending:,} more pending"
    found.append(Row(where, what, f"{full:.0f} events/s", full / one, "1 worker"))
    return found


async def through(broker: Any, publisher: Any, subscriber: Any, rows: int) -> tuple[float, float]:
    """Events a second through a broker alone, and relayed from the outbox to the receiver."""
    from typed_signals.durable import Event

    received, relayed = 0, False

    @subscriber
    async def consume(event: Event) -> None:
        nonlocal received
        if relayed:
            await shop.outbox.receive(event)
        received += 1

    async def until(count: int) -> None:
        while received < count:
            await asyncio.sleep(0.005)

    await empty()
    await fill(rows_of(rows, None))
    [claimed] = await shop.outbox.rows.claim({"handle": 1}, limit=1, lease=3600)
    async with broker:
        await broker.start()
        numbers = iter(range(rows))

        async def publish() -> None:
            for _ in numbers:
                await publisher.publish(claimed.event)

        began = time.perf_counter()
        await asyncio.gather(*(publish() for _ in range(shop.CONCURRENCY)))
        await until(rows)
        alone = rows / (time.perf_counter() - began)
        received, relayed = 0, True
        began = time.perf_counter()
        async with shop.outbox.worker(concurrency=shop.CONCURRENCY, publish=publisher.publish):
            await until(rows - 1)
        return alone, (rows - 1) / (time.perf_counter() - began)


async def measure_brokers(where: str, rows: int) -> list[Row]:
    """FastStream alone, and with the relay before it and the receiver behind it."""
    from faststream import AckPolicy
    from faststream.nats import JStream, NatsBroker
    from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
    from nats import connect

    policy = AckPolicy.NACK_ON_ERROR
    name = f"{shop.PREFIX}events"
    nats_url = "nats://127.0.0.1:4222"
    nats = NatsBroker(nats_url, log_level=10)
    stream = JStream(name=name)
    events = nats.publisher(f"{name}.events", stream=stream)
    pulled = nats.subscriber(
        f"{name}.events", stream=stream, durable=name, pull_sub=True, ack_policy=policy
    )
    try:
        first = await through(nats, events, pulled, rows)
    finally:
        client = await connect(nats_url)
        await client.jetstream().delete_stream(name)
        await client.close()

    prefetch = Channel(prefetch_count=shop.CONCURRENCY)
    rabbit = RabbitBroker(
        "amqp://guest:guest@127.0.0.1:5672/", default_channel=prefetch, log_level=10
    )
    queue = RabbitQueue(name, durable=True)
    published = rabbit.publisher(queue, persist=True)
    try:
        second = await through(rabbit, published, rabbit.subscriber(queue, ack_policy=policy), rows)
    finally:
        await rabbit.connect()
        await (await rabbit.declare_queue(queue)).delete(if_unused=False, if_empty=False)
        await rabbit.stop()

    found: list[Row] = []
    for broker, (alone, relayed) in {"NATS JetStream": first, "RabbitMQ": second}.items():
        found += [
            Row(f"{broker}, {where}", "FastStream alone", f"{alone:.0f} events/s"),
            Row(
                f"{broker}, {where}", "relay, broker and receiver", f"{relayed:.0f} events/s",
                relayed / alone, "FastStream alone",
            ),
        ]  # fmt: skip
    return found


async def main(where: str, rows: int, pending: int) -> list[Row]:
    async with shop.base.database:
        await shop.create_tables()
        try:
            found = await measure(where, rows, pending)
            if shop.ENGINE == "table" and where == "PostgreSQL":
                found += await measure_brokers(where, rows)
        finally:
            async with shop.base.database.engine.begin() as connection:
                await connection.run_sync(shop.base.metadata.drop_all)
    return found


if __name__ == "__main__":
    results = asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    Path(sys.argv[4]).write_text(json.dumps(results))
