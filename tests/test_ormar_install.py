"""Installing: which models get typed signals, what is kept, and uninstalling."""

import re
from collections.abc import Awaitable
from typing import Any, Protocol, TypeVar

import ormar
import pydantic
import pytest
from ormar.decorators.signals import receiver as ormar_receiver

import typed_signals
from tests import lanes
from tests.shop import CONFIG
from typed_signals import (
    ModelSignals,
    PreSaveReceiver,
    Signal,
    SignalDefinitionWarning,
    SignalEmitter,
)
from typed_signals._describe import kind_of
from typed_signals.ormar import (
    SignalDefinitionError,
    UnknownSignalError,
    get_signals,
    install,
    pre_save,
    receiver,
    uninstall,
)

Model = Any
M = TypeVar("M")
ORMAR_RECEIVER = ormar_receiver
ORMAR_REGISTER = ormar.models.metaclass.register_signals


class SoldOut(Protocol):
    def __call__(self, sender: type[Any], *, left: int, **kwargs: object) -> Awaitable[object]: ...


class AlbumSignals(ModelSignals[M]):
    sold_out: Signal[SoldOut]


def signals(model: Model) -> Any:
    return getattr(model, CONFIG).signals


def is_plain(model: Model) -> bool:
    return type(signals(model)) is ormar.signals.SignalEmitter


def is_typed(model: Model) -> bool:
    return isinstance(signals(model), ModelSignals)


def new_receiver(log: list[Any], name: str = "") -> Any:
    async def note(sender: Any, instance: Any, **kwargs: object) -> None:
        log.append((name or "received", sender.__name__, instance.name))

    return note


async def no_sender(**kwargs: object) -> None: ...


def returns_awaitable(sender: Any, **kwargs: object) -> Awaitable[object]:
    return no_sender()


async def never_sent(sender: Any, child: Any, **kwargs: object) -> None: ...


# --- which models --------------------------------------------------------------------------------


async def test_install_covers_models_defined_before_and_after(store):
    before = store.model("Before")
    install()
    after = store.model("After")
    assert is_typed(before)
    assert is_typed(after)
    log = []
    pre_save([before, after])(new_receiver(log))
    async with store.opened():
        await before(name="a").save()
        await after(name="b").save()
    assert log == [("received", "Before", "a"), ("received", "After", "b")]


def test_models_keep_ormars_signals_without_install(store):
    album = store.model("Album")
    assert is_plain(album)
    assert ormar.decorators.signals.receiver is ORMAR_RECEIVER
    assert ormar.models.metaclass.register_signals is ORMAR_REGISTER


def test_install_covers_named_models_and_their_subclasses(store):
    product = store.model("Product", config={"abstract": True})
    album, other = store.model("Album", product), store.model("Other")
    install(product)
    later, later_other = store.model("Later", product), store.model("LaterOther")
    assert [is_typed(each) for each in (product, album, later)] == [True] * 3
    assert [is_plain(each) for each in (other, later_other)] == [True] * 2


def test_install_accepts_several_targets(store):
    album, track, other = map(store.model, ("Album", "Track", "Other"))
    install(album, track)
    assert [is_typed(each) for each in (album, track, other)] == [True, True, False]


def test_install_covers_models_that_derive_from_a_configuration_later(store):
    base, other = store.base, store.new_base()
    install(base)
    album = store.model("Album", base=base)
    track = store.model("Track", base=other)
    assert is_typed(album)
    assert is_plain(track)


def test_install_covers_models_that_derived_from_a_configuration_before(store):
    album = store.model("Album")
    install(store.base)
    assert is_typed(album)


def test_install_follows_a_configuration_through_its_copies(store):
    install(store.base)
    deeper = store.config(base=store.base)
    product = store.model("Product", base=deeper, config={"abstract": True})
    album = store.model("Album", product, base=deeper)
    assert is_typed(product)
    assert is_typed(album)


