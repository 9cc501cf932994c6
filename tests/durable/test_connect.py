"""Durable receivers are connected, disconnected and looked at like any others."""

from __future__ import annotations

import contextlib
import functools
import json
from typing import Any

import pydantic
import pytest

import typed_signals
from tests.durable.receivers import Receipt, receives, send
from typed_signals import (
    Signal,
    SignalDefinitionError,
    get_emitter,
    post_bulk_update,
    post_save,
    post_update,
    receiver,
)
from typed_signals.durable import Durable, Job, NoTransactionError
from typed_signals.introspection import inspect_signal
from typed_signals.testing import capture_signals, connected_to, isolated, muted, only

pytestmark = pytest.mark.sqlite_only

OPERATIONS = ["save", "update", "delete", "relation_add", "relation_remove"]


def signal_of(shop: Any, name: str = "post_save") -> Signal[Any]:
    signal: Signal[Any] = getattr(get_emitter(shop.Order), name)
    return signal


async def names_written(shop: Any) -> list[str]:
    return [row["receiver"] for row in await shop.rows()]


async def receipt(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None: ...


async def plain(sender: Any, instance: Any, **kwargs: Any) -> None: ...


# --- connect and disconnect ----------------------------------------------------------------------


async def fits(sender: Any, **kwargs: Any) -> None: ...


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_decorator_of_what_has_happened_takes_durable(shop, operation):
    connect = getattr(typed_signals, f"post_{operation}")
    assert connect(shop.Order, durable=Durable("a", payload=Receipt))(fits) is fits
    assert signal_of(shop, f"post_{operation}").receivers == (fits,)


@pytest.mark.ormar_only("only ormar has signals of bulk updates")
async def test_decorator_of_bulk_updates_takes_durable(shop):
    assert post_bulk_update(shop.Order, durable=Durable("a", payload=Receipt))(fits) is fits
    assert signal_of(shop, "post_bulk_update").receivers == (fits,)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_decorators_of_what_is_to_happen_refuse_durable(shop, operation):
    connect: Any = getattr(typed_signals, f"pre_{operation}")
    with pytest.raises(SignalDefinitionError) as caught:
        connect(shop.Order, durable=Durable("a"))(receipt)
    assert str(caught.value) == (
        f"`a`: a receiver of `pre_{operation}` cannot be durable: it runs after the commit, so "
        f"connect it to `post_{operation}`"
    )


async def test_connected_receiver_is_the_users_own_function(shop):
    signal = signal_of(shop)
    assert signal.connect(durable=Durable("mail.receipt"))(receipt) is receipt
    assert signal.connect(receipt, durable=Durable("mail.receipt")) is receipt  # changes nothing
    receiver("post_save", shop.Order, durable=Durable("mail.receipt"))(receipt)
    assert signal.receivers == (receipt,)
    assert signal.has_receivers
    assert signal_of(shop, "pre_save").receivers == ()
    await send(shop, "a")
    assert await names_written(shop) == ["mail.receipt"]
    assert signal.disconnect(receipt)
    assert not signal.disconnect(receipt)
    await shop.Order().save()
    assert await names_written(shop) == ["mail.receipt"]


async def test_receiver_that_is_connected_otherwise_already_is_refused(shop):
    signal = signal_of(shop)
    signal.connect(receipt, durable=Durable("mail.receipt"))
    with pytest.raises(SignalDefinitionError, match=r"Durable\('mail.receipt'\) and other sett"):
        signal.connect(receipt, durable=Durable("mail.receipt", retries=3))
    signal.connect(plain)
    with pytest.raises(SignalDefinitionError, match="already, with on_commit=False"):
        signal.connect(plain, durable=Durable("another"))
    assert signal.receivers == (receipt, plain)


@pytest.mark.ormar_only("the other model is ormar's")
async def test_one_refused_model_leaves_the_others_unconnected(shop, tmp_path):
    from tests.shop import Store

    other = Store.sqlite(tmp_path / "other.db").model("Other")
    with pytest.raises(SignalDefinitionError, match="no outbox in its database"):
        post_save([shop.Order, other], durable=Durable("both"))(receipt)
    assert signal_of(shop).receivers == ()
    signal_of(shop).connect(plain, durable=Durable("both"))  # the name is still free


WRONG = {
    "a bool": (True, "`durable` must be a `Durable`, not a `bool`: write"),
    "a name": ("mail", "`durable` must be a `Durable`, not a `str`: write"),
    "the class": (Durable, "`durable` must be a `Durable`, not the class `Durable`: write"),
}


@pytest.mark.parametrize(("given", "text"), WRONG.values(), ids=WRONG)
async def test_what_is_no_durable_is_refused(shop, given, text):
    with pytest.raises(SignalDefinitionError) as caught:
        post_save(shop.Order, durable=given)(receipt)
    assert text in str(caught.value)
    assert signal_of(shop).receivers == ()


async def test_other_options_beside_durable_are_refused(shop):
    options: Any = {"on_commit": True, "sequential": None}
    with pytest.raises(SignalDefinitionError) as caught:
        post_save(shop.Order, durable=Durable("a"), **options)(receipt)
    assert str(caught.value).endswith(
        "cannot be connected to signal `post_save` of Order: `durable` cannot be combined with "
        "`on_commit` and `sequential`, which say how a receiver is called in this process: leave "
        "them out"
    )
    misspelt: Any = {"durabel": Durable("a")}
    with pytest.raises(SignalDefinitionError, match="did you mean `durable`"):
        post_save(shop.Order, **misspelt)(receipt)


# --- what a stranger connects --------------------------------------------------------------------


async def test_methods_partials_and_objects_are_durable(shop):
    got: list[str] = []

    class Mailer:
        @staticmethod
        async def static(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
            got.append("static")

        async def bound(self, sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
            got.append("bound")

        async def __call__(self, sender: Any, instance: Any, **kwargs: Any) -> None:
            got.append("object")

    async def prefixed(prefix: str, sender: Any, instance: Any, **kwargs: Any) -> None:
        got.append(prefix)

    mailer, signal = Mailer(), signal_of(shop)
    signal.connect(Mailer.static, durable=Durable("static"))
    signal.connect(mailer.bound, durable=Durable("bound"))
    signal.connect(mailer.bound, durable=Durable("bound"))
    signal.connect(mailer, durable=Durable("object"))
    signal.connect(functools.partial(prefixed, "partial"), durable=Durable("partial"))
    await send(shop, "a")
    await shop.outbox.drain()
    assert sorted(got) == ["bound", "object", "partial", "static"]
    assert signal.disconnect(mailer.bound)


async def test_function_in_a_class_is_refused(shop):
    with pytest.raises(SignalDefinitionError, match="first parameter is `self`"):

        class Mailer:
            @post_save(shop.Order, durable=Durable("a"))
            async def receive(self, sender: Any, instance: Any, **kwargs: Any) -> None: ...


@pytest.mark.ormar_only("about operations that only ormar has")
async def test_operations_without_a_signal_write_no_event(shop):
    received = receives(shop)
    await shop.Order.objects.bulk_create([shop.Order(), shop.Order()])
    await shop.Order.objects.filter(name="").update(name="b")
    assert await shop.rows() == []
    assert received == []


@pytest.mark.ormar_only("SQLAlchemy's sessions cannot flush while they flush")
async def test_save_in_a_receiver_of_a_save_writes_both_events(shop):
    async def saves_again(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance.name == "outer":
            await shop.Order(name="inner").save()

    signal_of(shop).connect(saves_again)
    received = receives(shop, payload=NamedOrder)
    await send(shop, "outer")
    await shop.outbox.drain()
    assert [got["instance"].name for got in received] == ["inner", "outer"]


class NamedOrder(pydantic.BaseModel):
    name: str


# --- names ---------------------------------------------------------------------------------------


async def test_name_is_free_again_once_its_receiver_is_disconnected(shop):
    signal = signal_of(shop)
    signal.connect(receipt, durable=Durable("mail.receipt"))
    with pytest.raises(SignalDefinitionError, match="rows are kept under it; choose another"):
        post_update(shop.Order, durable=Durable("mail.receipt"))(plain)
    signal.disconnect(receipt)
    received = receives(shop)  # as a module does that is reloaded
    await send(shop, "a")
    await shop.outbox.drain()
    assert len(received) == 1


async def test_pending_events_of_a_disconnected_receiver_are_still_handled(shop):
    received = receives(shop)
    await send(shop, "a")
    signal_of(shop).disconnect_all()
    await shop.outbox.drain()
    assert len(received) == 1


async def test_receiver_of_several_signals_runs_in_one_way(shop):
    durable = Durable("changed", payload=Receipt, key=lambda: "all")
    post_save(shop.Order, durable=durable)(receipt)
    for other in (
        Durable("changed", payload=Receipt, retries=2),
        Durable("changed", payload=NamedOrder),
        Durable("changed"),
    ):
        with pytest.raises(SignalDefinitionError, match="is to run in another way"):
            post_update(shop.Order, durable=other)(receipt)
    same: Durable[Receipt] = Durable("changed", payload=Receipt, key=lambda: "others")
    post_update(shop.Order, durable=same)(receipt)
    assert signal_of(shop, "post_update").receivers == (receipt,)


# --- in tests ------------------------------------------------------------------------------------


async def test_muted_receiver_writes_nothing(shop):
    signal = signal_of(shop)
    signal.connect(receipt, durable=Durable("mail.receipt"))
    signal.connect(plain)
    for block in (muted(), muted(shop.Order), muted(signal), only(plain), only(plain, of=signal)):
        with block:
            await shop.Order().save()
    assert await shop.rows() == []
    for block in (muted(signal_of(shop, "pre_save")), only(receipt)):
        with block:
            await send(shop, "a")
    assert await names_written(shop) == ["mail.receipt", "mail.receipt"]


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_muted_receiver_needs_no_transaction(shop):
    signal = signal_of(shop)
    signal.connect(receipt, durable=Durable("mail.receipt"))
    with muted(signal):
        await shop.Order().save()
    with muted(signal_of(shop, "pre_save")), pytest.raises(NoTransactionError):
        await shop.Order().save()


async def test_connected_to_adds_a_receiver_that_is_not_durable(shop):
    got: list[Any] = []

    async def guest(sender: Any, instance: Any, **kwargs: Any) -> None:
        got.append(instance)

    signal = signal_of(shop)
    signal.connect(receipt, durable=Durable("mail.receipt"))
    with connected_to(signal, guest):
        await send(shop, "a")
    assert len(got) == len(await shop.rows()) == 1
    with pytest.raises(SignalDefinitionError, match="it requires `job`"):
        connected_to(signal, receipt)
    options: Any = {"durable": Durable("b")}
    with pytest.raises(SignalDefinitionError, match="there is no option `durable`"):
        connected_to(signal, guest, **options)


async def test_capture_shows_the_users_own_function(shop):
    signal_of(shop).connect(receipt, durable=Durable("mail.receipt"))
    with capture_signals(shop.Order) as sent:
        await send(shop, "a")
    assert sent.assert_sent("post_save", shop.Order).receivers == (receipt,)


async def test_isolated_puts_durable_receivers_back(shop):
    signal = signal_of(shop)
    signal.connect(receipt, durable=Durable("mail.receipt"))
    with isolated():
        signal.disconnect(receipt)
        signal.connect(plain, durable=Durable("another"))
    assert signal.receivers == (receipt,)
    await send(shop, "a")
    assert await names_written(shop) == ["mail.receipt"]


async def test_introspection_shows_how_a_receiver_is_durable(shop):
    durable = Durable("mail.receipt", payload=Receipt)
    signal_of(shop).connect(receipt, durable=durable)
    [info] = inspect_signal(signal_of(shop)).receivers
    assert (info.receiver, info.durable, info.sequential) == (receipt, durable, None)
    assert json.loads(json.dumps(durable.facts()))["payload"].endswith(".Receipt")


# --- uninstall and install -----------------------------------------------------------------------


async def test_uninstalling_and_installing_keeps_a_receiver_durable(shop):
    received = receives(shop)
    [own] = signal_of(shop).receivers
    shop.store.uninstall()
    shop.store.install()
    assert signal_of(shop).receivers == (own,)
    await send(shop, "after")
    await shop.outbox.drain()
    assert [got["instance"].name for got in received] == ["after"]
    assert signal_of(shop).disconnect(own)


@pytest.mark.ormar_only("ormar's own signals call what writes the event")
async def test_receiver_is_durable_while_typed_signals_are_uninstalled(shop):
    received = receives(shop)
    shop.store.uninstall()
    await send(shop, "meanwhile")
    with pytest.raises(NoTransactionError):
        await shop.Order().save()
    assert received == []
    shop.store.install()
    await shop.outbox.drain()
    assert [got["instance"].name for got in received] == ["meanwhile"]


@pytest.mark.ormar_only("only ormar has signals of its own, which stay after `uninstall()`")
async def test_uninstalling_inside_isolated_keeps_a_receiver_durable(shop):
    received = receives(shop)
    with isolated():
        signal_of(shop).disconnect_all()
        shop.store.uninstall()
    await send(shop, "meanwhile")
    assert received == []
    assert len(await shop.rows()) == 1
    shop.store.install()
    assert len(signal_of(shop).receivers) == 1


# --- models --------------------------------------------------------------------------------------


@pytest.mark.ormar_only("about ormar's models")
async def test_receiver_of_an_abstract_model_is_disconnected_there(shop):
    import ormar

    base = shop.store.model("Base", config={"abstract": True}, id=ormar.Integer(primary_key=True))
    one, two = shop.store.model("One", base), shop.store.model("Two", base)
    await shop.create_tables()
    post_save(base, durable=Durable("child"))(receipt)
    async with shop.database.transaction():
        await one().save()
        await two().save()
    tables = [one.ormar_config.tablename, two.ormar_config.tablename]
    assert [row["sender"] for row in await shop.rows()] == tables
    assert not one.ormar_config.signals.post_save.disconnect(receipt)
    assert base.ormar_config.signals.post_save.disconnect(receipt)
    await one().save()
    assert len(await shop.rows()) == 2


@pytest.mark.ormar_only("about ormar's models")
async def test_child_in_another_database_is_refused_before_it_writes(shop, tmp_path):
    import ormar

    from tests.shop import Store
    from typed_signals.durable import DurableError

    anywhere = ormar.OrmarConfig(abstract=True)  # a child of a model with a database shares that
    base = shop.store.model("Base", config=anywhere, id=ormar.Integer(primary_key=True))
    other = Store.sqlite(tmp_path / "other.db")
    child = other.model("Child", base)
    with pytest.raises(SignalDefinitionError, match=r"no outbox is known for it; name one"):
        post_save(base, durable=Durable("child"))(receipt)
    post_save(base, durable=Durable("child", outbox=shop.outbox))(receipt)
    async with other.opened():
        with pytest.raises(DurableError, match="its outbox is in another database than `Child`"):
            await child().save()
        assert await child.objects.count() == 0


@pytest.mark.ormar_only("SQLAlchemy's sessions are always in a transaction")
async def test_transactions_are_no_longer_given_once_the_receiver_is_disconnected(shop):
    in_transaction: list[bool] = []

    async def look(sender: Any, instance: Any, **kwargs: Any) -> None:
        in_transaction.append(shop.outbox.store.in_transaction)

    signal = signal_of(shop)
    signal.connect(look)
    signal.connect(receipt, durable=Durable("a", atomic=True))
    await shop.Order().save()
    with contextlib.suppress(NoTransactionError):
        signal.disconnect(receipt)
        await shop.Order().save()
    assert in_transaction == [True, False]
