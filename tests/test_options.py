"""Options: of signals, of emitters and of `connect()`, checked when they are given."""

import math
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest

from typed_signals import ModelSignals, Signal, SignalDefinitionError, SignalEmitter, pre_save
from typed_signals.testing import connected_to

T = TypeVar("T")


class Shop:
    signals = ModelSignals[Any]()


class ShopSignals(SignalEmitter[Any]):
    pass


async def notify(sender: type[Any], **kwargs: object) -> None: ...


PLACE = f"`tests.test_options.notify` (tests/test_options.py:{notify.__code__.co_firstlineno})"


def message_of(call: Callable[[], object]) -> str:
    with pytest.raises(SignalDefinitionError) as caught:
        call()
    assert Shop.signals.pre_save.receivers == ()
    return str(caught.value)


# --- mode ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "given"),
    [
        ("stric", "'stric': did you mean 'strict'?"),
        ("Lenient", "'Lenient': did you mean 'lenient'?"),
        ("off", "'off'"),
        ("", "''"),
        (True, "True"),
        (b"strict", "a `bytes`"),
    ],
)
def test_mode_that_does_not_exist_is_refused(mode: Any, given: str) -> None:
    assert message_of(lambda: ShopSignals(mode=mode)) == (
        f"`mode` of ShopSignals must be 'lenient', 'normal' or 'strict', not {given}"
    )
    assert message_of(lambda: Signal(mode=mode)) == (
        f"`mode` of a signal must be 'lenient', 'normal', 'strict' or None, not {given}"
    )


def test_mode_of_an_emitter_cannot_be_none() -> None:
    no_mode: Any = None
    assert message_of(lambda: ShopSignals(mode=no_mode)).endswith("'normal' or 'strict', not None")


@pytest.mark.parametrize("mode", ["lenient", "normal", "strict"])
def test_every_mode_is_accepted(mode: Any) -> None:
    Signal(mode=mode)
    ShopSignals(mode=mode)


def test_install_refuses_a_mode_that_does_not_exist() -> None:
    import ormar

    from typed_signals.ormar import install

    mode: Any = "stric"
    with pytest.raises(ormar.exceptions.SignalDefinitionError, match="not 'stric': did you"):
        install(mode=mode)


# --- options of a receiver -----------------------------------------------------------------------

OPTIONS = {
    "a misspelt name": (
        {"on_comit": True},
        "there is no option `on_comit`: did you mean `on_commit`?",
    ),
    "an unknown name": (
        {"weak": True},
        "there is no option `weak`: known are `on_commit`, `sequential`, `timeout`, `fields`, "
        "`durable`",
    ),
    "a string for a switch": (
        {"on_commit": "yes"},
        "`on_commit` must be True or False, not 'yes'",
    ),
    "a number for a switch": ({"on_commit": 1}, "`on_commit` must be True or False, not 1"),
    "None for a switch": ({"on_commit": None}, "`on_commit` must be True or False, not None"),
    "a string for the value": (
        {"sequential": "no"},
        "`sequential` must be True, False or None, not 'no'",
    ),
    "fields of a signal without changes": (
        {"fields": {"title"}},
        "`fields` is for signals with `changed` in their contract, and it has none",
    ),
    "an object": (
        {"on_commit": True, "sequential": [1]},
        "`sequential` must be True, False or None, not a `list`",
    ),
    "a string for a set": (
        {"fields": "title"},
        "`fields` must be a set of field names or None, not 'title'",
    ),
    **{
        f"{given!r} for a number of seconds": (
            {"timeout": given},
            f"`timeout` must be a number of seconds greater than 0 or None, not {shown}",
        )
        for given, shown in (
            (0, "0"),
            (-1.5, "-1.5"),
            (math.inf, "inf"),
            (math.nan, "nan"),
            (True, "True"),
            ("5", "'5'"),
            ([5], "a `list`"),
        )
    },
}


