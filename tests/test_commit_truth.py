"""On-commit receivers run for what has really been committed, and failures are reported."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sqlite3
import time
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import sqlalchemy

import typed_signals.ormar
from tests import lanes
from tests.commits import UndoneError, committed, execute, receive, signals
from tests.shop import Shop, Store
from typed_signals import (
    CommitOutcomeUnknownError,
    Signal,
    SignalPayloadError,
    TransactionRolledBackError,
    set_commit_grace,
    set_exception_handler,
)

pytestmark = pytest.mark.both_backends

current_only = pytest.mark.skipif(not lanes.CURRENT, reason="about SQLAlchemy's connections")


@pytest.fixture
def saved(shop) -> list[str]:
    """The names of the albums whose save was received after its commit."""
    return receive(signals(shop.Album).post_save)


def dialect(shop: Shop) -> str:
    return shop.store._url.partition(":")[0].partition("+")[0]


def error_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "typed_signals"]


# --- the database rolled it back -----------------------------------------------------------------


async def lose(shop: Shop) -> None:
    """Have the database roll back the open transaction, and go on."""
    if dialect(shop) == "postgresql":
        with pytest.raises(Exception, match="division by zero"):
            await execute(shop.store, "SELECT 1 / 0")
    elif dialect(shop) == "sqlite":
        table = shop.store.table(shop.AuditLog)
        twice = f"INSERT OR ROLLBACK INTO {table} (id, event) VALUES (9, 'x'), (9, 'x')"
        with pytest.raises(Exception, match="UNIQUE constraint failed"):
            await execute(shop.store, twice)
    else:
        await deadlock(shop)


async def deadlock(shop: Shop) -> None:
    """Be the victim of a deadlock, which MariaDB answers by rolling all back."""
    table = shop.store.table(shop.AuditLog)
    mine_locked, other_locked = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        async with shop.store.database.engine.begin() as connection:
            for name in "cdefgh":  # the one that has done less is the victim
                statement = f"INSERT INTO {table} (event) VALUES ('{name}')"
                await connection.execute(sqlalchemy.text(statement))
            await connection.execute(
                sqlalchemy.text(f"UPDATE {table} SET event = 'o' WHERE id = 2")
            )
            other_locked.set()
            await mine_locked.wait()
            await connection.execute(
                sqlalchemy.text(f"UPDATE {table} SET event = 'o' WHERE id = 1")
            )

    await execute(shop.store, f"UPDATE {table} SET event = 'm' WHERE id = 1")
    task = asyncio.create_task(other())
    await other_locked.wait()
    mine_locked.set()
    await asyncio.sleep(0.05)
    with pytest.raises(Exception, match="1213"):
        await execute(shop.store, f"UPDATE {table} SET event = 'm' WHERE id = 2")
    await task


@pytest.fixture
async def two_rows(shop) -> None:
    """What the deadlock is about."""
    table = shop.store.table(shop.AuditLog)
    await execute(shop.store, f"INSERT INTO {table} (id, event) VALUES (1, 'x'), (2, 'x')")


# SQLAlchemy about the id of a row that was rolled back, which the database gives out again.
@pytest.mark.filterwarnings("ignore:Identity map already had:sqlalchemy.exc.SAWarning")
@pytest.mark.usefixtures("two_rows")
@pytest.mark.parametrize("goes_on", [False, True])
async def test_transaction_rolled_back_by_the_database_calls_nobody_and_raises(
    shop, saved, goes_on
):
    if goes_on and dialect(shop) == "postgresql":
        pytest.skip("PostgreSQL runs no more statements once one has failed")

    async def work() -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="lost").save()
            await lose(shop)
            if goes_on:  # SQLite and MariaDB begin another transaction by themselves
                await shop.Album(name="later").save()

    with pytest.raises(TransactionRolledBackError) as raised:
        await work()
    text = str(raised.value)
    assert text.startswith("the transaction was over before its commit: a statement in it failed")
    assert "not called: `tests.commits.receive.<locals>.note` (tests/commits.py:" in text
    assert ") of signal `post_save` of Album. Let the exception" in text
    assert "lost" not in text, "a field's value"
    assert raised.value.__cause__ is not None
    left = ["later"] if goes_on and not lanes.ENGINES else []
    assert saved == left, "`databases` commits each statement by itself when it is lost"
    assert await committed(shop) == left
    async with shop.store.database.transaction():
        await shop.Album(name="after").save()
    assert saved == [*left, "after"]
    if lanes.ENGINES:
        assert shop.store.database.engine.pool.checkedout() == 0


@pytest.mark.usefixtures("two_rows")
async def test_transaction_rolled_back_by_the_database_before_the_send_is_as_any_other(shop, saved):
    if dialect(shop) == "postgresql":
        pytest.skip("PostgreSQL runs no more statements once one has failed")
    with contextlib.nullcontext() if lanes.ENGINES else pytest.raises(Exception, match="no trans"):
        async with shop.store.database.transaction():
            await lose(shop)
            await shop.Album(name="later").save()
    assert saved == ["later"]
    assert await committed(shop) == ["later"]


async def test_statement_that_failed_in_a_savepoint_of_its_own_loses_nothing(shop, saved):
    async with shop.store.database.transaction():
        await shop.Album(id=1001, name="first").save()
        with contextlib.suppress(Exception):
            async with shop.store.database.transaction():
                await shop.Album(id=1001, name="same key").save()
        await shop.Album(name="second").save()
    assert saved == ["first", "second"]
    assert await committed(shop) == ["first", "second"]


@pytest.mark.usefixtures("two_rows")
async def test_lost_inside_a_savepoint_calls_nobody(shop, saved):
    async def work() -> None:
        async with shop.store.database.transaction(), shop.store.database.transaction():
            await shop.Album(name="inside").save()
            await lose(shop)

    with pytest.raises(
        Exception, match=r"aborted|no such savepoint|no transaction|SAVEPOINT .* does not exist"
    ):
        await work()
    assert saved == await committed(shop) == []


@current_only
async def test_lost_inside_a_savepoint_that_is_caught_loses_what_follows(shop, saved):
    if dialect(shop) == "postgresql":
        pytest.skip("PostgreSQL runs no more statements once one has failed")

    # A key that is used twice makes SQLAlchemy complain when the first instance is collected.
    async def inner() -> None:
        async with shop.store.database.transaction():
            await shop.Album(id=1, name="before").save()
            await execute(shop.store, "ROLLBACK")
            await shop.Album(id=2, name="inside").save()

    async def work() -> None:
        async with shop.store.database.transaction():
            with pytest.raises(Exception, match=r"no such savepoint|does not exist"):
                await inner()
            with contextlib.suppress(Exception):
                await shop.Album(id=3, name="later").save()

    # A session goes on, so `later` waits for the commit, too, and the error names its receiver.
    what = "no on-commit receiver is" if isinstance(shop, Shop) else "on-commit receivers are not"
    with pytest.raises(TransactionRolledBackError, match=f"{what} called"):
        await work()
    assert saved == await committed(shop) == []


async def test_rolled_back_by_hand_calls_nobody_and_raises(shop, saved):
    async def work() -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
            await execute(shop.store, "ROLLBACK")

    with pytest.raises(TransactionRolledBackError):
        await work()
    assert saved == await committed(shop) == []


# --- whose transaction ---------------------------------------------------------------------------


async def test_sender_that_is_an_instance_is_refused_before_a_receiver_runs(shop):
    called: list[object] = []

    async def note(sender: Any, **kwargs: Any) -> None:
        called.append(sender)

    signals(shop.Album).sold_out.connect(note, on_commit=True)
    name = shop.Album.__qualname__
    with pytest.raises(SignalPayloadError, match=f"not an `{name}`: write `sender={name}`"):
        async with shop.store.database.transaction():
            await signals(shop.Album).sold_out.send(sender=shop.Album(name="a"))
    assert called == []


@current_only
async def test_signal_of_another_database_is_sent_as_outside_the_transaction(tmp_path):
    stores = [Store.sqlite(tmp_path / f"{name}.db") for name in ("one", "two")]
    albums = [store.model("Album") for store in stores]
    typed_signals.ormar.install(*albums)
    called = receive(signals(albums[1]).sold_out)
    signals(albums[1]).sold_out.sequential = None
    try:
        async with stores[0].opened(), stores[1].opened():
            for _ in range(2):
                async with stores[0].database.transaction():
                    with (
                        pytest.warns(RuntimeWarning)
                        if not called
                        else contextlib.nullcontext([]) as warned
                    ):
                        await signals(albums[1]).sold_out.send(
                            sender=albums[1], instance=albums[1](name="a")
                        )
                    if warned:
                        [warning] = warned
                        assert warning.filename == __file__
                        text = str(warning.message)
            assert called == ["a", "a"], "the second one without a warning"
    finally:
        typed_signals.ormar.uninstall()
    one, two = (f"`sqlite:///{tmp_path}/{name}.db`" for name in ("one", "two"))
    assert text.startswith(
        f"a signal of a model on {two} was sent inside a transaction on {one}: ormar 0.26"
    )


@current_only
@pytest.mark.postgresql
async def test_warning_about_two_databases_names_no_password(tmp_path):
    stores = [
        Store(
            "postgresql+asyncpg://postgres:secret@127.0.0.1:5432/postgres?prepared_statement_cache_size=61"
        ),
        Store.sqlite(tmp_path / "two.db"),
    ]
    album = stores[1].model("Album")
    typed_signals.ormar.install(album)
    receive(signals(album).sold_out)
    try:
        async with stores[0].database, stores[0].database.transaction():  # the other: not connected
            with pytest.warns(RuntimeWarning) as warned:
                await signals(album).sold_out.send(sender=album, instance=album(name="a"))
    finally:
        typed_signals.ormar.uninstall()
    text = str(warned[0].message)
    assert "`postgresql://127.0.0.1:5432/postgres`" in text
    assert "secret" not in text
    assert "cache_size" not in text
    assert "61" not in text.replace(str(tmp_path), "")  # whose number may hold it


@pytest.mark.ormar_only
async def test_transaction_opened_before_install_calls_receivers_after_its_commit(plain_shop):
    for end in (None, UndoneError):
        with contextlib.suppress(UndoneError):
            async with plain_shop.store.database.transaction():
                typed_signals.ormar.install()
                signals(plain_shop.Album).post_save.receivers or receive(
                    signals(plain_shop.Album).post_save
                )
                await plain_shop.Album(name=str(end)).save()
                if end:
                    raise end
        assert await committed(plain_shop) == ["None"]


@current_only
@pytest.mark.ormar_only
async def test_end_of_a_transaction_is_noticed_whatever_other_tools_do_with_it(
    shop, saved, monkeypatch
):
    transaction_class = type(shop.store.database.transaction())
    plain_exit = transaction_class.__aexit__

    async def wrapped(self: Any, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        await plain_exit(self, exc_type=exc_type, exc_value=exc_value, traceback=traceback)

    async with shop.store.database.transaction():
        monkeypatch.setattr(transaction_class, "__aexit__", wrapped)
        await shop.Album(name="a").save()
    async with shop.store.database.transaction():
        await shop.Album(name="b").save()
        monkeypatch.undo()
        typed_signals.ormar.uninstall()
        typed_signals.ormar.install()
    transaction = shop.store.database.transaction()
    await transaction.__aenter__()
    await shop.Album(name="c").save()
    await transaction.__aexit__(exc_type=None, exc_value=None, traceback=None)
    assert saved[:2] == ["a", "b"]
    assert await committed(shop) == ["a", "b", "c"]


async def test_uninstall_between_a_send_and_its_commit_still_calls_receivers(shop, saved, caplog):
    async def fails(sender: Any, instance: Any, **kwargs: Any) -> None:
        raise ValueError

    signals(shop.Album).post_save.connect(fails, on_commit=True)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
        typed_signals.ormar.uninstall()
    assert saved == ["a"]
    [record] = error_records(caplog)
    assert "of signal `post_save` of Album failed after the commit" in record.getMessage()


# --- weak proxies --------------------------------------------------------------------------------


@pytest.mark.ormar_only
async def test_receiver_of_a_relation_signal_gets_the_instance_itself(shop):
    received: list[Any] = []

    async def note(sender: Any, instance: Any, child: Any, **kwargs: Any) -> None:
        received.append((isinstance(instance, weakref.ProxyTypes), instance.name, child.name))

    signals(shop.Album).post_relation_add.connect(note, on_commit=True)

    async def tag() -> None:
        album = await shop.Album(name="a").save()
        await album.tags.add(await shop.Tag(name="t").save())

    async with shop.store.database.transaction():
        await tag()
        gc.collect()
    assert received == [(False, "a", "t")]


# --- while it commits ----------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def slow_commit(shop: Shop, seconds: float) -> AsyncIterator[None]:
    """Let another connection read for a while: SQLite commits only when it has finished."""
    path = shop.store._url.partition("///")[2]
    reader = sqlite3.connect(path, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM sqlite_master").fetchall()
    ends = asyncio.get_running_loop().call_later(seconds, reader.rollback)
    try:
        yield
    finally:
        ends.cancel()
        reader.close()


@pytest.mark.skipif(lanes.DATABASES, reason="databases 0.9 gives each task a connection of its own")
@pytest.mark.ormar_only
async def test_send_of_a_child_task_while_its_parent_commits_runs_after_the_commit(shop):
    if dialect(shop) != "sqlite":
        pytest.skip("only a commit of SQLite's waits for a reader")
    called = receive(signals(shop.Album).sold_out)
    order: list[str] = []

    async def send_late() -> None:
        await asyncio.sleep(0.1)
        album = shop.Album(name="late")
        await signals(shop.Album).sold_out.send(sender=shop.Album, instance=album)
        order.append(f"sent, called {called}")

    early = shop.Album(name="early")
    async with contextlib.AsyncExitStack() as stack, shop.store.database.transaction():
        await shop.Album(name="a").save()
        await signals(shop.Album).sold_out.send(sender=shop.Album, instance=early)
        await stack.enter_async_context(slow_commit(shop, 0.4))
        task = asyncio.create_task(send_late())
    await task
    assert order == ["sent, called []"]
    assert called == ["early", "late"]


def fails_to_close(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have giving the connection back fail, once."""
    if lanes.CURRENT:
        connection = shop.store.database.get_transaction_connection()

        def close() -> None:
            monkeypatch.delattr(connection.sync_connection, "close")  # ormar closes it again
            plain_close()
            raise ConnectionError("not given back")

        plain_close = connection.sync_connection.close
        monkeypatch.setattr(connection.sync_connection, "close", close, raising=False)
    else:
        backend = type(shop.store.database.connection()._connection)
        plain_release = backend.release

        async def release(self: Any) -> None:
            await plain_release(self)
            raise ConnectionError("not given back")

        monkeypatch.setattr(backend, "release", release)


