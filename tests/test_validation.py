"""Payloads that pydantic checks when they are sent, and their JSON schema."""

from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol

import pydantic
import pytest

from tests import lanes
from tests.shop import CONFIG
from typed_signals import Signal, SignalDefinitionError, SignalEmitter
from typed_signals.validation import SignalPayloadError, ValidatedSignal, payload_schema

SECRET = "4711-secret"


@dataclass
class Line:
    price: int


class Customer(pydantic.BaseModel):
    name: str


class Opaque:
    """A class that pydantic knows nothing of."""


class OrderPaid(Protocol):
    """Hears of an order that was paid."""

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
        copy: bool = ...,  # a name that models have for themselves
        customer: Customer = ...,
        customers: list[Customer] = ...,
        opaque: Opaque = ...,
        kind: Literal["a", "b"] = ...,
        prices: dict[str, int] = ...,
        positive: Annotated[int, pydantic.Field(gt=0)] = ...,
    ) -> Awaitable[object]: ...


class ShopSignals(SignalEmitter["Shop"]):
    order_paid: ValidatedSignal[OrderPaid]
    order_sent: Signal[OrderPaid]


class Shop:
    signals: ShopSignals = ShopSignals()


@pytest.fixture
def heard():
    vars(Shop.signals).clear()
    received: list[Any] = []

    @Shop.signals.order_paid.connect
    async def receiver(sender, **kwargs):
        received.append(kwargs)

    return received


async def send(**payload: Any) -> None:
    await Shop.signals.order_paid.send(sender=Shop, **payload)


# --- what is sent --------------------------------------------------------------------------------


async def test_a_payload_that_keeps_the_contract_arrives_as_it_was_sent(heard):
    lines = [Line(1)]
    await send(order_id=7, total=Decimal("1.5"), lines=lines, note=None, more=SECRET)
    (received,) = heard
    assert received["lines"] is lines
    assert received == {
        "order_id": 7,
        "total": Decimal("1.5"),
        "lines": lines,
        "note": None,
        "more": SECRET,
    }


async def test_a_wrong_payload_is_one_error_that_names_every_mistake(heard):
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
    assert heard == []


async def test_a_robust_send_refuses_a_wrong_payload_too(heard):
    with pytest.raises(SignalPayloadError):
        await Shop.signals.order_paid.send_robust(sender=Shop, order_id=SECRET)
    assert heard == []
    (outcome,) = await Shop.signals.order_paid.send_robust(
        sender=Shop, order_id=1, total=Decimal(1)
    )
    assert outcome.failure is None


async def test_a_wrong_payload_is_refused_when_nobody_listens():
    with pytest.raises(SignalPayloadError, match="a signal cannot be sent"):
        await ValidatedSignal[OrderPaid]().send(sender=Shop)


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
async def test_values_of_the_right_type_are_sent(payload):
    received: list[Any] = []
    signal = ValidatedSignal[Everything]()

    @signal.connect
    async def receiver(sender, **kwargs):
        received.append(kwargs)

    await signal.send(sender=None, **payload)
    assert received == [payload]
    assert all(received[0][name] is value for name, value in payload.items())


@pytest.mark.parametrize(("payload", "told"), WRONG)
async def test_values_of_the_wrong_type_are_refused_by_type_and_never_by_value(payload, told):
    with pytest.raises(SignalPayloadError) as refused:
        await ValidatedSignal[Everything]().send(sender=None, **payload)
    assert told in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value.mistakes)
    assert refused.value.__context__ is None


# --- signals -------------------------------------------------------------------------------------


async def test_a_signal_that_is_not_declared_to_be_validated_is_not(heard):
    assert not isinstance(Shop.signals.order_sent, ValidatedSignal)
    await Shop.signals.order_sent.send(sender=Shop, order_id=SECRET, total=None)


