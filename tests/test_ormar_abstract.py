"""Abstract models stand for every model that derives from them; proxies and through models."""

from typing import Any

import ormar
import pytest

from tests import lanes
from tests.shop import CONFIG, log_sends
from typed_signals import ModelSignals, Signal
from typed_signals.ormar import (
    SignalDefinitionError,
    install,
    post_save,
    pre_relation_add,
    pre_save,
    pre_update,
    receiver,
    uninstall,
)
from typed_signals.testing import connected_to

ABSTRACT = {"abstract": True}

proxies = pytest.mark.skipif(
    not lanes.CURRENT, reason="proxy models and emit_parent_signals came with ormar 0.25 and 0.26"
)


def signals(model: Any) -> Any:
    return getattr(model, CONFIG).signals


def names(log: list[Any]) -> list[str]:
    return [sent.sender.__name__ for sent in log]


def noting(log: list[Any], name: str) -> Any:
    async def note(sender: Any, **kwargs: object) -> None:
        log.append((name, sender.__name__))

    return note


# --- inheritance ---------------------------------------------------------------------------------


@pytest.mark.parametrize("decorator", [pre_update, ormar.pre_update], ids=["ours", "ormar's"])
async def test_abstract_receiver_receives_from_present_and_future_models(store, decorator):
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    install()
    track = store.model("Track", base)
    received = []

    @decorator(base)
    async def note(sender, instance, passed_args, **kwargs):
        received.append((sender, instance, passed_args))

    tag = store.model("Tag", base)
    other = store.model("Other")
    expected = []
    async with store.opened():
        for model in (album, track, tag, other):
            instance = await model(name="a").save()
            await instance.update(name="b")
            expected.append((model, instance, {"name": "b"}))
    assert received == expected[:3]
    assert all(
        sender is model for (sender, *_), (model, *_) in zip(received, expected, strict=False)
    )
    assert all(got[1] is want[1] for got, want in zip(received, expected, strict=False))
    assert signals(other).pre_update.receivers == ()


async def test_receivers_are_inherited_through_several_levels(store):
    install()
    top = store.model("Top", config=ABSTRACT)
    middle = store.model("Middle", top, config=ABSTRACT)
    low, high = store.model("Low", middle), store.model("High", top)
    log = log_sends(top, "pre_save")
    middle_log = log_sends(middle, "pre_save")
    async with store.opened():
        await low(name="a").save()
        await high(name="a").save()
    assert names(log) == ["Low", "High"]
    assert names(middle_log) == ["Low"]


async def test_receivers_are_inherited_from_several_abstract_bases(store):
    install()
    named = store.model("Named", config=ABSTRACT)
    dated = store.model(
        "Dated",
        config=ABSTRACT,
        id=ormar.Integer(primary_key=True),
        year=ormar.Integer(default=0),
    )
    album = store.model("Album", named, dated)
    logs = log_sends(named, "pre_save"), log_sends(dated, "pre_save")
    async with store.opened():
        await album(name="a").save()
    assert [names(log) for log in logs] == [["Album"], ["Album"]]


async def test_receiver_connected_at_both_levels_is_called_once(store):
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    log = []
    note = noting(log, "note")
    pre_save([album, base])(note)
    assert signals(album).pre_save.receivers == (note,)
    async with store.opened():
        await album(name="a").save()
    assert log == [("note", "Album")]
    assert signals(base).pre_save.disconnect(note) is True
    assert signals(album).pre_save.receivers == (note,)


async def test_receivers_of_both_levels_run_in_the_order_of_connection(store):
    install()
    top = store.model("Top", config=ABSTRACT)
    middle = store.model("Middle", top, config=ABSTRACT)
    album = store.model("Album", middle)
    log = []
    for name, model in [("1", album), ("2", top), ("3", middle), ("4", album), ("5", top)]:
        pre_save(model)(noting(log, name))
    async with store.opened():
        await album(name="a").save()
    assert log == [(str(number), "Album") for number in range(1, 6)]


async def test_disconnecting_at_the_abstract_model_disconnects_from_all(store):
    install()
    base = store.model("Base", config=ABSTRACT)
    album, track = store.model("Album", base), store.model("Track", base)
    log = []
    note = noting(log, "note")
    pre_save(base)(note)
    assert signals(album).pre_save.receivers == (note,)
    assert signals(album).pre_save.disconnect(note) is False, "it is not connected there"
    assert signals(base).pre_save.disconnect(note) is True
    assert signals(base).pre_save.disconnect(note) is False
    later = store.model("Later", base)
    for model in (album, track, later):
        assert signals(model).pre_save.receivers == ()
    async with store.opened():
        await album(name="a").save()
    assert log == []


