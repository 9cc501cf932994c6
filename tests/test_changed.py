"""`changed` and `fields=`: which fields an update changes, on real databases."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import gc
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path
from typing import Any

import ormar
import pytest
import sqlalchemy

import typed_signals.ormar
from tests import lanes
from tests.commits import UndoneError, signals
from tests.conftest import SERVER_URLS, SERVERS
from tests.shop import CONFIG, Shop, Store
from typed_signals import (
    Change,
    PostUpdateReceiver,
    PreUpdateReceiver,
    Signal,
    SignalDefinitionError,
    SignalEmitter,
    SignalPayloadError,
)
from typed_signals._dispatch.changed import Operation
from typed_signals.introspection import inspect_emitter
from typed_signals.testing import capture_on_commit, capture_signals, connected_to, muted, only

Changes = list[tuple[str, dict[str, Any]]]


def log_changes(model: Any, *names: str, log: Changes | None = None, **options: Any) -> Changes:
    """Log what receivers get as `changed`, with the name of the signal and of the sender."""
    received: Changes = [] if log is None else log
    for name in names or ("pre_update", "post_update"):

        async def note(
            sender: Any,
            instance: Any,
            changed: Mapping[str, Change],
            _name: str = f"{name} of {model.__name__}",
            **kwargs: Any,
        ) -> None:
            received.append((_name, dict(changed)))

        signals(model)[name].connect(note, **options)
    return received


@asynccontextmanager
async def counted(store: Store) -> AsyncGenerator[list[str]]:
    """The first words of the statements that are run on a store's tables."""
    statements: list[str] = []
    if lanes.CURRENT:
        engine = store.database.engine.sync_engine

        def note(connection: Any, cursor: Any, statement: str, *args: Any) -> None:
            statements.append(statement.split()[0].upper())

        sqlalchemy.event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sqlalchemy.event.remove(engine, "before_cursor_execute", note)
        return
    connection_type = type(store.database.connection()._connection)  # of the driver
    originals = {name: getattr(connection_type, name) for name in ("execute", "fetch_all")}
    patch = pytest.MonkeyPatch()
    for name, original in originals.items():

        async def run(self: Any, query: Any, _original: Any = original) -> Any:
            statements.append(str(query).split()[0].upper())
            return await _original(self, query)

        patch.setattr(connection_type, name, run)
    try:
        yield statements
    finally:
        patch.undo()


@pytest.fixture
async def album(shop: Shop) -> Any:
    return await shop.Album(name="Horses", play_count=1).save()


BOTH = ("pre_update of Album", "post_update of Album")


# --- what is given -------------------------------------------------------------------------------


async def test_fields_that_change_are_given_with_both_values(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album)
    album.name = "Easter"
    await album.update(play_count=2)
    expected = {"name": Change("Horses", "Easter"), "play_count": Change(1, 2)}
    assert log == [(each, expected) for each in BOTH]
    log.clear()
    await album.update()
    assert log == [(each, {}) for each in BOTH]
    await album.update(play_count=2)
    assert log == [(each, {}) for each in BOTH] * 2


async def test_what_pre_update_receivers_change_counts_for_post_update(
    shop: Shop, album: Any
) -> None:
    @signals(shop.Album).pre_update.connect
    async def promote(sender: Any, instance: Any, **kwargs: Any) -> None:
        instance.is_best_seller = instance.play_count > 50
        instance.name = "Horses"

    log = log_changes(shop.Album)
    async with shop.store.database.transaction():
        await album.update(name="Wave", play_count=60)
    assert log == [
        ("pre_update of Album", {"name": Change("Horses", "Wave"), "play_count": Change(1, 60)}),
        (
            "post_update of Album",
            {"play_count": Change(1, 60), "is_best_seller": Change(False, True)},
        ),
    ]


async def test_what_post_update_receivers_change_is_no_change(shop: Shop, album: Any) -> None:
    @signals(shop.Album).post_update.connect(sequential=True)
    async def rename(sender: Any, instance: Any, **kwargs: Any) -> None:
        instance.name = "not written"

    log = log_changes(shop.Album, "post_update", sequential=True)
    await album.update(play_count=2)
    assert log == [("post_update of Album", {"play_count": Change(1, 2)})]


