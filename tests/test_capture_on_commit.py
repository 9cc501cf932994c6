"""`capture_on_commit()`: what waits for a commit that a test never makes."""

from __future__ import annotations

import asyncio
import contextlib
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.commits import UndoneError, signals
from typed_signals import Failure, set_exception_handler
from typed_signals._describe import describe
from typed_signals.testing import OnCommitCalls, capture_on_commit

if TYPE_CHECKING:
    from tests.shop import Shop, Store

pytest_plugins = ["pytester"]

pytestmark = pytest.mark.both_backends

Names = list[str]


@pytest.fixture
def names(shop: Shop) -> Names:
    """The names of the albums that the on-commit receiver was called for."""
    found: Names = []

    @signals(shop.Album).post_save.connect(on_commit=True)
    async def note(sender: Any, instance: Any, **kwargs: object) -> None:
        found.append(instance.name)

    return found


async def save(shop: Shop, *names: str) -> None:
    for name in names:
        await shop.Album(name=name).save()


def called(calls: OnCommitCalls) -> Names:
    return [each.payload["instance"].name for each in calls]


async def test_calls_are_collected_and_not_run(shop: Shop, names: Names) -> None:
    async with shop.store.database.transaction(force_rollback=True):
        async with capture_on_commit() as calls:
            await save(shop, "a", "b")
            assert list(calls) == []
        assert called(calls) == ["a", "b"]
        [first, _] = calls
        assert (first.signal, first.sender) == ("post_save", shop.Album)
        assert calls.receivers == [*signals(shop.Album).post_save.receivers] * 2
        assert first.receiver.__name__ in repr(calls)
    assert names == []


async def test_calls_are_run_on_demand_once(shop: Shop, names: Names) -> None:
    async with shop.store.database.transaction(force_rollback=True):
        async with capture_on_commit() as calls:
            await save(shop, "a", "b")
        await calls.run()
        assert names == ["a", "b"]
        await calls.run()
        assert names == ["a", "b"]
        assert called(calls) == ["a", "b"]


async def test_calls_are_run_at_the_end_of_the_block(shop: Shop, names: Names) -> None:
    async with shop.store.database.transaction(force_rollback=True):
        async with capture_on_commit(execute=True) as calls:
            await save(shop, "a")
            assert names == []
        assert names == called(calls) == ["a"]


async def test_calls_are_run_inside_the_block(shop: Shop, names: Names) -> None:
    async with shop.store.database.transaction(force_rollback=True):
        async with capture_on_commit() as calls:
            await save(shop, "a")
            await calls.run()
            assert names == ["a"]
            await save(shop, "b")
        assert (names, called(calls)) == (["a"], ["a", "b"])


async def test_receivers_see_the_rows_of_the_test(shop: Shop) -> None:
    seen: list[int] = []

    @signals(shop.Album).post_save.connect(on_commit=True)
    async def count(sender: Any, **kwargs: object) -> None:
        seen.append(await shop.Album.objects.count())

    transaction = shop.store.database.transaction(force_rollback=True)
    async with transaction, capture_on_commit(execute=True):
        await save(shop, "a", "b")
    assert seen == [2, 2]
    assert await shop.Album.objects.count() == 0


@pytest.mark.ormar_only("the other ORM's audit log is written without signals")
async def test_what_receivers_send_is_run_too(shop: Shop) -> None:
    events: list[str] = []

    @signals(shop.Album).post_save.connect(on_commit=True)
    async def log(sender: Any, instance: Any, **kwargs: object) -> None:
        events.append(instance.name)
        await shop.AuditLog(event=f"saved {instance.name}").save()

    @signals(shop.AuditLog).post_save.connect(on_commit=True)
    async def publish(sender: Any, instance: Any, **kwargs: object) -> None:
        events.append(instance.event)

    transaction = shop.store.database.transaction(force_rollback=True)
    async with transaction, capture_on_commit(execute=True) as calls:
        await save(shop, "a", "b")
    assert events == ["a", "b", "saved a", "saved b"]
    assert calls.receivers == [log, log, publish, publish]


# --- what is not collected -----------------------------------------------------------------------


async def test_rolled_back_savepoint_is_not_collected(shop: Shop, names: Names) -> None:
    database = shop.store.database
    async with database.transaction(force_rollback=True):
        async with capture_on_commit(execute=True) as calls:
            await save(shop, "a")
            with contextlib.suppress(UndoneError):
                async with database.transaction():
                    await save(shop, "gone")
                    async with database.transaction():
                        await save(shop, "gone, too")
                    raise UndoneError
            async with database.transaction():
                await save(shop, "b")
        assert names == called(calls) == ["a", "b"]


async def test_savepoint_around_the_block_can_still_be_rolled_back(
    shop: Shop, names: Names
) -> None:
    database = shop.store.database
    async with database.transaction():
        await save(shop, "before")
        with contextlib.suppress(UndoneError):
            async with database.transaction():
                await save(shop, "in the savepoint")
                async with capture_on_commit() as calls:
                    await save(shop, "captured")
                await save(shop, "after the block")
                raise UndoneError
        await save(shop, "after")
    assert called(calls) == ["captured"]
    assert names == ["before", "after"]


async def test_what_has_run_already_is_not_collected(shop: Shop, names: Names) -> None:
    async with capture_on_commit(execute=True) as calls:
        await save(shop, "at once")
        async with shop.store.database.transaction():
            await save(shop, "committed")
    assert names == ["at once", "committed"]
    assert list(calls) == []


