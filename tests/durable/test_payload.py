"""What arrives at work time, and what is refused when a receiver connects."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any, Protocol

import pydantic
import pytest

import typed_signals
from tests.durable.receivers import Receipt, receives
from typed_signals import Signal, SignalDefinitionError, get_emitter, post_save
from typed_signals.durable import (
    Durable,
    DurableError,
    Job,
    NoTransactionError,
    TableOutbox,
)

# --- what arrives --------------------------------------------------------------------------------


async def test_without_a_payload_the_model_is_reloaded(shop):
    received = receives(shop)
    async with shop.database.transaction():
        order = await shop.Order(name="then").save()
        gone = await shop.Order(name="gone").save()
    await order.update(name="now")
    await gone.delete()
    await shop.outbox.drain()
    assert [got["instance"] and got["instance"].name for got in received] == ["now", None]


async def test_deleted_instance_arrives_as_its_payload(shop):
    received = receives(shop, "post_delete", payload=Receipt)
    order = await shop.Order().save()
    number = order.id
    async with shop.database.transaction():
        await order.delete()
    await shop.outbox.drain()
    assert received[0]["instance"] == Receipt(id=number, total=Decimal(150))


@pytest.mark.ormar_only("`tests/sqlalchemy` has a test of collections")
async def test_relation_arrives_with_its_child_and_its_name(shop):
    received = receives(shop, "post_relation_add", payload=Receipt)
    order, item = await shop.Order().save(), await shop.Item().save()
    with pytest.raises(NoTransactionError, match="around the relation_add"):
        await order.items.add(item)
    assert (await shop.Item.objects.get()).order is None
    async with shop.database.transaction():
        await order.items.add(item)
    await shop.outbox.drain()
    [got] = received
    assert (got["instance"].id, got["child"].pk, got["relation_name"]) == (1, item.pk, "items")
    assert isinstance(got["child"], shop.Item)
    assert got.keys() == {"sender", "instance", "child", "relation_name", "job"}


@pytest.mark.ormar_only("only ormar has signals of bulk updates")
async def test_bulk_update_arrives_as_a_list_without_those_that_are_gone(shop):
    received = receives(shop, "post_bulk_update")
    orders = [await shop.Order().save(), await shop.Order().save()]
    async with shop.database.transaction():
        for order in orders:
            order.name = "b"
        await shop.Order.objects.bulk_update(orders)
    await orders[0].delete()
    await shop.outbox.drain()
    assert received[0]["instances"] == [orders[1]]


class Paid(Protocol):
    """An order was paid."""

    def __call__(
        self,
        sender: type[Any],
        *,
        amount: Decimal,
        on: datetime.date,
        note: str = "",
        **kwargs: object,
    ) -> Awaitable[object]: ...


@pytest.mark.ormar_only("SQLAlchemy's session is found by an instance, and this payload has none")
async def test_declared_signal_sends_what_its_protocol_declares(shop):
    received: list[dict[str, Any]] = []
    paid = Signal[Paid]()
    get_emitter(shop.Order).paid = paid

    async def receiver(
        sender: Any, amount: Decimal, job: Job, on: datetime.date, **kwargs: Any
    ) -> None:
        received.append({"sender": sender, "amount": amount, "on": on, **kwargs})

    durable = Durable("pay", key=lambda amount: f"amount:{amount}")
    paid.connect(receiver, durable=durable)
    today = datetime.date(2026, 11, 25)
    with pytest.raises(NoTransactionError, match="around the send"):
        await paid.send(sender=shop.Order, amount=Decimal(3), on=today)
    async with shop.database.transaction():
        await paid.send(sender=shop.Order, amount=Decimal(3), on=today)
    assert (await shop.rows())[0]["key"] == "amount:3"
    await shop.outbox.drain()
    assert received == [{"sender": shop.Order, "amount": Decimal(3), "on": today}]
    assert shop.outbox.schema("pay")["properties"]["on"] == {"format": "date", "type": "string"}


async def test_models_in_a_declared_payload_are_reloaded(shop):
    class Moved(Protocol):
        def __call__(
            self, sender: type[Any], *, order: shop.Order, others: list[shop.Order],
            into: shop.Order | None, **kwargs: object,
        ) -> Awaitable[object]: ...  # fmt: skip

    Moved.__call__.__annotations__.update(
        order=shop.Order, others=list[shop.Order], into=shop.Order | None
    )
    moved = get_emitter(shop.Order).moved = Signal[Moved]()
    received: list[dict[str, Any]] = []

    async def receiver(sender: Any, **payload: Any) -> None:
        received.append(payload)

    moved.connect(receiver, durable=Durable("moved"))
    order = await shop.Order(name="then").save()
    async with shop.database.transaction():
        with shop.store.attached(order):
            await moved.send(sender=shop.Order, order=order, others=[order], into=None)
    await order.update(name="now")
    await shop.outbox.drain()
    assert received[0]["order"].name == received[0]["others"][0].name == "now"
    assert received[0]["into"] is None


@pytest.mark.ormar_only("the models are of ormar")
async def test_receivers_of_an_abstract_model_get_the_model_that_sent(shop):
    base = shop.store.model("Base", config={"abstract": True}, id=shop_integer())
    child = shop.store.model("Child", base)
    await shop.create_tables()
    received: list[Any] = []

    @post_save(base, durable=Durable("child"))
    async def receiver(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        received.append((sender, instance))

    with pytest.raises(NoTransactionError):
        await child().save()
    async with shop.database.transaction():
        saved = await child().save()
    await shop.outbox.drain()
    assert received == [(child, saved)]


@pytest.mark.ormar_only("proxies are of ormar")
async def test_receivers_of_a_proxy_get_the_proxy_and_those_of_its_model_the_model(shop):
    live = shop.store.model("Live", shop.Order, config={"proxy": True})
    received: list[Any] = []

    async def receiver(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        received.append((sender, type(instance)))

    post_save([shop.Order, live], durable=Durable("both"))(receiver)
    async with shop.database.transaction():
        await shop.Order().save()
        await live().save()
    await shop.outbox.drain()
    assert received == [(shop.Order, shop.Order), (live, live)]


def shop_integer() -> Any:
    import ormar

    return ormar.Integer(primary_key=True)


async def test_older_versions_are_upgraded(shop):
    class Old(pydantic.BaseModel):
        name: str

    class New(pydantic.BaseModel):
        title: str = pydantic.Field(validation_alias="name")  # where the order has it

    receives(shop, payload=Old)
    async with shop.database.transaction():
        await shop.Order(name="a").save()
    shop.redeploy()

    def upgrade(values: dict[str, Any], version: int) -> dict[str, Any]:
        assert version == 1
        return {"instance": {"title": values["instance"]["name"]}}

    received = receives(shop, payload=New, version=2, upgrade=upgrade)
    await shop.outbox.drain()
    assert received[0]["instance"] == New(name="a")
    assert received[0]["job"].version == 1


# --- refused at connect --------------------------------------------------------------------------


def refusal(shop: Any, signal: str, durable: Durable[Any], receiver: Any = None) -> str:
    async def fits(sender: Any, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError) as caught:
        typed_signals.receiver(signal, shop.Order, durable=durable)(receiver or fits)
    return str(caught.value)


async def test_receiver_is_checked_by_what_arrives_at_work_time(shop):
    async def misspelt(sender: Any, instnace: Any, job: Job, **kwargs: Any) -> None: ...

    async def too_much(sender: Any, instance: Any, passed_args: Any, **kwargs: Any) -> None: ...

    text = refusal(shop, "post_save", Durable("a", payload=Receipt), misspelt)
    assert "it requires `instnace`, which `post_save` never sends: write `instance`" in text
    assert (
        "expected: async def receiver(sender: type[Order], *, instance: Receipt, job: Job, "
        "**kwargs: object)"
    ) in text
    text = refusal(shop, "post_relation_add", Durable("a"), too_much)
    assert "`passed_args`" in text
    assert "instance: Order | None, child: Any, relation_name: str, job: Job" in text


async def test_what_cannot_be_durable_is_refused_with_what_to_do(shop):
    texts = {
        "pre_save": "it runs after the commit, so connect it to `post_save`",
        "post_delete": "write `Durable(..., payload=...)`",
        "shipped": "declare the signal with a Protocol",
    }
    for signal, text in texts.items():
        assert text in refusal(shop, signal, Durable("a"))
    assert "leave `atomic` out" in refusal(shop, "post_relation_add", Durable("a", atomic=True))
    wrong_key = Durable("a", key=lambda instanec: "")
    assert "asks for `instanec`, which does not travel: write `instance`" in refusal(
        shop, "post_save", wrong_key
    )


async def test_payload_that_cannot_travel_is_refused(shop):
    class Locked(Protocol):
        def __call__(
            self, sender: type[Any], *, by: contextlib.ExitStack, **kwargs: object
        ) -> Awaitable[object]: ...

    get_emitter(shop.Order).locked = Signal[Locked]()
    text = refusal(shop, "locked", Durable("a"))
    assert "`by: ExitStack` of signal `locked` of Order cannot travel (`a`)" in text


async def test_durable_name_belongs_to_one_receiver(shop):
    receives(shop)
    text = refusal(shop, "post_save", Durable("mail.receipt"))
    assert "`mail.receipt` is the durable name of" in text


async def test_arguments_that_cannot_be_are_named(shop):
    with pytest.raises(SignalDefinitionError, match=r"`version` above 1 needs `upgrade`.*from 0"):
        Durable("a", version=2, retries=-1)
    with pytest.raises(SignalDefinitionError, match="`payload` must be a pydantic model"):
        Durable("a", payload=int)


@pytest.mark.ormar_only("each ORM has its own message; this is ormar's")
async def test_model_without_an_outbox_is_refused(shop, tmp_path):
    from tests.shop import Store

    other = Store.sqlite(tmp_path / "other.db").model("Other")

    async def receiver(sender: Any, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError, match=r"`outbox = TableOutbox\(base\)`"):
        post_save(other, durable=Durable("a"))(receiver)
    with pytest.raises(SignalDefinitionError, match="another database"):
        post_save(other, durable=Durable("a", outbox=shop.outbox))(receiver)
    with pytest.raises(DurableError, match="has an outbox already"):
        TableOutbox(shop.store.base)
