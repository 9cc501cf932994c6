"""What durable receivers cost, and how many events a second their workers handle.

    make bench-durable                             # SQLite, and the servers that answer
    make bench-durable ARGS="postgresql --rows 5000 --pending 100000"

Everything is measured in one run and put beside what it is a ratio of: saves without an outbox, one
worker, an outbox that is nearly empty. The receiver does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import ormar
import pydantic
import sqlalchemy as sa

import typed_signals.ormar
from typed_signals.durable import Durable, Job, TableOutbox, durably

SERVERS = {
    "postgresql": "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mysql+aiomysql://root@127.0.0.1:3306/test",
}
PREFIX = os.environ.get("BENCH_PREFIX") or f"ts_bench_{uuid.uuid4().hex[:8]}_"
URL = os.environ.get("BENCH_URL", "")

options: dict[str, Any] = {"connect_args": {"timeout": 60}} if "sqlite" in URL else {}
base = ormar.OrmarConfig(
    metadata=sa.MetaData(),
    database=ormar.DatabaseConnection(URL or "sqlite+aiosqlite://", **options),
)


class Order(ormar.Model):
    ormar_config = base.copy(tablename=f"{PREFIX}orders")
    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=50)


class Plain(ormar.Model):
    ormar_config = base.copy(tablename=f"{PREFIX}plain")
    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=50)


class Named(pydantic.BaseModel):
    id: int
    name: str


typed_signals.ormar.install()
outbox = TableOutbox(base, table=f"{PREFIX}outbox")


@durably("post_save", Order, Durable("handle", payload=Named))
async def handle(sender: type[Order], instance: Named, job: Job, **kwargs: object) -> None:
    pass


# --- the parts -----------------------------------------------------------------------------------


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def save(model: Any, count: int) -> None:
    for number in range(count):
        async with base.database.transaction():
            await model(name=str(number)).save()


async def saves(count: int) -> tuple[float, float]:
    """Seconds of a save in a transaction, without a durable receiver and with one."""
    plain = durable = float("inf")
    for _ in range(5):  # in turns, so that what else runs disturbs both alike
        plain = min(plain, await timed(lambda: save(Plain, count // 5)) / (count // 5))
        durable = min(durable, await timed(lambda: save(Order, count // 5)) / (count // 5))
    return plain, durable


async def fill(count: int, *, keys: int | None, due: float = 0.0) -> None:
    """Put events into the outbox, faster than by saving."""
    now = time.time()
    rows = [
        {
            "event_id": uuid.uuid4().hex, "receiver": "handle", "version": 1,
            "sender": f"{PREFIX}orders", "key": None if keys is None else str(number % keys),
            "payload": '{"instance": {"id": 1, "name": "1"}}', "state": "pending",
            "created": now, "due": now - 10 + number / count + due, "attempts": 0,
        }
        for number in range(count)
    ]  # fmt: skip
    async with base.database.engine.begin() as connection:
        for start in range(0, count, 1_000):
            await connection.execute(outbox.table.insert(), rows[start : start + 1_000])
    async with base.database.engine.begin() as connection:  # as a live database does by itself
        table = "table " if "mysql" in URL else ""
        await connection.execute(sa.text(f"analyze {table}{outbox.table.name}"))


async def done() -> int:
    row = outbox.table.c
    query = sa.select(sa.func.count()).where(row.state == "done")
    [counted] = await outbox.store.fetch(query)
    return int(next(iter(counted.values())))


async def rate(workers: int, rows: int, pending: int, *, keys: int | None = None) -> float:
    """Events a second that some worker processes handle."""
    await outbox.store.execute(outbox.table.delete())
    await fill(rows + pending, keys=keys)
    command = [sys.executable, __file__, "--work"]
    environment = {**os.environ, "BENCH_URL": URL, "BENCH_PREFIX": PREFIX}
    processes = [
        subprocess.Popen(  # noqa: ASYNC220
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(workers)
    ]
    for process in processes:
        assert process.stdout
        await asyncio.to_thread(process.stdout.readline)
    began = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    handled = 0
    while handled < rows:
        await asyncio.sleep(0.05)
        handled = await done()
    seconds = time.perf_counter() - began
    for process in processes:
        process.terminate()
        await asyncio.to_thread(process.wait)
    return handled / seconds


async def work() -> None:
    """A worker process, once its parent says go."""
    async with base.database:
        await base.database.engine.dispose()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        async with outbox.worker(concurrency=8):
            await asyncio.Event().wait()


# --- the report ----------------------------------------------------------------------------------


async def report(database: str, rows: int, pending: int) -> None:
    async with base.database:
        async with base.database.engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        try:
            plain, durable = await saves(rows // 5)
            show(database, "a save in a transaction", f"{plain * 1e3:.2f} ms", "")
            with_row = f"{durable * 1e3:.2f} ms"
            show(database, "the same with a durable receiver", with_row, durable / plain)
            one = await rate(1, rows, 0)
            show(database, "1 worker", f"{one:.0f} events/s", "")
            for workers in (2, 4):
                more = await rate(workers, rows, 0)
                show(database, f"{workers} workers", f"{more:.0f} events/s", more / one)
            keyed = await rate(1, rows, 0, keys=100)
            show(database, "1 worker, 100 keys", f"{keyed:.0f} events/s", keyed / one)
            full = await rate(1, rows, pending)
            what = f"1 worker, {pending} more pending"
            show(database, what, f"{full:.0f} events/s", full / one)
        finally:
            async with base.database.engine.begin() as connection:
                await connection.run_sync(base.metadata.drop_all)


def show(database: str, what: str, figure: str, ratio: float | str) -> None:
    shown = f"{ratio:.2f}x" if isinstance(ratio, float) else ratio
    print(f"{database:<12}{what:<36}{figure:>16}{shown:>10}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=["sqlite", *SERVERS])
    parser.add_argument("--rows", type=int, default=2_000, help="events that are handled")
    parser.add_argument("--pending", type=int, default=100_000, help="events that wait besides")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        asyncio.run(work())
    elif URL:
        asyncio.run(report(chosen.databases[0], chosen.rows, chosen.pending))
    else:
        for database in chosen.databases:
            with tempfile.TemporaryDirectory() as folder:
                url = SERVERS.get(database) or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
                command = [
                    sys.executable, __file__, database,
                    "--rows", str(chosen.rows), "--pending", str(chosen.pending),
                ]  # fmt: skip
                subprocess.run(command, env={**os.environ, "BENCH_URL": url}, check=False)


if __name__ == "__main__":
    main()
