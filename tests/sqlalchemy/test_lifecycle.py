"""What a flush sends: for each instance that it inserts, updates or deletes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

import typed_signals.sqlalchemy as signals
from tests.sqlalchemy.shop import Audit, Customer, Order, Tag
from typed_signals import Change, SignalLoopError, get_emitter

NAMES = [
    f"{when}_{what}"
    for what in ("save", "update", "delete", "relation_add", "relation_remove")
    for when in ("pre", "post")
]


def note_all(model: Any) -> list[tuple[Any, ...]]:
    """Connect a receiver to every signal of a model that notes its name and payload."""
    sent: list[tuple[Any, ...]] = []
    for name in NAMES:

        async def note(sender: Any, name: str = name, **payload: Any) -> None:
            await asyncio.sleep(0)
            shown = {k: getattr(v, "name", v) for k, v in payload.items()}
            sent.append((name, sender.__name__, *shown.values()))

        get_emitter(model)[name].connect(note)
    return sent


async def test_flush_sends_signals_of_insert_update_and_delete(session):
    sent = note_all(Order)
    order = Order(name="a", price=1)
    session.add(order)
    await session.flush()
    assert sent == [("pre_save", "Order", "a"), ("post_save", "Order", "a")]
    sent.clear()
    order.price = 2
    await session.commit()
    changed = {"price": Change(1, 2)}
    assert sent == [("pre_update", "Order", "a", changed), ("post_update", "Order", "a", changed)]
    sent.clear()
    await session.delete(order)
    await session.flush()
    assert sent == [("pre_delete", "Order", "a"), ("post_delete", "Order", "a")]


async def test_what_pre_receivers_change_is_written(session, make_session):
    @signals.pre_save(Order)
    async def price(sender: Any, instance: Order, **kwargs: Any) -> None:
        instance.price = 7
        signals.get_session(instance).add(Audit(event=f"new {instance.name}"))

    @signals.pre_update(Order)
    async def raise_price(sender: Any, instance: Order, **kwargs: Any) -> None:
        instance.price += 1

    audits = note_all(Audit)
    order = Order(name="a")
    session.add(order)
    await session.commit()
    order.name = "b"
    await session.commit()
    async with make_session() as other:
        assert (await other.scalars(select(Order.price))).all() == [8]
        assert (await other.scalars(select(Audit.event))).all() == ["new a"]
    assert [name for name, *_ in audits] == ["pre_save", "post_save"]


async def test_receivers_run_in_the_task_and_transaction_of_the_flush(session, engine):
    seen: list[Any] = []

    @signals.post_save(Order)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None:
        own = signals.get_session(instance)
        rows = (await own.scalars(select(Order.name))).all()
        seen.append((asyncio.current_task(), own, rows))
        own.add(Audit(event="looked"))

    session.add(Order(name="a"))
    await session.commit()
    assert seen == [(asyncio.current_task(), session, ["a"])]
    assert (await session.scalars(select(Audit.event))).all() == ["looked"]


async def test_failing_receiver_rolls_the_flush_back(session, make_session):
    @signals.post_save(Order)
    async def fail(sender: Any, instance: Order, **kwargs: Any) -> None:
        raise ValueError("no")

    session.add(Order(name="a"))
    with pytest.raises(ValueError, match="no"):
        await session.commit()
    async with make_session() as other:
        assert (await other.scalars(select(Order.name))).all() == []


async def test_on_commit_receiver_is_called_after_the_commit(session, make_session):
    seen: list[Any] = []

    @signals.post_save(Order, on_commit=True)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None:
        async with make_session() as other:
            seen.append((await other.scalars(select(Order.name))).all())

    session.add(Order(name="a"))
    await session.flush()
    assert seen == []
    await session.commit()
    assert seen == [["a"]]


async def test_relations_send_what_is_added_and_removed(session):
    sent = note_all(Order)
    order = Order(name="a", tags=[Tag(name="x")])
    session.add(order)
    await session.flush()
    assert sorted(sent) == [
        ("post_relation_add", "Order", "a", "x", "tags"),
        ("post_save", "Order", "a"),
        ("pre_relation_add", "Order", "a", "x", "tags"),
        ("pre_save", "Order", "a"),
    ]
    sent.clear()
    order.tags.clear()
    await session.flush()
    assert sent == [
        ("pre_relation_remove", "Order", "a", "x", "tags"),
        ("post_relation_remove", "Order", "a", "x", "tags"),
    ]


async def test_receivers_that_add_without_end_are_named(session):
    @signals.pre_save(Audit)
    async def add_another(sender: Any, instance: Audit, **kwargs: Any) -> None:
        signals.get_session(instance).add(Audit(event="another"))

    session.add(Audit(event="first"))
    with pytest.raises(SignalLoopError, match="add_another"):
        await session.flush()


async def test_cascades_and_orphans_are_signalled(session):
    sent = note_all(Order)
    customer = Customer(name="c", orders=[Order(name="a"), Order(name="b")])
    session.add(customer)
    await session.commit()
    sent.clear()
    customer.orders.pop()
    await session.flush()
    assert [each[0] for each in sent] == ["pre_delete", "post_delete"]
    sent.clear()
    await session.delete(customer)
    await session.flush()
    assert sent == [("pre_delete", "Order", "a"), ("post_delete", "Order", "a")]