async def test_receivers_that_do_not_name_it_get_nothing_new(shop: Shop, album: Any) -> None:
    got: dict[str, set[str]] = {}
    for name in ("pre_update", "post_update"):

        async def note(sender: Any, _name: str = name, **kwargs: Any) -> None:
            got[_name] = set(kwargs)

        signals(shop.Album)[name].connect(note)
    await album.update(name="a")
    alone = dict(got)
    log_changes(shop.Album)
    await album.update(name="b")
    assert got == alone == {"pre_update": {"instance", "passed_args"}, "post_update": {"instance"}}


async def test_columns_that_are_not_written_do_not_change(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album)
    album.name = "not written"
    await album.update(_columns=["play_count"], play_count=2)
    assert log == [(each, {"play_count": Change(1, 2)}) for each in BOTH]
    log.clear()
    await album.update()
    assert log == [(each, {"name": Change("Horses", "not written")}) for each in BOTH]


async def test_upsert_that_updates_sends_what_changed(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album, "post_update")
    await album.upsert(name="Wave")
    assert log == [("post_update of Album", {"name": Change("Horses", "Wave")})]


async def test_foreign_key_is_given_as_the_key(shop: Shop, album: Any) -> None:
    other = await shop.Album(name="Wave").save()
    track = await shop.Track(name="Gloria", album=album).save()
    log = log_changes(shop.Track, "post_update")
    await track.update(album=other)
    await track.update(album=other.pk)
    track.album = None
    await track.update()
    row = await shop.Track.objects.get(pk=track.pk)
    kept = row.album.pk if row.album else None  # older ormars write None only through kwargs
    assert kept == (None if lanes.CURRENT else other.pk)
    loaded = await shop.Track.objects.select_related("album").get(pk=track.pk)
    await loaded.update(album=album)
    removed = (other.pk, None) if lanes.CURRENT else None
    expected = [(album.pk, other.pk), None, removed, (kept, album.pk)]
    assert [each for _, each in log] == [
        {} if each is None else {"album": Change(*each)} for each in expected
    ]


async def test_through_model_sends_what_changed(shop: Shop, album: Any) -> None:
    tag = await shop.Tag(name="punk").save()
    await album.tags.add(tag, weight=3)
    [link] = await shop.AlbumTag.objects.all()
    log = log_changes(shop.AlbumTag, "post_update")
    await link.update(weight=5)
    assert log == [("post_update of AlbumTag", {"weight": Change(3, 5)})]


async def test_row_that_is_not_there_does_not_change(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album)
    log_changes(shop.Album, "post_update", log=log, fields={"name"})
    await shop.Album.objects.delete(id=album.id)
    await album.update(name="Wave")
    assert log == [(each, {}) for each in BOTH]


async def test_update_of_another_primary_key_compares_with_the_row_that_is_written(
    shop: Shop, album: Any
) -> None:
    other = await shop.Album(name="Wave", play_count=7).save()
    log = log_changes(shop.Album)
    album.id = other.id
    await album.update()
    expected = {"name": Change("Wave", "Horses"), "play_count": Change(7, 1)}
    assert log == [(each, expected) for each in BOTH]


async def test_pre_update_receiver_that_changes_the_primary_key_is_followed(
    shop: Shop, album: Any
) -> None:
    other = await shop.Album(name="Wave", play_count=1).save()

    @signals(shop.Album).pre_update.connect
    async def move(sender: Any, instance: Any, **kwargs: Any) -> None:
        instance.id = other.id

    log = log_changes(shop.Album, "post_update")
    await album.update()
    assert log == [("post_update of Album", {"name": Change("Wave", "Horses")})]


async def test_on_commit_receiver_gets_what_changed(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album, "post_update", on_commit=True)
    log_changes(shop.Album, "post_update", log=log, on_commit=True, fields={"play_count"})
    async with shop.store.database.transaction():
        await album.update(name="Wave")
        await album.update(play_count=2)
        assert log == []
    name, count = {"name": Change("Horses", "Wave")}, {"play_count": Change(1, 2)}
    assert [each for _, each in log] == [name, count, count]