def test_emitter_in_the_configuration_needs_no_install(store):
    emitter = AlbumSignals()
    album = store.model("Album", config={"signals": emitter})
    assert signals(album) is emitter
    received = []

    @pre_save(album)
    async def note(sender, **kwargs):
        received.append(sender)

    assert emitter.pre_save.receivers == (note,)
    assert str(emitter.pre_save) == (
        "<signal `pre_save` of Album: `tests.test_ormar_install."
        "test_emitter_in_the_configuration_needs_no_install.<locals>.note` "
        f"(tests/test_ormar_install.py:{note.__code__.co_firstlineno})>"
    )


# --- what is kept --------------------------------------------------------------------------------


async def test_receivers_connected_before_install_are_kept_in_order(store):
    album = store.model("Album")
    log = []
    before = [new_receiver(log, name) for name in ("first", "second")]
    for each in before:
        ormar.pre_save(album)(each)
    install()
    third = pre_save(album)(new_receiver(log, "third"))
    assert signals(album).pre_save.receivers == (*before, third)
    async with store.opened():
        await album(name="a").save()
    assert [name for name, *_ in log] == ["first", "second", "third"]


def test_bound_methods_connected_before_install_can_be_disconnected(store):
    class Auditor:
        async def note(self, sender: Any, **kwargs: object) -> None: ...

    album, auditor = store.model("Album"), Auditor()
    signals(album).pre_save.connect(auditor.note)
    install()
    assert signals(album).pre_save.disconnect(auditor.note) is True
    assert signals(album).pre_save.receivers == ()


def test_signals_keep_their_identity_through_install_and_uninstall(store):
    album = store.model("Album")
    custom = ormar.Signal()
    signals(album).sold_out = custom
    before = dict(signals(album))
    install()
    during = signals(album)
    assert {name: during[name] for name in before} == before
    assert during.sold_out is custom
    assert all(isinstance(during[name], Signal) for name in during)
    made_during = during.made_during
    uninstall()
    assert dict(signals(album)) == {**before, "made_during": made_during}
    assert all(type(each) is ormar.Signal for each in signals(album).values())


async def test_uninstall_keeps_receivers(store):
    album = store.model("Album")
    log = []
    install()
    first = pre_save(album)(new_receiver(log, "first"))
    second = pre_save(album)(new_receiver(log, "second"))
    uninstall()
    assert is_plain(album)
    assert list(signals(album).pre_save._receivers.values()) == [first, second]
    assert ormar.decorators.signals.receiver is ORMAR_RECEIVER
    assert ormar.models.metaclass.register_signals is ORMAR_REGISTER
    assert is_plain(store.model("Later"))
    async with store.opened():
        await album(name="a").save()
    assert [name for name, *_ in log] == ["first", "second"]
    assert signals(album).pre_save.disconnect(first) is True


def test_uninstall_removes_meta_again(store):
    album = store.model("Album")
    install()
    assert album.Meta is getattr(album, CONFIG)
    uninstall()
    assert hasattr(album, "Meta") is lanes.LEGACY


def test_uninstall_of_some_models_leaves_the_others(store):
    album, track = store.model("Album"), store.model("Track")
    install(album, track)
    uninstall(album)
    assert is_plain(album)
    assert is_typed(track)


@pytest.mark.parametrize("note", [new_receiver([]), returns_awaitable])
def test_install_and_uninstall_can_be_repeated(store, note):
    album = store.model("Album")
    signals(album).pre_save.connect(note)
    for _ in range(3):
        install()
        assert signals(album).pre_save.receivers == (note,)
        uninstall()
    assert list(signals(album).pre_save._receivers.values()) == [note]


def test_uninstall_without_install_changes_nothing(store):
    album = store.model("Album")
    uninstall()
    uninstall(album)
    assert is_plain(album)


# --- a receiver that is refused ------------------------------------------------------------------


