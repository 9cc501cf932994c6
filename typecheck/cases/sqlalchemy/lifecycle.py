"""The signals of a session: a receiver that names all of its payload, and a wrong one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, DeclarativeBaseNoMeta, Mapped, mapped_column
from sqlmodel import Field, SQLModel

import typed_signals.sqlalchemy as signals
from typed_signals import Change


class Base(DeclarativeBase): ...


class Stamped:
    stamp: Mapped[int] = mapped_column()


class Order(Stamped, Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str


class PlainBase(DeclarativeBaseNoMeta): ...


class Plain(PlainBase):
    __tablename__ = "plain"
    id: Mapped[int] = mapped_column(primary_key=True)


signals.install(Base, SQLModel, PlainBase)


@signals.pre_save(Order)
async def on_pre_save(sender: type[Order], instance: Order, **kwargs: Any) -> None: ...


@signals.pre_save(Hero)
async def on_hero(sender: type[Hero], instance: Hero, **kwargs: object) -> None: ...


@signals.pre_save(Plain)
async def on_plain(sender: type[Plain], instance: Plain, **kwargs: object) -> None: ...


@signals.pre_save(Stamped)
async def on_mixin(sender: type[Stamped], instance: Stamped, **kwargs: object) -> None: ...


@signals.pre_save(Base)
async def on_any(sender: type[Base], instance: Base, **kwargs: object) -> None: ...


@signals.pre_save(Order)  # E[session-never-sent] all: it requires `changed`, which `pre_save` never
async def not_pre_save(
    sender: type[Order], instance: Order, changed: Mapping[str, Change], **kwargs: Any
) -> None: ...


@signals.pre_save(Order)  # E[session-wrong-model] all: Line
async def other_model(sender: type[Order], instance: Line, **kwargs: Any) -> None: ...


@signals.pre_save(Hero)  # E[session-wrong-model] all: Order
async def no_hero(sender: type[Hero], instance: Order, **kwargs: Any) -> None: ...


@signals.post_save(Order, on_commit=True)
async def on_post_save(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.post_save(Order, on_comit=True)  # E[session-option] all: on_comit
async def no_option(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.pre_update(Order)
async def on_pre_update(
    sender: type[Order], instance: Order, changed: Mapping[str, Change], **kwargs: object
) -> None:
    old, new = changed["name"]
    print(changed["name"].old, changed["name"].new, old, new)


@signals.pre_update(Order)  # E[session-never-sent] all: it requires `passed_args`
async def not_pre_update(
    sender: type[Order], instance: Order, passed_args: dict[str, Any], **kwargs: object
) -> None: ...


@signals.post_update(Order)  # E[session-payload-type] all: Mapping
async def not_post_update(
    sender: type[Order], instance: Order, changed: list[str], **kwargs: object
) -> None: ...


@signals.post_update([Order, Hero])
async def on_both(
    sender: type[Order] | type[Hero],
    instance: Order | Hero,
    changed: Mapping[str, Change],
    **kwargs: object,
) -> None: ...


@signals.pre_delete(Order)
async def on_pre_delete(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.post_delete(Order)  # E[session-no-kwargs] all: **kwargs
async def not_post_delete(sender: type[Order], instance: Order) -> None: ...


@signals.pre_relation_add(Order)
async def on_add(
    sender: type[Order], instance: Order, child: Line, relation_name: str, **kwargs: object
) -> None: ...


@signals.post_relation_remove(Order)  # E[session-never-sent] all: it requires `passed_kwargs`
async def not_on_remove(
    sender: type[Order], instance: Order, passed_kwargs: dict[str, Any], **kwargs: object
) -> None: ...


@signals.pre_delete(Order)  # E[session-sync] all: async
def not_async(sender: type[Order], instance: Order, **kwargs: object) -> None: ...
