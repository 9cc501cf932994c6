"""Installing: on which models and sessions, and the way back."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from typing import Any, Protocol

import pytest
from sqlalchemy import Integer, inspect
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    Mapped,
    declarative_base,
    foreign,
    mapped_column,
    registry,
    relationship,
    sessionmaker,
)
from sqlmodel import Field, SQLModel

import typed_signals.sqlalchemy as signals
from tests import lanes
from tests.sqlalchemy.conftest import opened
from tests.sqlalchemy.shop import Audit, Base, Order, make_engine
from typed_signals import (
    Signal,
    SignalDefinitionError,
    SignalPayloadError,
    UnknownSignalError,
    get_emitter,
)


@pytest.fixture
async def engine(tmp_path: Any) -> Any:
    """SQLite alone: how models are mapped is the same on every database."""
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/shop.db") as engine:
        yield engine


def note(model: Any, name: str = "post_save") -> list[Any]:
    """Connect a receiver that notes the senders."""
    senders: list[Any] = []

    async def receiver(sender: Any, **kwargs: Any) -> None:
        senders.append(sender)

    get_emitter(model)[name].connect(receiver)
    return senders


def new_model(*bases: Any, name: str = "Thing", **members: Any) -> Any:
    """Define a model with a table of its own."""
    body = {
        "__tablename__": name.lower(),
        "__annotations__": {"id": Mapped[int]},
        "id": mapped_column(primary_key=True),
        "__module__": __name__,
        **members,
    }
    return type(bases[0])(name, bases, body)


async def written(model: Any, session: AsyncSession, **values: Any) -> None:
    connection = await session.connection()
    await connection.run_sync(inspect(model).local_table.metadata.create_all)
    session.add(model(**values))
    await session.flush()


# --- kinds of models -----------------------------------------------------------------------------


def declarative() -> Any:
    class NewBase(DeclarativeBase):
        pass

    return NewBase


def without_metaclass() -> Any:
    class NewBase(DeclarativeBaseNoMeta):
        pass

    return NewBase


@pytest.mark.parametrize("make_base", [declarative, without_metaclass, declarative_base])
@pytest.mark.parametrize("installed", ["before", "after"])
async def test_models_of_any_declarative_base_send(make_base, installed, make_session):
    base = make_base()
    if installed == "before":
        signals.install(base)
    thing = new_model(base)
    if installed == "after":
        signals.install(base)
    senders = note(thing)
    async with make_session() as session:
        await written(thing, session)
    assert senders == [thing]


async def test_models_that_a_registry_maps_send(make_session):
    mappers = registry()
    signals.install(mappers)
    thing = mappers.mapped(new_model(object))
    senders = note(thing)
    async with make_session() as session:
        await written(thing, session)
    assert senders == [thing]


async def test_sqlmodel_sends_and_its_plain_models_stand_for_their_tables(make_session):
    class HeroBase(SQLModel):
        name: str = Field(max_length=50)

    class Hero(HeroBase, table=True):
        __tablename__ = "heroes_of_a_test"
        id: int | None = Field(default=None, primary_key=True)

    try:
        signals.install(SQLModel)
        own, base = note(Hero), note(HeroBase)
        async with make_session() as session:
            await written(Hero, session, name="a")
        assert (own, base) == ([Hero], [Hero])
    finally:
        SQLModel.metadata.remove(Hero.__table__)


async def test_mixins_and_abstract_bases_stand_for_their_models(make_session):
    class Stamped:
        stamp: Mapped[int | None]

    class Abstract(Base):
        __abstract__ = True

    thing = new_model(Stamped, Abstract, name="StampedThing")
    try:
        signals.install(Base)
        received = [note(each) for each in (Stamped, Abstract, Base, thing)]
        async with make_session() as session:
            await written(thing, session)
        assert received == [[thing]] * 4
    finally:
        Base.metadata.remove(thing.__table__)
        Base.registry._dispose_cls(thing)


async def test_instance_of_a_class_that_shares_a_mixin_with_a_model_is_a_sender():
    class Logged: ...

    class Service(Logged): ...

    mapped = registry().mapped(new_model(Logged))
    bare, senders = Signal(), []

    @bare.connect
    async def receiver(sender: Any, **kwargs: Any) -> None:
        senders.append(sender)

    signals.install(mapped)
    every = [Service(), Logged()]
    for each in every:
        await bare.send(sender=each)
    assert senders == every
    with pytest.raises(SignalPayloadError, match=r"^`sender` must be a model class, not a `Thing`"):
        await bare.send(sender=mapped())


async def test_receivers_of_a_base_that_are_connected_later_receive(make_session):
    base = declarative()
    signals.install(base)
    thing = new_model(base)
    own = note(thing)
    inherited = note(base)
    async with make_session() as session:
        await written(thing, session)
    assert (own, inherited) == ([thing], [thing])


@pytest.mark.parametrize("kind", ["single", "joined", "concrete"])
async def test_receiver_of_a_parent_receives_its_children(kind, make_session):
    base = declarative()
    parent = new_model(
        base,
        name="Parent",
        __annotations__={"id": Mapped[int], "kind": Mapped[str]},
        __mapper_args__={}
        if kind == "concrete"
        else {"polymorphic_on": "kind", "polymorphic_identity": "parent"},
        kind=mapped_column(default="parent"),
    )
    if kind == "single":
        child: Any = type(base)(
            "Child", (parent,), {"__mapper_args__": {"polymorphic_identity": "child"}}
        )
    elif kind == "joined":
        from sqlalchemy import ForeignKey

        child = new_model(
            parent,
            name="Child",
            id=mapped_column(ForeignKey("parent.id"), primary_key=True),
            __mapper_args__={"polymorphic_identity": "child"},
        )
    else:
        child = new_model(
            parent,
            name="Child",
            __annotations__={"id": Mapped[int], "kind": Mapped[str]},
            __mapper_args__={"concrete": True},
            kind=mapped_column(),
        )
    signals.install(base)
    own, inherited = note(child), note(parent)
    async with make_session() as session:
        await written(child, session, kind="child")
    assert (own, inherited) == ([child], [child])


# --- sessions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scoped", [False, True])
async def test_sessions_of_one_maker_send_and_no_others(engine, scoped):
    signals.uninstall()
    mine: Any = async_sessionmaker(engine)
    other = async_sessionmaker(engine)
    signals.install(async_scoped_session(mine, scopefunc=lambda: 1) if scoped else mine)
    senders = note(Order)
    async with other() as session:
        session.add(Order(name="a"))
        await session.commit()
    assert senders == []
    async with mine() as session:
        session.add(Order(name="b"))
        await session.commit()
    assert senders == [Order]
    signals.uninstall(mine)
    async with mine() as session:
        session.add(Order(name="c"))
        await session.commit()
    assert senders == [Order]


async def test_what_a_maker_says_of_its_sessions_is_kept(engine):
    maker = async_sessionmaker(engine, info={"tenant": 7})
    signals.install(maker)
    async with maker(info={"user": 1}) as session:
        assert (session.info["tenant"], session.info["user"]) == (7, 1)
    signals.uninstall(maker)
    assert maker.kw["info"] == {"tenant": 7}


async def test_uninstall_ends_sending_and_install_lets_the_receivers_receive_again(make_session):
    senders = note(Order)
    for install, expected in ((False, []), (True, [Order])):
        signals.uninstall()
        if install:
            signals.install(Base)
        async with make_session() as session:
            session.add(Order(name="a"))
            await session.commit()
        assert senders == expected


# --- emitters ------------------------------------------------------------------------------------


class PaidReceiver(Protocol):
    async def __call__(self, sender: type[Order], *, cents: int, **kwargs: object) -> object: ...


class OrderSignals(signals.ModelSignals[Order]):
    paid: Signal[PaidReceiver]


async def test_declared_and_made_up_signals_are_sent_by_hand():
    signals.install(Order, signals=OrderSignals)
    emitter = signals.get_signals(Order, OrderSignals)
    paid, custom = note(Order, "paid"), note(Order, "made_up")
    await emitter.paid.send(Order, cents=5)
    await emitter.made_up.send(Order)
    assert (paid, custom) == ([Order], [Order])

    async def wrong(sender: Any, price: int, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError, match="price"):
        emitter.paid.connect(wrong)


async def test_emitter_of_another_class_takes_the_receivers_along(session):
    senders = note(Order)
    base = note(Base)
    signals.install(Order, signals=OrderSignals)
    assert type(signals.get_signals(Order)) is OrderSignals
    session.add(Order(name="a"))
    await session.flush()
    assert (senders, base) == ([Order], [Order])


@pytest.mark.parametrize("targets", [[Audit], [Order, Audit], [Base]], ids=str)
def test_emitter_class_of_another_model_is_refused(targets):
    with pytest.raises(SignalDefinitionError) as caught:
        signals.install(*targets, signals=OrderSignals)
    wrong = targets[-1].__name__
    assert str(caught.value) == (
        f"`OrderSignals` declares the signals of `Order`, not of `{wrong}`: to share it, "
        "declare it with `Any` in place of `Order`"
    )
    for model in (Order, Audit):
        assert type(signals.get_signals(model)) is signals.ModelSignals


@pytest.mark.parametrize("target", [Base.registry, async_sessionmaker()])
def test_emitter_class_of_one_model_is_refused_for_every_model(target):
    with pytest.raises(SignalDefinitionError) as caught:
        signals.install(target, signals=OrderSignals)
    assert str(caught.value) == (
        "`OrderSignals` declares the signals of `Order`, not of every model: write "
        "`install(Order, signals=OrderSignals)`; to share it, declare it with `Any` in place of "
        "`Order`"
    )
    assert type(signals.get_signals(Order)) is signals.ModelSignals

    class BaseSignals(signals.ModelSignals[Base]): ...

    signals.install(target, signals=BaseSignals)


def test_emitter_class_of_a_base_or_mixin_is_that_of_its_models():
    class BaseSignals(signals.ModelSignals[Base]): ...

    signals.install(Order, Base, signals=BaseSignals)
    assert type(signals.get_signals(Order)) is BaseSignals


def test_get_signals_of_another_class_is_an_error():
    with pytest.raises(SignalDefinitionError, match="are `ModelSignals`, not `OrderSignals`"):
        signals.get_signals(Order, OrderSignals)


def test_strict_mode_refuses_unknown_names():
    signals.install(Base, mode="strict")
    with pytest.raises(UnknownSignalError, match="did you mean `post_save`"):
        _ = signals.get_signals(Order).post_svae
    signals.install(Base)


def test_model_and_emitter_are_freed_together():
    base = declarative()
    signals.install(base)
    thing = new_model(base)
    emitter = weakref.ref(signals.get_signals(thing))
    signals.uninstall(base)
    del thing
    base.registry.dispose()
    del base
    gc.collect()
    assert emitter() is None


async def orphaned(*, late: bool) -> tuple[list[str], list[weakref.ref[Any]]]:
    """Take a child out of its parent, which may be defined late; what was sent, and the classes."""
    base = declarative()
    signals.install(base)
    child = new_model(base, name="Child", parent_id=mapped_column(Integer, nullable=True))
    sent: list[str] = []
    for name in ("pre_update", "pre_delete", "post_delete"):

        async def note(sender: Any, name: str = name, **kwargs: Any) -> None:
            sent.append(name)

        get_emitter(child)[name].connect(note)
    engine = make_engine("sqlite+aiosqlite://")
    async with AsyncSession(engine) as session:
        await written(child, session)
        session.add(one := child())
        await session.flush()
        if late:
            one.parent_id = 5
            await session.flush()  # whose owners have been looked up by now
        parent = new_model(
            base,
            name="Parent",
            children=relationship(
                child,
                primaryjoin=lambda: foreign(child.parent_id) == parent.id,
                cascade="all, delete-orphan",
            ),
        )
        await written(parent, session)
        session.add(owner := parent(children=[one]))
        await session.flush()
        owner.children.remove(one)
        one.parent_id = 7  # else it would not be dirty
        await session.flush()
    await engine.dispose()
    signals.uninstall(base)
    return sent, [weakref.ref(base), weakref.ref(parent), weakref.ref(child)]


async def test_orphan_of_an_owner_that_is_defined_after_a_flush_is_deleted():
    sent, _ = await orphaned(late=True)
    assert sent == ["pre_update", "pre_update", "pre_delete", "post_delete"]


async def test_flush_of_many_instances_lists_the_models_once():
    class Counting(registry):
        counted = 0

        @property
        def mappers(self) -> Any:
            Counting.counted += 1
            return super().mappers

    class Base(DeclarativeBase):
        registry = Counting()

    thing = new_model(Base, size=mapped_column(Integer))
    signals.install(Base)
    note(thing, "post_update")
    engine = make_engine("sqlite+aiosqlite://")
    async with AsyncSession(engine) as session:
        await written(thing, session)
        session.add_all(things := [thing(size=0) for _ in range(20)])
        await session.flush()
        for each in things:
            each.size = 1
        Counting.counted = 0
        await session.flush()
    await engine.dispose()
    assert Counting.counted == 1


def test_models_that_own_others_are_freed():
    code = (
        "import asyncio, gc\n"
        "from tests.sqlalchemy.test_install import orphaned\n"
        "_, classes = asyncio.run(orphaned(late=False))\n"
        "gc.collect()\n"
        "print([each() for each in classes])\n"
    )  # alone, since `isolated()` keeps what is connected in the other tests
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[None, None, None]\n"


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (sessionmaker(), "a `sessionmaker`"),
        (AsyncSession, "`AsyncSession`"),
        ("Order", "a `str`"),
    ],
)
def test_other_targets_are_refused(target, text):
    with pytest.raises(SignalDefinitionError) as caught:
        signals.install(target)
    assert str(caught.value) == (
        f"typed signals cannot be installed on {text}: expected a declarative base class, a model, "
        "a mixin, a `registry`, or an `async_sessionmaker`"
    )


@pytest.mark.skipif(not lanes.ORMAR, reason="about ormar's models")
def test_model_of_another_orm_is_refused():
    import ormar

    import typed_signals.ormar  # which answers for it

    assert typed_signals.ormar.install
    with pytest.raises(SignalDefinitionError, match="cannot be installed on `Model`: expected a"):
        signals.install(ormar.Model)


def test_install_without_target_is_refused():
    with pytest.raises(SignalDefinitionError, match="expects a target"):
        signals.install()


def test_emitter_class_that_is_not_for_models_is_refused():
    kind: Any = Signal
    with pytest.raises(SignalDefinitionError, match="must be an emitter class for models"):
        signals.install(Base, signals=kind)


def test_connecting_before_install_is_refused():
    signals.uninstall()
    with pytest.raises(
        SignalDefinitionError, match=r"no session sends the signals of `Order`: call `typed_signals"
    ):
        signals.post_save(Order)


def test_receiver_that_breaks_the_contract_is_refused_with_the_signature():
    async def wrong(
        sender: type[Order], instance: Order, changes: Any, **kwargs: object
    ) -> None: ...

    with pytest.raises(SignalDefinitionError) as caught:
        signals.post_update(Order)(wrong)
    text = str(caught.value)
    assert "`changes`" in text
    assert "changed: Mapping[str, Change]" in text


def test_sqlalchemy_before_2_is_refused_at_import():
    code = (
        "import sqlalchemy; sqlalchemy.__version__ = '1.4.54'\n"
        "try: import typed_signals.sqlalchemy\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("typed_signals.sqlalchemy needs SQLAlchemy 2.0 or later, not 1.4")


def test_audit_has_signals_of_its_own():
    assert signals.get_signals(Audit) is not signals.get_signals(Order)
    assert signals.get_signals(Audit) is signals.get_signals(Audit)
