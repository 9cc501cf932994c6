"""Payloads that pydantic validates when they are sent, and their JSON schemas."""

from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol

import pydantic
import pytest

from tests import lanes
from tests.shop import CONFIG
from typed_signals import ModelSignals, Signal, SignalEmitter, SignalPayloadError, signal
from typed_signals.ormar import install, uninstall
from typed_signals.validation import PayloadValidation, payload_schema, validate_payloads

SECRET = "4711-secret"


@dataclass
class Line:
    price: int


class Customer(pydantic.BaseModel):
    name: str


class Opaque:
    """A class that pydantic knows nothing of."""


class OrderPaid(Protocol):
    """Receives an order that was paid."""

    def __call__(
        self,
        sender: type["Shop"],
        *,
        order_id: int,
        total: Decimal,
        lines: list[Line] = ...,
        note: str | None = ...,
        **kwargs: object,
    ) -> Awaitable[object]: ...


class Everything(Protocol):
    def __call__(
        self,
        sender: object,
        *,
        number: float = 1.5,
        copy: bool = ...,  # a name that pydantic models use themselves
        customer: Customer = ...,
        customers: list[Customer] = ...,
        opaque: Opaque = ...,
        kind: Literal["a", "b"] = ...,
        prices: dict[str, int] = ...,
        positive: Annotated[int, pydantic.Field(gt=0)] = ...,
    ) -> Awaitable[object]: ...


class Sold(Protocol):
    def __call__(
        self, sender: type[Any], *, order_id: int, total: Decimal, **kwargs: object
    ) -> Awaitable[object]: ...


class ShopSignals(SignalEmitter["Shop"]):
    order_paid: Signal[OrderPaid]
    order_sent: Signal[OrderPaid]


class AlbumSignals(ModelSignals[Any]):
    sold: Signal[Sold]


class Shop:
    signals: ShopSignals = ShopSignals()


@pytest.fixture
def validated():
    """Validates signals until the test is over."""
    added: list[PayloadValidation] = []

    def validate(*targets: Any) -> None:
        added.append(validate_payloads(*targets))

    yield validate
    for each in added:
        each.remove()


async def check(signal: Signal[Any], validated: Any, **payload: Any) -> None:
    validated(signal)
    await signal.send(sender=Shop, **payload)


@pytest.fixture
def received(validated):
    vars(Shop.signals).clear()
    validated(Shop.signals.order_paid)
    found: list[Any] = []

    @Shop.signals.order_paid.connect
    async def receiver(sender, **kwargs):
        found.append(kwargs)

    return found


async def send(**payload: Any) -> None:
    await Shop.signals.order_paid.send(sender=Shop, **payload)


# --- what is sent --------------------------------------------------------------------------------


async def test_valid_payload_arrives_unchanged(received):
    lines = [Line(1)]
    await send(order_id=7, total=Decimal("1.5"), lines=lines, note=None, more=SECRET)
    (payload,) = received
    assert payload["lines"] is lines
    assert payload == {
        "order_id": 7,
        "total": Decimal("1.5"),
        "lines": lines,
        "note": None,
        "more": SECRET,
    }


async def test_wrong_payload_raises_one_error_with_every_mistake(received):
    with pytest.raises(SignalPayloadError) as refused:
        await send(order_id=SECRET, totall=SECRET, lines=[Line(1), SECRET])
    assert str(refused.value) == (
        "signal `order_paid` of Shop cannot be sent with this payload:\n"
        "  - `order_id` expected `int`, was given a `str`\n"
        "  - `total` is missing: expected `Decimal`; `totall` was sent\n"
        "  - `lines` expected `list[Line]`, was given a `list` with a `str` at `[1]`\n"
        "  expected: send(sender: type[Shop], *, order_id: int, total: Decimal, "
        "lines: list[Line] = ..., note: str | None = ..., **kwargs: object)"
    )
    assert [each.parameter for each in refused.value.mistakes] == ["order_id", "total", "lines"]
    assert received == []


async def test_send_robust_refuses_a_wrong_payload(received):
    with pytest.raises(SignalPayloadError):
        await Shop.signals.order_paid.send_robust(sender=Shop, order_id=SECRET)
    assert received == []
    (outcome,) = await Shop.signals.order_paid.send_robust(
        sender=Shop, order_id=1, total=Decimal(1)
    )
    assert outcome.exception is None


