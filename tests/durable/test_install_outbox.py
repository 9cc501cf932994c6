"""``install(outbox=...)``: which outbox a durable receiver uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, Protocol

import pytest

import typed_signals.ormar
from tests.shop import Store
from typed_signals import Signal, SignalDefinitionError, post_save
from typed_signals.durable import Durable, DurableError, Job, NoTransactionError, TableOutbox

Two = tuple[Any, Any]


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    """Two databases, each with a model and an outbox."""
    shops: list[Any] = []
    for name in ("here", "there"):
        store: Any = Store.sqlite(tmp_path / f"{name}.db")
        store.Order = store.model("Order")
        store.outbox = TableOutbox(store.base)
        shops.append(store)
    async with shops[0].opened(), shops[1].opened():
        yield shops[0], shops[1]
    for store in shops:
        store.forget_receivers()
    typed_signals.ormar.uninstall()


class Paid(Protocol):
    def __call__(
        self, sender: type[Any], *, amount: int, **kwargs: object
    ) -> Awaitable[object]: ...


class Till:
    """A sender that is no model."""


async def paid(sender: Any, amount: int, job: Job, **kwargs: Any) -> None: ...


async def saved(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None: ...


def names(outbox: TableOutbox) -> list[str]:
    return sorted(outbox.receivers)


async def test_signal_that_no_model_sends_uses_the_installed_outbox(two: Two):
    here, _ = two
    signal = Signal[Paid]()
    typed_signals.ormar.install()
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(paid, durable=Durable("paid"))
    assert str(caught.value) == (
        "`paid` cannot be durable on a signal: no outbox is known for it; name one: "
        "`Durable(..., outbox=outbox)`, or `install(outbox=outbox)` for all"
    )
    typed_signals.ormar.install(outbox=here.outbox)
    typed_signals.ormar.install()  # keeps it
    signal.connect(paid, durable=Durable("paid"))
    assert names(here.outbox) == ["paid"]
    with pytest.raises(NoTransactionError, match=r"of a signal of Till is durable.*the send\."):
        await signal.send(sender=Till, amount=3)
    async with here.database.transaction():
        await signal.send(sender=Till, amount=3)
    assert await here.outbox.drain() == 1


async def test_model_in_another_database_uses_the_outbox_there(two: Two):
    here, there = two
    typed_signals.ormar.install(outbox=here.outbox)
    post_save(here.Order, durable=Durable("here"))(saved)
    post_save(there.Order, durable=Durable("there"))(saved)
    assert (names(here.outbox), names(there.outbox)) == (["here"], ["there"])


async def test_outbox_of_a_target_comes_before_that_of_all(two: Two):
    here, there = two
    typed_signals.ormar.install(outbox=there.outbox)
    typed_signals.ormar.install(here.Order, outbox=here.outbox)
    post_save(here.Order, durable=Durable("here"))(saved)
    assert (names(here.outbox), names(there.outbox)) == (["here"], [])


async def test_outbox_in_another_database_than_its_models_is_refused(two: Two, tmp_path: Path):
    here, _ = two
    other = Store.sqlite(tmp_path / "other.db").model("Other")
    typed_signals.ormar.install(outbox=here.outbox)
    for durable in (Durable("a"), Durable("a", outbox=here.outbox)):
        with pytest.raises(SignalDefinitionError, match="no transaction spans both; make an"):
            post_save(other, durable=durable)(saved)


async def test_uninstalled_outbox_is_not_used(two: Two):
    here, _ = two
    typed_signals.ormar.install(outbox=here.outbox)
    typed_signals.ormar.uninstall()
    with pytest.raises(SignalDefinitionError, match="no outbox is known"):
        Signal[Paid]().connect(paid, durable=Durable("paid"))


WRONG = {"a configuration": "an `OrmarConfig`", "a class": "the class `TableOutbox`"}


@pytest.mark.parametrize("kind", WRONG)
async def test_what_is_no_outbox_is_refused(two: Two, kind: str):
    given: Any = TableOutbox if kind == "a class" else two[0].base
    with pytest.raises(SignalDefinitionError) as caught:
        typed_signals.ormar.install(outbox=given)
    assert str(caught.value) == (
        f"`outbox` must be an outbox, not {WRONG[kind]}: write `install(outbox=TableOutbox(base))`"
    )


async def test_database_has_one_outbox(two: Two):
    with pytest.raises(DurableError, match="this database has an outbox already"):
        TableOutbox(two[0].base)