@pytest.mark.parametrize(("options", "problem"), OPTIONS.values(), ids=OPTIONS)
def test_wrong_option_is_named_with_the_receiver_and_the_signal(options: Any, problem: str) -> None:
    expected = f"{PLACE} cannot be connected to signal `pre_save` of Shop: {problem}"
    signal = Shop.signals.pre_save
    assert message_of(lambda: signal.connect(notify, **options)) == expected
    assert message_of(lambda: pre_save(Shop, **options)(notify)) == expected
    in_a_test = expected.replace(", `durable`", "")  # which a test connects like any receiver
    assert message_of(lambda: connected_to(signal, notify, **options)) == in_a_test


def test_wrong_option_of_a_model_is_an_error_of_ormar(shop: Any) -> None:
    import ormar

    options: Any = {"on_comit": True}
    with pytest.raises(ormar.exceptions.SignalDefinitionError, match="did you mean `on_commit`"):
        pre_save(shop.Album, **options)(notify)


@pytest.mark.parametrize(
    "options",
    [
        {},
        *({"on_commit": o, "sequential": s} for o in (True, False) for s in (True, False, None)),
        *({"timeout": seconds} for seconds in (1, 0.5, 1e-9, None)),
    ],
    ids=str,
)
def test_every_option_is_accepted(options: Any) -> None:
    signal = Signal()
    signal.connect(notify, **options)
    assert signal.receivers == (notify,)


# --- connect() as a decorator with options -------------------------------------------------------


def test_connect_with_options_gives_a_decorator_that_returns_the_receiver() -> None:
    signal = Signal()
    assert signal.connect(sequential=True)(notify) is notify
    assert signal.receivers == (notify,)
    with pytest.raises(SignalDefinitionError, match="sequential=True"):
        signal.connect(notify, sequential=False)


def test_connect_without_receiver_and_options_gives_a_decorator() -> None:
    first, second = Signal(), Signal()

    @first.connect()
    @second.connect(on_commit=True)
    async def stacked(sender: object, **kwargs: object) -> None: ...

    assert first.receivers == second.receivers == (stacked,)


def test_connect_with_options_connects_nothing_until_it_decorates() -> None:
    signal = Signal()
    connector = signal.connect(on_commit=True)
    assert signal.receivers == ()
    assert repr(connector) == "<connects a receiver to a signal>"


def test_connect_with_options_refuses_a_wrong_receiver() -> None:
    def sync(sender: object, **kwargs: object) -> None: ...

    connect: Any = Signal().connect(on_commit=True)
    with pytest.raises(SignalDefinitionError, match="must be async"):
        connect(sync)


@pytest.mark.parametrize("given", [None, True, 3])
def test_connect_refuses_a_receiver_that_cannot_be_called(given: Any) -> None:
    with pytest.raises(SignalDefinitionError, match="cannot be called"):
        Signal().connect(given)


# --- sequential ----------------------------------------------------------------------------------


def test_sequential_of_a_signal_is_checked_when_it_is_made_and_when_it_is_set() -> None:
    value: Any = "no"
    assert message_of(lambda: Signal(sequential=value)) == (
        "`sequential` of a signal must be True, False or None, not 'no'"
    )
    signal = Signal(sequential=True)
    assert message_of(lambda: setattr(signal, "sequential", value)) == (
        "`sequential` of a signal must be True, False or None, not 'no'"
    )
    assert signal.sequential is True
    signal.sequential = None
    assert signal.sequential is None


# --- a generic emitter ---------------------------------------------------------------------------


class GenericSignals(SignalEmitter[T], Generic[T]):
    pass


def test_generic_emitter_is_made_with_its_argument() -> None:
    emitter = GenericSignals[int]()
    assert isinstance(emitter, GenericSignals)
    assert list(emitter) == []
    assert list(ModelSignals[int]()) == list(ModelSignals())
