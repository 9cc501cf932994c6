"""The way through NATS JetStream: a relay publishes the events, consumers run the receivers.

Run as `python -m examples.durable_shop.events relay` or `... consume`, as often as you like.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from faststream import AckPolicy, FastStream
from faststream.nats import JStream, NatsBroker, NatsMessage
from nats.js.api import ConsumerConfig

from examples.durable_shop.receivers import outbox
from typed_signals.durable import Event

STREAM = os.environ.get("SHOP_STREAM", "durable_shop")
DELIVERIES = 3

broker = NatsBroker(os.environ.get("SHOP_BROKER", "nats://127.0.0.1:4222"))
stream = JStream(name=STREAM)
events = broker.publisher(f"{STREAM}.events", stream=stream)


async def consume(event: Event, message: NatsMessage) -> None:
    attempt = message.raw_message.metadata.num_delivered
    await outbox.receive(event, attempt=attempt, last=attempt == DELIVERIES)


def run(role: str) -> None:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(outbox.connected())
            if role == "relay":
                await broker.connect()
                relay = outbox.worker(publish=events.publish, poll=0.1)
                await stack.enter_async_context(relay)
            yield

    if role == "consume":
        broker.subscriber(
            f"{STREAM}.events",
            stream=stream,
            durable=STREAM,
            pull_sub=True,
            config=ConsumerConfig(max_deliver=DELIVERIES),
            ack_policy=AckPolicy.NACK_ON_ERROR,
        )(consume)
    asyncio.run(FastStream(broker, lifespan=lifespan).run())


if __name__ == "__main__":
    run(sys.argv[1])
