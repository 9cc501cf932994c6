"""Events through message brokers: a relay publishes them, consumers run the receivers."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.durable.receivers import PATIENCE, BrokenError, send, until
from typed_signals import post_save
from typed_signals.durable import Durable, DurableError, Event, Job


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


@asynccontextmanager
async def redis(consume: Any) -> AsyncIterator[Any]:
    from faststream import AckPolicy
    from faststream.redis import RedisBroker, StreamSub
    from redis.asyncio import Redis

    url = "redis://127.0.0.1:6379"
    name = f"ts_{uuid.uuid4().hex[:8]}"
    broker = RedisBroker(url)
    publisher = broker.publisher(stream=StreamSub(name))
    new = StreamSub(name, group="shop", consumer="new", polling_interval=20)
    # Redis delivers again only what is claimed: after a failure, from consumers that died, and,
    # if it comes too early, what is being handled.
    again = StreamSub(
        name, group="shop", consumer="again", min_idle_time=1_500, polling_interval=20
    )
    for stream in (new, again):
        broker.subscriber(stream=stream, ack_policy=AckPolicy.NACK_ON_ERROR)(consume)
    async with broker:
        await broker.start()
        try:
            yield publisher.publish
        finally:
            async with Redis.from_url(url) as client:
                await client.delete(name)


@asynccontextmanager
async def kafka(consume: Any) -> AsyncIterator[Any]:
    """There is no Kafka server here: FastStream's in-memory broker, which delivers once."""
    from faststream import AckPolicy
    from faststream.kafka import KafkaBroker, TestKafkaBroker

    broker = KafkaBroker("127.0.0.1:9092")
    publisher = broker.publisher("shop.events")
    broker.subscriber(
        "shop.events",
        group_id="shop",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )(consume)

    async def publish(event: Event) -> None:
        key = event.job.key
        await publisher.publish(event, key=None if key is None else key.encode())

    async with TestKafkaBroker(broker, connect_only=False):
        yield publish


SERVERS = [nats, rabbitmq, redis]


@pytest.fixture(params=[*SERVERS, kafka], ids=lambda broker: broker.__name__)
def any_broker(request: pytest.FixtureRequest) -> Any:
    pytest.importorskip("faststream")
    return request.param


@pytest.fixture(params=SERVERS, ids=lambda broker: broker.__name__)
def broker(request: pytest.FixtureRequest) -> Any:
    return request.param


