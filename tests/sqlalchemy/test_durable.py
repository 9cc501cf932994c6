"""Durable receivers of mapped classes: what sessions and mappers are about.

What is true of both ORMs is in :mod:`tests.durable`.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from typing import Any, ClassVar, Protocol

import pydantic
import pytest
from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship
from sqlmodel import Field, SQLModel

import typed_signals.sqlalchemy as signals
from tests.durable.receivers import Named, receives
from tests.sqlalchemy.shop import save_on_another_engine
from typed_signals import Signal, SignalDefinitionError
from typed_signals.durable import Durable, DurableError, Job, NoTransactionError, TableOutbox


class Shop:
    """Models with an outbox; made anew for each test, since metadata has one outbox."""

    def __init__(self, engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession]) -> None:
        prefix = f"sd{os.getpid()}_{uuid.uuid4().hex[:6]}_"

        class Base(DeclarativeBase):
            metadata = MetaData()

        class Customer(Base):
            __tablename__ = f"{prefix}customers"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(String(100))

        class Order(Base):
            __tablename__ = f"{prefix}orders"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(String(100))
            kind: Mapped[str] = mapped_column(String(100), default="order")
            made: Mapped[str] = mapped_column(String(100), server_default="by the database")
            customer_id: Mapped[int | None] = mapped_column(ForeignKey(f"{prefix}customers.id"))
            customer: Mapped[Any] = relationship(Customer)
            lines: Mapped[list[Any]] = relationship("Line", cascade="all, delete-orphan")
            __mapper_args__: ClassVar[Any] = {
                "polymorphic_on": "kind",
                "polymorphic_identity": "order",
            }

        class GiftOrder(Order):
            """Shares its parent's table."""

            __mapper_args__: ClassVar[Any] = {"polymorphic_identity": "gift"}

        class Line(Base):
            """Has two columns as its primary key."""

            __tablename__ = f"{prefix}lines"
            order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), primary_key=True)
            number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

        self.Base, self.Customer, self.Order = Base, Customer, Order
        self.GiftOrder, self.Line = GiftOrder, Line
        self.engine, self.sessions = engine, sessions
        self.outbox = TableOutbox(Base, sessions=sessions, table=f"{prefix}outbox")

    async def rows(self) -> list[dict[str, Any]]:
        """The rows of the outbox, seen by a connection of its own."""
        table = self.outbox.table
        async with self.engine.connect() as connection:
            found = await connection.execute(table.select().order_by(table.c.id))
            return [dict(row) for row in found.mappings()]

    async def add(self, *instances: Any) -> None:
        async with self.sessions.begin() as session:
            session.add_all(instances)


@pytest.fixture
async def shop(engine: AsyncEngine, make_session: Any) -> AsyncIterator[Shop]:
    shop = Shop(engine, make_session)
    signals.install(shop.Base)
    async with engine.begin() as connection:
        await connection.run_sync(shop.Base.metadata.create_all)
    yield shop
    async with engine.begin() as connection:
        await connection.run_sync(shop.Base.metadata.drop_all)


# --- what travels --------------------------------------------------------------------------------


async def test_payload_loads_what_the_instance_has_not_loaded(shop):
    class Person(pydantic.BaseModel):
        name: str

    class Whole(pydantic.BaseModel):
        made: str
        customer: Person

    received = receives(shop, "post_update", payload=Whole)
    customer = shop.Customer(name="Ada")
    order = shop.Order(name="paper", customer=customer)
    await shop.add(order)
    async with shop.sessions.begin() as session:
        loaded = await session.get(shop.Order, order.id)
        assert "customer" not in vars(loaded)
        loaded.name = "ink"
    assert await shop.outbox.drain() == 1
    assert received[0]["instance"] == Whole(made="by the database", customer=Person(name="Ada"))


async def test_relation_is_reloaded_with_its_child(shop):
    received = receives(shop, "post_relation_add")
    order = shop.Order(name="paper", lines=[shop.Line(number=7)])
    await shop.add(order)
    assert await shop.outbox.drain() == 1
    [got] = received
    assert (got["instance"].id, got["relation_name"]) == (order.id, "lines")
    assert isinstance(got["child"], shop.Line)
    assert (got["child"].order_id, got["child"].number) == (order.id, 7)


