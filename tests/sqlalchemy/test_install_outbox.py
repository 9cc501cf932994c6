"""``install(..., outbox=...)``: which outbox a durable receiver of a mapped class uses."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import MetaData, String
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import typed_signals.sqlalchemy as signals
from tests.sqlalchemy.shop import save_on_another_engine
from typed_signals import Signal, SignalDefinitionError
from typed_signals.durable import Durable, DurableError, Job, NoTransactionError, TableOutbox


class Place:
    """A base class with a model and an outbox; metadata of its own makes it a database."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        prefix = f"si{os.getpid()}_{uuid.uuid4().hex[:6]}_"

        class Base(DeclarativeBase):
            metadata = MetaData()

        class Named:
            """A mixin."""

            name: Mapped[str] = mapped_column(String(100))

        class Order(Named, Base):
            __tablename__ = f"{prefix}orders"
            id: Mapped[int] = mapped_column(primary_key=True)

        self.Base, self.Named, self.Order = Base, Named, Order
        self.sessions = sessions
        self.outbox = TableOutbox(Base, sessions=sessions, table=f"{prefix}outbox")

    @property
    def names(self) -> list[str]:
        """The durable receivers of the outbox."""
        return sorted(self.outbox.receivers)


Two = tuple[Place, Place]


@pytest.fixture
async def two(engine: AsyncEngine, make_session: Any) -> AsyncIterator[Two]:
    """Two places; nothing is installed on them."""
    places = Place(make_session), Place(make_session)
    for place in places:
        async with engine.begin() as connection:
            await connection.run_sync(place.Base.metadata.create_all)
    yield places
    for place in places:
        async with engine.begin() as connection:
            await connection.run_sync(place.Base.metadata.drop_all)
    signals.uninstall()


class Paid(Protocol):
    def __call__(
        self, sender: type[Any], *, session: Any, amount: int, **kwargs: object
    ) -> Awaitable[object]: ...


async def paid(sender: Any, session: Any, amount: int, job: Job, **kwargs: Any) -> None: ...


class OtherSignals(signals.ModelSignals[Any]):
    paid: Signal[Paid]


class Till:
    """A sender that is no model."""