async def test_events_reach_their_receivers_through_a_broker(shop, any_broker):
    received: list[Any] = []

    @post_save(shop.Order, durable=Durable("note", key=lambda: "all"))
    async def receiver(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        received.append((instance.name, job))

    async def consume(event: Event) -> None:
        await shop.outbox.receive(event)

    await send(shop, *"abc")
    async with any_broker(consume) as publish, shop.outbox.worker(poll=0.02, publish=publish):
        await until(lambda: len(received) == 3)
    assert [name for name, _ in received] == ["a", "b", "c"]
    rows = await shop.rows()
    assert [job.event_id for _, job in received] == [row["event_id"] for row in rows]
    assert [row["state"] for row in rows] == ["done"] * 3


@pytest.mark.ormar_only("the broker does the same whatever the ORM is")
async def test_broker_delivers_again_what_failed(shop, broker):
    received: list[str] = []

    @post_save(shop.Order, durable=Durable("note"))
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
    @post_save(shop.Order, durable=Durable("note"))
    async def receiver(sender: Any, **kwargs: Any) -> None: ...

    async def publish(event: Event) -> None:
        raise ConnectionError

    await send(shop, "a")
    async with shop.outbox.worker(poll=0.02, publish=publish), asyncio.timeout(PATIENCE):
        while not (await shop.rows())[0]["error"]:
            await asyncio.sleep(0.02)
    assert await shop.states() == ["pending"]


async def test_event_of_an_unknown_receiver_is_left_to_other_processes(shop):
    @post_save(shop.Order, durable=Durable("note"))
    async def receiver(sender: Any, **kwargs: Any) -> None: ...

    await send(shop, "a")
    [claimed] = await shop.outbox.rows.claim({"note": 1}, limit=1, lease=60)
    event = Event.model_validate_json(claimed.event.model_dump_json())
    assert event == claimed.event
    newer = event.model_copy(update={"job": dataclasses.replace(event.job, version=2)})
    await shop.outbox.receive(event)
    with pytest.raises(DurableError, match="no receiver `note` of version 2"):
        await shop.outbox.receive(newer)


# --- dead letters --------------------------------------------------------------------------------


@pytest.mark.ormar_only("the broker does the same whatever the ORM is")
async def test_rabbitmq_moves_what_fails_too_often_to_its_dead_letter_queue(shop, telemetry):
    from faststream import AckPolicy
    from faststream.rabbit import QueueType, RabbitBroker, RabbitMessage, RabbitQueue

    attempts = failing(shop)
    buried: list[Event] = []
    name, limit = f"ts_{uuid.uuid4().hex[:8]}", 2
    broker = RabbitBroker("amqp://guest:guest@127.0.0.1:5672/")
    dead = RabbitQueue(f"{name}.dead", durable=True)
    queue = RabbitQueue(
        name,
        queue_type=QueueType.QUORUM,
        arguments={
            "x-delivery-limit": limit,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead.name,
        },
    )
    publisher = broker.publisher(queue, persist=True)

    @broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def consume(event: Event, message: RabbitMessage) -> None:
        attempt = int(message.headers.get("x-delivery-count", 0)) + 1
        await shop.outbox.receive(event, attempt=attempt, last=attempt > limit)

    @broker.subscriber(dead)
    async def bury(event: Event) -> None:
        buried.append(event)

    await send(shop, "a")
    async with broker:
        await broker.start()
        try:
            async with shop.outbox.worker(poll=0.02, publish=publisher.publish):
                await until(lambda: buried)
        finally:
            for each in (queue, dead):
                await (await broker.declare_queue(each)).delete(if_unused=False, if_empty=False)
    await check_buried(shop, telemetry, attempts, buried)


@pytest.mark.ormar_only("the broker does the same whatever the ORM is")
async def test_jetstream_publishes_an_advisory_for_what_fails_too_often(shop, telemetry):
    from faststream import AckPolicy
    from faststream.nats import JStream, NatsBroker, NatsMessage
    from nats.js.api import ConsumerConfig

    attempts = failing(shop)
    buried: list[Event] = []
    name, limit = f"ts_{uuid.uuid4().hex[:8]}", 3
    broker = NatsBroker("nats://127.0.0.1:4222")
    publisher = broker.publisher(f"{name}.events", stream=JStream(name=name))

    @broker.subscriber(
        f"{name}.events",
        stream=JStream(name=name),
        durable=name,
        pull_sub=True,
        config=ConsumerConfig(max_deliver=limit),
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def consume(event: Event, message: NatsMessage) -> None:
        attempt = message.raw_message.metadata.num_delivered
        await shop.outbox.receive(event, attempt=attempt, last=attempt >= limit)

    # The message stays in its stream. JetStream publishes where; a stream of its own keeps that.
    advisories = f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{name}.{name}"
    dead = JStream(name=f"{name}_dead", subjects=[advisories])

    @broker.subscriber(advisories, stream=dead, durable=f"{name}_dead", pull_sub=True)
    async def bury(advisory: dict[str, Any]) -> None:
        message = await streams().get_msg(advisory["stream"], advisory["stream_seq"])
        buried.append(Event.model_validate_json(message.data or b""))

    await send(shop, "a")
    client = await connect_nats()
    streams = client.jetstream
    async with broker:
        await broker.start()
        try:
            async with shop.outbox.worker(poll=0.02, publish=publisher.publish):
                await until(lambda: buried)
        finally:
            for each in (name, f"{name}_dead"):
                await client.jetstream().delete_stream(each)
            await client.close()
    await check_buried(shop, telemetry, attempts, buried)


def failing(shop: Any) -> list[int]:
    """The attempts of a receiver that always fails."""
    attempts: list[int] = []

    @post_save(shop.Order, durable=Durable("note"))
    async def receiver(sender: Any, job: Job, **kwargs: Any) -> None:
        attempts.append(job.attempt)
        raise BrokenError

    return attempts


async def check_buried(shop: Any, telemetry: Any, attempts: list[int], buried: list[Event]) -> None:
    """See that the event failed three times, and was given up."""
    assert attempts == [1, 2, 3]
    [row] = await shop.rows()
    assert buried[0].job.event_id == row["event_id"]
    assert telemetry.measured() == {"retries": 2, "dead": 1, "lag": 3 + 1}  # one for the relay


async def connect_nats() -> Any:
    from nats import connect

    return await connect("nats://127.0.0.1:4222")


async def test_receiver_that_cancels_itself_fails(shop):
    @post_save(shop.Order, durable=Durable("note"))
    async def receiver(sender: Any, **kwargs: Any) -> None:
        raise asyncio.CancelledError

    await send(shop, "a")
    [claimed] = await shop.outbox.rows.claim({"note": 1}, limit=1, lease=60)
    with pytest.raises(DurableError, match="`note` cancelled itself"):
        await shop.outbox.receive(claimed.event)