def test_install_with_one_bad_receiver_changes_nothing(store):
    first, bad, last = map(store.model, ("First", "Bad", "Last"))
    good = new_receiver([])
    for model in (first, bad, last):
        signals(model).pre_save.connect(good)
    signals(bad).pre_save.connect(no_sender)
    held = {model: dict(signals(model)) for model in (first, bad, last)}
    with pytest.raises(SignalDefinitionError) as caught:
        install()
    line = no_sender.__code__.co_firstlineno
    assert str(caught.value) == (
        f"`tests.test_ormar_install.no_sender` (tests/test_ormar_install.py:{line}) "
        "cannot be connected to signal `pre_save` of Bad:\n"
        "  - it has no `sender` parameter of its own, `**kwargs` swallows it: "
        "write `sender` as its first parameter\n"
        "  expected: async def receiver(sender: type[Bad], *, instance: Bad, **kwargs: object)"
    )
    assert isinstance(caught.value, ormar.exceptions.SignalDefinitionError)
    for model, before in held.items():
        assert is_plain(model)
        assert dict(signals(model)) == before
        assert all(type(each) is ormar.Signal for each in before.values())
        assert next(iter(before["pre_save"]._receivers.values())) is good
    assert list(signals(bad).pre_save._receivers.values()) == [good, no_sender]
    assert ormar.decorators.signals.receiver is ORMAR_RECEIVER
    assert is_plain(store.model("Later"))
    signals(bad).pre_save.disconnect(no_sender)
    install()
    assert is_typed(bad)


def test_install_names_every_bad_receiver_of_every_model(store):
    album, track = store.model("Album"), store.model("Track")
    signals(album).pre_save.connect(no_sender)
    signals(album).post_save.connect(never_sent)
    signals(track).pre_save.connect(never_sent)
    with pytest.raises(SignalDefinitionError) as caught:
        install()
    found = re.findall(r"install\.(\w+)`.*(signal `\w+` of \w+):", str(caught.value))
    assert sorted(found) == [
        ("never_sent", "signal `post_save` of Album"),
        ("never_sent", "signal `pre_save` of Track"),
        ("no_sender", "signal `pre_save` of Album"),
    ]
    assert len(caught.value.faults) == 3
    assert is_plain(album)
    assert is_plain(track)


def test_failed_install_leaves_an_earlier_one_unchanged(store):
    album, track = store.model("Album"), store.model("Track")
    install(album)
    emitter = signals(album)
    signals(track).pre_save.connect(no_sender)
    with pytest.raises(SignalDefinitionError):
        install()
    assert signals(album) is emitter
    assert is_plain(track)


# --- repeated and overlapping installs -----------------------------------------------------------


def test_install_twice_changes_nothing(store):
    album = store.model("Album")
    note = new_receiver([])
    signals(album).pre_save.connect(note)
    install()
    emitter = signals(album)
    install()
    install()
    assert signals(album) is emitter
    assert emitter.pre_save.receivers == (note,)


@pytest.mark.parametrize("named_first", [True, False])
def test_named_model_has_its_own_emitter_class(store, named_first):
    album, track = store.model("Album"), store.model("Track")
    note = new_receiver([])
    signals(album).pre_save.connect(note)
    for named in (named_first, not named_first):
        if named:
            install(album, signals=AlbumSignals)
        else:
            install()
    assert type(signals(album)) is AlbumSignals
    assert type(signals(track)) is ModelSignals
    assert signals(album).pre_save.receivers == (note,)
    uninstall(album)
    assert type(signals(album)) is ModelSignals
    assert signals(album).pre_save.receivers == (note,)


def test_last_install_of_a_target_counts(store):
    product = store.model("Product", config={"abstract": True})
    album = store.model("Album", product)

    class Other(ModelSignals[M]):
        other: Signal[SoldOut]

    install(album, signals=AlbumSignals)
    install(product, signals=Other)
    assert type(signals(album)) is Other
    install(album, signals=AlbumSignals)
    assert type(signals(album)) is AlbumSignals


