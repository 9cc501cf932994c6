"""The decorators: they connect a receiver to the signals of one sender or several."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import pytest

import typed_signals
from typed_signals import (
    ModelSignals,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalEmitter,
    SignalNameWarning,
    UnknownSignalError,
    get_emitter,
    pre_save,
    pre_update,
    receiver,
)

NAMES = list(ModelSignals())
BY_NAME: dict[str, Callable[..., Any]] = {name: getattr(typed_signals, name) for name in NAMES}


@pytest.fixture
def album() -> Any:
    class Album:
        signals: Any = ModelSignals()

    return Album


@pytest.fixture
def track() -> Any:
    class Track:
        signals: Any = ModelSignals()

    return Track


async def notify(sender, **kwargs): ...


# --- one sender ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_decorator_connects_to_the_signal_of_its_name(album, name):
    assert BY_NAME[name](album)(notify) is notify
    assert {other: album.signals[other].receivers for other in NAMES} == {
        other: (notify,) if other == name else () for other in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_receiver_accepts_the_signals_name_as_a_string(album, name):
    assert receiver(name, album)(notify) is notify
    assert album.signals[name].receivers == (notify,)


async def test_decorated_function_receives_and_stays_the_same(album):
    received: list[Any] = []

    @pre_save(album)
    async def remember(sender, instance, **kwargs):
        """Receive it."""
        received.append((sender, instance))

    assert inspect.iscoroutinefunction(remember)
    assert remember.__doc__ == "Receive it."
    await album.signals.pre_save.send(album, instance=1)
    await remember(album, 2)
    assert received == [(album, 1), (album, 2)]


def test_receiver_connects_to_custom_and_declared_signals(album):
    receiver("sold_out", album)(notify)
    assert album.signals.sold_out.receivers == (notify,)


def test_subclass_without_signals_sends_those_of_its_base(album):
    class Single(album): ...

    pre_save(Single)(notify)
    assert album.signals.pre_save.receivers == (notify,)


def test_decorators_can_be_stacked(album, track):
    @pre_save(album)
    @pre_update([album, track])
    @receiver("sold_out", track)
    async def stacked(sender, **kwargs): ...

    for signal in (
        album.signals.pre_save,
        album.signals.pre_update,
        track.signals.pre_update,
        track.signals.sold_out,
    ):
        assert signal.receivers == (stacked,)


def test_static_methods_can_be_decorated_in_the_class_body(album):
    class Listeners:
        @staticmethod
        @pre_save(album)
        async def inside(sender, instance, **kwargs): ...

        @pre_update(album)
        @staticmethod
        async def outside(sender, instance, passed_args, **kwargs): ...

    assert album.signals.pre_save.receivers == (Listeners.inside,)
    assert album.signals.pre_update.disconnect(Listeners.outside)

    with pytest.raises(SignalDefinitionError, match=r"connect the bound method \(`obj.method`\)"):

        class Wrong:
            @pre_save(album)
            async def method(self, sender, instance, **kwargs): ...

    with pytest.raises(SignalDefinitionError, match="connect it through its class once that"):

        class Early:
            @pre_save(album)
            @classmethod
            async def method(cls, sender, instance, **kwargs): ...


# --- several senders -----------------------------------------------------------------------------


ITERABLES = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "keys": dict.fromkeys,
    "values": lambda senders: dict(enumerate(senders)).values(),
    "generator": lambda senders: (each for each in senders),
    "iterator": iter,
}


@pytest.mark.parametrize("several", ITERABLES.values(), ids=ITERABLES.keys())
def test_decorator_connects_to_every_sender_of_a_list(album, track, several):
    pre_save(several([album, track]))(notify)
    assert album.signals.pre_save.receivers == (notify,)
    assert track.signals.pre_save.receivers == (notify,)


def test_sender_named_twice_is_connected_once(album):
    pre_save([album, album])(notify)
    assert album.signals.pre_save.receivers == (notify,)


def test_refused_receiver_is_connected_to_none_of_the_senders(album, track):
    async def wrong(sender, instance): ...

    with pytest.raises(SignalDefinitionError) as caught:
        pre_save([album, track])(wrong)
    assert album.signals.pre_save.receivers == track.signals.pre_save.receivers == ()
    text = str(caught.value)
    assert "cannot be connected to signal `pre_save` of Album, Track:\n" in text
    assert text.count("does not accept `**kwargs`") == 1, "a fault of both is listed once"


class Paid(Protocol):
    def __call__(self, sender: type[Any], *, price: int, **kwargs: object) -> Awaitable[object]: ...


class ShopSignals(SignalEmitter[Any]):
    paid: Signal[Paid]


class Refunded(Protocol):
    def __call__(self, sender: type[Any], *, note: str, **kwargs: object) -> Awaitable[object]: ...


class TillSignals(SignalEmitter[Any]):
    paid: Signal[Refunded]


def test_refusal_lists_the_faults_for_every_sender():
    class Shop:
        signals = ShopSignals()

    class Till:
        signals = TillSignals()

    async def both(sender, price, note, **kwargs): ...

    with pytest.raises(SignalDefinitionError) as caught:
        receiver("paid", [Shop, Till])(both)
    assert [fault.problem for fault in caught.value.faults] == [
        "it requires `note`, which `paid` never sends",
        "it requires `price`, which `paid` never sends",
    ]


def test_receiver_connected_with_other_options_is_connected_to_none(album, track):
    pre_save(track, sequential=True)(notify)
    with pytest.raises(SignalDefinitionError, match=r"signal `pre_save` of Track already, with"):
        pre_save([album, track])(notify)
    assert album.signals.pre_save.receivers == ()


@pytest.mark.parametrize("lenient_first", [True, False])
def test_receiver_that_one_sender_refuses_is_connected_to_none(album, lenient_first):
    class Lenient:
        signals: Any = ModelSignals(mode="lenient")

    async def swallows(**kwargs): ...

    senders = [Lenient, album] if lenient_first else [album, Lenient]
    with pytest.raises(SignalDefinitionError, match="connected to signal `pre_save` of Album:"):
        pre_save(senders)(swallows)
    assert album.signals.pre_save.receivers == Lenient.signals.pre_save.receivers == ()

    with pytest.warns(SignalDefinitionWarning) as caught:
        pre_save(Lenient)(swallows)
    assert [each.filename for each in caught] == [__file__]


def test_warning_turned_into_an_error_connects_to_none():
    class Lenient:
        signals: Any = ModelSignals(mode="lenient")

    class LenientToo:
        signals: Any = ModelSignals(mode="lenient")

    async def swallows(**kwargs): ...

    with pytest.raises(SignalDefinitionWarning):  # as the configuration of these tests has it
        pre_save([Lenient, LenientToo])(swallows)
    assert Lenient.signals.pre_save.receivers == LenientToo.signals.pre_save.receivers == ()


def test_list_with_something_that_is_no_sender_is_refused(album):
    with pytest.raises(SignalDefinitionError, match="`int` sends no signals"):
        pre_save([album, int])
    assert vars(album.signals).keys() <= {"pre_save"}


# --- no sender -----------------------------------------------------------------------------------


def expects(given: str) -> str:
    return (
        f"`pre_save` expects a model class or several, not {given}: "
        "write `@pre_save(Album)` or `@pre_save([Album, Track])`"
    )


def no_signals(given: str) -> str:
    return (
        f"{given} sends no signals: expected a model class of an ORM that is installed, or a class "
        "whose `signals` is a `SignalEmitter`"
    )


class Plain: ...


class Misused:
    signals = Signal()


NO_SENDERS: dict[str, tuple[Any, str]] = {
    "an empty list": ([], expects("an empty `list`")),
    "an empty tuple": ((), expects("an empty `tuple`")),
    "an empty generator": ((each for each in ()), expects("an empty `generator`")),
    "a generator of strings": ((each for each in ["Album"]), expects("a `generator`")),
    "a string": ("Album", expects("a `str`")),
    "bytes": (b"Album", expects("a `bytes`")),
    "nothing": (None, expects("`None`")),
    "the decorated function itself": (notify, expects("a `function`")),
    "an object": (Plain(), expects("a `Plain`")),
    "a class that sends nothing": (Plain, no_signals("`Plain`")),
    "a class whose signals are none": (Misused, no_signals("`Misused`")),
    "a list of a string": (["Album"], no_signals("a `str`")),
    "a list of an object": ([Plain()], no_signals("a `Plain`")),
    "a list in a list": ([[Plain]], no_signals("a `list`")),
}


@pytest.mark.parametrize(("senders", "text"), NO_SENDERS.values(), ids=NO_SENDERS.keys())
def test_decorator_refuses_what_is_no_sender(senders, text):
    with pytest.raises(SignalDefinitionError) as caught:
        pre_save(senders)
    assert str(caught.value) == text


def test_decorator_without_a_sender_names_what_to_write():
    with pytest.raises(SignalDefinitionError, match=r"write `@pre_update\(Album\)`"):

        @pre_update
        async def forgotten(sender, instance, **kwargs): ...


def test_receiver_warns_of_a_misspelt_name_and_strict_mode_refuses_it(album):
    with pytest.warns(SignalNameWarning, match="did you mean `pre_save`?") as caught:
        receiver("pre_svae", album)
    assert [each.filename for each in caught] == [__file__]

    class Strict:
        signals: Any = ModelSignals(mode="strict")

    with pytest.raises(UnknownSignalError, match="did you mean `pre_save`"):
        receiver("pre_svae", Strict)
    with pytest.raises(SignalDefinitionError, match="cannot be a signal of Album"):
        receiver("not a name", album)


# --- get_emitter and repr ------------------------------------------------------------------------


def test_get_emitter_finds_the_emitter(album):
    assert get_emitter(album) is album.signals
    assert get_emitter(album()) is album.signals
    with pytest.raises(SignalDefinitionError) as caught:
        get_emitter(Plain)
    assert str(caught.value) == no_signals("`Plain`")


def test_emitter_in_a_class_body_belongs_to_the_class():
    class Shop:
        signals: Any = SignalEmitter()

    assert Shop.signals.order_paid.title == "signal `order_paid` of Shop"


def test_repr_of_a_decorator_names_its_signals(album, track):
    assert repr(pre_save([album, track])) == (
        "<connects a receiver to signal `pre_save` of Album, signal `pre_save` of Track>"
    )
