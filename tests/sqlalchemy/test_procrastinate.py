"""Durable receivers of mapped classes as jobs of procrastinate, on a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pydantic
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlmodel import Field, SQLModel

import typed_signals.sqlalchemy as signals
from tests.conftest import SERVER_URLS
from tests.durable.applications import PROCRASTINATE, RECEIVER
from tests.durable.crashes import database_of_its_own
from tests.durable.receivers import PATIENCE, until
from tests.sqlalchemy.shop import save_on_another_engine
from tests.static.command_line import PROGRAM, run, write
from typed_signals.durable import Durable, DurableError, Job, TableOutbox

procrastinate = pytest.importorskip("procrastinate")

from typed_signals.durable.procrastinate import ProcrastinateOutbox  # noqa: E402 - needs procrastinate

pytestmark = pytest.mark.postgresql

DRIVERS = ["asyncpg", "psycopg"]


class Receipt(pydantic.BaseModel):
    id: int
    name: str


class BrokenError(Exception):
    """What a receiver fails with."""


def declarative() -> tuple[Any, Any]:
    """A base class and a model of SQLAlchemy's."""

    class Base(DeclarativeBase):
        metadata = sa.MetaData()

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    return Base, Order


def sqlmodel() -> tuple[Any, Any]:
    """A base class and a model of SQLModel's."""

    class Base(SQLModel, registry=registry()):
        """The base of this test alone: the metadata of `SQLModel` itself is everybody's."""

    class Order(Base, table=True):
        __tablename__ = "orders"
        id: int | None = Field(default=None, primary_key=True)
        name: str

    return Base, Order


def app_of(url: Any) -> Any:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=plain))


