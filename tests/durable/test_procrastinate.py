"""Durable receivers as jobs of procrastinate, on a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import ormar
import procrastinate
import psycopg
import psycopg_pool
import pytest
import sqlalchemy as sa
from procrastinate.exceptions import AppNotOpen, ConnectorException

import typed_signals.ormar
from tests.conftest import SERVER_URLS
from tests.durable.crashes import database_of_its_own
from tests.durable.receivers import (
    PATIENCE,
    BrokenError,
    Receipt,
    names,
    receives,
    send,
    settled,
    until,
)
from tests.shop import Store
from typed_signals import SignalDefinitionError, post_save
from typed_signals.durable import Durable, DurableError, Job, Outbox, TableOutbox
from typed_signals.durable.procrastinate import ProcrastinateOutbox

pytestmark = pytest.mark.postgresql


def plain_url(url: str | sa.URL) -> str:
    """A URL without SQLAlchemy's driver, as psycopg reads it."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def app_of(url: str) -> Any:
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=plain_url(url)))


class Shop:
    """A model on a database of its own, whose events are jobs."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.database = self.store.database
        self.Order = self.store.model(
            "Order",
            id=ormar.Integer(primary_key=True),
            name=ormar.String(max_length=50, default=""),
            total=ormar.Integer(default=150),
        )
        self.app = app_of(url)
        self.outbox = ProcrastinateOutbox(self.store.base, self.app)

    async def jobs(self) -> list[Any]:
        """The jobs, seen by a connection of its own."""
        async with self.database.engine.connect() as connection:
            text = "SELECT *, status::text AS state FROM procrastinate_jobs ORDER BY id"
            return list(await connection.execute(sa.text(text)))

    async def states(self) -> list[str]:
        return [job.state for job in await self.jobs()]

    async def execute(self, text: str) -> None:
        await self.store.execute(sa.text(text))

    def redeploy(self) -> None:
        """Forget the receivers, as a process of another version does not have them."""
        self.store.forget_receivers()
        typed_signals.ormar.install(self.Order)
        self.outbox.receivers.clear()

    async def make_due(self) -> None:
        await self.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with database_of_its_own(SERVER_URLS["postgresql"]) as (url, _):
        typed_signals.ormar.install()
        made = Shop(url)
        async with made.app.open_async():
            await made.app.schema_manager.apply_schema_async()
        async with made.store.opened():
            yield made
        made.store.forget_receivers()
        typed_signals.ormar.uninstall()


# --- write ---------------------------------------------------------------------------------------


async def test_job_is_deferred_in_the_transaction_of_the_save(shop: Shop):
    received = receives(shop, payload=Receipt, key=lambda instance: str(instance.pk), version=1)
    async with shop.database.transaction():
        await shop.Order(total=7).save()
        assert await shop.jobs() == []  # not visible before the commit
    [job] = await shop.jobs()
    assert (job.task_name, job.queue_name) == ("typed_signals:mail.receipt", "mail.receipt:v1")
    assert job.lock == "typed_signals:mail.receipt:1"
    assert job.queueing_lock is None
    assert await shop.outbox.drain() == 1
    [got] = received
    assert got["sender"] is shop.Order
    assert (got["instance"].id, got["instance"].total) == (1, 7)
    assert got["job"] == Job(
        id=job.id,
        event_id=job.args["event_id"],
        receiver="mail.receipt",
        key="1",
        attempt=1,
        created=got["job"].created,
        version=1,
    )
    assert await shop.states() == ["succeeded"]


async def test_rolled_back_sends_leave_no_job(shop: Shop):
    received = names(shop)

    async def undo(name: str) -> None:
        async with shop.database.transaction():
            await shop.Order(name=name).save()
            raise BrokenError

    with pytest.raises(BrokenError):
        await undo("transaction")
    async with shop.database.transaction():
        with pytest.raises(BrokenError):
            await undo("savepoint")
        await shop.Order(name="kept").save()
    assert len(await shop.jobs()) == 1
    assert await shop.outbox.drain() == 1
    assert received == [("kept", 1)]


async def test_save_outside_a_transaction_is_refused(shop: Shop):
    names(shop)
    with pytest.raises(DurableError, match="there is no open transaction"):
        await shop.Order(name="a").save()
    assert await shop.jobs() == []
    assert await shop.Order.objects.count() == 0


async def test_missing_schema_is_one_clear_error(shop: Shop):
    names(shop)
    await shop.execute("DROP FUNCTION procrastinate_defer_jobs_v1")
    with pytest.raises(DurableError, match="schema --apply"):
        await send(shop, "a")
    assert await shop.Order.objects.count() == 0


class Unreachable(procrastinate.PsycopgConnector):
    """Fails as psycopg's pool does, which takes 30 s for it."""

    async def open_async(self, pool: Any = None) -> None:
        raise psycopg_pool.PoolTimeout("not after 30 s")