@pytest.mark.ormar_only
async def test_commit_whose_connection_cannot_be_given_back_calls_receivers_and_raises(shop, saved):
    async def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            async with shop.store.database.transaction():
                await shop.Album(name="a").save()
                fails_to_close(shop, patch)

    with pytest.raises(ConnectionError, match="not given back"):
        await work()
    assert saved == ["a"]
    assert await committed(shop) == ["a"]


@pytest.mark.ormar_only
async def test_cancellation_is_not_replaced_by_the_failure_of_giving_the_connection_back(
    shop, saved, caplog
):
    async def cancels(sender: Any, instance: Any, **kwargs: Any) -> None:
        task.cancel()

    async def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            async with shop.store.database.transaction():
                await shop.Album(name="a").save()
                fails_to_close(shop, patch)

    signals(shop.Album).post_save.connect(cancels, on_commit=True)
    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert saved == ["a"]
    assert await committed(shop) == ["a"]
    [record] = error_records(caplog)
    assert record.getMessage() == "a connection could not be given back"
    assert "not given back" in str(record.exc_info[1])


# --- an end to waiting ---------------------------------------------------------------------------


@pytest.fixture
def grace() -> AsyncIterator[Callable[[float], float]]:
    """Sets the grace for one test."""
    before = set_commit_grace(5)
    yield set_commit_grace
    set_commit_grace(before)


