"""The shop of the benchmark of durable receivers, whose receiver does nothing, and its worker."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import ormar
import pydantic
import sqlalchemy as sa

import typed_signals.ormar
from typed_signals.durable import Durable, Job, TableOutbox
from typed_signals.ormar import post_save

URL = os.environ.get("BENCH_URL", "sqlite+aiosqlite://")
PREFIX = os.environ.get("BENCH_PREFIX", "ts_bench_")
ENGINE = os.environ.get("BENCH_ENGINE", "table")
CONCURRENCY = 8

options: dict[str, Any] = {"connect_args": {"timeout": 60}} if "sqlite" in URL else {}
base = ormar.OrmarConfig(metadata=sa.MetaData(), database=ormar.DatabaseConnection(URL, **options))


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
outbox: Any
app: Any = None
if ENGINE == "procrastinate":
    from procrastinate import App, PsycopgConnector

    from typed_signals.durable.procrastinate import ProcrastinateOutbox

    app = App(connector=PsycopgConnector(conninfo=URL.replace("+asyncpg", "")))
    outbox = ProcrastinateOutbox(base, app)

    @app.task(name="alone", queue="alone")
    async def alone(name: str) -> None:
        pass

else:
    outbox = TableOutbox(base, table=f"{PREFIX}outbox")


@post_save(Order, durable=Durable("handle", payload=Named))
async def handle(sender: type[Order], instance: Named, job: Job, **kwargs: object) -> None:
    pass


async def create_tables() -> None:
    async with base.database.engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
    if app is not None:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()


async def work(kind: str) -> None:
    """Be a worker process, which begins once its parent writes a line."""
    async with outbox.connected():
        await base.database.engine.dispose()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        if kind == "alone":
            await app.run_worker_async(
                concurrency=CONCURRENCY, queues=["alone"], fetch_job_polling_interval=0.5
            )
        else:
            async with outbox.worker(concurrency=CONCURRENCY):
                await asyncio.Event().wait()