class Silent(procrastinate.PsycopgConnector):
    """Is open, and fails as a query does whose server has gone away."""

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        raise ConnectorException from psycopg.OperationalError("not after 30 s\nIs it running?")


@pytest.mark.parametrize("connector", [Unreachable, Silent])
async def test_database_of_procrastinate_that_does_not_answer_is_one_clear_error(
    shop: Shop, connector: type[procrastinate.PsycopgConnector]
):
    shop.outbox.app = procrastinate.App(connector=connector())
    with pytest.raises(DurableError) as caught:
        async with shop.outbox.connected():
            pass
    assert str(caught.value) == "procrastinate's database does not answer: not after 30 s"


# --- work ----------------------------------------------------------------------------------------


async def test_worker_runs_jobs_until_it_is_stopped(shop: Shop):
    received = names(shop)
    async with shop.outbox.worker(poll=0.05):
        await send(shop, *"abc")
        await until(lambda: len(received) == 3)
    assert sorted(received) == [("a", 1), ("b", 1), ("c", 1)]
    assert await shop.states() == ["succeeded"] * 3


async def test_failure_is_tried_again_later_and_then_is_dead(shop: Shop, caplog):
    async def fails(name: str, job: Job) -> None:
        raise BrokenError("no such address")

    received = names(shop, fails, retries=1, backoff=50)
    await send(shop, "a")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    assert await shop.outbox.drain() == 0  # not due yet
    assert received == [("a", 1)]
    [status] = await shop.outbox.status()
    assert status._replace(oldest=0.0) == ("note", 1, 0, 0, 0, 0.0)
    await shop.make_due()
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    assert received == [("a", 1), ("a", 2)]
    assert (await shop.outbox.status())[0] == ("note", 0, 0, 0, 1, None)
    [dead] = await shop.outbox.dead()
    [job] = await shop.jobs()
    assert (dead["id"], dead["receiver"], dead["attempts"]) == (job.id, "note", 2)
    assert dead["finished"] >= dead["created"]
    assert [record.levelname for record in caplog.records if record.exc_info] == [
        "WARNING",
        "ERROR",
    ]

    assert await shop.outbox.retry(job.id) == 1
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    assert received[2:] == [("a", 1)]  # with all its attempts
    assert await shop.outbox.retry() == 0


async def test_procrastinate_logs_no_payload_of_ours(shop: Shop, caplog):
    caplog.set_level(logging.DEBUG, logger="procrastinate")
    receives(shop, payload=Receipt)
    theirs = asyncio.Event()

    @shop.app.task(name="theirs", queue="theirs")
    async def task(text: str) -> None:
        theirs.set()

    await send(shop, "a")
    async with shop.app.open_async():
        await shop.outbox.drain()
        await task.defer_async(text="seen")
        await shop.app.run_worker_async(queues=["theirs"], wait=False, listen_notify=False)
    assert theirs.is_set()
    ours = [text for text in caplog.messages if "mail.receipt[" in text or "total" in text]
    assert ours == []
    assert any("theirs[" in text for text in caplog.messages)


