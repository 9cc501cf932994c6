"""What is written, and when."""

from __future__ import annotations

import contextlib
import datetime
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.durable.receivers import Receipt, receives
from typed_signals import post_save
from typed_signals.durable import (
    Durable,
    DurableError,
    Job,
    NoTransactionError,
    Outbox,
    TableOutbox,
)


class UndoneError(Exception):
    """What rolls a transaction or a savepoint back."""


# --- the transaction -----------------------------------------------------------------------------


async def test_event_is_written_in_the_transaction_of_the_operation_and_handled_after(shop):
    received = receives(shop, payload=Receipt)
    async with shop.database.transaction():
        order = await shop.Order(total=1230).save()
        if not shop.locks_the_database:  # which would wait for the writer
            assert await shop.rows() == []
    [row] = await shop.rows()
    assert (row["receiver"], row["state"], row["attempts"]) == ("mail.receipt", "pending", 0)
    assert row["sender"] == shop.store.table(shop.Order)
    assert json.loads(row["payload"]) == {"instance": {"id": order.id, "total": "1230"}}
    assert received == []
    assert await shop.outbox.drain() == 1
    [got] = received
    assert got["sender"] is shop.Order
    assert got["instance"] == Receipt(id=order.id, total=Decimal(1230))
    job = got["job"]
    assert isinstance(job, Job)
    assert (job.event_id, job.attempt, job.receiver) == (row["event_id"], 1, "mail.receipt")
    age = datetime.datetime.now(datetime.UTC) - job.created
    assert abs(age) < datetime.timedelta(minutes=1)
    assert await shop.states() == ["done"]
    assert await shop.outbox.drain() == 0


@pytest.mark.parametrize("how", ["raises", "force_rollback"])
async def test_rollback_takes_the_event_with_it(shop, how):
    receives(shop)
    with contextlib.suppress(UndoneError):
        async with shop.database.transaction(force_rollback=how == "force_rollback"):
            await shop.Order().save()
            if how == "raises":
                raise UndoneError
    assert await shop.rows() == []


async def test_savepoint_that_is_rolled_back_takes_only_its_own_events_with_it(shop):
    receives(shop)
    async with shop.database.transaction():
        kept = await shop.Order().save()
        with contextlib.suppress(UndoneError):
            async with shop.database.transaction():
                await shop.Order().save()
                raise UndoneError
    assert [json.loads(row["payload"])["instance"] for row in await shop.rows()] == [kept.id]


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_operation_outside_a_transaction_is_refused_before_it_writes_anything(shop):
    receives(shop)
    receives(shop, "post_update", name="on.update")
    with pytest.raises(NoTransactionError, match=r"write `async with database.transaction\(\):`"):
        await shop.Order().save()
    assert await shop.Order.objects.count() == 0
    async with shop.database.transaction():
        order = await shop.Order(name="before").save()
    with pytest.raises(NoTransactionError, match="around the update or connect"):
        await order.update(name="after")
    assert (await shop.Order.objects.get()).name == "before"
    assert len(await shop.rows()) == 1


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_disconnected_receiver_no_longer_requires_a_transaction(shop):
    signal = shop.Order.ormar_config.signals.post_save
    receives(shop)
    signal.disconnect(signal.receivers[0])
    await shop.Order().save()
    assert await shop.Order.objects.count() == 1


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_transaction_of_another_database_does_not_count(shop, tmp_path):
    from tests.shop import Store

    other = Store.sqlite(tmp_path / "other.db")
    receives(shop)
    async with other.database, other.database.transaction():
        with pytest.raises(NoTransactionError), pytest.warns(RuntimeWarning, match="ormar"):
            await shop.Order().save()


