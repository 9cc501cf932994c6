"""An application that crashes: imported by its workers, run as its senders (see crashes.py)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import ormar
import pydantic
import sqlalchemy

import typed_signals.ormar
from typed_signals import post_save
from typed_signals.durable import Durable, Event, Job, Outbox, TableOutbox

URL = os.environ["CRASH_URL"]
BROKER_URL = os.environ.get("CRASH_BROKER_URL", "")
LOG = Path(os.environ["CRASH_LOG"])
KEYS = 5

options: dict[str, Any] = {"connect_args": {"timeout": 60}} if "sqlite" in URL else {}
base = ormar.OrmarConfig(
    metadata=sqlalchemy.MetaData(),
    database=ormar.DatabaseConnection(URL, **options),
)


class Order(ormar.Model):
    ormar_config = base.copy(tablename="orders")
    id: int = ormar.Integer(primary_key=True)
    sender: int = ormar.Integer()
    number: int = ormar.Integer()


typed_signals.ormar.install()

outbox: Outbox
if os.environ["CRASH_ENGINE"] == "procrastinate":
    from procrastinate import App, PsycopgConnector

    from typed_signals.durable.procrastinate import ProcrastinateOutbox

    app = App(connector=PsycopgConnector(conninfo=URL.replace("+asyncpg", "")))
    outbox = ProcrastinateOutbox(base, app)
else:
    outbox = TableOutbox(base)


async def create_tables() -> None:
    async with base.database, base.database.engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
    if not isinstance(outbox, TableOutbox):
        async with app.open_async():
            await app.schema_manager.apply_schema_async()


class Numbers(pydantic.BaseModel):
    sender: int
    number: int


def log(file: str, line: str) -> None:
    """Add a line, whole even if this process is killed right after, or others write too."""
    descriptor = os.open(LOG / file, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


@post_save(
    Order,
    durable=Durable(
        "handle",
        payload=Numbers,
        key=lambda instance: f"{instance.sender}:{instance.number % KEYS}",
        retries=1_000,
        backoff=0.05,
        longest_backoff=0.2,
    ),
)
async def handle(sender: Any, instance: Numbers, job: Job, **kwargs: object) -> None:
    log("handled", f"{instance.sender} {instance.number} {job.attempt}")
    await asyncio.sleep(random.random() * 0.01)
    if random.random() < 0.02:
        raise OSError("a failure that is tried again")


class UndoneError(Exception):
    """Rolls an operation back."""


async def send(sender: int, start: int, stop: int, crashes: float) -> None:
    """Save orders, one transaction each; roll some back, and die in or right after others."""
    chance = random.Random(sender * 1_000_003 + start)
    async with base.database:
        for number in range(start, stop):
            log(f"begun-{sender}", str(number))
            fate = chance.random()
            try:
                async with base.database.transaction():
                    await Order(sender=sender, number=number).save()
                    if fate < crashes / 2:
                        os.kill(os.getpid(), signal.SIGKILL)
                    if fate > 0.9:
                        raise UndoneError
            except UndoneError:
                continue
            except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
                log("send-errors", type(error).__name__)
                await asyncio.sleep(0.1)
                continue
            if fate < crashes:
                os.kill(os.getpid(), signal.SIGKILL)


# --- through a broker ----------------------------------------------------------------------------


async def consume(event: Event) -> None:
    await outbox.receive(event)


def nats(name: str) -> tuple[Any, Any]:
    from faststream import AckPolicy
    from faststream.nats import JStream, NatsBroker
    from nats.js.api import ConsumerConfig

    broker = NatsBroker(BROKER_URL, max_reconnect_attempts=-1, reconnect_time_wait=0.2)
    stream = JStream(name=name)
    publisher = broker.publisher(f"{name}.events", stream=stream)
    broker.subscriber(
        f"{name}.events",
        stream=stream,
        durable=name,
        pull_sub=True,
        config=ConsumerConfig(ack_wait=3, max_deliver=-1),
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )(consume)
    return broker, publisher


def rabbitmq(name: str) -> tuple[Any, Any]:
    from faststream import AckPolicy
    from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

    broker = RabbitBroker(BROKER_URL, default_channel=Channel(prefetch_count=8))
    queue = RabbitQueue(name, durable=True)
    publisher = broker.publisher(queue, persist=True)
    broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)(consume)
    return broker, publisher


async def relay(kind: str, name: str) -> None:
    """Publish events and consume them, until SIGTERM."""
    broker, publisher = {"nats": nats, "rabbitmq": rabbitmq}[kind](name)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with base.database, broker:
        await broker.start()
        assert isinstance(outbox, TableOutbox)
        async with outbox.worker(lease=3, poll=0.05, publish=publisher.publish):
            await stopped.wait()


if __name__ == "__main__":
    if sys.argv[1] == "create":
        asyncio.run(create_tables())
    elif sys.argv[1] == "relay":
        asyncio.run(relay(*sys.argv[2:4]))
    else:
        asyncio.run(send(*map(int, sys.argv[1:4]), float(sys.argv[4])))