async def test_relation_signals_reach_receivers_of_the_abstract_model(shop):
    received = []

    @pre_relation_add(shop.Product)
    async def note(sender, instance, child, relation_name, passed_args, **kwargs):
        received.append((sender, child, relation_name, passed_args))

    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    track = await shop.Track.objects.create(name="River")
    await album.tags.add(tag, weight=2)
    await album.tracks.add(track)
    assert received == [
        (shop.Album, tag, "tags", {"weight": 2}),
        (shop.Album, track, "tracks", {}),
    ]


async def test_all_lifecycle_signals_reach_receivers_of_the_abstract_model(shop):
    log = log_sends(shop.Product)
    own = log_sends(shop.Album)
    album = await shop.Album.objects.create(name="Blue")
    await album.update(name="Hejira")
    await shop.Album.objects.bulk_update([album])
    tag = await shop.Tag.objects.create(name="folk")
    await album.tags.add(tag)
    await album.tags.remove(tag)
    await album.delete()
    assert len({sent.signal for sent in own}) == 11
    assert [sent.signal for sent in log] == [sent.signal for sent in own]


# --- custom signals, contracts -------------------------------------------------------------------


async def test_custom_signal_of_an_abstract_model_is_inherited(store):
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    log = []
    note = noting(log, "note")
    receiver("sold_out", base)(note)
    await signals(album).sold_out.send(sender=album, left=0)
    assert log == [("note", "Album")]


async def test_assigned_signal_of_an_abstract_model_is_inherited(store):
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    log = []
    signals(base).sold_out.connect(noting(log, "replaced"))
    signals(album).sold_out.connect(noting(log, "own"))
    signals(base).sold_out = Signal()
    signals(base).sold_out.connect(noting(log, "new"))
    await signals(album).sold_out.send(sender=album)
    assert log == [("own", "Album"), ("new", "Album")]


def test_refusal_names_the_abstract_model(store):
    install()
    base = store.model("Base", config=ABSTRACT)
    with pytest.raises(SignalDefinitionError, match="signal `pre_save` of Base:"):

        @pre_save(base)
        async def wrong(sender, child, **kwargs): ...


async def test_declared_signal_reaches_all_models(store):
    class Declared(ModelSignals[Any]):
        sold_out: Signal

    base = store.model("Base", config=ABSTRACT)
    install(base, signals=Declared)
    album = store.model("Album", base)
    log = []
    receiver("sold_out", base)(noting(log, "note"))
    assert type(signals(album)) is Declared
    await signals(album).sold_out.send(sender=album)
    assert log == [("note", "Album")]


async def test_receivers_connected_to_an_abstract_model_before_install_are_kept(store):
    """With ormar alone they are never called; from ``install()`` on they are."""
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    log = []
    ormar.pre_save(base)(noting(log, "inherited"))
    ormar.pre_save(album)(noting(log, "own"))
    async with store.opened():
        await album(name="a").save()
        assert log == [("own", "Album")]
        install()
        await album(name="b").save()
        assert sorted(log[1:]) == [("inherited", "Album"), ("own", "Album")]
        uninstall()
        await album(name="c").save()
    assert log[3:] == [("own", "Album")]


async def test_install_on_the_concrete_model_leaves_the_abstract_one_out(store):
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    install(album)
    with pytest.raises(SignalDefinitionError, match="the signals of `Base` are ormar's own"):
        pre_save(base)
    install(base)
    log = []
    pre_save(base)(noting(log, "note"))
    async with store.opened():
        await album(name="a").save()
    assert log == [("note", "Album")]


# --- models that derive from concrete ones -------------------------------------------------------


async def test_model_derived_from_a_concrete_one_has_its_own_signals(store):
    """As in ormar: receivers of a concrete model are not called for models derived from it."""
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    single = store.model("Single", album)
    log, own, inherited = log_sends(album), log_sends(single), log_sends(base)
    async with store.opened():
        await single(name="a").save()
    assert log == []
    assert names(own) == names(inherited) == ["Single", "Single"]


async def test_model_without_configuration_shares_its_parents(store):
    """In old ormar a subclass may have none: it shares the table and the signals."""
    install()
    album = store.model("Album")
    plain = type(album)("Plain", (album,), {"__module__": __name__, "__annotations__": {}})
    log = []
    pre_save(plain)(noting(log, "note"))
    assert signals(album).pre_save.receivers == signals(plain).pre_save.receivers != ()


