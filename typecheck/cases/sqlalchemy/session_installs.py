"""What typed signals are installed on, with signals of one's own, and how a receiver is called."""

from collections.abc import Awaitable
from typing import Any, Protocol, assert_type

from orders import Base, Customer, Item, Order, make_session
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel
from typing_extensions import TypeVar

import typed_signals.sqlalchemy as signals
from typed_signals import Signal
from typed_signals.sqlalchemy import ModelSignals, get_signals, install

M = TypeVar("M", default=Any)

install(Base)
install(Order, Customer)
install(SQLModel, mode="strict")
install(make_session)
install(Base, mode="strickt")  # E[misspelt-mode] all


class Paid(Protocol):
    def __call__(
        self, sender: type[Order], *, instance: Order, amount: int, **kwargs: object
    ) -> Awaitable[object]: ...


class OrderSignals(ModelSignals[Order]):
    paid: Signal[Paid]


install(Order, signals=OrderSignals)
install(Item, signals=OrderSignals)  # E[signals-of-another-model] plugin: not of `Item`
install(OrderSignals)  # E[emitter-as-target] plugin: cannot be installed on `OrderSignals`

of_order = get_signals(Order, OrderSignals)
assert_type(of_order, OrderSignals)
get_signals(Item, OrderSignals)  # E[signals-of-another-model] plugin: not of `Item`


@of_order.paid.connect
async def on_paid(sender: type[Order], instance: Order, amount: int, **kwargs: Any) -> None: ...


@of_order.paid.connect  # E[payload-of-another-type] all: `amount` is annotated `str`
async def in_words(sender: type[Order], amount: str, **kwargs: Any) -> None: ...


@signals.receiver("paid", Order)  # E[receiver-by-name] plugin: it requires `amuont`
async def misspelt_by_name(sender: type[Order], amuont: int, **kwargs: Any) -> None: ...


async def pay(order: Order, session: AsyncSession) -> None:
    await of_order.paid.send(sender=Order, instance=order, amount=1)
    await of_order.paid.send(sender=Order, instance=order)  # E[missing-payload] all
    await of_order.paid.send(
        sender=Order, instance=order, amount="1"
    )  # E[sending-another-type] all
    assert_type(signals.get_session(order), AsyncSession)


# --- options -------------------------------------------------------------------------------------


@signals.post_save(Order, on_commit=True)
async def after_commit(sender: type[Order], instance: Order, **kwargs: object) -> int:
    return 1


@signals.post_save([Order, Customer], sequential=True, on_commit=False)
async def in_turn(sender, **kwargs): ...


@signals.post_save(Order, on_comit=True)  # E[misspelt-option] all
async def misspelt_option(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.post_save(Order, on_commit="yes")  # E[option-of-another-type] all
async def option_in_words(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.post_save(Order, on_commit=True)  # E[misspelt-payload] all: write `instance`
async def wrong(sender: type[Order], instnace: Order, **kwargs: object) -> None: ...
