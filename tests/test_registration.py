"""`install()` is all or nothing and can be repeated; what users wrote themselves stays theirs."""

from __future__ import annotations

import copy
import functools
import threading
import warnings
from typing import Any, ClassVar

import ormar
import pytest

import typed_signals
import typed_signals.ormar
from tests import lanes
from tests.shop import CONFIG
from typed_signals import ModelSignals, Signal, SignalDefinitionError, SignalDefinitionWarning
from typed_signals.ormar import install, uninstall

needs_config = pytest.mark.skipif(lanes.LEGACY, reason="the models of this ormar have a `Meta`")


def config_of(model: Any) -> Any:
    return getattr(model, CONFIG)


def everything(store: Any, *models: Any) -> dict[str, Any]:
    """What `install()` may change: of ormar's modules, base configurations and models."""
    state: dict[str, Any] = {
        "register": ormar.models.metaclass.register_signals,
        "receiver": ormar.decorators.signals.receiver,
        "base": dict(vars(store.base)),
    }
    for model in models:
        config = config_of(model)
        signals = config.signals
        items = vars(signals) if isinstance(signals, ModelSignals) else signals
        state[model.__name__] = (
            {name: value for name, value in vars(config).items() if name != "columns"},
            vars(model).get("Meta"),
            signals,
            {name: (signal, type(signal), dict(vars(signal))) for name, signal in items.items()},
        )
    return state


async def swallows_sender(instance: object, **kwargs: object) -> None: ...


async def valid(sender: type, **kwargs: object) -> None: ...


# --- all or nothing ------------------------------------------------------------------------------


@pytest.mark.parametrize("on_base", [False, True])
def test_warning_turned_into_error_changes_nothing(store: Any, on_base: bool):
    one, other = store.model("One"), store.model("Other")
    config_of(one).signals.pre_save.connect(valid)
    config_of(other).signals.pre_save.connect(swallows_sender)
    targets = [store.base] if on_base else []
    before = everything(store, one, other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SignalDefinitionWarning):
            install(*targets, mode="lenient")
    assert everything(store, one, other) == before
    with pytest.warns(SignalDefinitionWarning):
        install(*targets, mode="lenient")
    assert isinstance(config_of(one).signals, ModelSignals)
    assert isinstance(config_of(other).signals, ModelSignals)
    assert config_of(other).signals.pre_save.receivers == (swallows_sender,)


class Unreadable(ModelSignals[Any]):
    __annotations__ = {"order_paid": "Signal[ThatIsNowhere]"}


class Unmakeable(ModelSignals[Any]):
    def __init__(self, **options: Any) -> None:
        raise RuntimeError("cannot be made")


class SlottedSignal(Signal):
    __slots__ = ("extra",)


class Slotted(ModelSignals[Any]):
    pre_save: SlottedSignal


@pytest.mark.parametrize("kind", [Unreadable, Unmakeable, Slotted])
def test_failed_install_changes_nothing_and_can_be_repeated(store: Any, kind: Any):
    one, other = store.model("One"), store.model("Other")
    config_of(other).signals.pre_save.connect(valid)
    before = everything(store, one, other)
    for _ in range(2):
        with pytest.raises((SignalDefinitionError, RuntimeError)):
            install(store.base, other, signals=kind)
        assert everything(store, one, other) == before
    install(one, mode="strict")
    installed = everything(store, one, other)
    with pytest.raises((SignalDefinitionError, RuntimeError)):
        install(one, store.base, signals=kind, mode="lenient")
    assert everything(store, one, other) == installed
    with pytest.raises(typed_signals.UnknownSignalError):
        config_of(one).signals.shipped  # its mode is still the strict one
    third = store.model("Third")
    assert not isinstance(config_of(third).signals, ModelSignals)
    install()
    for model in (one, other, third):
        assert type(config_of(model).signals) is ModelSignals


def test_class_of_signal_with_slots_is_refused_with_the_fix(store: Any):
    store.model("One")
    with pytest.raises(SignalDefinitionError, match=r"`SlottedSignal` in place: remove its `__sl"):
        install(signals=Slotted)


def test_model_defined_by_another_thread_during_install_gets_typed_signals(store: Any):
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(store.model("Late")))

    class Slow(ModelSignals[Any]):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            if thread.ident is None:
                thread.start()
                thread.join(0.5)  # without effect if, as it should, it waits for `install()`

    store.model("One")
    install(signals=Slow)
    thread.join(10)
    assert isinstance(config_of(made[0]).signals, Slow)


# --- configurations ------------------------------------------------------------------------------


@needs_config
def test_subclass_of_config_keeps_its_own_methods_attributes_and_copy(store: Any):
    class RegionConfig(ormar.OrmarConfig):
        def __init__(self, *args: Any, region: str = "eu", **options: Any) -> None:
            super().__init__(*args, **options)
            self.region = region
            self.signals.shipped = ormar.Signal()

        def copy(self, *args: Any, region: str = "", **options: Any) -> Any:
            made = super().copy(*args, **options)
            return RegionConfig(
                metadata=made.metadata,
                database=made.database,
                tablename=made.tablename,
                region=region or self.region,
            )

        def shout(self) -> str:
            return self.region.upper()

    base = RegionConfig(metadata=store.metadata, database=store.database, region="us")
    install(base)
    config = base.copy(tablename=f"{store.prefix}regional", region="de")
    shipped = config.signals["shipped"]
    model = store.model("Regional", config=config)
    assert type(model.ormar_config) is RegionConfig
    assert (model.ormar_config.shout(), model.ormar_config.copy().shout()) == ("DE", "DE")
    assert isinstance(model.ormar_config.signals, ModelSignals)
    assert model.ormar_config.signals.shipped is shipped
    uninstall()
    assert model.ormar_config.signals["shipped"] is shipped
    assert type(shipped) is ormar.Signal