def note(received: list[Any] | None = None) -> Any:
    """A receiver that notes the names of instances."""

    async def saved(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        if received is not None:
            received.append(instance.name)

    return saved


async def test_model_uses_the_outbox_it_was_installed_with(
    two: Two, monkeypatch: pytest.MonkeyPatch
):
    here, there = two
    signals.install(there.Base, outbox=here.outbox)
    received: list[Any] = []
    signals.post_save(there.Order, durable=Durable("saved"))(note(received))
    assert (here.names, there.names) == (["saved"], [])
    async with there.sessions() as session:
        session.add(there.Order(name="undone"))
        await session.flush()
        await session.rollback()
    # Its base is another's, so its class goes by its name: make that one that can be imported.
    there.Order.__qualname__ = there.Order.__name__ = "InstalledOrder"
    monkeypatch.setattr(sys.modules[__name__], "InstalledOrder", there.Order, raising=False)
    async with there.sessions.begin() as session:
        session.add(there.Order(name="paper"))
    assert await there.outbox.drain() == 0
    assert await here.outbox.drain() == 1
    assert received == ["paper"]


@pytest.mark.parametrize("kind", ["Base", "Named", "Order"])
async def test_class_above_a_model_uses_the_outbox_of_the_model(two: Two, kind: str):
    here, there = two
    signals.install(there.Base, outbox=here.outbox)
    signals.post_save(getattr(there, kind), durable=Durable("saved"))(note())
    assert (here.names, there.names) == (["saved"], [])


async def test_session_maker_and_registry_have_an_outbox(two: Two):
    here, there = two
    signals.install(there.sessions, outbox=here.outbox)
    signals.post_save(there.Order, durable=Durable("by the maker"))(note())
    signals.install(there.Base.registry, outbox=there.outbox)
    signals.post_save(there.Order, durable=Durable("by the registry"))(note())
    assert (here.names, there.names) == (["by the maker"], ["by the registry"])


async def test_signal_that_no_model_sends_uses_the_installed_outbox(two: Two):
    here, _ = two
    received: list[int] = []

    async def paid(sender: Any, order: Any, amount: int, job: Job, **kwargs: Any) -> None:
        received.append(amount)

    class PaidReceiver(Protocol):
        def __call__(
            self, sender: Any, *, order: Any, amount: int, **kwargs: object
        ) -> Awaitable[object]: ...

    PaidReceiver.__call__.__annotations__["order"] = here.Order
    signal = Signal[PaidReceiver]()
    signals.install(here.Base, outbox=here.outbox)  # says nothing of what no model sends
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(paid, durable=Durable("paid"))
    assert str(caught.value) == (
        "`paid` cannot be durable on a signal: no outbox is known for it; name one: "
        "`Durable(..., outbox=outbox)`, or `install(outbox=outbox)` for all"
    )
    signals.install(outbox=here.outbox)
    signals.install(here.Base)  # keeps it
    signal.connect(paid, durable=Durable("paid"))
    assert here.names == ["paid"]
    order = here.Order(name="paper")
    with pytest.raises(NoTransactionError, match=r"of a signal of Till.*the send, and put"):
        await signal.send(sender=Till, order=order, amount=3)
    async with here.sessions.begin() as session:
        session.add(order)
        await session.flush()
        await signal.send(sender=Till, order=order, amount=4)
    assert await here.outbox.drain() == 1
    assert received == [4]


async def test_outbox_of_a_target_comes_before_that_of_all(two: Two):
    here, there = two
    signals.install(here.Base)
    signals.install(outbox=there.outbox)
    signals.post_save(here.Order, durable=Durable("by all"))(note())
    signals.install(here.Order, outbox=here.outbox)
    signals.post_save(here.Order, durable=Durable("by its own"))(note())
    assert (here.names, there.names) == (["by its own"], ["by all"])


async def test_installing_again_keeps_the_outbox_and_the_receivers_of_another(two: Two):
    here, there = two
    signals.install(here.Base, outbox=there.outbox)
    signals.post_save(here.Order, durable=Durable("a"))(note())
    signals.install(here.Base, signals=OtherSignals)  # makes the connections again
    signals.post_save(here.Order, durable=Durable("b"))(note())
    signals.install(here.Base, outbox=here.outbox)
    signals.post_save(here.Order, durable=Durable("c"))(note())
    assert (here.names, there.names) == (["c"], ["a", "b"])


async def test_outbox_that_the_receiver_names_comes_first(two: Two):
    here, there = two
    signals.install(here.Base, outbox=here.outbox)
    signals.post_save(here.Order, durable=Durable("saved", outbox=there.outbox))(note())
    assert (here.names, there.names) == ([], ["saved"])


async def test_uninstalled_outbox_is_not_used(two: Two):
    here, there = two
    signals.install(here.Base, there.Base, outbox=there.outbox)
    signals.uninstall(here.Base)
    signals.install(here.Base)
    signals.post_save(here.Order, durable=Durable("a"))(note())
    assert (here.names, there.names) == (["a"], [])
    signals.install(outbox=here.outbox)
    signals.uninstall()
    with pytest.raises(SignalDefinitionError, match="no outbox is known"):
        Signal[Paid]().connect(paid, durable=Durable("paid"))


async def test_session_on_another_engine_is_refused_when_it_flushes(two: Two, tmp_path: Path):
    here, there = two
    signals.install(there.Base, outbox=here.outbox)
    signals.post_save(there.Order, durable=Durable("saved"))(note())
    with pytest.raises(DurableError, match="on another engine than the outbox's events"):
        await save_on_another_engine(tmp_path, there.Base, there.Order(name="paper"))


# --- beside ormar --------------------------------------------------------------------------------


async def test_outbox_of_ormar_is_none_of_a_mapped_class(two: Two, tmp_path: Path):
    import typed_signals.ormar
    from tests.shop import Store

    here, there = two
    store = Store.sqlite(tmp_path / "ormar.db")
    theirs = TableOutbox(store.base)
    typed_signals.ormar.install(outbox=theirs)
    try:
        signals.install(there.Base, outbox=here.outbox)
        signals.install(here.Base)
        for number, model in enumerate((there.Base, there.Named, there.Order, here.Order)):
            signals.post_save(model, durable=Durable(str(number)))(note())
        assert (here.names, there.names) == (["0", "1", "2", "3"], [])
        for model in (here.Base, here.Order, here.Named):
            with pytest.raises(SignalDefinitionError, match="no transaction spans both; make an"):
                signals.post_save(model, durable=Durable("x", outbox=theirs))(note())
        assert sorted(theirs.receivers) == []
    finally:
        typed_signals.ormar.uninstall()


async def test_mapped_outbox_is_none_of_a_model_of_ormar(two: Two, tmp_path: Path):
    import ormar

    import typed_signals.ormar
    from tests.shop import Store

    here, _ = two
    store = Store.sqlite(tmp_path / "ormar.db")
    theirs = store.model("Order", id=ormar.Integer(primary_key=True))
    typed_signals.ormar.install()
    try:
        signals.install(outbox=here.outbox)
        with pytest.raises(SignalDefinitionError, match="there is no outbox in its database"):
            typed_signals.post_save(theirs, durable=Durable("x"))(note())
        outbox = TableOutbox(store.base)
        typed_signals.post_save(theirs, durable=Durable("x"))(note())
        assert sorted(outbox.receivers) == ["x"]
    finally:
        store.forget_receivers()
        typed_signals.ormar.uninstall()


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("targets", [0, 1])
async def test_what_is_no_outbox_is_refused(two: Two, targets: int):
    here, _ = two
    given: Any
    for given, words in (
        (TableOutbox, "the class `TableOutbox`"),
        (here.Base, f"the class `{here.Base.__qualname__}`"),
        (here.sessions, "an `async_sessionmaker`"),
        ("outbox", "a `str`"),
    ):
        with pytest.raises(SignalDefinitionError) as caught:
            signals.install(*[here.Base] * targets, outbox=given)
        assert str(caught.value) == (
            f"`outbox` must be an outbox, not {words}: write "
            "`install(Base, outbox=TableOutbox(Base, sessions=async_session))`"
        )
    with pytest.raises(SignalDefinitionError):  # nothing was installed
        signals.get_signals(here.Order)


async def test_signals_and_mode_need_a_target_beside_an_outbox(two: Two):
    here, _ = two
    for options in ({"signals": OtherSignals}, {"mode": "strict"}, {}):
        outbox: Any = {"outbox": here.outbox} if options else {}
        with pytest.raises(SignalDefinitionError, match="expects a target"):
            signals.install(**options, **outbox)