async def test_attempt_that_takes_too_long_fails(shop: Shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    names(shop, hangs, timeout=0.05, retries=0)
    await send(shop, "a")
    with pytest.raises(TimeoutError):
        await shop.outbox.drain()
    assert await shop.states() == ["failed"]


async def test_events_of_one_key_wait_for_each_other(shop: Shop):
    async def fails_once(name: str, job: Job) -> None:
        if (name, job.attempt) == ("a1", 1):
            raise BrokenError

    received = names(
        shop, fails_once, key=lambda instance: instance.name[0], backoff=0.2, longest_backoff=0.2
    )
    await send(shop, "a1", "a2", "b1", "a3")
    async with shop.outbox.worker(poll=0.05, concurrency=4):
        await until(lambda: len(received) == 5)
    assert [each for each in received if each[0][0] == "a"] == [
        ("a1", 1),
        ("a1", 2),
        ("a2", 1),
        ("a3", 1),
    ]


async def test_equal_keys_of_two_sends_do_not_collide(shop: Shop):
    """A ``queueing_lock`` would abort the second transaction."""
    received = names(shop, key=lambda instance: "all")
    await send(shop, "a")
    await send(shop, "b")
    assert await shop.outbox.drain() == 2
    assert received == [("a", 1), ("b", 1)]


async def test_newer_versions_and_unknown_receivers_stay_pending(shop: Shop):
    def upgrade(values: dict[str, Any], version: int) -> dict[str, Any]:
        return values

    names(shop, version=2, upgrade=upgrade)
    receives(shop, name="other")
    await send(shop, "a")
    shop.redeploy()
    received = names(shop)  # an older process
    assert await shop.outbox.drain() == 0
    assert await shop.states() == ["todo", "todo"]
    await send(shop, "b")
    assert await shop.outbox.drain() == 1
    assert received == [("b", 1)]
    assert [each.receiver for each in await shop.outbox.status()] == ["note", "other"]


async def test_older_versions_are_upgraded(shop: Shop):
    names(shop)
    await send(shop, "a")
    shop.redeploy()
    seen: list[int] = []

    def upgrade(values: dict[str, Any], version: int) -> dict[str, Any]:
        seen.append(version)
        return values

    received = names(shop, version=2, upgrade=upgrade)
    await send(shop, "b")
    assert await shop.outbox.drain() == 2
    assert (seen, sorted(received)) == ([1], [("a", 1), ("b", 1)])


async def test_worker_that_stops_gives_back_what_does_not_finish(shop: Shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(60)

    received = names(shop, hangs, retries=0)
    async with shop.outbox.worker(poll=0.05, grace=0.1):
        await send(shop, "a")
        await until(lambda: received)
    [job] = await shop.jobs()
    assert (job.state, job.attempts) == ("todo", 1)  # the attempt counts


async def test_worker_asked_twice_stops_at_once(shop: Shop):
    async def hangs(name: str, job: Job) -> None:
        await asyncio.sleep(600)

    received = names(shop, hangs)
    async with asyncio.timeout(PATIENCE), shop.outbox.worker(poll=0.05, grace=600) as worker:
        await send(shop, "a")
        await until(lambda: received)
        worker.stop()
    assert await shop.states() == ["todo"]


# --- workers that die ----------------------------------------------------------------------------


async def test_jobs_of_a_worker_that_died_are_tried_again(shop: Shop):
    received = names(shop, retries=1)
    await send(shop, "a")
    number = "SELECT procrastinate_register_worker_v1()"
    fetch = f"SELECT procrastinate_fetch_job_v2(NULL, ({number})::bigint)"
    await shop.execute(fetch.replace("()", "()", 1))
    assert await shop.states() == ["doing"]
    assert await shop.outbox.retry_stalled(lease=60) == 0  # it may be alive
    await shop.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 h'")
    assert await shop.outbox.retry_stalled(lease=60) == 1
    assert await shop.outbox.drain() == 1
    assert received == [("a", 2)]


async def test_receiver_that_kills_its_workers_is_given_up(shop: Shop, caplog):
    names(shop, retries=1)
    await send(shop, "a")
    for _ in range(2):
        await shop.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        assert await shop.outbox.retry_stalled() == 1
    assert await shop.states() == ["failed"]
    assert "is dead: its worker died on attempt 2" in caplog.text


async def test_job_that_is_lost_with_a_connection_is_taken_back(shop: Shop):
    received = names(shop)
    async with shop.outbox.worker(poll=0.05, lease=3):
        await send(shop, "a")
        await until(lambda: received)
        await send(shop, "b")
        await settled(shop, "succeeded", "succeeded")
        # What a fetch leaves whose answer never came, or a job that cannot be settled.
        await shop.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', attempts = 0, worker_id = "
            "(SELECT id FROM procrastinate_workers) WHERE args ->> 'event_id' = "
            "(SELECT min(args ->> 'event_id') FROM procrastinate_jobs)"
        )
        await until(lambda: len(received) == 3)
    assert await shop.states() == ["succeeded"] * 2


async def test_worker_goes_on_when_its_connections_are_ended(shop: Shop, caplog):
    received = names(shop)
    async with shop.outbox.worker(poll=0.05, lease=3):
        await send(shop, "a")
        await until(lambda: received)
        await shop.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND query LIKE 'LISTEN%'"
        )
        await asyncio.sleep(0.2)
        await send(shop, "b")
        await until(lambda: len(received) == 2)