async def test_child_that_shares_its_parents_table_is_its_own_sender(shop):
    # Its class is local to a function here, so no worker could import it by the name it has.
    received = receives(shop, payload=Named)
    shop.GiftOrder.__qualname__ = "GiftOrder"
    module = sys.modules[__name__]
    module.GiftOrder = shop.GiftOrder
    try:
        await shop.add(shop.GiftOrder(name="ribbon"), shop.Order(name="paper"))
        assert await shop.outbox.drain() == 2
    finally:
        del module.GiftOrder
    assert Counter(got["sender"] for got in received) == {shop.GiftOrder: 1, shop.Order: 1}


# --- work ----------------------------------------------------------------------------------------


async def test_receiver_changes_the_instance_in_a_session_of_its_own(shop):
    @signals.post_save(shop.Order, durable=Durable("ship"))
    async def ship(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        async with shop.sessions.begin() as session:
            session.add(instance)
            instance.name = "shipped"

    order = shop.Order(name="paper")
    await shop.add(order)
    assert await shop.outbox.drain() == 1
    async with shop.sessions() as session:
        assert (await session.get(shop.Order, order.id)).name == "shipped"


async def test_drain_in_a_flush_is_refused(shop):
    @signals.post_save(shop.Order)
    async def drain(sender: Any, **kwargs: Any) -> None:
        await shop.outbox.drain()

    with pytest.raises(DurableError, match=r"inside an open transaction.*async_session\.begin"):
        await shop.add(shop.Order(name="paper"))


# --- signals of one's own ------------------------------------------------------------------------


async def test_own_signal_is_written_in_the_session_of_its_payload(shop):
    received: list[Any] = []
    paid = declare_paid(shop.Order)

    @paid.connect(durable=Durable("paid", outbox=shop.outbox))
    async def note(sender: Any, order: Any, amount: int, job: Job, **kwargs: Any) -> None:
        received.append((order.id, amount))

    order = shop.Order(name="paper")
    async with shop.sessions.begin() as session:
        session.add(order)
        await session.flush()
        await paid.send(sender=shop.Order, order=order, amount=3)
    async with shop.sessions() as session:
        again = await session.get(shop.Order, order.id)
        await paid.send(sender=shop.Order, order=again, amount=4)
        await session.rollback()
    assert await shop.outbox.drain() == 1
    assert received == [(order.id, 3)]


async def test_own_signal_that_belongs_to_no_session_says_what_to_send(shop):
    paid = declare_paid(shop.Order)

    @paid.connect(durable=Durable("paid", outbox=shop.outbox))
    async def note(sender: Any, order: Any, amount: int, job: Job, **kwargs: Any) -> None: ...

    async with shop.sessions.begin():
        with pytest.raises(NoTransactionError) as caught:
            await paid.send(sender=shop.Order, order=shop.Order(name="paper"), amount=3)
    assert str(caught.value).endswith(
        "is durable, and there is no open transaction to write its event in: write `async with "
        "async_session.begin() as session:` around the send, and put the session, or an "
        "instance that is in it, in the payload."
    )


async def test_own_signal_in_an_on_commit_receiver_needs_a_session_of_its_own(shop):
    received: list[Any] = []
    paid = declare_paid(shop.Order)

    @paid.connect(durable=Durable("paid", outbox=shop.outbox))
    async def note(sender: Any, order: Any, amount: int, job: Job, **kwargs: Any) -> None:
        received.append(amount)

    @signals.post_save(shop.Order, on_commit=True)
    async def pay(sender: Any, instance: Any, **kwargs: Any) -> None:
        with pytest.raises(NoTransactionError):
            await paid.send(sender=shop.Order, order=instance, amount=3)
        async with shop.sessions.begin() as session:
            again = await session.get(shop.Order, instance.id)
            await paid.send(sender=shop.Order, order=again, amount=4)

    await shop.add(shop.Order(name="paper"))
    assert await shop.outbox.drain() == 1
    assert received == [4]


async def test_own_signal_outside_a_session_is_refused(shop):
    paid = declare_paid(shop.Order)

    @paid.connect(durable=Durable("paid", outbox=shop.outbox))
    async def note(sender: Any, order: Any, amount: int, job: Job, **kwargs: Any) -> None: ...

    with pytest.raises(NoTransactionError, match=r"async_session\.begin\(\) as session:` around"):
        await paid.send(sender=shop.Order, order=shop.Order(name="paper"), amount=3)
    assert await shop.rows() == []


def declare_paid(order_type: Any) -> Any:
    """A signal whose payload has an order: the class is made anew for each test."""

    class PaidReceiver(Protocol):
        def __call__(
            self, sender: Any, *, order: order_type, amount: int, **kwargs: object
        ) -> Awaitable[object]: ...

    PaidReceiver.__call__.__annotations__["order"] = order_type
    return Signal[PaidReceiver]()


# --- other sessions and models -------------------------------------------------------------------


async def test_sessions_in_the_outer_transaction_of_a_test_share_its_outbox(shop):
    received = receives(shop)
    async with shop.engine.connect() as connection:
        outer = await connection.begin()
        shop.sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
        await shop.add(shop.Order(name="paper"))
        assert await shop.outbox.drain() == 1
        await outer.rollback()
    assert received[0]["instance"].name == "paper"
    assert await shop.rows() == []


async def test_failed_statement_spoils_no_outer_transaction_of_a_test(shop):
    async def fail_once(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        if instance.name == "paper" and job.attempt == 1:
            await shop.add(shop.Order(id=instance.id, name="twin"))

    signals.post_save(shop.Order, durable=Durable("twin"))(fail_once)
    received = receives(shop)
    async with shop.engine.connect() as connection:
        outer = await connection.begin()
        shop.sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
        await shop.add(shop.Order(name="paper"), shop.Order(name="pens"))
        with pytest.raises(IntegrityError):
            await shop.outbox.drain()
        assert {each["instance"].name for each in received} == {"paper", "pens"}
        assert await shop.outbox.drain() == 0  # not due yet
        await outer.rollback()
    assert await shop.rows() == []


async def test_sessionmaker_without_an_engine_says_what_to_write(shop):
    receives(shop)
    other = async_sessionmaker(shop.engine)
    shop.sessions.configure(bind=None)
    with pytest.raises(DurableError, match=r"`async_session\.configure\(bind=engine\)`"):
        async with other.begin() as session:
            session.add(shop.Order(name="paper"))


async def test_model_of_sqlmodel_is_reloaded_and_is_no_payload(engine, make_session):
    class Record(SQLModel, registry=registry()):
        """The base of this test alone: the metadata of `SQLModel` itself is everybody's."""

    class Parcel(Record, table=True):
        __tablename__ = f"sd{os.getpid()}_{uuid.uuid4().hex[:6]}_parcels"
        id: int | None = Field(default=None, primary_key=True)
        name: str

    outbox = TableOutbox(Record, sessions=make_session, table=f"{Parcel.__tablename__}_outbox")
    signals.install(Record)
    received: list[Any] = []

    @signals.post_save(Parcel, durable=Durable("parcels"))
    async def note(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        received.append((sender, instance))

    async with engine.begin() as connection:
        await connection.run_sync(Record.metadata.create_all)
    async with make_session.begin() as session:
        session.add(Parcel(name="books"))
    assert await outbox.drain() == 1
    async with engine.begin() as connection:
        await connection.run_sync(Record.metadata.drop_all)
    assert received == [(Parcel, Parcel(id=1, name="books"))]
    with pytest.raises(SignalDefinitionError, match="must not be a database model"):
        Durable("wrong", payload=Parcel)


# --- what is refused -----------------------------------------------------------------------------


async def test_session_of_another_engine_is_refused(shop, tmp_path):
    receives(shop)
    with pytest.raises(DurableError, match="on another engine than the outbox's events"):
        await save_on_another_engine(tmp_path, shop.Base, shop.Order(name="paper"))


async def test_second_outbox_for_the_same_metadata_is_refused(shop):
    with pytest.raises(DurableError, match="has an outbox already"):
        TableOutbox(shop.Base, sessions=shop.sessions, table="another")


async def test_outbox_without_sessions_says_what_to_write(shop):
    class Server(shop.Base):
        __tablename__ = "servers"
        database: Mapped[str] = mapped_column(primary_key=True)

    with pytest.raises(DurableError, match="sessions=async_session"):
        TableOutbox(Server)
    with pytest.raises(DurableError, match=r"`TableOutbox\(Base, sessions=async_session\)`"):
        TableOutbox(shop.Base)


def test_model_without_an_outbox_is_refused():
    class Base(DeclarativeBase):
        metadata = MetaData()

    class Alone(Base):
        __tablename__ = "alone"
        id: Mapped[int] = mapped_column(primary_key=True)

    signals.install(Base)
    with pytest.raises(SignalDefinitionError, match=r"no outbox in its database.*sessions="):
        signals.post_save(Alone, durable=Durable("a"))(_receive)


async def _receive(sender: Any, **kwargs: Any) -> None: ...
