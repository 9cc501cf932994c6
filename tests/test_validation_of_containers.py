"""Payloads that are typed dicts, tuples and named tuples, checked with pydantic."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import Any, NamedTuple, Protocol

import pytest
from typing_extensions import TypedDict

from tests import lanes
from typed_signals import Signal, SignalPayloadError
from typed_signals.validation import payload_schema, validate_payloads


class Item(TypedDict):
    name: str


class Point(NamedTuple):
    x: int
    y: int


class Placed(Protocol):
    def __call__(
        self,
        sender: type[Any],
        *,
        item: Item,
        pair: tuple,
        numbers: tuple[int, ...],
        point: Point,
        items: list[Item],
        **kwargs: object,
    ) -> Awaitable[object]: ...


@pytest.fixture
def placed() -> Iterator[Any]:
    signal = Signal[Placed]()
    validation = validate_payloads(signal)
    yield signal
    validation.remove()


def payload(**other: Any) -> dict[str, Any]:
    valid = {
        "item": {"name": "a"},
        "pair": (1, "b"),
        "numbers": (1, 2),
        "point": Point(1, 2),
        "items": [{"name": "b"}],
    }
    return {**valid, **other}


async def test_valid_containers_are_passed_on_as_they_are(placed: Any):
    received: list[dict[str, Any]] = []

    async def take(sender: type, **kwargs: object) -> None:
        received.append(kwargs)

    placed.connect(take)
    sent = payload()
    await placed.send(sender=int, **sent)
    assert all(received[0][name] is value for name, value in sent.items())


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a typed dict of another type": ({"item": 3}, "`item` expected `Item`, was given an `int`"),
    "a typed dict without a name": (
        {"item": {"nme": 1}},
        "`item` expected `Item`, was given a `dict` without `name`",
    ),
    "a list for a tuple": ({"pair": [1]}, "`pair` expected `tuple`, was given a `list`"),
    "a wrong element": (
        {"numbers": ("a",)},
        "`numbers` expected `tuple[int, ...]`, was given a `tuple` with a `str` at `[0]`",
    ),
    "a plain tuple for a named one": (
        {"point": (1, 2)},
        "`point` expected `Point`, was given a `tuple`",
    ),
    "a typed dict in a list without a name": (
        {"items": [{}]},
        "`items` expected `list[Item]`, was given a `list` without `[0].name`",
    ),
}


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
async def test_wrong_container_is_named_without_its_values(
    placed: Any, wrong: dict[str, Any], message: str
):
    with pytest.raises(SignalPayloadError) as raised:
        await placed.send(sender=int, **payload(**wrong))
    assert [str(mistake) for mistake in raised.value.mistakes] == [message]


def test_containers_have_a_schema():
    properties = payload_schema(Placed)["properties"]
    assert sorted(properties) == ["item", "items", "numbers", "pair", "point"]
    assert properties["numbers"]["items"] == {"type": "integer"}
    if not lanes.LEGACY:
        assert properties["items"]["items"] == {"$ref": "#/$defs/Item"}
