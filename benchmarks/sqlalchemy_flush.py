"""What a flush costs with signals, beside SQLAlchemy's own mapper events, as ratios.

    make bench-sqlalchemy

A flush inserts 1 or 1,000 instances into SQLite in memory, and is rolled back. Each ratio is that
of the processor time to a flush with nothing installed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import typed_signals.sqlalchemy as signals
from benchmarks.timing import race

SIZES = (1, 1_000)
RECEIVERS = (0, 1, 3)
REPEAT = 15


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def receiver() -> Any:
    async def receive(sender: type[Order], instance: Order, **kwargs: object) -> None: ...

    return receive


def listener() -> Callable[..., None]:
    def listen(mapper: object, connection: object, target: Order) -> None: ...

    return listen


async def main() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    listeners: list[Callable[..., None]] = []

    def prepare(name: tuple[str, int]) -> None:
        kind, count = name
        for each in listeners:
            event.remove(Order, "after_insert", each)
        listeners.clear()
        signals.install(Base)
        signals.get_signals(Order).post_save.disconnect_all()
        if kind == "signals":
            for _ in range(count):
                signals.get_signals(Order).post_save.connect(receiver())
            return
        signals.uninstall()
        for _ in range(count):
            listeners.append(listener())
            event.listen(Order, "after_insert", listeners[-1])

    for size in SIZES:

        async def flush(times: int, size: int = size) -> None:
            for _ in range(times):
                async with AsyncSession(engine) as session:
                    session.add_all([Order(name="a") for _ in range(size)])
                    await session.flush()
                    await session.rollback()

        names = [("nothing", 0)]
        names += [(kind, count) for kind in ("events", "signals") for count in RECEIVERS]
        names.remove(("events", 0))
        found = await race(dict.fromkeys(names, flush), REPEAT, before=prepare)
        base = found["nothing", 0].seconds
        print(f"a flush of {size:,}: {base * 1e3:.2f} ms")
        for (kind, count), each in found.items():
            shown = f"{count} {'receivers' if kind == 'signals' else 'listeners'}"
            print(f"  {kind:8} {shown:12} {each.seconds / base:5.2f}  (± {each.spread:.0%})")
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
