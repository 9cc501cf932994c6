"""Who listens to what, as the command line shows it."""

from typing import Any

from ormar import pre_save

from tests.shop import CONFIG
from typed_signals import CustomReceiver, ModelSignals, PreSaveReceiver, PreUpdateReceiver, Signal
from typed_signals.ormar import install, receiver
from typed_signals.ormar.overview import overview_of_model
from typed_signals.overview import Listener, Overview, overview_of


async def first(sender, **kwargs): ...


async def second(sender, **kwargs): ...


async def third(sender, **kwargs): ...


def test_every_declared_signal_is_told_and_looking_makes_none():
    signals: Any = ModelSignals()
    seen = overview_of(signals)
    assert [each.signal for each in seen] == list(signals)
    assert seen[0] == Overview("pre_save", PreSaveReceiver, True, ())
    assert vars(signals) == {}


def test_receivers_are_told_with_the_way_in_which_each_hears():
    signals: Any = ModelSignals()
    signals.pre_save.connect(first)
    signals.pre_save.connect(second, on_commit=True, sequential=True)
    signals.pre_update = Signal(sequential=True)
    signals.pre_update.connect(first)
    signals.pre_update.connect(second, sequential=False)
    signals.sold_out.connect(third)
    told = {each.signal: each for each in overview_of(signals) if each.listeners}
    assert list(told) == ["pre_save", "pre_update", "sold_out"]
    assert told["pre_save"].listeners == (
        Listener(first),
        Listener(second, True, True, None),
    )
    assert told["pre_update"] == Overview(
        "pre_update",
        PreUpdateReceiver,
        True,
        (Listener(first, False, True, None), Listener(second, False, False, None)),
    )
    assert told["sold_out"] == Overview("sold_out", CustomReceiver, False, (Listener(third),))


def test_a_receiver_of_an_abstract_model_is_told_with_that_model(store):
    install()
    base = store.model("Base", config={"abstract": True})
    album = store.model("Album", base)
    receiver("pre_save", base)(first)
    receiver("pre_save", album)(second)
    receiver("sold_out", base)(third)
    told = {each.signal: each for each in overview_of_model(album) if each.listeners}
    assert told["pre_save"].listeners == (
        Listener(first, False, None, base),
        Listener(second),
    )
    assert told["sold_out"].listeners == (Listener(third, False, None, base),)
    assert told["sold_out"].declared is False
    at_base = {each.signal: each.listeners for each in overview_of_model(base)}
    assert at_base["pre_save"] == (Listener(first),)


def test_the_receivers_of_ormars_own_signals_are_told_too(store):
    album = store.model("Album")
    pre_save(album)(first)
    getattr(album, CONFIG).signals.sold_out.connect(second)
    told = [each for each in overview_of_model(album) if each.listeners]
    assert told == [
        Overview("pre_save", PreSaveReceiver, True, (Listener(first),)),
        Overview("sold_out", CustomReceiver, False, (Listener(second),)),
    ]
