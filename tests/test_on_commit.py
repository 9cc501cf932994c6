"""Receivers that run only once the surrounding transaction has really committed."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests import lanes
from tests.cancelling import cancelled_at_every_await
from tests.commits import UndoneError, committed, receive, signals
from typed_signals import Failure, Signal, set_commit_grace, set_exception_handler
from typed_signals._dispatch.on_commit import DeferredSend, rolled_back
from typed_signals._dispatch.plan import plan_for
from typed_signals._registry import state_of
from typed_signals.testing import capture_signals

if TYPE_CHECKING:
    from tests.shop import Shop, Store

pytestmark = pytest.mark.both_backends


def place(function: Any) -> str:
    """A function of this file as messages name it."""
    line = function.__code__.co_firstlineno
    return f"`{__name__}.{function.__qualname__}` (tests/test_on_commit.py:{line})"


@pytest.fixture
def received(shop) -> list[str]:
    """The names of the albums whose save was received after its commit."""
    return receive(signals(shop.Album).post_save)


@pytest.fixture
def failures() -> Iterator[list[Failure]]:
    reported: list[Failure] = []
    before = set_exception_handler(reported.append)
    yield reported
    assert set_exception_handler(before) == reported.append


# --- when ----------------------------------------------------------------------------------------


async def test_without_a_transaction_at_once(shop, received):
    await shop.Album(name="a").save()
    assert received == ["a"]


async def test_in_a_transaction_after_the_commit_in_the_order_of_sends(shop, received):
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
        await shop.Album(name="b").save()
        assert received == []
    assert received == ["a", "b"]
    async with shop.store.database.transaction():
        await shop.Album(name="c").save()
    assert received == ["a", "b", "c"]


@pytest.mark.parametrize("how", ["raises", "force_rollback"])
async def test_never_after_a_rollback(shop, received, how):
    with contextlib.suppress(UndoneError):
        async with shop.store.database.transaction(force_rollback=how == "force_rollback"):
            await shop.Album(name="a").save()
            if how == "raises":
                raise UndoneError
    assert received == []
    await shop.Album(name="b").save()
    assert received == ["b"]


@pytest.mark.parametrize("watched", [False, True])
async def test_after_the_commit_of_a_robust_send_too_and_when_somebody_watches(
    shop, received, watched
):
    album = shop.Album(name="a")
    with capture_signals(shop.Album) if watched else contextlib.nullcontext():
        async with shop.store.database.transaction():
            with shop.store.attached(album):
                await signals(shop.Album).post_save.send_robust(sender=shop.Album, instance=album)
            assert received == []
    assert received == ["a"]


CONNECTED_INSIDE = """
import asyncio
from pathlib import Path

import typed_signals.ormar
from tests.shop import Shop, Store

shop = Shop(Store.sqlite(Path(r"{path}")))
shop.store.create_tables()
typed_signals.ormar.install()


async def note(sender, instance, **kwargs):
    print(instance.name)


async def main():
    async with shop.store.database as database, database.transaction():
        typed_signals.ormar.post_save(shop.Album, on_commit=True)(note)
        await shop.Album(name="a").save()
        print("within")