@needs_config
@pytest.mark.parametrize("is_partial", [False, True])
def test_copy_that_a_program_assigned_to_a_config_is_kept(store: Any, is_partial: bool):
    def copied(config: Any, **options: Any) -> Any:
        made = ormar.OrmarConfig.copy(config, **options)
        made.tagged = True
        return made

    base = store.base
    base.copy = (
        functools.partial(copied, base) if is_partial else lambda **options: copied(base, **options)
    )
    install(base)
    model = store.model("Tagged")
    assert model.ormar_config.tagged
    assert isinstance(model.ormar_config.signals, ModelSignals)


@needs_config
def test_config_made_by_plain_copy_remembers_where_it_comes_from(store: Any):
    class Shallow(ormar.OrmarConfig):
        def copy(self, **options: Any) -> Any:
            made = copy.copy(self)
            made.signals = ormar.signals.SignalEmitter()
            vars(made).update(columns=[], constraints=[], model_fields={}, **options)
            return made

    base = Shallow(metadata=store.metadata, database=store.database)
    install(base)
    middle = base.copy()
    middle.order = "middle"
    model = store.model("Deep", config=middle.copy(tablename=f"{store.prefix}deep"))
    assert model.ormar_config.order == "middle"
    assert isinstance(model.ormar_config.signals, ModelSignals)
    assert [each is base for each in model.ormar_config.typed_signals_bases] == [True, False, False]


@needs_config
def test_plain_copy_of_base_config_copies_itself_and_derives_from_it(store: Any):
    base = store.base
    install(base)
    plain = copy.copy(base)
    assert type(plain) is type(base)
    plain.database = object()
    derived = plain.copy()
    assert derived.database is plain.database is not base.database
    assert base.copy().database is base.database
    for each in (base, plain):
        assert any(every is each for every in derived.typed_signals_bases)
    assert not any(each is plain for each in base.copy().typed_signals_bases)


@needs_config
def test_plain_copy_of_a_config_that_nobody_follows_stays_plain(store: Any):
    other = ormar.OrmarConfig(metadata=store.metadata)
    install(store.base)
    assert vars(copy.copy(other)) == vars(other)


@needs_config
def test_deep_copy_of_base_config_still_derives_from_it():
    base = ormar.OrmarConfig()
    base.signals = ModelSignals()
    install(base)
    deep = copy.deepcopy(base)
    deep.tag = "deep"
    derived = deep.copy()
    uninstall()
    assert any(each is base for each in derived.typed_signals_bases)


def test_deep_copy_of_config_and_emitter_is_independent(store: Any):
    model = store.model("One")
    install(store.base)
    signals = config_of(model).signals
    signals.pre_save.connect(valid)
    twin = copy.deepcopy(signals)
    assert type(twin) is ModelSignals
    assert twin.pre_save is not signals.pre_save
    assert twin.pre_save.receivers == (valid,)
    twin.pre_save.disconnect(valid)
    assert signals.pre_save.receivers == (valid,)
    assert signals.pre_save.title == "signal `pre_save` of One"


# --- Meta ----------------------------------------------------------------------------------------


class WrittenMeta:
    answer = 42


@needs_config
def test_meta_that_the_user_wrote_or_a_mixin_has_stays_theirs(store: Any):
    class Mixin:
        class Meta:
            answer = 7

    def new(name: str, *bases: Any, **members: Any) -> Any:
        config = store.base.copy(tablename=f"{store.prefix}{name.lower()}")
        return type(ormar.Model)(name, bases, {"__module__": __name__, CONFIG: config, **members})

    annotated = {"__annotations__": {"Meta": ClassVar[type]}, "Meta": WrittenMeta}
    abstract = store.model(
        "Abstract", config={"abstract": True}, id=ormar.Integer(primary_key=True)
    )
    plain = store.model("Plain", abstract)
    written = new("Written", abstract, **annotated)
    mixed = new("Mixed", plain, Mixin)
    first = new("First", Mixin, abstract)
    for _ in range(2):
        install()
        later = new("Later", abstract, **annotated)
        store.models.append(later)
        assert abstract.Meta is abstract.ormar_config
        assert plain.Meta is plain.ormar_config
        assert (written.Meta, later.Meta) == (WrittenMeta, WrittenMeta)
        assert (mixed.Meta, first.Meta) == (Mixin.Meta, Mixin.Meta)
        plain.Meta = WrittenMeta
        uninstall()
        assert not hasattr(abstract, "Meta")
        assert (written.Meta, later.Meta, plain.Meta) == (WrittenMeta,) * 3
        assert (mixed.Meta, first.Meta) == (WrittenMeta, Mixin.Meta)
        del plain.Meta
        assert mixed.Meta is Mixin.Meta
        store.metadata.remove(store.metadata.tables[f"{store.prefix}later"])