async def test_what_was_sent_before_the_block_is_not_collected(shop: Shop, names: Names) -> None:
    async with shop.store.database.transaction(force_rollback=True):
        await save(shop, "before")
        async with capture_on_commit(execute=True):
            await save(shop, "inside")
        await save(shop, "after")
    assert names == ["inside"]


async def test_collected_calls_do_not_run_after_a_commit(shop: Shop, names: Names) -> None:
    async with shop.store.database.transaction():
        await save(shop, "before")
        async with capture_on_commit(execute=True):
            await save(shop, "inside")
        assert names == ["inside"]
    assert names == ["inside", "before"]


async def test_block_that_fails_collects_and_runs_nothing(shop: Shop, names: Names) -> None:
    with contextlib.suppress(UndoneError):
        async with shop.store.database.transaction(), capture_on_commit(execute=True) as calls:
            await save(shop, "a")
            raise UndoneError
    assert (names, list(calls)) == ([], [])


async def test_inner_block_collects_first(shop: Shop, names: Names) -> None:
    transaction = shop.store.database.transaction(force_rollback=True)
    async with transaction, capture_on_commit() as outer:
        await save(shop, "a")
        async with capture_on_commit() as inner:
            await save(shop, "b")
        await save(shop, "c")
    assert (called(outer), called(inner)) == (["a", "c"], ["b"])


async def test_several_databases_are_collected_in_the_order_of_sends(
    make_store: Callable[[str], Store],
) -> None:
    store, other = make_store("store.db"), make_store("other.db")
    album, order = store.model("Album"), other.model("Order")
    store.install()
    found: Names = []
    for model in (album, order):

        @signals(model).post_save.connect(on_commit=True)
        async def note(sender: Any, instance: Any, **kwargs: object) -> None:
            found.append(f"{sender.__name__} {instance.name}")

    async def save_order(done: asyncio.Event) -> None:
        # A task of its own: ormar has one variable for the transactions of all databases.
        async with other.opened(), other.database.transaction(force_rollback=True):
            await order(name="b").save()
            done.set()
            await finished.wait()

    done, finished = asyncio.Event(), asyncio.Event()
    async with store.opened():
        async with capture_on_commit() as calls:
            ordering = asyncio.create_task(save_order(done))
            await done.wait()
            async with store.database.transaction(force_rollback=True):
                await album(name="a").save()
                await calls.run()
        finished.set()
        await ordering
    assert found == ["Order b", "Album a"]


# --- failures ------------------------------------------------------------------------------------


async def test_failure_is_raised_after_all_have_run(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ran: Names = []

    @signals(shop.Album).post_save.connect(on_commit=True)
    async def fail(sender: Any, instance: Any, **kwargs: object) -> None:
        ran.append(instance.name)
        raise LookupError(instance.name)

    @signals(shop.Album).post_save.connect(on_commit=True)
    async def cancel(sender: Any, **kwargs: object) -> None:
        raise asyncio.CancelledError

    handled: list[Failure] = []
    before = set_exception_handler(handled.append)
    try:
        async with shop.store.database.transaction(force_rollback=True):
            with pytest.raises(LookupError, match="a") as caught:
                async with capture_on_commit(execute=True):
                    await save(shop, "a", "b")
    finally:
        set_exception_handler(before)
    assert ran == ["a", "b"]
    assert caught.value.__notes__ == [
        f"raised by the on-commit receiver {describe(fail)} of signal `post_save` of Album",
        f"the on-commit receiver {describe(cancel)} of signal `post_save` of Album failed too: "
        "CancelledError",
        f"the on-commit receiver {describe(fail)} of signal `post_save` of Album failed too: "
        "LookupError",
        f"the on-commit receiver {describe(cancel)} of signal `post_save` of Album failed too: "
        "CancelledError",
    ]
    assert [record.exc_info is not None for record in caplog.records] == [True] * 3
    assert handled == []


async def test_cancelled_test_stays_cancelled(shop: Shop) -> None:
    began = asyncio.Event()

    @signals(shop.Album).post_save.connect(on_commit=True)
    async def wait(sender: Any, **kwargs: object) -> None:
        began.set()
        await asyncio.sleep(60)

    async def test() -> None:
        transaction = shop.store.database.transaction(force_rollback=True)
        async with transaction, capture_on_commit(execute=True):
            await save(shop, "a", "b")

    running = asyncio.create_task(test())
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# --- the fixture ---------------------------------------------------------------------------------


@pytest.mark.ormar_only("the fixture is the same for every ORM: one run is enough")
def test_fixture_fails_the_test_in_which_a_receiver_fails(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    module = """
        import ormar
        import pytest
        from tests.shop import Store

        import typed_signals.ormar
        from typed_signals.ormar import post_save

        @pytest.mark.parametrize("total", [5, 0])
        async def test_order(tmp_path, capture_on_commit, total):
            store = Store.sqlite(tmp_path / "shop.db")
            Order = store.model(
                "Order", id=ormar.Integer(primary_key=True), total=ormar.Integer()
            )
            typed_signals.ormar.install()

            @post_save(Order, on_commit=True)
            async def mail(sender, instance, **kwargs):
                assert instance.total > 0, "mailed a wrong total"

            async with store.opened(), store.database.transaction(force_rollback=True):
                async with capture_on_commit(execute=True) as calls:
                    await Order(total=total).save()
                assert calls.receivers == [mail]
    """
    pytester.makepyfile(test_it=textwrap.dedent(module))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-o", "asyncio_mode=auto")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*AssertionError: mailed a wrong total*"])
    result.stdout.fnmatch_lines(["*raised by the on-commit receiver*of signal `post_save` of*"])