@proxies
@pytest.mark.parametrize("emit", [True, False])
async def test_emit_parent_signals_sends_the_parents_signals_once(store, emit):
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    live = store.model("Live", album, config={"proxy": True, "emit_parent_signals": emit})
    log = []
    for name, model in [("base", base), ("album", album), ("live", live)]:
        pre_save(model)(noting(log, name))
    async with store.opened():
        await live(name="a").save()
        assert log == [
            ("base", "Live"),
            ("live", "Live"),
            *([("album", "Album")] if emit else []),
        ], "receivers of the parent get it as sender, those of the abstract base are called once"
        log.clear()
        await album(name="b").save()
    assert log == [("base", "Album"), ("album", "Album")]


@proxies
@pytest.mark.parametrize("connect", [True, False], ids=["connected before", "not connected"])
async def test_temporary_receiver_receives_a_childs_operation_as_often(store, connect):
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    live = store.model("Live", album, config={"proxy": True, "emit_parent_signals": True})
    log = []
    receiver = noting(log, "base")
    if connect:
        pre_save(base)(receiver)
    async with store.opened():
        with connected_to(signals(base).pre_save, receiver):
            await live(name="a").save()
        assert log == [("base", "Live")]
        with connected_to(signals(album).pre_save, noting(log, "album")):
            await live(name="b").save()
    assert log[1:] == [*([("base", "Live")] if connect else []), ("album", "Album")]


@proxies
async def test_parents_receiver_gets_the_childs_instance(store):
    install()
    album = store.model("Album")
    live = store.model("Live", album, config={"proxy": True, "emit_parent_signals": True})
    log = log_sends(album, "post_save")
    async with store.opened():
        instance = await live(name="a").save()
    (sent,) = log
    assert sent.sender is album
    assert sent.payload["instance"] is instance


@proxies
async def test_emit_parent_signals_works_through_two_concrete_levels(store):
    install()
    base = store.model("Base", config=ABSTRACT)
    album = store.model("Album", base)
    live = store.model("Live", album, config={"proxy": True, "emit_parent_signals": True})
    bootleg = store.model("Bootleg", live, config={"proxy": True, "emit_parent_signals": True})
    log = []
    for name, model in [("base", base), ("album", album), ("live", live), ("bootleg", bootleg)]:
        post_save(model)(noting(log, name))
    async with store.opened():
        await bootleg(name="a").save()
    assert log == [
        ("base", "Bootleg"),
        ("bootleg", "Bootleg"),
        ("live", "Live"),
        ("album", "Album"),
    ]


@proxies
async def test_proxy_has_its_own_signals(store):
    install()
    album = store.model("Album")
    live = store.model("Live", album, config={"proxy": True})
    log, own = log_sends(album), log_sends(live)
    async with store.opened():
        await live(name="a").save()
    assert log == []
    assert names(own) == ["Live", "Live"]
    assert isinstance(signals(live), ModelSignals)
    assert signals(live) is not signals(album)
    assert live.Meta is live.ormar_config


# --- through models ------------------------------------------------------------------------------


async def test_through_model_made_by_ormar_has_typed_signals(store):
    install()
    tag = store.model("Tag")
    album = store.model(
        "Album",
        id=ormar.Integer(primary_key=True),
        tags=ormar.ManyToMany(tag),
    )
    through = getattr(album, CONFIG).model_fields["tags"].through
    assert isinstance(signals(through), ModelSignals)
    log = log_sends(through, "post_save")
    async with store.opened():
        instance = await album().save()
        await instance.tags.add(await tag(name="folk").save())
    assert [sent.sender for sent in log] == [through]


@pytest.mark.parametrize("early", [True, False], ids=["install first", "install last"])
async def test_through_model_inherited_from_an_abstract_model_has_typed_signals(store, early):
    """ormar copies it for every derived model, and the copies share one emitter."""
    if early:
        install()
    tag = store.model("Tag")
    through = store.model("AlbumTag", id=ormar.Integer(primary_key=True))
    base = store.model(
        "Base",
        config=ABSTRACT,
        id=ormar.Integer(primary_key=True),
        tags=ormar.ManyToMany(tag, through=through, related_name="tagged"),
    )
    album, single = store.model("Album", base), store.model("Single", base)
    if not early:
        install()
    log = []
    post_save(through)(noting(log, "note"))
    copies = [getattr(each, CONFIG).model_fields["tags"].through for each in (album, single)]
    assert all(signals(copy) is signals(through) for copy in copies)
    async with store.opened():
        folk = await tag(name="folk").save()
        for model in (album, single):
            instance = await model().save()
            await instance.tags.add(folk)
    assert [sender for _, sender in log] == [copy.__name__ for copy in copies]