@pytest.mark.parametrize("call", [install, uninstall])
def test_install_and_uninstall_refuse_what_is_no_target(store, call):
    install(store.model("Track"))
    targets = [(store.model("Album")(name="a"), "an `Album`"), ("Album", "a `str`")]
    if not lanes.LEGACY:  # whose base configurations are plain classes
        targets += [(Plain, "`Plain`"), (ormar.OrmarConfig, "`OrmarConfig`")]
    for target, given in targets:
        with pytest.raises(SignalDefinitionError) as caught:
            call(target)
        assert str(caught.value) == (
            f"typed signals cannot be installed on {given}: expected models or base "
            "configurations; `install()` without any covers every model"
        )


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (SignalEmitter, "`SignalEmitter`"),
        (ModelSignals(), "a `ModelSignals`"),
        (dict, "`dict`"),
    ],
)
def test_install_refuses_what_is_no_emitter_class(kind, given):
    with pytest.raises(SignalDefinitionError) as caught:
        install(signals=kind)
    assert str(caught.value) == (
        f"`signals` must be an emitter class for models, not {given}: "
        "write `class MySignals(typed_signals.ModelSignals[Model]): ...`"
    )


# --- modes ---------------------------------------------------------------------------------------


async def test_lenient_install_accepts_what_works_with_a_warning(store):
    album = store.model("Album")
    received = []

    async def swallow(**kwargs):
        received.append(sorted(kwargs))

    signals(album).pre_save.connect(swallow)
    with pytest.warns(SignalDefinitionWarning, match="swallow.*breaks the contract of"):
        install(mode="lenient")
    with pytest.warns(SignalDefinitionWarning, match="of its own, `.*kwargs` swallows it"):
        pre_save(album)(new_swallow := _new_swallow(received))
    assert signals(album).pre_save.receivers == (swallow, new_swallow)
    with pytest.raises(SignalDefinitionError, match="which `pre_save` never sends"):
        pre_save(album)(never_sent)
    async with store.opened():
        await album(name="a").save()
    assert received == [["instance", "sender"]] * 2


def _new_swallow(received: list[Any]) -> Any:
    async def swallow(**kwargs: object) -> None:
        received.append(sorted(kwargs))

    return swallow


def test_strict_install_refuses_unknown_names(store):
    album = store.model("Album")
    install(mode="strict")
    with pytest.raises(UnknownSignalError) as caught:
        signals(album).pre_svae
    assert str(caught.value) == "Album has no signal `pre_svae`: did you mean `pre_save`?"
    assert isinstance(caught.value, ormar.exceptions.SignalDefinitionError)
    with pytest.raises(UnknownSignalError, match="has no signal `bulk_post_update`"):
        ormar.decorators.signals.receiver("bulk_post_update", album)
    assert not hasattr(signals(album), "sold_out")
    later = store.model("Later")
    with pytest.raises(UnknownSignalError):
        signals(later).sold_out


def test_install_again_changes_the_mode(store):
    album = store.model("Album")
    install(mode="strict")
    install()
    assert isinstance(signals(album).sold_out, Signal)


# --- custom signals ------------------------------------------------------------------------------


class Counting(ormar.Signal):
    """The user's signal class, with its own state and behaviour."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0

    async def send(self, sender: Any, **kwargs: Any) -> None:
        self.sent += 1
        await super().send(sender, **kwargs)


@pytest.mark.parametrize("assigned", ["before", "after"])
def test_subclass_of_ormars_signal_is_refused_and_left_alone(store, assigned):
    album = store.model("Album")
    counting = Counting()

    def assign() -> None:
        signals(album).pre_save = counting

    if assigned == "before":
        assign()
    refused = install if assigned == "before" else assign
    if assigned == "after":
        install()
    with pytest.raises(SignalDefinitionError) as caught:
        refused()
    assert str(caught.value) == (
        "a `Counting` is of a subclass of `ormar.Signal`, and what that adds would be lost: "
        "derive `Counting` from `typed_signals.Signal`"
    )
    assert type(counting) is Counting
    assert is_plain(album) is (assigned == "before")


class OwnSignal(Signal[SoldOut]):
    """The user's class of typed signals."""


