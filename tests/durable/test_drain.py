"""`drain()` in a test whose database rolls everything back in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from tests.durable.receivers import BrokenError, names, send
from typed_signals.durable import DurableError

pytestmark = pytest.mark.ormar_only("tests/sqlalchemy has the same with a session")


@asynccontextmanager
async def rolled_back(shop: Any) -> AsyncIterator[None]:
    """A database as of ``DatabaseConnection(url, force_rollback=True)``."""
    database = shop.database
    await database.disconnect()
    database._force_rollback = True
    await database.connect()
    try:
        yield
    finally:
        await database.disconnect()
        database._force_rollback = False
        await database.connect()


async def test_events_are_handled_and_nothing_is_left(shop):
    async def pack(name: str, _: object) -> None:
        await shop.Item(order=await shop.Order.objects.get(name=name)).save()

    received = names(shop, pack)
    async with rolled_back(shop):
        await send(shop, "in a savepoint", "too")
        await shop.Order(name="alone").save()
        assert await shop.outbox.drain() == 3
        assert await shop.outbox.drain() == 0
        assert await shop.Item.objects.count() == 3
    assert received == [("in a savepoint", 1), ("too", 1), ("alone", 1)]
    assert await shop.rows() == []
    assert await shop.Order.objects.count() == await shop.Item.objects.count() == 0


@pytest.mark.parametrize("how", ["raises", "sql", "sql in a savepoint", "sql that is caught"])
async def test_receiver_that_fails_spoils_nothing_for_the_others(shop, how):
    async def fail_once(name: str, job: Any) -> None:
        if name != "a" or job.attempt > 1:
            return
        twin = shop.Order(id=(await shop.Order.objects.get(name="a")).pk, name="twin")
        if how == "raises":
            await shop.Order(name="written before").save()
            raise BrokenError
        if how == "sql in a savepoint":
            async with shop.database.transaction():
                await twin.save()
        with suppress(*([IntegrityError] if "caught" in how else [])):
            await twin.save()

    received = names(shop, fail_once)
    async with rolled_back(shop):
        await send(shop, "a", "b")
        if "caught" in how:
            assert await shop.outbox.drain() == 2
        else:
            with pytest.raises(BrokenError if how == "raises" else IntegrityError):
                await shop.outbox.drain()
            assert [name for name, _ in received][:2] == ["a", "b"]
            await shop.make_due()
            assert await shop.outbox.drain() == 1
            assert ("a", 2) in received
        written = {each.name for each in await shop.Order.objects.all()}
    # As where each statement commits, what was written before a failure stays.
    assert written == {"a", "b", *(["written before"] if how == "raises" else [])}
    assert await shop.rows() == []


async def test_drain_in_a_transaction_of_the_test_says_what_to_use(shop):
    async with shop.database.transaction(force_rollback=True):
        await shop.Order(name="a").save()
        with pytest.raises(DurableError) as caught:
            await shop.outbox.drain()
    assert str(caught.value) == (
        "`drain()` was called inside an open transaction, whose events are not committed: call it "
        "after the `async with database.transaction()` block. A test that rolls back what it "
        "writes needs `DatabaseConnection(url, force_rollback=True)`"
    )