async def hang(shop: Any, seconds: float, process: list[int]) -> None:
    """Save inside a transaction whose commit waits for another one's, on PostgreSQL."""
    table = shop.store.table(shop.AuditLog)
    constraint = "UNIQUE (event) DEFERRABLE INITIALLY DEFERRED"
    await execute(shop.store, f"ALTER TABLE {table} ADD CONSTRAINT {table}_u {constraint}")
    try:
        async with shop.store.database.engine.connect() as other:
            await other.execute(sqlalchemy.text(f"INSERT INTO {table} (event) VALUES ('same')"))
            async with asyncio.timeout(None) as limit, shop.store.database.transaction():
                await shop.Album(name="a").save()
                await shop.AuditLog(event="same").save()
                locks = f"SELECT pid FROM pg_locks WHERE relation = '{table}'::regclass"
                mine = await other.execute(
                    sqlalchemy.text(f"{locks} AND pid <> pg_backend_pid() LIMIT 1")
                )
                process += mine.scalars()
                limit.reschedule(asyncio.get_running_loop().time() + seconds)
    finally:
        await execute(shop.store, f"ALTER TABLE {table} DROP CONSTRAINT {table}_u")


async def test_commit_that_hangs_is_given_up_when_the_grace_is_over(shop, saved, grace, caplog):
    if dialect(shop) != "postgresql":
        pytest.skip("only a commit of PostgreSQL's waits for another transaction")
    grace(0.3)
    began = time.monotonic()
    with pytest.raises(TimeoutError) as raised:
        await hang(shop, 0.2, process := [])
    assert 0.5 <= time.monotonic() - began < 10
    assert isinstance(raised.value, CommitOutcomeUnknownError)
    assert "cancelled during the commit, which had not finished 0.3 s later" in str(raised.value)
    [record] = error_records(caplog)
    assert record.getMessage() == str(raised.value)
    assert record.exc_info
    engine = shop.store.database.engine
    assert engine.pool.checkedout() == 0
    async with contextlib.AsyncExitStack() as stack:  # none is that whose commit was cancelled
        for _ in range(engine.pool.checkedin()):
            connection = await stack.enter_async_context(engine.connect())
            used = await connection.execute(sqlalchemy.text("SELECT pg_backend_pid()"))
            assert used.scalar() not in process
    assert len(process) == 1
    assert saved == await committed(shop) == []