asyncio.run(main())
"""


@pytest.mark.ormar_only("with SQLAlchemy it does not matter when the first receiver connects")
def test_the_first_of_a_process_can_be_connected_inside_a_transaction(tmp_path):
    script = CONNECTED_INSIDE.format(path=tmp_path / "shop.db")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["within", "a"], "")


async def test_never_when_only_its_savepoint_was_rolled_back(shop, received):
    database = shop.store.database
    async with database.transaction():
        await shop.Album(name="before").save()
        with contextlib.suppress(UndoneError):
            async with database.transaction():
                await shop.Album(name="undone").save()
                async with database.transaction():
                    await shop.Album(name="released within undone").save()
                raise UndoneError
        async with database.transaction():
            await shop.Album(name="released").save()
            async with database.transaction(force_rollback=True):
                await shop.Album(name="forced back").save()
        await shop.Album(name="after").save()
        assert received == []
    assert received == ["before", "released", "after"]
    assert await committed(shop) == sorted(received)


async def test_uninstall_and_install_keep_how_receivers_are_called(shop, received):
    for _ in range(2):
        shop.store.uninstall()
        shop.store.install()
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
        assert received == []
    assert received == ["a"]


async def test_several_databases(make_store):
    stores = [make_store("one.db"), make_store("two.db")]
    albums = [store.model("Album") for store in stores]
    received: list[str] = []
    stores[0].install()

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        received.append(instance.name)

    for album in albums:
        signals(album).post_save.connect(note, on_commit=True)
    async with stores[0].opened(), stores[1].opened():

        async def one(entered: asyncio.Event, leave: asyncio.Event) -> None:
            async with stores[0].database.transaction():
                await albums[0](name="one").save()
                entered.set()
                await leave.wait()

        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(one(entered, leave))
        await entered.wait()
        await albums[1](name="two, alone").save()
        assert received == ["two, alone"]
        async with stores[1].database.transaction():
            await albums[1](name="two").save()
        assert received == ["two, alone", "two"]
        leave.set()
        await task
        assert received == ["two, alone", "two", "one"]


@pytest.mark.parametrize("commits", [True, False])
async def test_a_database_that_rolls_everything_back_never_tells(make_store, commits):
    store = make_store("forced.db")
    album = store.model("Album")
    async with store.opened():
        pass  # the tables are there now
    store.database._force_rollback = True
    store.install()
    received: list[str] = []

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        received.append(instance.name)

    signals(album).post_save.connect(note, on_commit=True)
    async with store.database:
        await album(name="a").save()
        async with store.database.transaction(force_rollback=not commits):
            await album(name="b").save()
    assert received == []


@pytest.mark.skipif(
    lanes.DATABASES,
    reason="databases 0.9 gives each task a connection of its own, outside the transaction",
)
async def test_a_task_started_inside_belongs_to_the_transaction(shop, received):
    async def work(name: str) -> None:
        await shop.Album(name=name).save()

    async with shop.store.database.transaction():
        await asyncio.create_task(work("a"))
        assert received == []
    assert received == ["a"]
    with contextlib.suppress(UndoneError):
        async with shop.store.database.transaction():
            await asyncio.create_task(work("b"))
            raise UndoneError
    assert received == ["a"]


async def test_a_task_that_outlives_the_transaction_it_was_started_in_is_outside(shop):
    received: list[str] = []
    over = asyncio.Event()

    async def note(sender: Any, name: str, **kwargs: Any) -> None:
        received.append(name)

    async def work() -> None:
        await over.wait()
        await signals(shop.Album).sold_out.send(sender=shop.Album, name="a")

    signals(shop.Album).sold_out.connect(note, on_commit=True)
    async with shop.store.database.transaction():
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
    over.set()
    await task
    assert received == ["a"]


@pytest.mark.skipif(not lanes.ENGINES, reason="`databases` lets only the innermost savepoint end")
async def test_savepoints_of_two_tasks_that_end_in_any_order(shop, received):
    """A rollback takes with it all that came after the savepoint on the connection."""
    database = shop.store.database
    begun, saved = asyncio.Event(), asyncio.Event()

    async def early() -> None:
        await shop.Album(name="before both").save()
        async with database.transaction():
            await shop.Album(name="early").save()
            begun.set()
            await saved.wait()

    async def late() -> None:
        await begun.wait()
        with contextlib.suppress(UndoneError):
            async with database.transaction():
                await shop.Album(name="late").save()
                raise UndoneError
        saved.set()

    async with database.transaction():
        await asyncio.gather(early(), late())
    assert received == ["before both", "early"]
    assert await committed(shop) == ["before both", "early"]


@pytest.mark.skipif(lanes.ENGINES, reason="ormar's own transactions know only `async with`")
@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_transactions_begun_and_ended_by_hand(shop, received, end):
    transaction = await shop.store.database.transaction()
    await shop.Album(name="a").save()
    await getattr(transaction, end)()
    assert received == (["a"] if end == "commit" else [])


@pytest.mark.skipif(lanes.ENGINES, reason="ormar's own transactions are no decorators")
async def test_a_transaction_as_a_decorator_serves_every_call(shop, received):
    @shop.store.database.transaction()
    async def work(name: str, *, undo: bool) -> None:
        await shop.Album(name=name).save()
        if undo:
            raise UndoneError

    for name, undo in (("a", False), ("b", True), ("c", False)):
        with contextlib.suppress(UndoneError):
            await work(name, undo=undo)
    assert received == ["a", "c"]


# --- how -----------------------------------------------------------------------------------------


async def test_it_sees_committed_rows_over_another_connection_and_is_outside(shop):
    seen: list[Any] = []

    async def looks(sender: Any, instance: Any, **kwargs: Any) -> None:
        seen.append(await committed(shop))
        await shop.AuditLog(event="written after").save()
        seen.append(await shop.AuditLog.objects.count())

    signals(shop.Album).post_save.connect(looks, on_commit=True)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
    assert seen == [["a"], 1]


async def test_it_can_use_a_transaction_of_its_own(shop, received):
    async def writes(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance.name != "a":
            return
        async with shop.store.database.transaction():
            await shop.Album(name="b").save()
        with contextlib.suppress(UndoneError):
            async with shop.store.database.transaction():
                await shop.Album(name="c").save()
                raise UndoneError

    signals(shop.Album).post_save.connect(writes, on_commit=True)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
    assert received == ["a", "b"]
    assert await committed(shop) == ["a", "b"]


async def test_send_that_fails_calls_no_on_commit_receiver(shop, received):
    order: list[str] = []

    async def now(sender: Any, instance: Any, **kwargs: Any) -> None:
        order.append(f"now, later {received}")
        if instance.name == "wrong":
            raise UndoneError

    signals(shop.Album).post_save.connect(now)
    await shop.Album(name="a").save()
    async with shop.store.database.transaction():
        await shop.Album(name="b").save()
        with contextlib.suppress(UndoneError):
            async with shop.store.database.transaction():
                await shop.Album(name="wrong").save()
    assert order == ["now, later []", "now, later ['a']", "now, later ['a']"]
    assert received == ["a", "b"]


async def test_each_runs_in_a_copy_of_the_committing_context(shop):
    variable = contextvars.ContextVar("variable", default="")
    seen: list[str] = []

    def named(name: str) -> Any:
        async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
            seen.append(variable.get())
            variable.set(name)

        return receiver

    for name in "ab":
        signals(shop.Album).post_save.connect(named(name), on_commit=True)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
        variable.set("committer's")
    assert seen == ["committer's"] * 2
    assert variable.get() == "committer's"


@pytest.mark.parametrize("inside", [True, False])
async def test_a_failure_is_logged_and_handed_on_and_the_rest_still_run(
    shop, failures, caplog, inside
):
    error = ValueError("secret")

    async def fails(sender: Any, instance: Any, **kwargs: Any) -> None:
        raise error

    received: list[str] = []

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        received.append(instance.name)

    signals(shop.Album).post_save.connect(fails, on_commit=True)
    signals(shop.Album).post_save.connect(note, on_commit=True)
    async with contextlib.AsyncExitStack() as stack:
        if inside:
            await stack.enter_async_context(shop.store.database.transaction())
        await shop.Album(name="a").save()
        await shop.Album(name="b").save()
    assert received == ["a", "b"]
    assert [failure.exception for failure in failures] == [error, error]
    assert failures[0] == Failure(fails, "signal `post_save` of Album", shop.Album, error)
    ours = [record.getMessage() for record in caplog.records if record.name == "typed_signals"]
    assert len(ours) == 2
    assert "fails" in ours[0]
    assert "signal `post_save` of Album" in ours[0]
    assert "ValueError" in ours[0]
    assert "secret" not in "".join(ours)
    assert await committed(shop) == ["a", "b"]


async def test_an_error_hook_that_fails_is_logged_too(shop, caplog):
    async def fails(sender: Any, instance: Any, **kwargs: Any) -> None:
        raise ValueError("secret")

    def hook(failure: Failure) -> None:
        raise KeyError("secret")

    signals(shop.Album).post_save.connect(fails, on_commit=True)
    before = set_exception_handler(hook)
    try:
        await shop.Album(name="a").save()
    finally:
        set_exception_handler(before)
    ours = [record.getMessage() for record in caplog.records if record.name == "typed_signals"]
    assert [message.rpartition(": ")[2] for message in ours] == ["ValueError", "KeyError"]
    assert ours[1].startswith(f"the exception handler {place(hook)} failed itself: ")


async def test_a_commit_that_fails_calls_no_on_commit_receiver(make_store):
    """SQLite checks a deferred foreign key only when the transaction commits."""
    store = make_store("deferred.db")
    album = store.model("Album")
    store.install()
    received: list[str] = []

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        received.append(instance.name)

    signals(album).post_save.connect(note, on_commit=True)
    async with store.opened():
        await store.execute(_text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
        await store.execute(
            _text("CREATE TABLE b (a REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)")
        )
        with pytest.raises(Exception, match="FOREIGN KEY constraint failed"):
            await _commit_what_cannot_be(store, album)
        assert received == []


async def _commit_what_cannot_be(store: Store, album: Any) -> None:
    async with store.database.transaction():
        await album(name="a").save()
        if lanes.ENGINES:
            connection = store.database.get_transaction_connection()
            await connection.execute(_text("INSERT INTO b VALUES (1)"))
        else:
            await store.database.execute("PRAGMA defer_foreign_keys = ON")
            await store.database.execute("INSERT INTO b VALUES (1)")


def _text(statement: str) -> Any:
    import sqlalchemy

    return sqlalchemy.text(statement)


# --- cancellation --------------------------------------------------------------------------------


@pytest.mark.skipif(
    lanes.LEGACY,
    reason="databases 0.6 leaves its connection in the transaction when it is cancelled while it "
    "begins one, with no signals involved",
)
# Cancelled while it connects, aiosqlite drops the connection; Python 3.13 warns.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
async def test_cancelled_at_any_await_it_runs_if_and_only_if_the_rows_are_there(shop, received):
    async def work() -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
            async with shop.store.database.transaction():
                await shop.Album(name="b").save()

    ends: list[tuple[bool, list[str]]] = []
    async for error in cancelled_at_every_await(work):
        assert await committed(shop) == received
        assert received in (["a", "b"], [])
        ends.append((isinstance(error, asyncio.CancelledError), list(received)))
        received.clear()
        await shop.store.empty()
    assert ends[-1] == (False, ["a", "b"])
    assert (True, ["a", "b"]) in ends, "no cancellation has met the commit"
    assert (True, []) in ends


async def test_cancelled_while_a_receiver_runs_all_finish_before_the_caller_is_cancelled(
    shop, failures
):
    began = asyncio.Event()
    ended: list[str] = []

    async def slow(sender: Any, instance: Any, **kwargs: Any) -> None:
        began.set()
        await asyncio.sleep(0.05)
        ended.append(instance.name)

    signals(shop.Album).post_save.connect(slow, on_commit=True)

    async def work() -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
            await shop.Album(name="b").save()

    task = asyncio.create_task(work())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (ended, failures) == (["a", "b"], [])


# --- any mix -------------------------------------------------------------------------------------

Tree = list[Any]
trees: Any = st.recursive(
    st.just([]),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(["release", "raise", "force"]), inner), max_size=3
    ),
    max_leaves=6,
)


async def _grow(shop: Shop, name: str, tree: Tree, reported: list[str]) -> list[str]:
    """Save an album, then what is below it, each in its savepoint; give what must be reported."""
    await shop.Album(name=name).save()
    left = [name]
    for number, (end, below) in enumerate(tree):
        with contextlib.suppress(UndoneError):
            async with shop.store.database.transaction(force_rollback=end == "force"):
                inner = await _grow(shop, f"{name}.{number}", below, reported)
                if end == "raise":
                    raise UndoneError
            if end == "release":
                left += inner
    assert reported == []
    return left


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=trees)
async def test_on_commit_receivers_are_called_for_exactly_the_sends_whose_rows_are_left(
    shop, received, tree
):
    received.clear()
    await shop.store.empty()
    async with shop.store.database.transaction():
        expected = await _grow(shop, "0", tree, received)
    assert received == expected
    assert await committed(shop) == sorted(expected)


# --- without an ORM ------------------------------------------------------------------------------


async def test_signal_without_transactions_calls_on_commit_receivers_after_the_others():
    signal = Signal()
    order: list[str] = []

    async def later(sender: object, **kwargs: object) -> None:
        order.append("later")

    async def now(sender: object, **kwargs: object) -> None:
        order.append("now")

    signal.connect(later, on_commit=True)
    signal.connect(now)
    await signal.send(sender=int)
    assert order == ["now", "later"]
    outcomes = await signal.send_robust(sender=int)
    assert [outcome.receiver for outcome in outcomes] == [now]
    assert order == ["now", "later"] * 2


async def fails(sender: object, **kwargs: object) -> None:
    raise ValueError("secret")


async def cancels_itself(sender: object, **kwargs: object) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("receiver", "kind"), [(fails, "ValueError"), (cancels_itself, "CancelledError")]
)
async def test_without_an_error_hook_a_failure_is_logged_and_that_is_all(receiver, kind, caplog):
    signal = Signal()
    reported: list[object] = []

    async def note(sender: object, **kwargs: object) -> None:
        reported.append(sender)

    signal.connect(receiver, on_commit=True)
    signal.connect(note, on_commit=True)
    await signal.send(sender=int)
    assert reported == [int]
    assert [record.getMessage() for record in caplog.records] == [
        f"receiver {place(receiver)} of a signal failed after the commit: {kind}"
    ]


async def test_a_sender_that_survived_a_cancellation_is_not_cancelled_by_its_receivers():
    signal = Signal()
    signal.connect(cancels_itself, on_commit=True)
    begun = asyncio.Event()

    async def work() -> str:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
        await signal.send(sender=int)
        return "sent"

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    assert await task == "sent"


async def test_cancelled_when_the_grace_is_over_one_is_cancelled_and_the_rest_are_not_called(
    failures, caplog
):
    signal = Signal()
    began = asyncio.Event()
    called: list[str] = []

    async def hangs(sender: object, **kwargs: object) -> None:
        began.set()
        await asyncio.sleep(10)

    async def note(sender: object, **kwargs: object) -> None:
        called.append("note")

    signal.connect(hangs, on_commit=True)
    signal.connect(note, on_commit=True)
    before = set_commit_grace(0.02)
    try:
        task = asyncio.create_task(signal.send(sender=int))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        assert set_commit_grace(before) == 0.02
    [failure] = failures
    assert failure.receiver is hangs
    assert isinstance(failure.exception, asyncio.CancelledError)
    assert called == []
    assert caplog.records[-1].getMessage() == (
        f"receiver {place(note)} of a signal was not called after the commit: "
        "its caller was cancelled, and 0.02 s later it was not their turn"
    )


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_grace_that_is_no_time_is_refused(seconds):
    with pytest.raises(ValueError, match=r"expected 0 or more seconds \(`math.inf` .*, got -?[1n]"):
        set_commit_grace(seconds)


def test_error_of_a_transaction_that_was_over_names_the_receivers_and_what_to_do():
    async def mail(sender: object, **kwargs: object) -> None: ...

    signal = Signal()
    signal.connect(mail, on_commit=True)
    signal.connect(fails, on_commit=True)
    plan = plan_for(state_of(signal))
    send = DeferredSend(state_of(signal), plan.deferred, int, {})
    assert str(rolled_back([send, send])) == (
        "the transaction was over before its commit: a statement in it failed, the database "
        "rolled all of it back, and the program went on. What was saved in it is not there, so "
        f"these on-commit receivers are not called: {place(mail)} of a signal, {place(fails)} of a "
        "signal. Let the exception of the statement that failed leave the block, or run that "
        "statement in a nested transaction, which can be rolled back alone. (On MariaDB and MySQL "
        "a statement such as CREATE TABLE ends a transaction, too: it commits it.)"
    )