async def test_subclass_of_a_typed_signal_stays_typed_after_uninstall(store):
    product = store.model("Product", config={"abstract": True})
    album = store.model("Album", product)
    install()

    @signals(product).sold_out.connect
    async def inherited(sender, **kwargs): ...

    signal = signals(album).sold_out = OwnSignal()
    received = []

    async def note(sender, left, **kwargs):
        received.append(left)

    signal.connect(note)
    assert signal.receivers == (inherited, note)
    uninstall()
    assert signals(album).sold_out is signal
    assert isinstance(signal, OwnSignal)
    assert signal.receivers == (note,), "ormar's own signals do not inherit receivers"
    with pytest.raises(typed_signals.SignalDefinitionError, match="which `sold_out` never sends"):
        signal.connect(never_sent)
    await signal.send(sender=album, left=1)
    assert received == [1]
    install()
    assert signals(album).sold_out is signal
    assert set(signal.receivers) == {inherited, note}
    assert signal.protocol is SoldOut


def test_contract_is_kept_through_uninstall_and_install(store):
    album = store.model("Album")
    install()
    signals(album).sold_out = Signal[SoldOut]()
    uninstall()
    install()
    with pytest.raises(SignalDefinitionError, match="which `sold_out` never sends"):
        signals(album).sold_out.connect(never_sent)


@pytest.mark.parametrize("kind", [ormar.Signal, Signal, Signal[SoldOut]])
def test_assigned_signal_keeps_its_identity_and_checks_receivers(store, kind):
    album = store.model("Album")
    install()
    signal = kind()
    signals(album).sold_out = signal
    assert signals(album).sold_out is signal
    assert signals(album)["sold_out"] is signal
    assert isinstance(signal, Signal)
    assert signal.title == "signal `sold_out` of Album"
    assert signal.protocol is (SoldOut if kind == Signal[SoldOut] else typed_signals.CustomReceiver)
    with pytest.raises(SignalDefinitionError, match="it must be async, but it is a lambda"):
        signal.connect(lambda sender, **kwargs: None)


def test_receivers_of_an_assigned_ormar_signal_are_checked(store):
    album = store.model("Album")
    install()
    before = signals(album).pre_save
    signal = ormar.Signal()
    signal.connect(never_sent)
    with pytest.raises(SignalDefinitionError, match="cannot be connected to signal `pre_save`"):
        signals(album).pre_save = signal
    assert signals(album).pre_save is before
    assert type(signal) is ormar.Signal


@pytest.mark.parametrize("value", [None, "signal", object, lambda **kwargs: None])
def test_assigning_what_is_no_signal_is_refused(store, value):
    album = store.model("Album")
    install()
    with pytest.raises(SignalDefinitionError) as caught:
        signals(album).sold_out = value
    assert str(caught.value) == (
        f"`sold_out` of Album must be a signal, not {kind_of(value)}: write "
        "`signals.sold_out = Signal()`, or connect a receiver with `signals.sold_out.connect(...)`"
    )
    assert isinstance(caught.value, ormar.exceptions.SignalDefinitionError)


@pytest.mark.parametrize("everywhere", [True, False], ids=["on all", "on one"])
async def test_declared_custom_signals_check_receivers(store, everywhere):
    album, track = store.model("Album"), store.model("Track")
    install(*([] if everywhere else [album]), signals=AlbumSignals)
    received = []

    @receiver("sold_out", [album, track] if everywhere else album)
    async def note(sender, left, **kwargs):
        received.append((sender.__name__, left, kwargs))

    declared = get_signals(album, AlbumSignals)
    with pytest.raises(SignalDefinitionError, match="which `sold_out` never sends"):
        declared.sold_out.connect(never_sent)
    await declared.sold_out.send(sender=album, left=3)
    assert received == [("Album", 3, {})]
    assert is_typed(track) is everywhere
    if everywhere:
        await get_signals(track, AlbumSignals).sold_out.send(sender=track, left=0)
        assert received[1:] == [("Track", 0, {})]


def test_signal_with_another_contract_than_declared_is_an_error_of_ormar(store):
    album = store.model("Album")
    install(album, signals=AlbumSignals)
    with pytest.raises(ormar.exceptions.SignalDefinitionError, match="declared with the contract"):
        get_signals(album, AlbumSignals).sold_out = Signal[PreSaveReceiver]()