async def test_commit_within_the_grace_is_a_commit_although_its_caller_is_cancelled(
    shop, saved, grace
):
    if dialect(shop) != "sqlite":
        pytest.skip("only a commit of SQLite's waits for a reader")
    grace(20)

    async def work(stack: contextlib.AsyncExitStack) -> None:
        async with asyncio.timeout(None) as limit, shop.store.database.transaction():
            await shop.Album(name="a").save()
            await stack.enter_async_context(slow_commit(shop, 0.4))
            limit.reschedule(asyncio.get_running_loop().time() + 0.1)

    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(TimeoutError) as raised:
            await work(stack)
    assert type(raised.value) is TimeoutError
    assert saved == await committed(shop) == ["a"]


@pytest.mark.skipif(not lanes.ENGINES, reason="about SQLAlchemy's connections")
@pytest.mark.parametrize("during", ["commit", "giving back"])
async def test_commit_that_ends_just_as_the_grace_does_is_a_commit_and_leaves_no_connection(
    shop, saved, grace, caplog, during
):
    grace(0)
    engine = shop.store.database.engine
    do_commit, do_rollback = engine.dialect.do_commit, engine.dialect.do_rollback
    ends: list[str] = []

    def commit(connection: Any) -> None:
        do_commit(connection)
        if during == "commit" and not task.cancelling():  # SQLAlchemy commits once more
            task.cancel()

    def give_back(connection: Any) -> None:
        if during == "giving back" and not task.cancelling():
            task.cancel()
        do_rollback(connection)
        ends.append("given back")

    async def work() -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
            patch.setattr(engine.sync_engine.dialect, "do_commit", commit)
            patch.setattr(engine.sync_engine.dialect, "do_rollback", give_back)

    with pytest.MonkeyPatch.context() as patch:
        task = asyncio.create_task(work())
        with pytest.raises(asyncio.CancelledError) as raised:
            await task
    assert not isinstance(raised.value, CommitOutcomeUnknownError)
    assert during == "giving back" or ends == ["given back"]
    assert engine.pool.checkedout() == 0
    assert await committed(shop) == ["a"]
    assert saved == []
    [*lost, text] = [each.getMessage() for each in error_records(caplog)]
    assert "after the commit: CancelledError" in text
    assert during == "giving back" or not lost