async def test_worker_starts_although_its_connections_were_ended(shop: Shop, caplog):
    received = names(shop)
    await send(shop, "a")
    async with shop.app.open_async(), asyncio.timeout(PATIENCE):
        await shop.app.check_connection_async()  # its pool has a connection
        async with shop.database.engine.connect() as connection:
            await connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        async with shop.outbox.worker(poll=0.05, lease=3):
            await until(lambda: received)
    assert received == [("a", 1)]


class Interrupted(procrastinate.PsycopgConnector):
    """Loses its connection in its first queries, as when the server restarts."""

    failures = 2

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        if self.failures:
            self.failures -= 1
            raise ConnectorException
        return await super().execute_query_one_async(query, **arguments)


async def test_worker_that_starts_while_its_database_restarts_tries_again(shop: Shop, caplog):
    received = names(shop)
    connector = Interrupted(conninfo=plain_url(shop.database.engine.url))
    shop.outbox.app = shop.app.with_connector(connector)
    await send(shop, "a")
    async with shop.outbox.app.open_async(), asyncio.timeout(PATIENCE):
        runner = shop.outbox.runner(concurrency=1, lease=3, poll=0.05, grace=5)
        working = asyncio.create_task(runner.run())
        await until(lambda: received)
        runner.stop()
        await working
    assert received == [("a", 1)]
    assert caplog.text.count("The worker cannot read its database; it tries again in") == 2


async def test_worker_of_a_closed_app_is_refused(shop: Shop):
    names(shop)
    runner = shop.outbox.runner(concurrency=1, lease=3, poll=0.05, grace=5)
    with pytest.raises(AppNotOpen):
        async with asyncio.timeout(PATIENCE):
            await runner.run()


async def test_worker_whose_database_does_not_answer_can_be_stopped(shop: Shop, caplog):
    names(shop)
    connector = Interrupted(conninfo=plain_url(shop.database.engine.url))
    connector.failures = 1_000
    shop.outbox.app = shop.app.with_connector(connector)
    runner = shop.outbox.runner(concurrency=1, lease=3, poll=600, grace=5)
    working = asyncio.create_task(runner.run())
    await until(lambda: "The worker cannot read its database" in caplog.text)
    runner.stop()
    async with asyncio.timeout(20):  # it would wait 30 s
        await working


