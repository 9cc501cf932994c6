"""A payload that does not fit is the sender's mistake; the error says so, where it was sent."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable
from typing import Any, Protocol

import pytest

from typed_signals import (
    Mode,
    ModelSignals,
    Signal,
    SignalDefinitionError,
    SignalEmitter,
    SignalPayloadError,
)
from typed_signals.testing import capture_signals, connected_to


class OrderPaid(Protocol):
    def __call__(self, sender: type[Any], *, total: int) -> Awaitable[object]: ...


class Measured(Protocol):
    def __call__(
        this,  # noqa: N805 - `self` is payload here
        sender: type[Any],
        *,
        self: int,
        **kwargs: object,
    ) -> Awaitable[object]: ...


class ShopSignals(SignalEmitter[Any]):
    order_paid: Signal[OrderPaid]
    measured: Signal[Measured]


class Shop:
    signals = ShopSignals()


async def bill(sender: type, total: int) -> None: ...


async def note(sender: type, **payload: object) -> None:
    noted.append(payload)


noted: list[dict[str, object]] = []

MISTAKES = """\
signal `order_paid` of Shop cannot be sent with this payload:
  - `total` is missing: `totl` was sent
  - `totl` is not in the contract: did you mean `total`?
  expected: send(sender: type[Any], *, total: int)"""


def frames_of_package(error: BaseException) -> list[str]:
    summary = traceback.extract_tb(error.__traceback__)
    return [
        f"{each.filename}:{each.name}" for each in summary if "/typed_signals/" in each.filename
    ]


@pytest.fixture(params=["concurrent", "sequential", "strict", "two", "observed"])
def order_paid(request: pytest.FixtureRequest) -> Any:
    mode: Mode = "strict" if request.param == "strict" else "normal"

    class Sender:
        signals = ShopSignals(mode=mode)

    Sender.__name__ = "Shop"
    signal = Sender.signals.order_paid
    signal.connect(note if request.param == "strict" else bill)
    if request.param == "sequential":
        signal.sequential = True
    if request.param == "two":
        signal.connect(note)
    if request.param == "observed":
        with capture_signals(signal):
            yield signal
    else:
        yield signal


async def test_model_of_a_generic_contract_is_called_model():
    signal = ModelSignals[Any](mode="strict").pre_save
    with pytest.raises(SignalPayloadError) as raised:
        await signal.send(sender=Shop, instanse=1)
    expected = "  expected: send(sender: type[Model], *, instance: Model, **kwargs: object)"
    assert str(raised.value).splitlines()[-1] == expected


async def test_misspelt_payload_is_named_where_it_was_sent(order_paid: Any):
    with pytest.raises(SignalPayloadError) as raised:
        await order_paid.send(sender=Shop, totl=1)
    assert str(raised.value) == MISTAKES
    assert [mistake.parameter for mistake in raised.value.mistakes] == ["total", "totl"]
    assert frames_of_package(raised.value) == []
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__


async def test_receiver_that_cannot_be_called_gets_the_same_error_from_send_robust():
    signal = Signal[OrderPaid]()
    signal.connect(bill)
    signal.connect(note)
    one, other = await signal.send_robust(sender=Shop, totl=1)
    assert isinstance(one.exception, SignalPayloadError)
    assert "`total` is missing: `totl` was sent" in str(one.exception)
    assert other.exception is None


class Sold(Protocol):
    def __call__(self, sender: type, *, total: int, note: str = "") -> Awaitable[object]: ...


class SoldMore(Protocol):
    def __call__(self, sender: type, *, total: int, **kwargs: object) -> Awaitable[object]: ...


PAYLOADS: dict[str, tuple[Any, dict[str, object], list[str]]] = {
    "all of it": (Signal[Sold], {"total": 1, "note": ""}, []),
    "without what is optional": (Signal[Sold], {"total": 1}, []),
    "without what is not": (Signal[Sold], {"note": ""}, ["`total` is missing"]),
    "more": (Signal[Sold], {"total": 1, "weight": 2}, ["`weight` is not in the contract"]),
    "more, as it may grow": (Signal[SoldMore], {"total": 1, "weight": 2}, []),
    "any": (Signal, {"weight": 2}, []),
}


@pytest.mark.parametrize(("kind", "payload", "mistakes"), PAYLOADS.values(), ids=PAYLOADS)
async def test_strict_send_compares_names(kind: Any, payload: Any, mistakes: list[str]):
    signal, refused = kind(mode="strict"), list[str]()
    try:
        await signal.send(sender=Shop, **payload)
    except SignalPayloadError as error:
        refused += map(str, error.mistakes)
    assert refused == mistakes


async def test_strict_send_robust_raises_where_it_was_sent():
    signal = Signal[OrderPaid](mode="strict")
    with pytest.raises(SignalPayloadError) as raised:
        await signal.send_robust(sender=Shop, totl=1)
    assert frames_of_package(raised.value) == []


async def test_payload_error_inside_a_receiver_keeps_its_traceback():
    inner, outer = Signal[OrderPaid](), Signal()
    inner.connect(bill)

    async def send_inner(sender: Any, **kwargs: object) -> None:
        await inner.send(sender=sender, totl=1)

    outer.connect(send_inner)
    with pytest.raises(SignalPayloadError) as raised:
        await outer.send(sender=Shop)
    names = [each.name for each in traceback.extract_tb(raised.value.__traceback__)]
    assert names[-1] == "send_inner"


async def test_type_error_of_a_receiver_stays_its_own():
    signal = Signal[OrderPaid]()

    @signal.connect
    async def broken(sender: type, total: int) -> None:
        len(total)

    with pytest.raises(TypeError, match="has no len") as raised:
        await signal.send(sender=Shop, total=1)
    assert not isinstance(raised.value, SignalPayloadError)
    (outcome,) = await signal.send_robust(sender=Shop, total=1)
    assert type(outcome.exception) is TypeError


# Receivers that can be called with a payload that does not fit: what they raise is their own.


async def fails_in_own_code(sender: type, **kwargs: object) -> None:
    number: Any = 0
    len(number)


async def fails_to_connect(sender: type, **kwargs: object) -> None:
    odd: Any = 3
    Signal().connect(odd)


async def fails_to_send(sender: type, **kwargs: object) -> None:
    strict: Any = Signal[Sold](mode="strict")
    await strict.send(sender=Shop)


def nameless() -> Any:
    """A receiver of a module without a name."""
    made: dict[str, Any] = {}
    exec("async def fails(sender, **kwargs): len(0)", made)
    return made["fails"]


@pytest.mark.parametrize("sequential", [False, True], ids=["concurrent", "sequential"])
@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (fails_in_own_code, "has no len"),
        (nameless(), "has no len"),
        (fails_to_connect, "it cannot be called"),
        (fails_to_send, "`total` is missing$"),
    ],
)
async def test_failure_of_a_receiver_that_was_called_stays_although_the_payload_does_not_fit(
    fails: Any, words: str, sequential: bool
):
    signal: Any = Signal[Measured](sequential=sequential)
    signal.connect(fails)
    with pytest.raises((TypeError, SignalDefinitionError)) as raised:
        await signal.send(sender=Shop, weight=1)
    (outcome,) = await signal.send_robust(sender=Shop, weight=1)
    for error in (raised.value, outcome.exception):
        assert "weight" not in str(error)
        assert re.search(words, str(error), re.MULTILINE)


@pytest.mark.parametrize("name", ["self", "connection", "receiver", "call", "state", "signal"])
async def test_payload_of_any_name_reaches_receivers(name: str):
    noted.clear()
    signal = Signal()
    payload: dict[str, Any] = {name: 1}
    with capture_signals(signal) as sent, connected_to(signal, note):
        await signal.send(sender=Shop, **payload)
        (outcome,) = await signal.send_robust(sender=Shop, **payload)
    assert outcome.exception is None
    assert noted == [payload, payload]
    assert [each.payload for each in sent] == [payload, payload]


async def test_payload_named_self_is_validated():
    validation = pytest.importorskip("typed_signals.validation")
    noted.clear()
    signal = Shop.signals.measured
    signal.connect(note)
    checked = validation.validate_payloads(signal)
    try:
        await signal.send(sender=Shop, self=1)
        with pytest.raises(SignalPayloadError, match="`self` expected `int`, was given") as raised:
            await signal.send(sender=Shop, self="1")
        assert frames_of_package(raised.value) == []
        with pytest.raises(SignalPayloadError, match="`self` is missing"):
            await signal.send_robust(sender=Shop)
    finally:
        checked.remove()
        signal.disconnect(note)
    assert noted == [{"self": 1}]


async def test_payload_named_self_is_traced():
    tracing = pytest.importorskip("typed_signals.tracing")
    noted.clear()
    signal = Signal()
    signal.connect(note)
    signal.connect(note_later, on_commit=True)
    tracing.instrument()
    try:
        await signal.send(sender=Shop, self=1, connection=2, send=3, links=4, location=5)
    finally:
        tracing.uninstrument()
    assert noted == [{"self": 1, "connection": 2, "send": 3, "links": 4, "location": 5}] * 2


async def note_later(sender: type, **payload: object) -> None:
    noted.append(payload)


async def test_instance_as_sender_is_refused_where_it_was_sent(store: Any):
    from tests.shop import CONFIG
    from typed_signals.ormar import install

    model = store.model("Album")
    install()
    bare = Signal()
    for signal in (getattr(model, CONFIG).signals.post_save, bare):
        signal.connect(note)
        album = model(name="one")
        message = r"^`sender` must be a model class, not an `Album`: write `sender=Album`$"
        for send in (signal.send, signal.send_robust):
            with pytest.raises(SignalPayloadError, match=message) as raised:
                await send(sender=album, instance=album)
            assert frames_of_package(raised.value) == []