async def test_cancellation_that_repeats_as_anyios_does_leaves_receivers_alone(shop, grace):
    finished: list[str] = []

    async def cancels(sender: Any, instance: Any, **kwargs: Any) -> None:
        scope.cancel()
        await asyncio.sleep(0.01)
        finished.append("first")

    async def slow(sender: Any, instance: Any, **kwargs: Any) -> None:
        for _ in range(3):
            await asyncio.sleep(0.01)
        finished.append(instance.name)

    signals(shop.Album).post_save.connect(cancels, on_commit=True)
    signals(shop.Album).post_save.connect(slow, on_commit=True)
    with anyio.CancelScope() as scope:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
        await anyio.lowlevel.checkpoint()
        finished.append("not here")
    assert scope.cancelled_caught
    assert finished == ["first", "a"]


# --- what receivers raise ------------------------------------------------------------------------


class Odd(BaseException):
    """Neither a failure nor the end of the program."""


ODD = [ValueError, Odd, GeneratorExit, asyncio.CancelledError]


def group() -> BaseException:
    return BaseExceptionGroup("several", [Odd(), ValueError()])


@pytest.mark.parametrize("kind", [*ODD, group])
@pytest.mark.parametrize("awaits", [False, True])
async def test_whatever_an_on_commit_receiver_raises_is_logged_with_its_traceback(
    shop, caplog, kind, awaits
):
    async def fails(sender: Any, instance: Any, **kwargs: Any) -> None:
        if awaits:
            await asyncio.sleep(0)
        raise kind()

    signals(shop.Album).post_save.connect(fails, on_commit=True)
    saved = receive(signals(shop.Album).post_save)
    async with shop.store.database.transaction():
        await shop.Album(name="a").save()
    assert saved == ["a"]
    [record] = error_records(caplog)
    assert record.exc_info is not None
    assert record.exc_info[0] is type(kind())
    if kind is asyncio.CancelledError:
        return  # a task does not always keep where it was cancelled
    frames = record.exc_info[2]
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    assert frames is not None
    assert frames.tb_frame.f_code.co_name == "fails"


