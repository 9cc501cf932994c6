"""Events through message brokers: a relay publishes them, consumers run the receivers."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from typed_signals.durable import Durable, DurableError, Event, Job, durably

pytest.importorskip("faststream")


class BrokenError(Exception):
    """What a receiver fails with."""


@asynccontextmanager
async def nats(consume: Any) -> AsyncIterator[Any]:
    from faststream import AckPolicy
    from faststream.nats import JStream, NatsBroker
    from nats import connect

    name = f"ts_{uuid.uuid4().hex[:8]}"
    broker = NatsBroker("nats://127.0.0.1:4222")
    stream = JStream(name=name)
    publisher = broker.publisher(f"{name}.events", stream=stream)
    broker.subscriber(
        f"{name}.events",
        stream=stream,
        durable=name,
        pull_sub=True,
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )(consume)
    async with broker:
        await broker.start()
        try:
            yield publisher.publish
        finally:
            client = await connect("nats://127.0.0.1:4222")
            await client.jetstream().delete_stream(name)
            await client.close()


@asynccontextmanager
async def rabbitmq(consume: Any) -> AsyncIterator[Any]:
    from faststream import AckPolicy
    from faststream.rabbit import RabbitBroker, RabbitQueue

    broker = RabbitBroker("amqp://guest:guest@127.0.0.1:5672/")
    queue = RabbitQueue(f"ts_{uuid.uuid4().hex[:8]}", durable=True)
    publisher = broker.publisher(queue, persist=True)
    broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)(consume)
    async with broker:
        await broker.start()
        try:
            yield publisher.publish
        finally:
            declared = await broker.declare_queue(queue)
            await declared.delete(if_unused=False, if_empty=False)


@pytest.fixture(params=[nats, rabbitmq], ids=["nats", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Any:
    return request.param


async def send(shop: Any, *names: str) -> None:
    async with shop.database.transaction():
        for name in names:
            await shop.Order(name=name).save()


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_events_reach_their_receivers_through_a_broker(shop, broker):
    received: list[Any] = []

    @durably("post_save", shop.Order, Durable("note", key=lambda: "all"))
    async def receiver(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        received.append((instance.name, job))

    async def consume(event: Event) -> None:
        await shop.outbox.receive(event)

    await send(shop, *"abc")
    async with broker(consume) as publish, shop.outbox.worker(poll=0.02, publish=publish):
        await until(lambda: len(received) == 3)
    assert [name for name, _ in received] == ["a", "b", "c"]
    rows = await shop.rows()
    assert [job.event_id for _, job in received] == [row["event_id"] for row in rows]
    assert [row["state"] for row in rows] == ["done"] * 3


async def test_broker_delivers_again_what_failed(shop, broker):
    received: list[str] = []

    @durably("post_save", shop.Order, Durable("note"))
    async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        received.append(instance.name)
        if len(received) < 3:
            raise BrokenError

    async def consume(event: Event) -> None:
        await shop.outbox.receive(event)

    await send(shop, "a")
    async with broker(consume) as publish, shop.outbox.worker(poll=0.02, publish=publish):
        await until(lambda: len(received) == 3)
        await asyncio.sleep(0.2)
    assert received == ["a"] * 3


async def test_event_that_the_broker_does_not_take_stays_in_the_outbox(shop):
    @durably("post_save", shop.Order, Durable("note"))
    async def receiver(sender: Any, **kwargs: Any) -> None: ...

    async def publish(event: Event) -> None:
        raise ConnectionError

    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02, publish=publish):
        while not (await shop.rows())[0]["error"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await shop.states() == ["pending"]


async def test_event_of_an_unknown_receiver_is_left_to_other_processes(shop):
    @durably("post_save", shop.Order, Durable("note"))
    async def receiver(sender: Any, **kwargs: Any) -> None: ...

    await send(shop, "a")
    [claimed] = await shop.outbox.rows.claim({"note": 1}, limit=1, lease=60)
    event = Event.model_validate_json(claimed.event.model_dump_json())
    assert event == claimed.event
    newer = event.model_copy(update={"job": dataclasses.replace(event.job, version=2)})
    await shop.outbox.receive(event)
    with pytest.raises(DurableError, match="no receiver `note` of version 2"):
        await shop.outbox.receive(newer)
