"""The shop as SQLAlchemy's models, and the database that it is in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, MetaData, String, Table, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

__all__ = ["Audit", "Base", "Customer", "Order", "Tag", "make_engine", "save_on_another_engine"]

PREFIX = f"sa{os.getpid()}_"


class Base(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: String(100)}  # MariaDB wants a length


order_tags = Table(
    f"{PREFIX}order_tags",
    Base.metadata,
    Column("order_id", ForeignKey(f"{PREFIX}orders.id"), primary_key=True),
    Column("tag_id", ForeignKey(f"{PREFIX}tags.id"), primary_key=True),
)


class Customer(Base):
    __tablename__ = f"{PREFIX}customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    orders: Mapped[list[Order]] = relationship(
        back_populates="customer", cascade="all, delete-orphan"
    )


class Order(Base):
    __tablename__ = f"{PREFIX}orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int] = mapped_column(default=0)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey(f"{PREFIX}customers.id"))
    customer: Mapped[Customer | None] = relationship(back_populates="orders")
    tags: Mapped[list[Tag]] = relationship(secondary=order_tags, back_populates="orders")


class Tag(Base):
    __tablename__ = f"{PREFIX}tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    orders: Mapped[list[Order]] = relationship(secondary=order_tags, back_populates="tags")


class Audit(Base):
    __tablename__ = f"{PREFIX}audits"
    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str]


def make_engine(url: str) -> AsyncEngine:
    """An engine; SQLite's driver would begin a transaction only when it writes."""
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN")

    return engine


async def save_on_another_engine(folder: Path, base: Any, instance: Any) -> None:
    """Save an instance in a database that has the tables of its base class alone."""
    engine = make_engine(f"sqlite+aiosqlite:///{folder}/other.db")
    async with engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
    try:
        async with AsyncSession(engine) as session, session.begin():
            session.add(instance)
    finally:
        await engine.dispose()