@pytest.mark.parametrize("kind", [*ODD, group])
async def test_error_hook_that_raises_anything_is_logged_and_the_rest_run(caplog, kind):
    signal = Signal()
    called: list[object] = []

    async def fails(sender: object, **kwargs: object) -> None:
        raise ValueError

    async def note(sender: object, **kwargs: object) -> None:
        called.append(sender)

    def hook(failure: object) -> None:
        raise kind()

    signal.connect(fails, on_commit=True)
    signal.connect(note, on_commit=True)
    before = set_exception_handler(hook)
    try:
        await signal.send(sender=int)
    finally:
        set_exception_handler(before)
    assert called == [int]
    kinds = [record.exc_info and record.exc_info[0] for record in error_records(caplog)]
    assert kinds == [ValueError, type(kind())]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("who", ["receiver", "receiver that awaits", "hook"])
@pytest.mark.parametrize("inside", [False, True])
def test_what_ends_the_program_ends_it_and_those_not_called_are_logged(
    tmp_path, caplog, kind, who, inside
):
    store = Store.sqlite(tmp_path / "shop.db")
    album = store.model("Album")
    typed_signals.ormar.install(album)
    called: list[str] = []
    ends: list[str] = []

    async def ends_it(sender: Any, instance: Any, **kwargs: Any) -> None:
        if who == "receiver that awaits":
            await asyncio.sleep(0)
        raise ValueError if who == "hook" else kind

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        called.append(instance.name)

    def hook(failure: object) -> None:
        raise kind

    async def main() -> None:
        async with store.opened(), contextlib.AsyncExitStack() as stack:
            if inside:
                await stack.enter_async_context(store.database.transaction())
            try:
                await album(name="a").save()
                await album(name="b").save()
            finally:
                ends.append("left")

    signals(album).post_save.connect(ends_it, on_commit=True)
    signals(album).post_save.connect(note, on_commit=True)
    before = set_exception_handler(hook if who == "hook" else None)
    try:
        with pytest.raises(kind):
            asyncio.run(main())
    finally:
        set_exception_handler(before)
        typed_signals.ormar.uninstall()
    assert called == []
    assert ends == ["left"]
    texts = [record.getMessage() for record in error_records(caplog)]
    not_called = [text for text in texts if "was not called after the commit" in text]
    assert len(not_called) == (3 if inside else 1)
    assert all(text.endswith(": the program is ending") for text in not_called)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("kind", [ValueError, Odd, asyncio.CancelledError, group])
