"""What goes wrong with a payload, a key or an upgrade, and the errors about it."""

from __future__ import annotations

import operator
from collections.abc import Awaitable
from typing import Any, Protocol

import pydantic
import pytest
from sqlalchemy import MetaData

from tests.durable.receivers import receives, send
from typed_signals import Signal, SignalDefinitionError, get_emitter, post_save
from typed_signals.durable import Durable, DurableError, Job, TableOutbox

pytestmark = pytest.mark.sqlite_only

TITLE = "the receiver `mail.receipt` of post_save of Order: "


async def receipt(sender: Any, job: Job, **kwargs: Any) -> None: ...


# --- a payload that does not fit -----------------------------------------------------------------


class Lacking(pydantic.BaseModel):
    amount: int


class Misspelt(pydantic.BaseModel):
    totl: int


LACKING = {
    "a field": (Lacking, "needs `amount`, which `Order` does not have: give it a default, or"),
    "a misspelt field": (Misspelt, "needs `totl`, which `Order` does not have: did you mean `tot"),
}


@pytest.mark.parametrize(("payload", "text"), LACKING.values(), ids=LACKING)
async def test_payload_that_no_instance_fills_is_refused_at_connect(shop, payload, text):
    with pytest.raises(SignalDefinitionError) as caught:
        post_save(shop.Order, durable=Durable("mail.receipt", payload=payload))(receipt)
    assert f"the payload `{payload.__name__}` of `mail.receipt` {text}" in str(caught.value)


async def test_payload_that_something_else_fills_is_accepted(shop):
    class Filled(pydantic.BaseModel):
        pk: int
        label: str = pydantic.Field(validation_alias="name")
        either: int = pydantic.Field(validation_alias=pydantic.AliasChoices("sum", "total"))
        note: str = ""

    class Made(pydantic.BaseModel):
        amount: int

        @pydantic.model_validator(mode="before")
        @classmethod
        def make(cls, values: Any) -> Any:
            return values if isinstance(values, dict) else {"amount": values.total}

    filled = receives(shop, payload=Filled)
    made = receives(shop, payload=Made, name="made")
    await send(shop, "a")
    await shop.outbox.drain()
    assert filled[0]["instance"].model_dump() == {
        "pk": 1, "label": "a", "either": 150, "note": "",
    }  # fmt: skip
    assert made[0]["instance"] == Made(amount=150)
    schema = shop.outbox.schema("mail.receipt")["properties"]["instance"]
    assert "label" in schema["properties"]


async def test_value_that_does_not_fit_undoes_the_save_and_is_not_in_the_error(shop):
    class Small(pydantic.BaseModel):
        total: int = pydantic.Field(lt=100)
        name: int

    receives(shop, payload=Small)
    with pytest.raises(DurableError) as caught:
        await send(shop, "a secret")
    assert str(caught.value) == (
        f"{TITLE}no `Small` can be made of what is sent: `total` (less_than), `name` (int_parsing)"
    )
    assert caught.value.__cause__ is None
    assert await shop.Order.objects.count() == len(await shop.rows()) == 0


# --- a key ---------------------------------------------------------------------------------------

KEYS: dict[str, tuple[Any, str]] = {
    "raises": (lambda instance: instance.nothing, "the `key` of `mail.receipt` raised an `Attri"),
    "is too long": (
        lambda: "x" * 201,
        "a `str` of at most 200 characters or `None`, and gave one ",
    ),
    "is a number": (lambda instance: instance.id, "characters or `None`, and gave an `int`"),
}


@pytest.mark.parametrize(("key", "text"), KEYS.values(), ids=KEYS)
async def test_key_that_fails_undoes_the_save_with_a_clear_error(shop, key, text):
    receives(shop, key=key)
    with pytest.raises(DurableError) as caught:
        await send(shop, "a")
    assert str(caught.value).startswith(TITLE)
    assert text in str(caught.value)
    assert await shop.Order.objects.count() == len(await shop.rows()) == 0


async def test_failure_of_a_key_is_chained(shop):
    receives(shop, key=lambda instance: instance.nothing)
    with pytest.raises(DurableError) as caught:
        await send(shop, "a")
    assert isinstance(caught.value.__cause__, AttributeError)


async def awaited(instance: Any) -> str:
    return ""


