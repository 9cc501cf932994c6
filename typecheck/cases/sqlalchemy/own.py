"""Signals of one's own on a model of SQLAlchemy, and the session of an instance."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import typed_signals.sqlalchemy as signals
from typed_signals import Change, Signal


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)


class PaidReceiver(Protocol):
    async def __call__(
        self, sender: type[Order], *, instance: Order, cents: int, **kwargs: object
    ) -> object: ...


class OrderSignals(signals.ModelSignals[Order]):
    paid: Signal[PaidReceiver]


signals.install(Base)
signals.install(Order, signals=OrderSignals)
emitter = signals.get_signals(Order, OrderSignals)


@emitter.paid.connect
async def on_paid(sender: type[Order], cents: int, **kwargs: object) -> None: ...


@emitter.paid.connect  # E[session-never-sent] all: it requires `price`
async def not_on_paid(sender: type[Order], price: int, **kwargs: object) -> None: ...


@signals.get_signals(Line).post_update.connect
async def on_line(
    sender: type[Line], instance: Line, changed: Mapping[str, Change], **kwargs: object
) -> None:
    session: AsyncSession = signals.get_session(instance)
    session.add(Line())


@signals.get_signals(Line).post_update.connect  # E[session-wrong-model] all: Order
async def not_on_line(sender: type[Line], instance: Order, **kwargs: object) -> None: ...


@signals.receiver("made_up", Order)
async def on_made_up(sender: type[Order], **kwargs: Any) -> None: ...


async def send(order: Order) -> None:
    await emitter.paid.send(Order, instance=order, cents=5)
    await emitter.paid.send(Order, instance=order, cents="5")  # E[session-sent] all: str
    await on_paid(Order, cents=5)