async def test_robust_send_returns_whatever_a_receiver_raises(shop, kind, inside):
    async def fails(sender: Any, **kwargs: Any) -> None:
        await asyncio.sleep(0)
        raise kind()

    async def note(sender: Any, **kwargs: Any) -> str:
        return "finished"

    signals(shop.Album).sold_out.connect(fails)
    signals(shop.Album).sold_out.connect(note)
    async with contextlib.AsyncExitStack() as stack:
        if inside:
            await stack.enter_async_context(shop.store.database.transaction())
        outcomes = await signals(shop.Album).sold_out.send_robust(sender=shop.Album)
    assert [type(outcome.exception) for outcome in outcomes] == [type(kind()), type(None)]
    assert outcomes[1].result == "finished"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("sequential", [False, True])
def test_robust_send_raises_what_ends_the_program_or_the_coroutine(kind, sequential):
    signal = Signal(sequential=sequential)

    async def ends_it(sender: object, **kwargs: object) -> None:
        raise kind

    signal.connect(ends_it)
    with pytest.raises(kind):
        asyncio.run(signal.send_robust(sender=int))


async def test_commit_finishes_when_the_event_loop_is_closed_meanwhile(shop, saved):
    """``asyncio.run()`` then cancels every task that it knows of."""
    if dialect(shop) != "sqlite":
        pytest.skip("only a commit of SQLite's waits for a reader")

    commits = asyncio.Event()

    async def work(stack: contextlib.AsyncExitStack) -> None:
        async with shop.store.database.transaction():
            await shop.Album(name="a").save()
            await stack.enter_async_context(slow_commit(shop, 0.4))
            commits.set()

    async with contextlib.AsyncExitStack() as stack:
        task = asyncio.create_task(work(stack))
        await commits.wait()
        await asyncio.sleep(0.1)
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert saved == await committed(shop) == ["a"]
