"""Who is connected to what, as plain data."""

from typing import Any

from ormar import pre_save

from tests.shop import CONFIG
from typed_signals import CustomReceiver, ModelSignals, PreSaveReceiver, PreUpdateReceiver, Signal
from typed_signals.introspection import ReceiverInfo, SignalInfo, inspect_emitter
from typed_signals.ormar import install, receiver
from typed_signals.ormar.introspection import inspect_model


async def first(sender, **kwargs): ...


async def second(sender, **kwargs): ...


async def third(sender, **kwargs): ...


def test_inspect_emitter_lists_declared_signals_and_makes_none():
    signals: Any = ModelSignals()
    seen = inspect_emitter(signals)
    assert [each.name for each in seen] == list(signals)
    assert seen[0] == SignalInfo("pre_save", PreSaveReceiver, True, ())
    assert vars(signals) == {}


def test_inspect_emitter_shows_the_options_of_each_receiver():
    signals: Any = ModelSignals()
    signals.pre_save.connect(first)
    signals.pre_save.connect(second, on_commit=True, sequential=True)
    signals.pre_update = Signal(sequential=True)
    signals.pre_update.connect(first)
    signals.pre_update.connect(second, sequential=False)
    signals.sold_out.connect(third)
    found = {each.name: each for each in inspect_emitter(signals) if each.receivers}
    assert list(found) == ["pre_save", "pre_update", "sold_out"]
    assert found["pre_save"].receivers == (
        ReceiverInfo(first),
        ReceiverInfo(second, True, True, None),
    )
    assert found["pre_update"] == SignalInfo(
        "pre_update",
        PreUpdateReceiver,
        True,
        (ReceiverInfo(first, False, True, None), ReceiverInfo(second, False, False, None)),
    )
    assert found["sold_out"] == SignalInfo(
        "sold_out", CustomReceiver, False, (ReceiverInfo(third),)
    )


def test_inspect_model_names_the_abstract_model_of_an_inherited_receiver(store):
    install()
    base = store.model("Base", config={"abstract": True})
    album = store.model("Album", base)
    receiver("pre_save", base)(first)
    receiver("pre_save", album)(second)
    receiver("sold_out", base)(third)
    found = {each.name: each for each in inspect_model(album) if each.receivers}
    assert found["pre_save"].receivers == (
        ReceiverInfo(first, False, None, base),
        ReceiverInfo(second),
    )
    assert found["sold_out"].receivers == (ReceiverInfo(third, False, None, base),)
    assert found["sold_out"].declared is False
    at_base = {each.name: each.receivers for each in inspect_model(base)}
    assert at_base["pre_save"] == (ReceiverInfo(first),)


def test_inspect_model_lists_receivers_of_ormars_own_signals(store):
    album = store.model("Album")
    pre_save(album)(first)
    getattr(album, CONFIG).signals.sold_out.connect(second)
    found = [each for each in inspect_model(album) if each.receivers]
    assert found == [
        SignalInfo("pre_save", PreSaveReceiver, True, (ReceiverInfo(first),)),
        SignalInfo("sold_out", CustomReceiver, False, (ReceiverInfo(second),)),
    ]