async def test_own_transaction_is_seen(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album, "post_update")
    async with shop.store.database.transaction(force_rollback=True):
        await album.update(name="Wave")
        await album.update(name="Easter")
    assert [each["name"] for _, each in log] == [
        Change("Horses", "Wave"),
        Change("Wave", "Easter"),
    ]


async def test_changed_cannot_be_written_to(shop: Shop, album: Any) -> None:
    @signals(shop.Album).post_update.connect
    async def spoil(sender: Any, changed: Any, **kwargs: Any) -> None:
        changed["name"] = None

    with pytest.raises(TypeError, match="does not support item assignment"):
        await album.update(name="Wave")


# --- what it costs -------------------------------------------------------------------------------


async def test_nothing_is_read_when_nobody_asks(shop: Shop, album: Any) -> None:
    async def note(sender: Any, instance: Any, **kwargs: Any) -> None: ...

    signals(shop.Album).pre_update.connect(note)
    signals(shop.Album).post_update.connect(note)
    async with counted(shop.store) as statements:
        await album.update(name="Wave")
    assert statements == ["UPDATE"]


@pytest.mark.parametrize(
    "names", [("pre_update",), ("post_update",), ("pre_update", "post_update")]
)
async def test_row_is_read_once_for_all_receivers(
    shop: Shop, album: Any, names: tuple[str, ...]
) -> None:
    log = log_changes(shop.Album, *names)
    log_changes(shop.Album, *names, log=log, fields={"name"}, sequential=True)
    log_changes(shop.Album, *names, log=log, fields={"play_count"})
    async with counted(shop.store) as statements:
        await album.update(name="Wave")
    assert statements == ["SELECT", "UPDATE"]
    assert len(log) == 2 * len(names)


async def test_nothing_is_read_after_the_last_that_asks_is_disconnected(
    shop: Shop, album: Any
) -> None:
    log_changes(shop.Album, "post_update")
    signals(shop.Album).post_update.disconnect_all()
    async with counted(shop.store) as statements:
        await album.update(name="Wave")
    assert statements == ["UPDATE"]


# --- fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize("sequential", [True, False, None])
async def test_receiver_is_called_only_when_one_of_its_fields_changed(
    shop: Shop, album: Any, sequential: bool | None, transaction: bool
) -> None:
    called: list[str] = []
    for name in ("pre_update", "post_update"):

        async def note(sender: Any, _name: str = name, **kwargs: Any) -> None:
            assert set(kwargs) <= {"instance", "passed_args"}
            called.append(_name)

        fields = {"name", "is_best_seller"}
        signals(shop.Album)[name].connect(note, fields=fields, sequential=sequential)

    async def update() -> None:
        await album.update(play_count=2)
        await album.update()
        assert called == []
        await album.update(name="Wave", play_count=3)

    if transaction:
        async with shop.store.database.transaction():
            await update()
    else:
        await update()
    assert called == ["pre_update", "post_update"]


async def test_fields_are_those_that_were_given_to_connect(shop: Shop, album: Any) -> None:
    called: list[str] = []
    fields = {"name"}

    async def mail(sender: Any, **kwargs: Any) -> None:
        called.append("mail")

    signals(shop.Album).post_update.connect(mail, fields=fields)
    fields.add("play_count")
    await album.update(play_count=2)
    assert called == []


async def test_fields_count_for_what_is_captured(shop: Shop, album: Any) -> None:
    async def mail(sender: Any, **kwargs: Any) -> None: ...

    async def log(sender: Any, **kwargs: Any) -> None: ...

    post = signals(shop.Album).post_update
    post.connect(mail, fields={"name"})
    post.connect(log)
    with capture_signals(post) as sent:
        await album.update(play_count=2)
        await album.update(name="Wave")
    assert [each.receivers for each in sent] == [(log,), (mail, log)]
    [info] = [each for each in inspect_emitter(signals(shop.Album)) if each.name == "post_update"]
    assert [each.fields for each in info.receivers] == [{"name"}, None]


async def test_fields_of_an_abstract_model_count_for_its_children(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Product, "post_update", fields={"name"})
    tag = await shop.Track(name="Gloria").save()
    async with counted(shop.store) as statements:
        await album.update(play_count=2)
        await tag.update(name="Land")
    assert [each for _, each in log] == [{"name": Change("Gloria", "Land")}]
    assert statements == ["SELECT", "UPDATE"] * 2