async def test_wrong_payload_is_refused_without_receivers(validated):
    with pytest.raises(SignalPayloadError, match="a signal cannot be sent"):
        await check(Signal[OrderPaid](), validated)


GOOD = [
    {"number": 2.5},
    {"number": 2},
    {"copy": True},
    {"customer": Customer(name="a"), "customers": [Customer(name="b")]},
    {"opaque": Opaque()},
    {"kind": "b"},
    {"prices": {"a": 1}},
    {"positive": 1},
]
WRONG = [
    ({"number": int}, "`number` expected `float`, was given a class"),
    ({"number": None}, "`number` expected `float`, was given `None`"),
    ({"number": "2.5"}, "`number` expected `float`, was given a `str`"),
    ({"copy": "yes"}, "`copy` expected `bool`, was given a `str`"),
    ({"customer": {"name": SECRET}}, "`customer` expected `Customer`, was given a `dict`"),
    ({"opaque": SECRET}, "`opaque` expected `Opaque`, was given a `str`"),
    ({"kind": SECRET}, "`kind` expected `Literal['a', 'b']`, was given a `str`"),
    ({"prices": {SECRET: SECRET}}, "was given a `dict` with a `str` at `[...]`"),
    ({"positive": 0}, "`positive` expected `int`, was given an `int` that breaks `"),
    ({"customers": [{"name": SECRET}]}, "`customers` expected `list[Customer]`, was given a `lis"),
    ({"numbre": 1}, "`numbre` is not in the contract: did you mean `number`?"),
    ({"surplus": 1}, "`surplus` is not in the contract"),
]


@pytest.mark.parametrize("payload", GOOD)
async def test_values_of_the_right_type_are_sent(payload, validated):
    received: list[Any] = []
    signal = Signal[Everything]()

    @signal.connect
    async def receiver(sender, **kwargs):
        received.append(kwargs)

    await check(signal, validated, **payload)
    assert received == [payload]
    assert all(received[0][name] is value for name, value in payload.items())


@pytest.mark.parametrize(("payload", "message"), WRONG)
async def test_values_of_the_wrong_type_are_refused_without_showing_them(
    payload, message, validated
):
    with pytest.raises(SignalPayloadError) as refused:
        await check(Signal[Everything](), validated, **payload)
    assert message in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value.mistakes)
    assert refused.value.__context__ is None


# --- targets -------------------------------------------------------------------------------------


async def test_signal_that_is_no_target_is_not_validated(received):
    await Shop.signals.order_sent.send(sender=Shop, order_id=SECRET, total=None)


async def test_validation_can_be_removed():
    signal = Signal[OrderPaid]()
    validation = validate_payloads(signal)
    with pytest.raises(SignalPayloadError):
        await signal.send(sender=Shop, order_id=1)
    validation.remove()
    await signal.send(sender=Shop, order_id=1)


async def test_signals_of_a_model_are_validated_also_after_another_install(plain_shop, validated):
    install(plain_shop.Album)
    validated(plain_shop.Album)
    install(plain_shop.Album, signals=AlbumSignals)
    signal = getattr(plain_shop.Album, CONFIG).signals.sold
    with pytest.raises(SignalPayloadError, match="signal `sold` of Album"):
        await signal.send(sender=plain_shop.Album, order_id=SECRET, total=Decimal(1))
    await signal.send(sender=plain_shop.Album, order_id=1, total=Decimal(1))


async def test_signal_that_was_validated_works_after_uninstall(plain_shop, validated):
    install(plain_shop.Album, signals=AlbumSignals)
    signal = getattr(plain_shop.Album, CONFIG).signals.sold
    validated(signal)
    uninstall()
    await signal.send(sender=plain_shop.Album, order_id=SECRET)
    with pytest.raises(SignalPayloadError):
        await check(Signal[OrderPaid](), validated, order_id=SECRET)