REFUSED_KEYS: dict[str, tuple[Any, str]] = {
    "unknown name": (lambda order: "", "asks for `order`, which does not travel: write `instance`"),
    "async": (awaited, "must be no `async def`"),
    "no parameters": (operator.attrgetter("pk"), "cannot be inspected: write a lambda"),
    "by position": (eval("lambda instance, /: ''"), "is called by keyword"),
}


@pytest.mark.parametrize(("key", "text"), REFUSED_KEYS.values(), ids=REFUSED_KEYS)
async def test_key_that_cannot_be_called_is_refused_at_connect(shop, key, text):
    with pytest.raises(SignalDefinitionError) as caught:
        post_save(shop.Order, durable=Durable("a", key=key))(receipt)
    assert "the `key` of `a`" in str(caught.value)
    assert text in str(caught.value)


async def test_key_gets_what_it_names(shop):
    receives(shop, key=lambda sender, instance, by="x": f"{sender.__name__}:{instance.id}:{by}")
    receives(shop, name="all", key=lambda **payload: ",".join(payload))
    await send(shop, "a")
    assert [row["key"] for row in await shop.rows()] == ["Order:1:x", "sender,instance"]


# --- at work time --------------------------------------------------------------------------------


class Moved(Protocol):
    def __call__(
        self, sender: type[Any], *, order: Any, into: Any, **kwargs: object
    ) -> Awaitable[object]: ...


def moved(shop: Any) -> Any:
    Moved.__call__.__annotations__.update(order=shop.Order, into=shop.Order | None)
    signal = get_emitter(shop.Order).moved = Signal[Moved]()
    return signal


async def test_model_that_is_gone_is_none_only_where_the_protocol_says_so(shop):
    got: list[Any] = []

    async def receiver(sender: Any, order: Any, into: Any, job: Job, **kwargs: Any) -> None:
        got.append((order.name, into))

    signal = moved(shop)
    signal.connect(receiver, durable=Durable("moved", retries=0))
    kept, gone = await shop.Order(name="kept").save(), await shop.Order(name="gone").save()
    async with shop.database.transaction():
        for order, into in ((kept, gone), (gone, kept)):
            with shop.store.attached(order):
                await signal.send(sender=shop.Order, order=order, into=into)
    await gone.delete()
    with pytest.raises(DurableError, match="the `Order` of this event is gone: declare the payl"):
        await shop.outbox.drain()
    assert got == [("kept", None)]
    assert await shop.states() == ["done", "dead"]


async def test_model_that_is_not_saved_cannot_travel(shop):
    signal = moved(shop)
    signal.connect(receipt, durable=Durable("moved"))
    order = shop.Order()
    async with shop.database.transaction():
        with (
            shop.store.attached(order),
            pytest.raises(DurableError, match="travels as its primary key, and has none: save it"),
        ):
            await signal.send(sender=shop.Order, order=order, into=None)


UPGRADES: dict[str, tuple[Any, str]] = {
    "raises": (lambda values, version: values["nothing"], "KeyError: 'nothing'"),
    "gives nothing": (lambda values, version: None, "must be a mapping, not `None`"),
    "lacks a name": (lambda values, version: {}, "the event of version 1 has no `instance`"),
}


@pytest.mark.parametrize(("upgrade", "text"), UPGRADES.values(), ids=UPGRADES)
async def test_upgrade_that_fails_ends_in_a_dead_event_that_says_so(shop, upgrade, text):
    receives(shop)
    await send(shop, "a")
    get_emitter(shop.Order).post_save.disconnect_all()
    received = receives(shop, version=2, upgrade=upgrade, retries=0)
    with pytest.raises((KeyError, DurableError)):
        await shop.outbox.drain()
    [dead] = await shop.outbox.dead()
    assert text in dead["error"]
    assert received == []


# --- a Durable that cannot be --------------------------------------------------------------------


class Order(pydantic.BaseModel):
    id: int


class MetaDataOnly:
    """Has no database."""

    metadata = MetaData()