async def test_connecting_with_other_fields_is_refused(shop: Shop) -> None:
    async def mail(sender: Any, **kwargs: Any) -> None: ...

    post = signals(shop.Album).post_update
    post.connect(mail, fields={"name"})
    post.connect(mail, fields=frozenset({"name"}))
    with pytest.raises(SignalDefinitionError, match="already, with fields="):
        post.connect(mail)


# --- what is refused -----------------------------------------------------------------------------

FIELDS: dict[str, tuple[str, str]] = {
    "a misspelt field": ("play_cuont", "did you mean `play_count`?"),
    "the primary key": ("id", "known are `name`, `play_count`, `is_best_seller`"),
    "a relation of another table": ("tags", "known are `name`, `play_count`, `is_best_seller`"),
    "another model's": ("position", "known are `name`, `play_count`, `is_best_seller`"),
}


@pytest.mark.parametrize(("field", "hint"), FIELDS.values(), ids=FIELDS)
async def test_field_that_no_update_writes_is_refused(shop: Shop, field: str, hint: str) -> None:
    async def mail(sender: Any, **kwargs: Any) -> None: ...

    post = signals(shop.Album).post_update
    with pytest.raises(ormar.exceptions.SignalDefinitionError) as caught:
        post.connect(mail, fields={"name", field})
    assert str(caught.value).endswith(
        f"cannot be connected to signal `post_update` of Album: `{field}` in `fields` is no field "
        f"that an update writes: {hint}"
    )
    assert not post.receivers
    with pytest.raises(SignalDefinitionError, match=f"`{field}` in `fields`"):
        connected_to(post, mail, fields={field})


async def test_fields_are_checked_for_every_model(shop: Shop) -> None:
    async def mail(sender: Any, **kwargs: Any) -> None: ...

    connect = typed_signals.ormar.post_update([shop.Track, shop.Album], fields={"position"})
    with pytest.raises(SignalDefinitionError, match="of Album: `position` in `fields` is no"):
        connect(mail)
    assert not signals(shop.Track).post_update.receivers


@pytest.mark.parametrize("name", ["post_save", "sold"])
async def test_fields_of_a_signal_without_changed_are_refused(shop: Shop, name: str) -> None:
    async def mail(sender: Any, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError) as caught:
        signals(shop.Album)[name].connect(mail, fields={"name"})
    assert str(caught.value).endswith(
        "`fields` is for signals with `changed` in their contract, and it has none"
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [("name", "'name'"), (["name"], "a `list`"), (set(), "a `set`"), ({1}, "a `set`")],
    ids=str,
)
async def test_fields_must_be_a_set_of_names(shop: Shop, given: Any, shown: str) -> None:
    async def mail(sender: Any, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError) as caught:
        signals(shop.Album).post_update.connect(mail, fields=given)
    assert str(caught.value).endswith(f"`fields` must be a set of field names or None, not {shown}")


async def test_receiver_that_names_changed_elsewhere_is_refused(shop: Shop) -> None:
    async def mail(sender: Any, changed: Any, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError, match="requires `changed`, which `post_save` never"):
        signals(shop.Album).post_save.connect(mail)