def test_emitter_class_of_another_model_is_refused(store):
    album, track = store.model("Album"), store.model("Track")
    live = store.model("Live", store.model("Base", config={"abstract": True}))

    class TrackSignals(ModelSignals[track]): ...

    class BaseSignals(ModelSignals[live.__mro__[1]]): ...

    install()
    for targets in ([album], [track, album]):
        with pytest.raises(SignalDefinitionError) as caught:
            install(*targets, signals=TrackSignals)
        assert str(caught.value) == (
            f"`{TrackSignals.__qualname__}` declares the signals of `Track`, not of `Album`: to "
            "share it, declare it with `Any` in place of `Track`"
        )
    assert isinstance(caught.value, ormar.exceptions.SignalDefinitionError)
    assert {type(signals(each)) for each in (album, track)} == {ModelSignals}
    install(track, signals=TrackSignals)
    install(live, signals=BaseSignals)
    assert (type(signals(track)), type(signals(live))) == (TrackSignals, BaseSignals)
    uninstall()


def test_emitter_class_of_one_model_is_refused_for_every_model(store):
    base = store.model("Base", config={"abstract": True})
    album = store.model("Album", base)

    class AlbumSignals(ModelSignals[album]): ...

    class BaseSignals(ModelSignals[base]): ...

    for targets in ([], [ormar.Model], [store.base]):
        with pytest.raises(SignalDefinitionError) as caught:
            install(*targets, signals=AlbumSignals)
        assert str(caught.value) == (
            f"`{AlbumSignals.__qualname__}` declares the signals of `Album`, not of every model: "
            f"write `install(Album, signals={AlbumSignals.__qualname__})`; to share it, declare it "
            "with `Any` in place of `Album`"
        )
    assert not is_typed(album)
    for target, kind in (([], BaseSignals), ([getattr(album, CONFIG)], AlbumSignals)):
        install(*target, signals=kind)
        assert type(signals(album)) is kind
    uninstall()


def test_get_signals_refuses_a_class_that_was_not_installed(store):
    album = store.model("Album")
    install()
    with pytest.raises(SignalDefinitionError) as caught:
        get_signals(album, AlbumSignals)
    assert str(caught.value) == (
        "the signals of `Album` are `ModelSignals`, not `AlbumSignals`: "
        "install them with `install(Album, signals=AlbumSignals)`"
    )


# --- spellings -----------------------------------------------------------------------------------


def test_signals_are_the_same_through_class_instance_and_meta(store):
    album = store.model("Album")
    install()
    emitter = signals(album)
    instance = album(name="a")
    assert album.Meta.signals is emitter
    assert instance.signals is emitter
    assert instance.Meta.signals is emitter
    assert getattr(instance, CONFIG).signals is emitter
    assert emitter.pre_save is album.Meta.signals["pre_save"]


def test_meta_works_for_children_of_an_abstract_model_and_later_models(store):
    product = store.model("Product", config={"abstract": True})
    install()
    album = store.model("Album", product)
    assert product.Meta is getattr(product, CONFIG)
    assert album.Meta is getattr(album, CONFIG)
    assert album.Meta is not product.Meta


def test_meta_is_no_field_and_in_no_dump(store):
    album = store.model("Album")
    install()
    instance = album(name="a")
    dump = instance.dict() if lanes.LEGACY else instance.model_dump()
    assert set(dump) == {"id", "name"}
    assert set(getattr(album, CONFIG).model_fields) == {"id", "name"}


# --- decorators ----------------------------------------------------------------------------------


