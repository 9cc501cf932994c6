"""The common interface to the two generations of pydantic."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter
from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, Protocol, Union, get_args, get_origin

import pydantic

__all__ = ["EXTRA", "MISSING", "Field", "Found", "Model", "as_they_are"]

MISSING: Final = "missing"
EXTRA: Final = "extra"


class Field(NamedTuple):
    """One name of a payload.

    Attributes:
        hint: Its type.
        default: Its default; ``Parameter.empty`` for none, ``...`` for an unknown one.
    """

    hint: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether it must be sent."""
        return self.default is Parameter.empty


class Found(NamedTuple):
    """Something wrong with a payload.

    Attributes:
        name: The name in the payload.
        code: pydantic's code for it, or :data:`MISSING` or :data:`EXTRA`.
        path: Where in the value, as far as pydantic says.
    """

    name: str
    code: str
    path: tuple[int | str, ...] = ()


class Model(Protocol):
    """The model of a payload."""

    def check(self, payload: Mapping[str, Any]) -> Iterable[Found]:
        """What is wrong with a payload; its values are neither changed nor converted."""
        ...

    def schema(self) -> dict[str, Any]:
        """The JSON schema."""
        ...


def as_they_are(hint: Any, instance_of: Callable[[Any], Any]) -> Any:
    """A hint in which models, dataclasses and named tuples are accepted as they are.

    pydantic would make them from a dict, or copy them.

    Args:
        hint: The hint.
        instance_of: Makes the hint that only accepts instances of a class.

    Returns:
        The hint with the result of ``instance_of`` in place of every such class.
    """
    origin: Any = get_origin(hint)
    arguments = get_args(hint)
    if origin is None:
        return instance_of(hint) if _is_made_by_pydantic(hint) else hint
    if origin is Annotated:
        return Annotated[(as_they_are(arguments[0], instance_of), *arguments[1:])]
    inner = tuple(as_they_are(each, instance_of) for each in arguments)
    if inner == arguments:
        return hint
    if origin in (Union, UnionType):
        return Union[inner]  # noqa: UP007 - of as many as there are
    return origin[inner]


def _is_made_by_pydantic(hint: Any) -> bool:
    if not isinstance(hint, type):
        return False
    kind: Any = hint
    is_named_tuple: bool = issubclass(kind, tuple) and hasattr(kind, "_fields")  # pyright: ignore[reportUnknownArgumentType] - any class
    is_model: bool = issubclass(kind, pydantic.BaseModel)  # pyright: ignore[reportUnknownArgumentType] - as above
    is_dataclass: bool = dataclasses.is_dataclass(kind)  # pyright: ignore[reportUnknownArgumentType] - as above
    return is_model or is_dataclass or is_named_tuple