class Shop:
    """A model on a database of its own, whose events are jobs."""

    def __init__(self, url: sa.URL, models: Any) -> None:
        self.Base, self.Order = models()
        self.engine = create_async_engine(url)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.app = app_of(url)
        self.outbox = ProcrastinateOutbox(self.Base, self.app, sessions=self.sessions)

    async def jobs(self) -> list[Any]:
        """The jobs, seen by a connection of its own."""
        text = "SELECT *, status::text AS state FROM procrastinate_jobs ORDER BY id"
        async with self.engine.connect() as connection:
            return list(await connection.execute(sa.text(text)))

    async def states(self) -> list[str]:
        return [job.state for job in await self.jobs()]

    async def execute(self, text: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(sa.text(text))

    async def add(self, *names: str) -> None:
        async with self.sessions.begin() as session:
            session.add_all(self.Order(name=name) for name in names)

    def receives(self, body: Any = None, **options: Any) -> list[dict[str, Any]]:
        """What a durable receiver gets."""
        received: list[dict[str, Any]] = []

        @signals.post_save(self.Order, durable=Durable("mail.receipt", **options))
        async def note(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
            received.append({"sender": sender, "instance": instance, "job": job})
            if body:
                await body(instance.name, job)

        return received


@asynccontextmanager
async def opened(driver: str, models: Any = declarative) -> AsyncIterator[Shop]:
    """A shop with its tables, and those of procrastinate."""
    async with database_of_its_own(SERVER_URLS["postgresql"]) as (url, _):
        shop = Shop(sa.make_url(url).set(drivername=f"postgresql+{driver}"), models)
        async with shop.app.open_async():
            await shop.app.schema_manager.apply_schema_async()
        async with shop.engine.begin() as connection:
            await connection.run_sync(shop.Base.metadata.create_all)
        signals.install(shop.Base)
        yield shop
        await shop.engine.dispose()


@pytest.fixture(params=DRIVERS)
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with opened(request.param) as shop:
        yield shop


# --- the transaction -----------------------------------------------------------------------------


async def test_job_is_deferred_in_the_transaction_of_the_flush(shop: Shop):
    received = shop.receives(payload=Receipt, key=lambda instance: instance.name)
    async with shop.sessions() as session:
        order = shop.Order(name="paper")
        session.add(order)
        await session.flush()
        count = sa.text("SELECT count(*) FROM procrastinate_jobs")
        assert await session.scalar(count) == 1
        assert await shop.jobs() == []  # not visible to others before the commit
        await session.commit()
    [job] = await shop.jobs()
    assert (job.task_name, job.queue_name) == ("typed_signals:mail.receipt", "mail.receipt:v1")
    assert (job.lock, job.queueing_lock) == ("typed_signals:mail.receipt:paper", None)
    assert await shop.outbox.drain() == 1
    [got] = received
    assert (got["sender"], got["instance"]) == (shop.Order, Receipt(id=order.id, name="paper"))
    assert (got["job"].id, got["job"].event_id) == (job.id, job.args["event_id"])
    assert (got["job"].key, got["job"].attempt) == ("paper", 1)
    assert await shop.states() == ["succeeded"]


async def test_rolled_back_flushes_leave_no_job(shop: Shop):
    received = shop.receives(payload=Receipt)
    async with shop.sessions() as session:
        session.add(shop.Order(name="transaction"))
        await session.flush()
        await session.rollback()
    async with shop.sessions.begin() as session:
        savepoint = await session.begin_nested()
        session.add(shop.Order(name="savepoint"))
        await session.flush()
        await savepoint.rollback()
        session.add(shop.Order(name="kept"))
    assert len(await shop.jobs()) == 1
    assert await shop.outbox.drain() == 1
    assert [got["instance"].name for got in received] == ["kept"]


async def test_missing_schema_rolls_back_with_one_clear_error(shop: Shop):
    shop.receives()
    await shop.execute("DROP FUNCTION procrastinate_defer_jobs_v1")
    with pytest.raises(DurableError, match="schema --apply"):
        await shop.add("paper")
    async with shop.sessions() as session:
        assert (await session.scalars(sa.select(shop.Order))).all() == []


# --- work ----------------------------------------------------------------------------------------


async def test_worker_reloads_instances_and_tries_again(shop: Shop):
    async def fails_once(name: str, job: Job) -> None:
        if job.attempt == 1:
            raise BrokenError

    received = shop.receives(fails_once, backoff=0.01, longest_backoff=0.01)
    async with shop.outbox.worker(poll=0.05):
        await shop.add("paper")
        await until(lambda: len(received) == 2)
    assert [type(got["instance"]) for got in received] == [shop.Order] * 2
    assert [got["job"].attempt for got in received] == [1, 2]
    assert await shop.states() == ["succeeded"]


async def test_dead_events_are_counted_retried_and_purged(shop: Shop):
    async def fails(name: str, job: Job) -> None:
        raise BrokenError

    shop.receives(fails, retries=0)
    await shop.add("a", "b")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    [status] = await shop.outbox.status()
    assert (status.receiver, status.pending, status.dead) == ("mail.receipt", 0, 2)
    dead = await shop.outbox.dead()
    assert [row["attempts"] for row in dead] == [1, 1]
    assert await shop.outbox.retry(dead[0]["id"]) == 1
    assert sorted(await shop.states()) == ["failed", "todo"]
    assert await shop.outbox.purge(older_than=0, dead=True) == 1
    assert await shop.states() == ["todo"]


async def test_jobs_of_a_worker_that_died_are_tried_again(shop: Shop):
    received = shop.receives(retries=1)
    await shop.add("paper")
    await shop.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    assert await shop.outbox.retry_stalled() == 1
    assert await shop.outbox.drain() == 1
    assert [got["job"].attempt for got in received] == [2]


async def test_worker_stops_with_a_receiver_that_hangs(shop: Shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(600)

    received = shop.receives(hangs)
    async with asyncio.timeout(PATIENCE), shop.outbox.worker(poll=0.05, grace=0.1):
        await shop.add("paper")
        await until(lambda: received)
    assert await shop.states() == ["todo"]


# --- as programs ---------------------------------------------------------------------------------


async def test_worker_and_outbox_run_as_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, {"app.py": PROCRASTINATE + RECEIVER})
    async with opened("asyncpg") as shop:
        monkeypatch.setenv("SHOP_DATABASE", shop.engine.url.render_as_string(hide_password=False))
        shop.receives()
        await shop.add("paper", "broken")
        working = await asyncio.create_subprocess_exec(
            PROGRAM, "worker", "app:outbox", "--poll", "0.05", cwd=tmp_path,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            while sorted(await shop.states()) != ["failed", "succeeded"]:
                await asyncio.sleep(0.1)
        working.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(working.communicate(), PATIENCE)
        assert (working.returncode, out) == (0, b"mailed paper\n"), err
        [dead] = await shop.outbox.dead()
        done = await asyncio.to_thread(run, "outbox", "status", "app:outbox", cwd=tmp_path)
        assert done.status == 1  # something is dead
        assert done.out.splitlines()[1].split()[:5] == ["mail.receipt", "0", "0", "1", "1"]
        for arguments, said in (
            (["dead", "app:outbox"], f"{dead['id']}  mail.receipt  1 attempts, given up "),
            (["retry", "app:outbox", str(dead["id"])], "1 to be handled again\n"),
            (["purge", "app:outbox", "--older-than", "0"], "1 deleted\n"),
        ):
            done = await asyncio.to_thread(run, "outbox", *arguments, cwd=tmp_path)
            assert done.status == 0, done.err
            assert done.out.startswith(said)
        assert await shop.states() == ["todo"]


# --- other models and sessions -------------------------------------------------------------------


async def test_model_of_sqlmodel_is_reloaded():
    async with opened("asyncpg", sqlmodel) as shop:
        received = shop.receives()
        await shop.add("paper")
        assert await shop.outbox.drain() == 1
        assert received[0]["instance"] == shop.Order(id=1, name="paper")


async def test_installed_outbox_keeps_the_events_of_models_of_another_base():
    async with opened("asyncpg") as shop:
        other, order = declarative()
        signals.install(other, outbox=shop.outbox)
        signals.post_save(order, durable=Durable("note", payload=Receipt))(_receive)
        async with shop.sessions.begin() as session:
            session.add(order(name="paper"))
        assert [job.task_name for job in await shop.jobs()] == ["typed_signals:note"]


async def _receive(sender: Any, **kwargs: Any) -> None: ...


async def test_session_of_another_engine_is_refused(tmp_path: Path):
    async with opened("asyncpg") as shop:
        shop.receives()
        with pytest.raises(DurableError, match="on another engine than the outbox's events"):
            await save_on_another_engine(tmp_path, shop.Base, shop.Order(name="paper"))


# --- what is refused -----------------------------------------------------------------------------

NOT_POSTGRESQL = (
    "procrastinate keeps its jobs in PostgreSQL, and the models are in sqlite: write "
    "`TableOutbox(Base, sessions=async_session)`"
)


async def test_other_databases_are_refused(tmp_path: Path):
    base, _ = declarative()
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db")
    app = app_of(SERVER_URLS["postgresql"])
    with pytest.raises(DurableError) as caught:
        ProcrastinateOutbox(base, app, sessions=async_sessionmaker(engine))
    assert str(caught.value) == NOT_POSTGRESQL


async def test_other_database_that_is_configured_later_is_refused_when_it_is_used(tmp_path: Path):
    base, order = declarative()
    app, sessions = app_of(SERVER_URLS["postgresql"]), async_sessionmaker()
    outbox = ProcrastinateOutbox(base, app, sessions=sessions)
    signals.install(base)
    signals.post_save(order, durable=Durable("note"))(_receive)
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db")
    async with engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
    sessions.configure(bind=engine)
    with pytest.raises(DurableError) as caught:
        async with sessions.begin() as session:
            session.add(order(name="paper"))
    assert str(caught.value) == NOT_POSTGRESQL
    with pytest.raises(DurableError) as caught:
        await outbox.drain()
    assert str(caught.value) == NOT_POSTGRESQL
    await engine.dispose()


async def test_database_has_one_outbox():
    async with opened("asyncpg") as shop:
        with pytest.raises(DurableError, match="has an outbox already"):
            TableOutbox(shop.Base, sessions=shop.sessions)