def test_ormars_decorators_connect_through_typed_signals(store):
    album, track = store.model("Album"), store.model("Track")
    install()
    for connect in (
        ormar.pre_save,
        lambda senders: ormar.pre_save(senders=senders),
        lambda senders: ormar.decorators.signals.receiver("pre_save", senders),
        lambda senders: ormar.decorators.signals.receiver(signal="pre_save", senders=senders),
        lambda senders: ormar_receiver("pre_save", senders),  # imported before install()
    ):
        with pytest.raises(SignalDefinitionError, match="which `pre_save` never sends"):
            connect(album)(never_sent)
        note = new_receiver([])
        assert connect([album, track])(note) is note
        for model in (album, track):
            assert signals(model).pre_save.disconnect(note) is True


@pytest.mark.parametrize("decorator", [ormar.pre_update, typed_signals.ormar.pre_update])
def test_list_of_models_connects_to_all_or_none(store, decorator):
    album, track = store.model("Album"), store.model("Track")
    install()
    with pytest.raises(SignalDefinitionError, match="signal `pre_update` of Album, Track:"):
        decorator([album, track])(no_sender)
    assert signals(album).pre_update.receivers == signals(track).pre_update.receivers == ()


def test_ormars_decorators_still_work_for_models_without_typed_signals(store):
    album, track = store.model("Album"), store.model("Track")
    install(album)
    ormar.pre_save(track)(no_sender)
    assert list(signals(track).pre_save._receivers.values()) == [no_sender]
    with pytest.raises(SignalDefinitionError) as caught:
        ormar.pre_save([album, track])(new_receiver([]))
    assert str(caught.value) == (
        "the signals of `Track` are ormar's own: call `typed_signals.ormar.install()`, or "
        "`install(Track)`, first"
    )
    assert signals(album).pre_save.receivers == ()


def test_typed_decorator_names_the_missing_install(store):
    with pytest.raises(SignalDefinitionError, match=r"the signals of `Album` are ormar's own"):
        pre_save(store.model("Album"))


class Plain: ...


class NotOrmar(pydantic.BaseModel):
    id: int = 0


NO_MODEL = (
    "sends no signals: expected a model class of an ORM that is installed, or a class whose "
    "`signals` is a `SignalEmitter`"
)
REFUSED_SENDERS = {
    "a plain class": (lambda _: Plain, f"`Plain` {NO_MODEL}"),
    "a pydantic model": (lambda _: NotOrmar, f"`NotOrmar` {NO_MODEL}"),
    "a pydantic model in a list": (lambda album: [album, NotOrmar], f"`NotOrmar` {NO_MODEL}"),
    "ormar.Model itself": (
        lambda _: ormar.Model,
        f"`Model` sends no signals: it has no `{CONFIG}`. Connect to a model that has one; an "
        "abstract model stands for every model that derives from it",
    ),
    "an instance": (
        lambda album: album(name="a"),
        "an `Album` sends no signals, its class does: write `Album`",
    ),
    "an instance in a list": (
        lambda album: [album, album(name="a")],
        "an `Album` sends no signals, its class does: write `Album`",
    ),
    "a signal of ormar's": (lambda _: ormar.Signal(), f"a `Signal` {NO_MODEL}"),
    "an empty list": (
        lambda _: [],
        "`pre_save` expects a model class or several, not an empty `list`: write "
        "`@pre_save(Album)` or `@pre_save([Album, Track])`",
    ),
}


@pytest.mark.parametrize("decorator", [ormar.pre_save, pre_save], ids=["ormar's", "ours"])
@pytest.mark.parametrize("case", REFUSED_SENDERS)
def test_sender_that_is_no_model_is_refused(store, decorator, case):
    album = store.model("Album")
    install()
    make, text = REFUSED_SENDERS[case]
    with pytest.raises(typed_signals.SignalDefinitionError) as caught:
        decorator(make(album))(new_receiver([]))
    assert str(caught.value) == text
    if decorator is ormar.pre_save:
        assert isinstance(caught.value, ormar.exceptions.SignalDefinitionError)
    assert signals(album).pre_save.receivers == ()


def test_error_is_ormars_and_ours(store):
    assert issubclass(SignalDefinitionError, typed_signals.SignalDefinitionError)
    assert issubclass(SignalDefinitionError, ormar.exceptions.SignalDefinitionError)
    assert issubclass(UnknownSignalError, AttributeError)
