"""Sessions: autoflush, savepoints, several at once, synchronous ones, and what receivers may do."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import weakref
from typing import Any

import pytest
from sqlalchemy import delete, event, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, raiseload
from sqlalchemy.orm.base import NO_VALUE

import typed_signals.sqlalchemy as signals
from tests.commits import UndoneError
from tests.sqlalchemy.shop import Audit, Customer, Order, make_engine
from typed_signals import Change, TransactionRolledBackError, get_emitter
from typed_signals.sqlalchemy import SessionError


def note(model: Any, name: str, **options: Any) -> list[str]:
    """Connect a receiver that notes the names of the instances."""
    names: list[str] = []

    async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        names.append(instance.name)

    get_emitter(model)[name].connect(receiver, **options)
    return names


async def rows(make_session: Any, model: Any = Order) -> list[str]:
    """The names of the rows that another connection sees."""
    async with make_session() as other:
        return sorted((await other.scalars(select(model.name))).all())


# --- what flushes, and what does not -------------------------------------------------------------


async def test_query_flushes_first_and_no_autoflush_does_not(session):
    saved = note(Order, "post_save")
    session.add(Order(name="a"))
    with session.no_autoflush:
        assert (await session.scalars(select(Order.name))).all() == []
        assert saved == []
    assert (await session.scalars(select(Order.name))).all() == ["a"]
    assert saved == ["a"]


async def test_bulk_statements_send_nothing(session):
    sent = [note(Order, f"{when}_{what}") for when in ("pre", "post") for what in
            ("save", "update", "delete")]  # fmt: skip
    await session.execute(insert(Order), [{"name": "a"}, {"name": "b"}])
    await session.execute(update(Order).values(name="c"))
    await session.run_sync(lambda sync: sync.bulk_save_objects([Order(name="d")]))
    await session.execute(delete(Order))
    await session.commit()
    assert sent == [[]] * 6


async def test_merge_sends_an_update_of_the_merged_instance(session):
    session.add(Order(id=1, name="a"))
    await session.commit()
    updated = note(Order, "post_update")
    await session.merge(Order(id=1, name="b"))
    await session.commit()
    assert updated == ["b"]


async def test_setting_an_attribute_to_its_value_is_no_update(session):
    order = Order(name="a")
    session.add(order)
    await session.commit()
    updated = note(Order, "pre_update") + note(Order, "post_update")
    order.name = "a"
    await session.commit()
    assert updated == []


async def test_old_value_that_was_not_loaded_is_no_value(engine):
    changes: list[Any] = []

    async def look(sender: Any, instance: Any, changed: Any, **kwargs: Any) -> None:
        changes.append(changed)

    signals.post_update(Order)(look)
    async with AsyncSession(engine) as session:  # expires on commit
        order = Order(name="a")
        session.add(order)
        await session.commit()
        order.name = "b"
        await session.commit()
    assert changes == [{"name": Change(NO_VALUE, "b")}]


async def test_changed_has_the_relationship_before_the_flush_and_its_key_after(session):
    seen: list[Any] = []

    async def look(sender: Any, instance: Any, changed: Any, **kwargs: Any) -> None:
        seen.append(dict(changed))

    customer, order = Customer(name="c"), Order(name="a", customer=None)
    session.add_all([customer, order])
    await session.commit()
    signals.pre_update(Order)(look)
    signals.post_update(Order)(look)
    order.customer = customer
    await session.commit()
    relation = {"customer": Change(NO_VALUE, customer)}
    assert seen == [relation, {**relation, "customer_id": Change(None, customer.id)}]


async def test_update_that_only_the_flush_finds_out_is_signalled(session, make_session):
    """A child whose key is set by the collection of its parent, without a word to the child."""
    customer = Customer(name="c")
    order = Order(name="a")
    session.add_all([customer, order])
    await session.commit()
    await session.refresh(customer, ["orders"])
    sent = [note(Order, "pre_update"), note(Order, "post_update")]
    inspect(customer).attrs.orders.value.append(order)
    await session.commit()
    assert sent == [["a"], ["a"]]


async def test_server_defaults_are_there_after_a_refresh_in_the_receiver(session):
    seen: list[Any] = []

    @signals.post_save(Order)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None:
        await signals.get_session(instance).refresh(instance)
        seen.append(instance.price)

    session.add(Order(name="a", price=func.abs(-3)))
    await session.commit()
    assert seen == [3]


async def test_run_sync_sends_as_the_async_session_does(session):
    saved = note(Order, "post_save")

    def work(sync: Session) -> None:
        sync.add(Order(name="a"))
        sync.flush()
        assert saved == ["a"]
        sync.commit()

    await session.run_sync(work)


# --- plain sessions ------------------------------------------------------------------------------


async def test_plain_session_is_refused_where_somebody_would_receive(engine):
    def work(connection: Any) -> None:
        with Session(connection) as session:
            session.add(Audit(event="no receivers"))
            session.flush()
            session.add(Order(name="a"))
            with pytest.raises(SessionError, match="a plain `Session` cannot await its receivers"):
                session.flush()
            session.rollback()

    note(Order, "post_save")
    async with engine.connect() as connection:
        await connection.run_sync(work)
    # One that is not in a greenlet at all:
    session = Session()
    session.add(Order(name="a"))
    with pytest.raises(SessionError, match="Use an `AsyncSession`"):
        session.flush()


# --- what receivers may do -----------------------------------------------------------------------


@pytest.mark.parametrize("signal", ["pre_save", "post_save"])
@pytest.mark.parametrize("what", ["flush", "commit"])
@pytest.mark.parametrize("by", ["flush", "commit"])
async def test_receiver_cannot_flush_or_commit_its_own_session(
    session, signal, what, by, make_session
):
    async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        own = signals.get_session(instance)
        own.add(Audit(event="x"))
        await getattr(own, what)()

    get_emitter(Order)[signal].connect(receiver)
    session.add(Order(name="a"))
    with pytest.raises((SQLAlchemyError, SessionError)) as caught:
        await getattr(session, by)()
    reported: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        reported += [str(error), *getattr(error, "__notes__", [])]
        error = error.__context__
    assert any(
        "inside the flush" in each or "cannot commit the session" in each for each in reported
    )
    await session.rollback()
    assert await rows(make_session) == []


async def test_what_a_post_receiver_adds_is_written_by_the_commit(session, make_session):
    @signals.post_save(Order)
    async def add(sender: Any, instance: Order, **kwargs: Any) -> None:
        signals.get_session(instance).add(Customer(name="added"))
        instance.price = 9

    saved = note(Customer, "post_save")
    session.add(Order(name="a"))
    await session.flush()
    assert saved == []
    await session.commit()
    assert saved == ["added"]
    assert await rows(make_session, Customer) == ["added"]
    async with make_session() as other:
        assert (await other.scalars(select(Order.price))).all() == [9]


@pytest.mark.parametrize("signal", ["pre_save", "post_save"])
async def test_receiver_can_use_savepoints_of_its_own(session, signal, make_session):
    async def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        own = signals.get_session(instance)
        for end in ("kept", "undone"):
            with contextlib.suppress(UndoneError):
                async with own.begin_nested():
                    await own.execute(insert(Audit).values(event=end))
                    if end == "undone":
                        raise UndoneError

    get_emitter(Order)[signal].connect(receiver)
    session.add(Order(name="a"))
    await session.commit()
    async with make_session() as other:
        assert (await other.scalars(select(Audit.event))).all() == ["kept"]


async def test_receiver_in_another_session_is_in_another_transaction(session, make_session):
    if session.bind.dialect.name == "sqlite":
        pytest.skip("SQLite lets one connection write at a time")

    @signals.post_save(Order)
    async def audit(sender: Any, instance: Order, **kwargs: Any) -> None:
        async with make_session() as other:
            other.add(Customer(name="other"))
            await other.commit()

    later = note(Customer, "post_save", on_commit=True)
    session.add(Order(name="a"))
    await session.flush()
    assert later == ["other"]
    await session.rollback()
    assert await rows(make_session, Customer) == ["other"]


async def test_instances_that_a_receiver_expunges_are_left_out(session):
    @signals.pre_save(Order)
    async def only_one(sender: Any, instance: Order, **kwargs: Any) -> None:
        own = signals.get_session(instance)
        for other in list(own.new):
            if other is not instance:
                own.expunge(other)

    saved = note(Order, "pre_save")
    session.add_all([Order(name="a"), Order(name="b")])
    await session.commit()
    assert saved == ["a"]


async def test_context_variables_of_receivers_are_those_of_the_caller(session):
    variable = contextvars.ContextVar("variable", default="unset")

    @signals.post_save(Order)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None:
        assert variable.get() == "caller"
        variable.set("receiver")

    variable.set("caller")
    session.add(Order(name="a"))
    await session.commit()
    assert variable.get() == "receiver"


async def test_cancelled_flush_cancels_its_receiver_and_rolls_back(session, make_session):
    began = asyncio.Event()
    ends: list[str] = []

    @signals.post_save(Order)
    async def slow(sender: Any, instance: Order, **kwargs: Any) -> None:
        began.set()
        try:
            await asyncio.sleep(10)
        finally:
            ends.append("cancelled")

    async def work() -> None:
        async with make_session() as own, own.begin():
            own.add(Order(name="a"))

    task = asyncio.create_task(work())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ends == ["cancelled"]
    assert await rows(make_session) == []


# --- commits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["commit", "begin", "maker", "scoped"])
async def test_on_commit_receivers_run_however_the_session_commits(make_session, how):
    later = note(Order, "post_save", on_commit=True)
    if how == "commit":
        async with make_session() as session:
            session.add(Order(name="a"))
            await session.commit()
            assert later == ["a"]
    elif how == "begin":
        async with make_session() as session:
            async with session.begin():
                session.add(Order(name="a"))
                await session.flush()
                assert later == []
            assert later == ["a"]
    elif how == "maker":
        async with make_session.begin() as session:
            session.add(Order(name="a"))
    else:
        scoped = async_scoped_session(make_session, scopefunc=asyncio.current_task)
        scoped.add(Order(name="a"))
        await scoped.commit()
        await scoped.remove()
    assert later == ["a"]


async def test_two_sessions_at_once_are_kept_apart(make_session):
    later = note(Order, "post_save", on_commit=True)
    async with make_session() as one, make_session() as two:
        one.add(Order(name="one"))
        if one.bind.dialect.name != "sqlite":
            await one.flush()
        two.add(Order(name="two"))
        await two.commit()
        assert later == ["two"]
        await one.commit()
        assert later == ["two", "one"]


async def test_two_databases_in_one_session(engine, tmp_path):
    second = make_engine(f"sqlite+aiosqlite:///{tmp_path}/second.db")
    async with second.begin() as connection:
        await connection.run_sync(Customer.metadata.create_all)
    later = [note(Order, "post_save", on_commit=True), note(Customer, "post_save", on_commit=True)]
    async with AsyncSession(binds={Order: engine, Customer: second}) as session:
        session.add_all([Order(name="a"), Customer(name="c")])
        await session.flush()
        assert later == [[], []]
        await session.commit()
    assert later == [["a"], ["c"]]
    async with second.connect() as connection:
        assert (await connection.scalars(select(Customer.name))).all() == ["c"]
    await second.dispose()


@pytest.mark.parametrize("expire", [True, False])
async def test_on_commit_receiver_gets_what_was_loaded_at_the_commit(engine, expire):
    seen: list[Any] = []

    @signals.post_save(Order, on_commit=True)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None:
        seen.append((instance.name, instance.price))

    async with AsyncSession(engine, expire_on_commit=expire) as session:
        order = Order(name="a", price=1)
        session.add(order)
        await session.flush()
        order.price = 2
        await session.commit()
        assert seen == [("a", 2)]
        assert ("name" in inspect(order).unloaded) == expire


@pytest.mark.parametrize(
    ("given", "words"), [(None, "`None`"), ("Order", "a `str`"), (Order, "`Order`")]
)
def test_session_of_no_instance_is_refused_in_one_sentence(given, words):
    with pytest.raises(SessionError) as caught:
        signals.get_session(given)
    assert str(caught.value) == (
        f"`get_session()` expects an instance of a mapped class, not {words}"
    )


async def test_on_commit_receiver_cannot_use_the_session_that_has_committed(session, make_session):
    errors: list[str] = []

    @signals.post_save(Order, on_commit=True)
    async def use(sender: Any, instance: Order, **kwargs: Any) -> None:
        try:
            signals.get_session(instance)
        except SessionError as error:
            errors.append(str(error))
        async with make_session.begin() as own:  # in its receivers nothing is over
            own.add(Customer(name="c"))

    @signals.pre_save(Customer)
    async def works(sender: Any, instance: Customer, **kwargs: Any) -> None:
        assert signals.get_session(instance).in_transaction()

    session.add(Order(name="a"))
    await session.commit()
    assert len(errors) == 1
    assert "cannot use the session that has committed" in errors[0]
    assert await rows(make_session, Customer) == ["c"]


async def test_connection_is_given_back_before_on_commit_receivers_run(engine):
    out: list[int] = []

    @signals.post_save(Order, on_commit=True)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None:
        out.append(engine.pool.checkedout())

    async with AsyncSession(engine) as session:
        session.add(Order(name="a"))
        await session.commit()
    assert out == [0]


async def test_savepoint_that_is_rolled_back_takes_its_receivers_with_it(session):
    later = note(Order, "post_save", on_commit=True)
    session.add(Order(name="before"))
    with contextlib.suppress(UndoneError):
        async with session.begin_nested():
            session.add(Order(name="undone"))
            await session.flush()
            raise UndoneError
    async with session.begin_nested():
        session.add(Order(name="released"))
    await session.commit()
    assert later == ["before", "released"]


async def test_transaction_that_the_session_has_joined_decides(engine):
    later = note(Order, "post_save", on_commit=True)
    for commits in (False, True):
        async with engine.connect() as connection:
            transaction = await connection.begin()
            async with AsyncSession(connection) as session:
                session.add(Order(name="a"))
                await session.commit()
                assert later == []
            await (transaction.commit() if commits else transaction.rollback())
    assert later == ["a"]


async def test_signal_of_ones_own_is_in_the_transaction_of_its_instance(session):
    later: list[int] = []

    async def receiver(sender: Any, order: Order, number: int, **kwargs: Any) -> None:
        later.append(number)

    paid = signals.get_signals(Order).settled
    paid.connect(receiver, on_commit=True)
    order = Order(name="a")
    session.add(order)
    await session.flush()
    await paid.send(Order, order=order, number=1)
    await paid.send(Order, order=None, number=2)  # nothing shows which session this is about
    assert later == [2]
    await session.commit()
    assert later == [2, 1]


async def test_signal_that_is_sent_in_a_receiver_is_in_its_transaction(session):
    later: list[int] = []

    async def receiver(sender: Any, number: int, **kwargs: Any) -> None:
        later.append(number)

    paid = signals.get_signals(Order).settled
    paid.connect(receiver, on_commit=True)

    @signals.post_save(Order)
    async def pay(sender: Any, instance: Order, **kwargs: Any) -> None:
        await paid.send(Order, number=1)

    session.add(Order(name="a"))
    await session.flush()
    assert later == []
    await session.rollback()
    assert later == []


async def test_commit_that_the_database_has_undone_before_is_an_error(session, make_session):
    later = note(Order, "post_save", on_commit=True)
    session.add(Order(name="a"))
    await session.flush()
    dialect = session.bind.dialect.name
    statement = {
        "postgresql": "SELECT 1/0",
        "mysql": "ROLLBACK",
        "sqlite": f"INSERT OR ROLLBACK INTO {Order.__tablename__} (id, name, price) "
        "VALUES (9, 'x', 0), (9, 'x', 0)",
    }[dialect]
    with contextlib.suppress(SQLAlchemyError):
        await (await session.connection()).execute(text(statement))
    with pytest.raises(
        TransactionRolledBackError, match="these on-commit receivers are not called"
    ):
        await session.commit()
    await session.rollback()
    assert later == []
    assert await rows(make_session) == []
    session.add(Order(name="b"))
    await session.commit()
    assert later == ["b"]


async def test_commit_that_fails_calls_nobody(tmp_path):
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path}/deferred.db")

    @event.listens_for(engine.sync_engine, "connect")
    def enforce_foreign_keys(connection: Any, record: object) -> None:
        connection.cursor().execute("PRAGMA foreign_keys = ON")

    later = note(Order, "post_save", on_commit=True)
    async with engine.begin() as connection:
        await connection.run_sync(Order.metadata.create_all)
        await connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
        await connection.execute(
            text("CREATE TABLE b (a REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)")
        )
    async with AsyncSession(engine) as session:
        session.add(Order(name="a"))
        await session.execute(text("INSERT INTO b VALUES (1)"))
        with pytest.raises(SQLAlchemyError, match="FOREIGN KEY"):
            await session.commit()
        await session.rollback()
        left = (await session.scalars(select(Order.name))).all()
    await engine.dispose()
    assert later == left == []


async def test_lazy_raise_is_no_obstacle(engine):
    """Nothing is loaded to find out what has changed."""
    seen: list[Any] = []

    @signals.post_update(Order)
    async def look(sender: Any, instance: Order, changed: Any, **kwargs: Any) -> None:
        seen.append(changed)

    @signals.pre_relation_add(Order)
    async def ignore(sender: Any, instance: Order, child: Any, **kwargs: Any) -> None: ...

    async with AsyncSession(engine) as session:
        session.add(Order(name="a"))
        await session.commit()
    async with AsyncSession(engine) as session:
        order = (await session.scalars(select(Order).options(raiseload("*")))).one()
        order.name = "b"
        await session.commit()
    assert seen == [{"name": Change("a", "b")}]


async def test_captured_on_commit_receivers_can_be_run_before_the_commit(session):
    from typed_signals.testing import capture_on_commit

    later = note(Order, "post_save", on_commit=True)
    session.add(Order(name="a"))
    async with capture_on_commit(execute=True):
        await session.flush()
        assert later == []
    assert later == ["a"]
    await session.commit()
    assert later == ["a"]


# --- what is kept --------------------------------------------------------------------------------


async def test_session_whose_flush_has_failed_is_freed(make_session):
    note(Customer, "post_save")

    async def fail() -> weakref.ref[Any]:
        async with make_session() as session:
            session.add(Customer(id=1, name=None))
            with pytest.raises(IntegrityError):
                await session.commit()
            return weakref.ref(session.sync_session)

    sessions = [await fail() for _ in range(3)]
    gc.collect()
    assert [each() for each in sessions] == [None] * 3
