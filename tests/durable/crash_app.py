"""An application that crashes: imported by its workers, run as its senders (see crashes.py)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pydantic
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from typed_signals import post_save
from typed_signals.durable import Durable, Event, Job, Outbox, TableOutbox

URL = os.environ["CRASH_URL"]
BROKER_URL = os.environ.get("CRASH_BROKER_URL", "")
LOG = Path(os.environ["CRASH_LOG"])
KEYS = 5

options: dict[str, Any] = {"connect_args": {"timeout": 60}} if "sqlite" in URL else {}


class OrmarShop:
    """The models on ormar."""

    sessions = None

    def __init__(self) -> None:
        import ormar

        import typed_signals.ormar

        self.database = ormar.DatabaseConnection(URL, **options)
        self.base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=self.database)

        class Order(ormar.Model):
            ormar_config = self.base.copy(tablename="orders")
            id: int = ormar.Integer(primary_key=True)
            sender: int = ormar.Integer()
            number: int = ormar.Integer()

        typed_signals.ormar.install()
        self.Order = Order

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[AsyncEngine]:
        async with self.database:
            yield self.database.engine

    @asynccontextmanager
    async def saved(self, **values: int) -> AsyncIterator[None]:
        """Save an order, in a transaction that is committed where the block ends."""
        async with self.database.transaction():
            await self.Order(**values).save()
            yield


class SqlalchemyShop:
    """The models on SQLAlchemy."""

    def __init__(self) -> None:
        import typed_signals.sqlalchemy

        self.engine = create_async_engine(URL, **options)
        self.sessions = async_sessionmaker(self.engine)

        class Base(DeclarativeBase):
            pass

        class Order(Base):
            __tablename__ = "orders"
            id: Mapped[int] = mapped_column(primary_key=True)
            sender: Mapped[int]
            number: Mapped[int]

        typed_signals.sqlalchemy.install(Base)
        self.base, self.Order = Base, Order

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[AsyncEngine]:
        try:
            yield self.engine
        finally:
            await self.engine.dispose()

    @asynccontextmanager
    async def saved(self, number: int, **values: int) -> AsyncIterator[None]:
        """Save an order, in a transaction that is committed where the block ends."""
        async with self.sessions.begin() as session:
            session.add(self.Order(number=number, **values))
            if number % 2:  # the others are flushed by the commit
                await session.flush()
            yield


shop = {"ormar": OrmarShop, "sqlalchemy": SqlalchemyShop}[os.environ["CRASH_ORM"]]()
outbox: Outbox
if os.environ["CRASH_ENGINE"] == "procrastinate":
    from procrastinate import App, PsycopgConnector

    from typed_signals.durable.procrastinate import ProcrastinateOutbox

    app = App(connector=PsycopgConnector(conninfo=URL.replace("+asyncpg", "")))
    outbox = ProcrastinateOutbox(shop.base, app, sessions=shop.sessions)
else:
    outbox = TableOutbox(shop.base, sessions=shop.sessions)


async def create_tables() -> None:
    async with shop.opened() as engine, engine.begin() as connection:
        await connection.run_sync(shop.base.metadata.create_all)
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
    shop.Order,
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
    (LOG / f"works-{os.getpid()}").touch()
    await asyncio.sleep(random.random() * 0.01)
    log("handled", f"{instance.sender} {instance.number} {job.attempt}")
    if random.random() < 0.02:
        raise OSError("a failure that is tried again")


class UndoneError(Exception):
    """Rolls an operation back."""


async def send(sender: int, start: int, stop: int, crashes: float) -> None:
    """Save orders, one transaction each; roll some back, and die in or right after others."""
    chance = random.Random(sender * 1_000_003 + start)
    async with shop.opened():
        for number in range(start, stop):
            log(f"begun-{sender}", str(number))
            fate = chance.random()
            try:
                async with shop.saved(sender=sender, number=number):
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
    async with shop.opened(), broker:
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