@pytest.mark.ormar_only("only ormar has signals of bulk updates")
async def test_error_of_bulk_update_outside_a_transaction_says_that_it_was_written(shop):
    receives(shop, "post_bulk_update")
    order = await shop.Order().save()
    order.name = "b"
    with pytest.raises(NoTransactionError, match="The operation itself was written"):
        await shop.Order.objects.bulk_update([order])
    assert (await shop.Order.objects.get()).name == "b"
    async with shop.database.transaction():
        await shop.Order.objects.bulk_update([order])
    assert len(await shop.rows()) == 1


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_atomic_gives_operations_a_transaction(shop):
    received = receives(shop, atomic=True)
    failing = False

    async def fails(sender: Any, instance: Any, **kwargs: Any) -> None:
        if failing:
            raise UndoneError

    order = await shop.Order().save()
    await shop.Order.objects.create(name="b")
    shop.Order.ormar_config.signals.post_save.connect(fails)
    failing = True
    with pytest.raises(UndoneError):
        await shop.Order().save()
    assert await shop.Order.objects.count() == len(await shop.rows()) == 2
    assert await shop.outbox.drain() == 2
    assert received[0]["instance"] == order


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_atomic_operation_inside_a_transaction_is_part_of_it(shop):
    receives(shop, atomic=True)
    receives(shop, atomic=True, name="another")
    with contextlib.suppress(UndoneError):
        async with shop.database.transaction():
            await shop.Order().save()
            raise UndoneError
    assert await shop.Order.objects.count() == len(await shop.rows()) == 0


async def test_receiver_that_fails_in_the_operation_takes_the_events_with_it(shop):
    receives(shop)

    async def fails(sender: Any, **kwargs: Any) -> None:
        raise UndoneError

    post_save(shop.Order)(fails)
    with pytest.raises(UndoneError):
        async with shop.database.transaction():
            await shop.Order().save()
    assert await shop.rows() == []


async def test_drain_without_receivers_handles_nothing(shop):
    assert await shop.outbox.drain() == 0


@pytest.mark.ormar_only("`drain()` cannot know a session of SQLAlchemy outside its flush")
async def test_drain_inside_an_open_transaction_is_refused(shop):
    async with shop.database.transaction():
        with pytest.raises(DurableError, match="inside an open transaction"):
            await shop.outbox.drain()


async def test_drain_works_in_a_database_that_rolls_everything_back(tmp_path):
    import ormar
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import create_async_engine

    import typed_signals.ormar

    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    base = ormar.OrmarConfig(
        metadata=MetaData(), database=ormar.DatabaseConnection(url, force_rollback=True)
    )

    class Note(ormar.Model):
        ormar_config = base.copy(tablename="notes")
        id: int = ormar.Integer(primary_key=True)

    typed_signals.ormar.install(Note)
    outbox = TableOutbox(base)
    got: list[Any] = []

    @post_save(Note, durable=Durable("note"))
    async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        got.append(instance)

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(base.metadata.create_all)
    await engine.dispose()
    async with base.database:
        note = await Note().save()
        assert await outbox.drain() == 1
    assert got == [note]
    typed_signals.ormar.uninstall()


# ty and pyrefly do not show the docstring of what a method overrides, so each outbox has its own.
OF_ITS_OWN = {
    "register": "procrastinate's adds a task",
    "write": "a row, or a job",
    "runner": "what a lease is",
    "connected": "procrastinate's opens the app, too",
    "dead": "procrastinate keeps no traceback",
}


@pytest.mark.parametrize(
    "method",
    [
        "schema",
        *(name for name in vars(Outbox) if name[0] != "_" and callable(getattr(Outbox, name))),
    ],
)
def test_outboxes_say_the_same_of_what_they_have_in_common(method: str) -> None:
    procrastinate = pytest.importorskip("typed_signals.durable.procrastinate", exc_type=ImportError)
    mine, other = (
        getattr(each, method) for each in (TableOutbox, procrastinate.ProcrastinateOutbox)
    )
    assert mine.__doc__
    assert (mine.__doc__ == other.__doc__) is (method not in OF_ITS_OWN)