def test_a_declared_signal_cannot_be_replaced_by_one_that_is_not_validated():
    signals = ShopSignals()
    with pytest.raises(SignalDefinitionError, match="declared as a `ValidatedSignal`, not as a"):
        signals.order_paid = Signal()  # type: ignore[assignment]
    mine = signals.order_paid = ValidatedSignal[OrderPaid]()
    assert signals.order_paid is mine


async def test_a_signal_of_a_model_can_be_validated(plain_shop):
    from typed_signals.ormar import OrmarSignal, OrmarSignals, install

    class AlbumSignals(OrmarSignals[Any]):
        sold: ValidatedSignal[OrderPaid]

    install(plain_shop.Album, signals=AlbumSignals)
    signal = getattr(plain_shop.Album, CONFIG).signals.sold
    assert isinstance(signal, ValidatedSignal)
    assert isinstance(signal, OrmarSignal)
    with pytest.raises(SignalPayloadError, match="signal `sold` of Album"):
        await signal.send(sender=plain_shop.Album, order_id=SECRET, total=Decimal(1))
    await signal.send(sender=plain_shop.Album, order_id=1, total=Decimal(1))


@pytest.mark.parametrize("made", ["by ormar", "by install", "by hand", "by hand afterwards"])
async def test_a_signal_that_a_model_had_before_is_validated_from_then_on(plain_shop, made):
    import ormar

    from typed_signals.ormar import OrmarSignals, install, uninstall

    class AlbumSignals(OrmarSignals[Any]):
        sold: ValidatedSignal[OrderPaid]

    def signals() -> Any:
        return getattr(plain_shop.Album, CONFIG).signals

    received: list[Any] = []

    async def receiver(sender, *, order_id, **kwargs):
        received.append(order_id)

    if made == "by install":
        install(plain_shop.Album)
    if made == "by hand":
        signals()["sold"] = ormar.Signal()
    before = ormar.Signal() if made == "by hand afterwards" else signals().sold
    before.connect(receiver)
    install(plain_shop.Album, signals=AlbumSignals)
    if made == "by hand afterwards":
        signals().sold = before
    assert signals().sold is before
    with pytest.raises(SignalPayloadError):
        await before.send(sender=plain_shop.Album, order_id=SECRET, total=Decimal(1))
    await before.send(sender=plain_shop.Album, order_id=1, total=Decimal(1))
    uninstall()
    assert signals()["sold"] is before
    assert type(before) is ormar.Signal
    await before.send(sender=plain_shop.Album, order_id=2)
    assert received == [1, 2]


async def test_a_model_is_a_payload_like_any_other(shop):
    class AlbumSold(Protocol):
        def __call__(self, sender: object, *, album: shop.Album) -> Awaitable[object]: ...

    AlbumSold.__call__.__annotations__["album"] = shop.Album
    signal = ValidatedSignal[AlbumSold]()
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
    [OrderPaid, ValidatedSignal[OrderPaid](), Signal[OrderPaid](), ShopSignals().order_paid],
    ids=["protocol", "validated", "plain", "declared"],
)
def test_the_json_schema_of_a_payload(of):
    schema = payload_schema(of)
    assert schema["title"] == "OrderPaid"
    assert schema["description"] == "Hears of an order that was paid."
    assert schema["required"] == ["order_id", "total"]
    assert list(schema["properties"]) == ["order_id", "total", "lines", "note"]
    assert schema["properties"]["order_id"]["type"] == "integer"
    definitions = schema["$defs" if not lanes.LEGACY else "definitions"]
    assert definitions["Line"]["properties"]["price"]["type"] == "integer"


def test_the_json_schema_tells_the_name_of_what_has_none():
    properties = payload_schema(Everything)["properties"]
    assert properties["opaque"]["title"] == "Opaque"
    assert properties["number"]["default"] == 1.5
    assert properties["positive"]["exclusiveMinimum"] == 0
    assert "copy" in properties
    assert payload_schema(Everything)["additionalProperties"] is False


def test_a_signal_that_declares_nothing_has_an_open_schema():
    schema = payload_schema(Signal())
    assert schema["properties"] == {}
    assert "additionalProperties" not in schema