DURABLES: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "`name` must be a string of 1 to 200 characters, not ''"),
    "a function for the name": ({"name": receipt}, "of 1 to 200 characters, not a `function`"),
    "an instance": ({"payload": Order(id=1)}, "must be a pydantic model, not an `Order`"),
    "a class of another kind": ({"payload": int}, "`payload` must be a pydantic model, not `int`"),
    "version 0": ({"version": 0}, "`version` must be an `int` from 1 on, not 0"),
    "words for retries": ({"retries": "3"}, "`retries` must be an `int` from 0 on, not '3'"),
    "no upgrade": ({"version": 2}, "`version` above 1 needs `upgrade`"),
    "a name for the key": ({"key": "id"}, "`key` and `upgrade` must be functions"),
    "no timeout": ({"timeout": None}, "must be more than 0 seconds, as a number"),
    "no backoff": ({"backoff": 0}, "must be more than 0 seconds, as a number"),
}


OUTBOXES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no base": (None, {}, "write `TableOutbox(OrmarConfig(database=..., metadata=...))`, or with "
        "SQLAlchemy `TableOutbox(Base, sessions=async_session)`; given was `None`"),
    "an engine for the sessions": (MetaDataOnly, {"sessions": object()},
        "`sessions` must be an `async_sessionmaker`, not an `object`: write "
        "`TableOutbox(Base, sessions=async_session)`"),
    "a number for the table": (MetaDataOnly, {"table": 3},
        "`table` must be the name of a table, not 3"),
}  # fmt: skip


@pytest.mark.parametrize(("base", "options", "text"), OUTBOXES.values(), ids=OUTBOXES)
async def test_outbox_that_cannot_be_is_refused(shop, base, options, text):
    with pytest.raises(DurableError) as caught:
        TableOutbox(base, **options)
    assert str(caught.value).endswith(text)


@pytest.mark.parametrize(("options", "text"), DURABLES.values(), ids=DURABLES)
async def test_durable_that_cannot_be_is_refused(shop, options, text):
    with pytest.raises(SignalDefinitionError) as caught:
        Durable(**{"name": "a", **options})
    assert text in str(caught.value)
    assert str(caught.value).count("`version`") <= 1


async def test_model_of_the_database_is_no_payload(shop):
    with pytest.raises(SignalDefinitionError, match="leave it out, and the model is reloaded"):
        Durable("a", payload=shop.Order)


class Anything(Protocol):
    def __call__(self, sender: type[Any], *, by: Any, **kwargs: object) -> Awaitable[object]: ...


class HasJob(Protocol):
    def __call__(self, sender: type[Any], *, job: int, **kwargs: object) -> Awaitable[object]: ...


class Whole(Protocol):
    def __call__(self, sender: type[Any], *, by: int, **kwargs: object) -> Awaitable[object]: ...


PROTOCOLS: dict[str, tuple[Any, Any, str]] = {
    "anything": (Anything, None, "`by: Any` of a signal cannot travel (`a`)"),
    "a job of its own": (HasJob, None, "its payload has a `job`"),
    "a payload of its own": (Whole, Order, "the signal's Protocol declares what travels"),
}


@pytest.mark.parametrize(("protocol", "payload", "text"), PROTOCOLS.values(), ids=PROTOCOLS)
async def test_declared_signal_that_cannot_be_durable_is_refused(shop, protocol, payload, text):
    durable: Durable[Any] = Durable("a", payload=payload, outbox=shop.outbox)
    with pytest.raises(SignalDefinitionError) as caught:
        Signal[protocol]().connect(receipt, durable=durable)
    assert text in str(caught.value)


async def test_payload_that_only_type_checkers_know_is_refused(shop):
    class Hidden(Protocol):
        def __call__(
            self,
            sender: type[Any],
            *,
            by: OnlyForCheckers,  # noqa: F821 - defined nowhere at run time
            **kwargs: object,
        ) -> Awaitable[object]: ...

    with pytest.raises(SignalDefinitionError, match="name `OnlyForCheckers`, which cannot be"):
        Signal[Hidden]().connect(receipt, durable=Durable("a", outbox=shop.outbox))


async def test_receiver_whose_own_annotations_only_type_checkers_know_is_accepted(shop):
    async def own(sender: Any, instance: OnlyForCheckers, **kwargs: Any) -> None: ...  # noqa: F821 - defined nowhere at run time

    post_save(shop.Order, durable=Durable("a"))(own)
    await send(shop, "a")
    assert await shop.outbox.drain() == 1
