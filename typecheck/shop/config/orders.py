"""The shop's models as SQLAlchemy and SQLModel spell them."""

import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlmodel import Field, SQLModel


class Base(DeclarativeBase):
    pass


class Stamped:
    """A mixin: a plain class, which knows no metaclass."""

    updated: Mapped[datetime.datetime]


class Audited(Base):
    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)


class Customer(Audited):
    __tablename__ = "customers"

    name: Mapped[str]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")


class Order(Stamped, Audited):
    __tablename__ = "orders"

    total: Mapped[int]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")


class Named(SQLModel):
    """What the models of SQLModel share."""

    name: str


class Item(Named, table=True):
    id: int | None = Field(default=None, primary_key=True)
    stock: int = 0


class Maker(Named, table=True):
    id: int | None = Field(default=None, primary_key=True)


make_session: async_sessionmaker[AsyncSession] = async_sessionmaker(
    create_async_engine("sqlite+aiosqlite://")
)