# --- nested and concurrent operations ------------------------------------------------------------


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("outer", ["pre_update", "post_update"])
async def test_updates_within_receivers_do_not_mix(
    shop: Shop, album: Any, outer: str, sequential: bool
) -> None:
    others = [await shop.Album(name=name, play_count=0).save() for name in "ab"]

    @signals(shop.Album)[outer].connect(sequential=sequential)
    async def count(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance is album:
            for other in others:
                await other.update(play_count=5)

    log = log_changes(shop.Album, "post_update")
    await album.update(name="Wave")
    expected = [{"play_count": Change(0, 5)}] * 2
    assert sorted(map(str, (each for _, each in log))) == sorted(
        map(str, [*expected, {"name": Change("Horses", "Wave")}])
    )


async def test_failed_update_leaves_nothing_for_the_next(shop: Shop, album: Any) -> None:
    @signals(shop.Album).pre_update.connect
    async def refuse(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance.name == "refused":
            raise UndoneError

    log = log_changes(shop.Album, "post_update")
    with pytest.raises(UndoneError):
        await album.update(name="refused", play_count=9)
    album.name = "Wave"
    await album.update()
    assert log == [
        ("post_update of Album", {"name": Change("Horses", "Wave"), "play_count": Change(1, 9)})
    ]


async def test_concurrent_updates_do_not_mix(shop: Shop, album: Any) -> None:
    albums = [await shop.Album(name=f"{number}", play_count=0).save() for number in range(5)]
    seen: dict[str, Any] = {}

    @signals(shop.Album).post_update.connect
    async def note(sender: Any, instance: Any, changed: Any, **kwargs: Any) -> None:
        await asyncio.sleep(0.001)
        seen[instance.name] = dict(changed)

    await asyncio.gather(
        *(each.update(play_count=number + 1) for number, each in enumerate(albums))
    )
    assert seen == {str(each): {"play_count": Change(0, each + 1)} for each in range(5)}


def operations() -> int:
    """How many operations are remembered."""
    gc.collect()
    return sum(isinstance(each, Operation) for each in gc.get_objects())


@pytest.mark.parametrize("detached", [False, True])
async def test_many_updates_within_a_receiver_are_not_remembered(
    shop: Shop, album: Any, detached: bool
) -> None:
    track = await shop.Track(name="Kimberly").save()
    tag = await shop.Tag(name="Rock").save()
    remembered: list[int] = []
    log = log_changes(shop.Tag, "post_update", sequential=True)

    @signals(shop.Track).post_update.connect(sequential=True)
    async def write_tag(sender: Any, instance: Any, changed: Any, **kwargs: Any) -> None:
        await tag.update(name=f"Rock {instance.position}")

    async def write_tracks() -> None:
        for number in range(1, 11):
            await track.update(position=number)
            if number in (1, 10):
                remembered.append(operations())

    tasks: list[asyncio.Task[None]] = []

    @signals(shop.Album).post_update.connect(sequential=True)
    async def begin(sender: Any, changed: Any, **kwargs: Any) -> None:
        tasks.append(asyncio.create_task(write_tracks()))
        if not detached:
            await tasks[0]

    await album.update(name="Wave")
    await tasks[0]
    assert len(log) == 10
    first, last = remembered
    assert last <= first


# --- with the tools ------------------------------------------------------------------------------


async def test_guest_and_chosen_receivers_get_what_changed(shop: Shop, album: Any) -> None:
    got: Changes = []

    async def guest(sender: Any, changed: Any, **kwargs: Any) -> None:
        got.append(("guest", dict(changed)))

    expected = {"name": Change("Horses", "Wave")}
    with connected_to(signals(shop.Album).post_update, guest):
        await album.update(name="Wave")
    assert got == [("guest", expected)]
    with connected_to(signals(shop.Album).post_update, guest, fields={"play_count"}):
        await album.update(name="Easter")
    assert got == [("guest", expected)]
    signals(shop.Album).post_update.connect(guest)
    with only(guest):
        await album.update(name="Horses")
    with muted(shop.Album):
        await album.update(name="quiet")
    assert got[1:] == [("guest", {"name": Change("Easter", "Horses")})]


async def test_send_that_reads_old_values_passes_middleware_and_returns_its_outcomes(
    shop: Shop, album: Any
) -> None:
    async def answer(sender: Any, changed: Mapping[str, Change], **kwargs: Any) -> object:
        return dict(changed)

    pre_update = signals(shop.Album).pre_update
    pre_update.connect(answer)
    album.name = "Wave"
    with capture_signals(pre_update) as sent:
        outcomes = await pre_update.send_robust(sender=shop.Album, instance=album, passed_args={})
    assert outcomes == [(answer, {"name": Change("Horses", "Wave")}, None)]
    assert [each.receivers for each in sent] == [(answer,)]


async def test_captured_calls_have_what_changed(shop: Shop, album: Any) -> None:
    log_changes(shop.Album, "post_update", on_commit=True)
    transaction = shop.store.database.transaction(force_rollback=True)
    async with transaction, capture_on_commit() as calls:
        await album.update(name="Wave")
    assert [dict(each.payload["changed"]) for each in calls] == [{"name": Change("Horses", "Wave")}]


# --- sent by hand --------------------------------------------------------------------------------


async def test_sent_by_hand_it_is_what_was_sent(shop: Shop, album: Any) -> None:
    log = log_changes(shop.Album, "post_update")
    log_changes(shop.Album, "post_update", log=log, fields={"play_count"})
    given = {"name": Change("a", "b")}
    post = signals(shop.Album).post_update
    await post.send(sender=shop.Album, instance=album, changed=given)
    assert log == [("post_update of Album", given)]


async def test_sent_by_hand_without_it_is_refused_if_a_receiver_asks(
    shop: Shop, album: Any
) -> None:
    log_changes(shop.Album, "post_update")
    post = signals(shop.Album).post_update
    with pytest.raises(SignalPayloadError, match="`changed` is missing: the old values were not"):
        await post.send(sender=shop.Album, instance=album)
    await album.update(name="Wave")
    with pytest.raises(SignalPayloadError, match="`changed` is missing"):  # it was that update's
        await post.send(sender=shop.Album, instance=album)


async def test_sent_by_hand_twice_each_compares_with_the_row_of_that_time(
    shop: Shop, album: Any
) -> None:
    log = log_changes(shop.Album, "pre_update")
    pre, given = signals(shop.Album).pre_update, dict[str, Any]()
    for name in ("Wave", "Easter"):
        album.name = name
        await pre.send(sender=shop.Album, instance=album, passed_args=given)
        await shop.Album.objects.filter(pk=album.pk).update(name=name)  # which sends no signal
    assert [each for _, each in log] == [
        {"name": Change("Horses", "Wave")},
        {"name": Change("Wave", "Easter")},
    ]


class Priced(SignalEmitter[Any]):
    pre_update: Signal[PreUpdateReceiver[Any]]
    post_update: Signal[PostUpdateReceiver[Any]]


async def test_changed_is_refused_where_no_orm_knows_the_old_values() -> None:
    class Price:
        signals = Priced()

    log_changes(Price)
    for name, given in (("pre_update", {"passed_args": {}}), ("post_update", {})):
        with pytest.raises(SignalPayloadError, match="`changed` is missing"):
            await Price.signals[name].send(sender=Price, instance=Price(), **given)


async def test_signal_that_stands_alone_gets_what_is_sent() -> None:
    from typed_signals import PostUpdateReceiver

    signal: Any = Signal[PostUpdateReceiver[Any]]()
    seen: list[Any] = []

    @signal.connect(fields={"anything"})
    async def note(sender: Any, changed: Any, **kwargs: Any) -> None:
        seen.append(changed)

    await signal.send(sender=object, instance=1, changed={"anything": Change(1, 2)})
    await signal.send(sender=object, instance=1, changed={"other": Change(1, 2)})
    assert seen == [{"anything": Change(1, 2)}]
    with pytest.raises(SignalPayloadError, match="`changed` is missing"):
        await signal.send(sender=object, instance=1)


# --- parents that send, too ----------------------------------------------------------------------


def parent_and_child(store: Store) -> tuple[Any, Any]:
    """Two models, of which the first sends what the second does, too."""
    base = store.model(
        "Base",
        id=ormar.Integer(primary_key=True),
        name=ormar.String(max_length=50),
        size=ormar.Integer(default=0),
    )
    child = store.model("Child", base, config={"proxy": True, "emit_parent_signals": True})
    typed_signals.ormar.install()
    return base, child


@pytest.mark.skipif(not lanes.CURRENT, reason="ormar sends for parents from 0.25 on")
@pytest.mark.parametrize("asking", [("Base",), ("Child",), ("Base", "Child")])
async def test_parents_get_what_changed_from_one_query(
    store: Store, asking: tuple[str, ...]
) -> None:
    base, child = parent_and_child(store)
    async with store.opened():
        item = await child(name="a", size=1).save()
        log: Changes = []
        for model in (child, base):

            @signals(model).pre_update.connect
            async def grow(sender: Any, instance: Any, **kwargs: Any) -> None:
                instance.size += 1

            @signals(model).post_update.connect
            async def spoil(sender: Any, instance: Any, **kwargs: Any) -> None:
                instance.size = -1

            if model.__name__ in asking:
                log_changes(model, log=log)
        async with counted(store) as statements:
            await item.update(name="b")
    assert statements == ["SELECT", "UPDATE"]
    name = Change("a", "b")
    expected = {
        "pre_update of Child": {"name": name},
        "pre_update of Base": {"name": name, "size": Change(1, 2)},
        "post_update of Child": {"name": name, "size": Change(1, 3)},
        "post_update of Base": {"name": name, "size": Change(1, 3)},
    }
    assert dict(log) == {k: v for k, v in expected.items() if k.rpartition(" ")[2] in asking}


@pytest.mark.skipif(not lanes.CURRENT, reason="ormar sends for parents from 0.25 on")
@pytest.mark.parametrize("when", ["pre_update", "post_update"])
async def test_updates_within_receivers_of_a_child_do_not_mix_with_what_its_parent_sends(
    store: Store, when: str
) -> None:
    base, child = parent_and_child(store)
    async with store.opened():
        first, second, third, fourth = [await child(name=name).save() for name in "abcd"]

        @signals(child)[when].connect(sequential=True)
        async def nest(sender: Any, instance: Any, **kwargs: Any) -> None:
            if instance is first:
                await second.update(name="second")
            if instance is second:
                await third.update(size=3)
                await fourth.update(size=4)

        log = log_changes(child)
        log_changes(base, log=log)
        async with counted(store) as statements:
            await first.update(name="first")
    assert sorted(statements) == ["SELECT"] * 4 + ["UPDATE"] * 4
    changes = [
        {"name": Change("a", "first")},
        {"name": Change("b", "second")},
        {"size": Change(0, 3)},
        {"size": Change(0, 4)},
    ]
    for name in ("pre_update", "post_update"):
        for model in ("Child", "Base"):
            seen = [each for what, each in log if what == f"{name} of {model}"]
            assert sorted(seen, key=str) == sorted(changes, key=str)


# --- types ---------------------------------------------------------------------------------------


class Color(Enum):
    RED = "red"
    BLUE = "blue"


def values() -> dict[str, tuple[Any, Any, Any]]:
    """Fields of every kind, each with an old and a new value."""
    key = uuid.UUID(int=7)
    return {
        "price": (
            ormar.Decimal(max_digits=10, decimal_places=2, default=decimal.Decimal("1.50")),
            decimal.Decimal("1.50"),
            decimal.Decimal("2.25"),
        ),
        "ratio": (ormar.Float(default=0.1), 0.1, 0.25),
        "active": (ormar.Boolean(default=True), True, False),
        "at": (
            ormar.DateTime(default=datetime.datetime(2024, 1, 2, 3, 4, 5)),
            datetime.datetime(2024, 1, 2, 3, 4, 5),
            datetime.datetime(2025, 1, 2, 3, 4, 5),
        ),
        "day": (
            ormar.Date(default=datetime.date(2024, 1, 2)),
            datetime.date(2024, 1, 2),
            datetime.date(2025, 1, 2),
        ),
        "time": (ormar.Time(default=datetime.time(3, 4)), datetime.time(3, 4), datetime.time(5, 6)),
        "data": (ormar.JSON(default={"a": [1, 2]}), {"a": [1, 2]}, {"a": [1, 2, 3]}),
        "number": (ormar.UUID(default=key), key, uuid.UUID(int=8)),
        "color": (ormar.Enum(enum_class=Color, default=Color.RED), Color.RED, Color.BLUE),
        "raw": (ormar.LargeBinary(max_length=100, default=b"\x00a"), b"\x00a", b"\x00b"),
        "note": (ormar.Text(nullable=True), None, "something"),
        "aliased": (ormar.Integer(default=1, name="other_column"), 1, 2),
    }


@pytest.mark.parametrize(
    "database",
    [
        "sqlite",
        *(
            pytest.param(name, marks=getattr(pytest.mark, name))
            for name in SERVERS
            if lanes.CURRENT
        ),
    ],
)
# SQLAlchemy about rounding, which the values here do not need.
@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal")
async def test_only_what_differs_is_a_change_whatever_its_type(
    database: str, tmp_path: Path
) -> None:
    url = SERVER_URLS.get(database)
    store = Store.sqlite(tmp_path / "types.db") if url is None else Store(url)
    fields = {name: field for name, (field, _, _) in values().items()}
    if database == "mariadb":
        del fields["raw"]  # its driver refuses it, with ormar alone as well
    item_type = store.model("Item", id=ormar.Integer(primary_key=True), **fields)
    typed_signals.ormar.install()
    try:
        async with store.opened():
            log = log_changes(item_type, "post_update")
            created = await item_type().save()
            loaded = await item_type.objects.get()
            for item in (created, loaded):
                await item.update()
            assert [each for _, each in log] == [{}, {}]
            for name in fields:
                _, old, new = values()[name]
                log.clear()
                await loaded.update(**{name: new})
                assert [each for _, each in log] == [{name: Change(old, new)}]
    finally:
        store.forget_receivers()
        typed_signals.ormar.uninstall()
        if lanes.CURRENT:
            await asyncio.to_thread(store.drop_tables)


@pytest.mark.skipif(not lanes.CURRENT, reason="other lanes do not install `cryptography`")
async def test_encrypted_field_is_given_decrypted(store: Store) -> None:
    secret = ormar.String(
        max_length=200,
        default="old",
        encrypt_secret="key",
        encrypt_backend=ormar.EncryptBackends.FERNET,
    )
    item_type = store.model("Item", id=ormar.Integer(primary_key=True), secret=secret)
    typed_signals.ormar.install()
    async with store.opened():
        log = log_changes(item_type, "post_update")
        item = await item_type().save()
        await item.update()
        await item.update(secret="new")
    assert [each for _, each in log] == [{}, {"secret": Change("old", "new")}]


async def test_json_that_is_changed_in_place_is_a_change(store: Store) -> None:
    item_type = store.model(
        "Item", id=ormar.Integer(primary_key=True), data=ormar.JSON(default={"a": [1]})
    )
    typed_signals.ormar.install()
    async with store.opened():
        log = log_changes(item_type, "post_update")
        item = await item_type(data={"a": [1]}).save()
        data = item.data
        data["a"].append(2)
        item.data = data
        await item.update()
    assert log == [("post_update of Item", {"data": Change({"a": [1]}, {"a": [1, 2]})})]


@pytest.mark.skipif(not lanes.CURRENT, reason="`on_update` is new in ormar 0.23")
async def test_field_that_ormar_sets_at_each_update_counts(store: Store) -> None:
    numbers = iter(range(1, 10))
    item_type = store.model(
        "Item",
        id=ormar.Integer(primary_key=True),
        name=ormar.String(max_length=10, default="a"),
        size=ormar.Integer(default=0),
        version=ormar.Integer(default=0, on_update=lambda: next(numbers)),
    )
    typed_signals.ormar.install()
    async with store.opened():
        log = log_changes(item_type, "post_update")
        item = await item_type().save()
        item.size = 5
        await item.update(_columns=["name"], name="b")
    assert log == [("post_update of Item", {"name": Change("a", "b"), "version": Change(0, 1)})]


async def test_signal_that_is_assigned_names_every_field_that_is_wrong(shop: Shop) -> None:
    alone = Signal[PostUpdateReceiver[Any]]()

    async def mail(sender: Any, **kwargs: Any) -> None: ...

    async def index(sender: Any, **kwargs: Any) -> None: ...

    alone.connect(mail, fields={"nmae"})
    alone.connect(index, fields={"play_cuont"})
    with pytest.raises(SignalDefinitionError) as caught:
        signals(shop.Album).post_update = alone
    assert "did you mean `name`?" in str(caught.value)
    assert "did you mean `play_count`?" in str(caught.value)
    assert alone.receivers == (mail, index)


async def test_property_is_no_field(store: Store) -> None:
    item_type = store.model(
        "Item",
        id=ormar.Integer(primary_key=True),
        name=ormar.String(max_length=10),
        shout=property(lambda self: self.name.upper()),
    )
    typed_signals.ormar.install()

    async def mail(sender: Any, **kwargs: Any) -> None: ...

    assert getattr(item_type, CONFIG)
    with pytest.raises(SignalDefinitionError, match="`shout` in `fields` is no field that an"):
        signals(item_type).post_update.connect(mail, fields={"shout"})
    async with store.opened():
        log = log_changes(item_type, "post_update")
        await (await item_type(name="a").save()).update(name="b")
    assert log == [("post_update of Item", {"name": Change("a", "b")})]