# --- for people ----------------------------------------------------------------------------------


async def test_spans_and_metrics_are_those_of_every_engine(shop: Shop, telemetry: Any):
    async def fails(name: str, job: Job) -> None:
        raise BrokenError

    names(shop, fails, retries=2)
    with telemetry.tracer.start_as_current_span("request"):
        await send(shop, "a")
    for _ in range(2):
        await shop.make_due()
        with pytest.raises(BrokenError):
            await shop.outbox.drain()
    await shop.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")
    await shop.outbox.retry_stalled()
    request, first, second = telemetry.spans()
    for span in (first, second):
        assert [link.context.span_id for link in span.links] == [request.context.span_id]
    assert telemetry.measured() == {"lag": 2, "retries": 2, "dead": 1}


async def test_finished_jobs_are_purged(shop: Shop):
    async def fails(name: str, job: Job) -> None:
        if name == "b":
            raise BrokenError

    names(shop, fails, retries=0)
    await send(shop, *"abc")
    with pytest.raises(BrokenError):
        await shop.outbox.drain()
    await send(shop, "d")
    assert await shop.outbox.purge() == 0
    assert await shop.outbox.purge(older_than=0) == 2
    assert await shop.outbox.purge(older_than=0, dead=True) == 1
    assert await shop.states() == ["todo"]


async def test_drain_inside_a_transaction_is_refused(shop: Shop):
    async with shop.database.transaction():
        with pytest.raises(DurableError, match="inside an open transaction"):
            await shop.outbox.drain()


async def test_drain_in_a_database_that_rolls_everything_back_is_refused(shop: Shop):
    await shop.database.disconnect()
    shop.database._force_rollback = True
    await shop.database.connect()
    try:
        with pytest.raises(DurableError, match="use a `TableOutbox` in such a test"):
            await shop.outbox.drain()
    finally:
        await shop.database.disconnect()
        shop.database._force_rollback = False
        await shop.database.connect()


async def test_app_of_another_database_is_refused(shop: Shop):
    async with database_of_its_own(SERVER_URLS["postgresql"]) as (url, _):
        shop.outbox.app = other = app_of(url)
        async with other.open_async():
            await other.schema_manager.apply_schema_async()
            names_ = names(shop)
            with pytest.raises(DurableError, match="connected to another database"):
                await shop.outbox.drain()
            assert names_ == []


async def test_app_without_schema_is_one_clear_error(shop: Shop):
    async with database_of_its_own(SERVER_URLS["postgresql"]) as (url, _):
        shop.outbox.app = app_of(url)
        with pytest.raises(DurableError, match="schema --apply"):
            await shop.outbox.drain()


async def test_long_names_are_refused_when_they_connect(shop: Shop):
    with pytest.raises(SignalDefinitionError, match="leave 40 for it; choose a shorter name"):
        receives(shop, name="x" * 38)
    receives(shop, name="x" * 37)
    await send(shop, "a")  # PostgreSQL takes the longest that is allowed
    assert await shop.outbox.drain() == 1


async def test_other_databases_are_refused(tmp_path):
    store = Store.sqlite(tmp_path / "shop.db")
    with pytest.raises(DurableError, match=r"write `TableOutbox\(base\)`"):
        ProcrastinateOutbox(store.base, app_of(SERVER_URLS["postgresql"]))


async def test_database_has_one_outbox(shop: Shop):
    with pytest.raises(DurableError, match="has an outbox already"):
        TableOutbox(shop.store.base)
    assert isinstance(shop.outbox, Outbox)


async def test_name_of_another_receiver_is_refused(shop: Shop):
    receives(shop, name="note")

    async def other(sender: Any, **kwargs: object) -> None: ...

    with pytest.raises(SignalDefinitionError, match="is the durable name of"):
        post_save(shop.Order, durable=Durable("note"))(other)