async def test_model_in_a_payload_is_validated(shop, validated):
    class AlbumSold(Protocol):
        def __call__(self, sender: object, *, album: shop.Album) -> Awaitable[object]: ...

    AlbumSold.__call__.__annotations__["album"] = shop.Album
    signal = Signal[AlbumSold]()
    validated(signal)
    received: list[Any] = []

    @signal.connect
    async def receiver(sender, *, album, **kwargs):
        received.append(album)

    album = await shop.Album.objects.create(name="one")
    await signal.send(sender=None, album=album)
    assert received[0] is album
    with pytest.raises(SignalPayloadError, match="expected `Album`, was given a `Tag`"):
        await signal.send(sender=None, album=shop.Tag(name="x"))


# --- JSON schema ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "of",
    [OrderPaid, Signal[OrderPaid](), ShopSignals().order_paid],
    ids=["protocol", "plain", "declared"],
)
def test_json_schema_describes_the_payload(of):
    schema = payload_schema(of)
    assert schema["title"] == "OrderPaid"
    assert schema["description"] == "Receives an order that was paid."
    assert schema["required"] == ["order_id", "total"]
    assert list(schema["properties"]) == ["order_id", "total", "lines", "note"]
    assert schema["properties"]["order_id"]["type"] == "integer"
    definitions = schema["$defs" if not lanes.LEGACY else "definitions"]
    assert definitions["Line"]["properties"]["price"]["type"] == "integer"


def test_json_schema_names_types_that_have_no_schema():
    properties = payload_schema(Everything)["properties"]
    assert properties["opaque"]["title"] == "Opaque"
    assert properties["number"]["default"] == 1.5
    assert properties["positive"]["exclusiveMinimum"] == 0
    assert "copy" in properties
    assert payload_schema(Everything)["additionalProperties"] is False


def test_signal_without_declared_payload_has_an_open_schema():
    schema = payload_schema(Signal())
    assert schema["properties"] == {}
    assert "additionalProperties" not in schema


# --- a signal that was made of a function --------------------------------------------------------


@signal
async def order_lost(sender: type[Shop], *, reason: str, note: str = "", **kwargs: object) -> None:
    """Sent when an order was lost."""


async def test_payload_is_validated_by_the_annotations_of_a_function(validated):
    await check(order_lost, validated, reason="rain")
    with pytest.raises(SignalPayloadError, match="`reason` expected `str`, was given an `int`"):
        await check(order_lost, validated, reason=1)


def test_json_schema_is_that_of_the_function():
    schema = payload_schema(order_lost)
    assert (schema["title"], schema["description"]) == (
        "order_lost",
        "Sent when an order was lost.",
    )
    assert (list(schema["properties"]), schema["required"]) == (["reason", "note"], ["reason"])


# --- senders, and signals that are functions ------------------------------------------------------


class Clerk: ...


class Branch(Shop): ...


class Bike:
    signals: ModelSignals["Bike"] = ModelSignals()


@signal
async def order_moved(
    sender: type[Shop] | type[Clerk],
    *,
    order_id: Annotated[int, pydantic.Field(gt=0)],
    **kw: object,
) -> None:
    """Sent when an order was moved."""


@pytest.fixture
def checked():
    validation = validate_payloads(order_moved)
    yield
    validation.remove()


@pytest.mark.parametrize("sender", [Shop, Branch, Clerk])
async def test_function_signal_accepts_what_its_signature_names(checked, sender):
    await order_moved.send(sender=sender, order_id=1)


@pytest.mark.parametrize(
    ("sender", "given"),
    [(Shop(), "a `Shop`"), (Line, "`type[Line]`"), (None, "`None`"), ("Shop", "a `str`")],
    ids=["instance", "other class", "none", "name"],
)
async def test_wrong_sender_of_a_function_signal_is_refused(checked, sender, given):
    called = []

    @order_moved.connect
    async def receiver(sender, **kwargs):
        called.append(sender)

    try:
        with pytest.raises(SignalPayloadError) as caught:
            await order_moved.send(sender=sender, order_id=0)
    finally:
        order_moved.disconnect(receiver)
    assert called == []
    [problem, other] = map(str, caught.value.mistakes)
    assert problem == f"`sender` expected `type[Shop] | type[Clerk]`, was given {given}"
    assert other.startswith("`order_id` expected `int`")


async def test_sender_that_is_a_type_variable_is_not_checked():
    validation = validate_payloads()
    try:
        await Signal().send(sender=None)
        await Bike.signals.pre_delete.send(sender=Line, instance=object())
    finally:
        validation.remove()
