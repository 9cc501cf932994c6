"""A payload as JSON: written during the send, read again at work time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Final, Protocol, TypeVar, Union, get_args, get_origin

import pydantic
import pydantic_core
from typing_extensions import get_type_hints

from typed_signals.durable._core import (
    LIFECYCLE,
    Signal,
    SignalDefinitionError,
    format_type,
    suggest,
)
from typed_signals.durable._store import Model, Store, is_model

__all__ = ["KEY_LENGTH", "Field", "decoded", "encoded", "fields_of", "key_of"]

KEY_LENGTH: Final = 200
"""How many characters names and keys may have."""


class Field(Protocol):
    """One name of a payload."""

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The value as something that JSON has."""
        ...

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The value again."""
        ...

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        ...


class ByValue:
    """A value that travels itself, as pydantic writes it.

    Args:
        hint: Its type.
        attributes: Whether it is made of the attributes of what is sent.

    Raises:
        pydantic.errors.PydanticUserError: pydantic cannot read the type.
    """

    def __init__(self, hint: Any, *, attributes: bool = False) -> None:
        self._adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(hint)
        self._attributes = attributes
        if not attributes:
            self._adapter.json_schema()  # refuses what JSON cannot hold

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The value as something that JSON has."""
        if self._attributes:
            value = self._adapter.validate_python(_Attributes(value), from_attributes=True)
        return self._adapter.dump_python(value, mode="json")

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The value again."""
        return self._adapter.validate_json(pydantic_core.to_json(value))

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return self._adapter.json_schema()


class _Attributes:
    """The attributes of an instance: pydantic does not look into the weak proxy of a relation."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)


class Reference:
    """A model that travels as its primary key and is reloaded at work time.

    Args:
        model: The model class; ``None`` for the sender itself.
        relation: The payload that names the sender's relation, whose model it then is.
    """

    def __init__(self, model: Model | None = None, relation: str | None = None) -> None:
        self._model = model
        self._relation = relation

    def _of(self, sender: Model, payload: Mapping[str, Any]) -> Model:
        if self._relation is not None:
            return Store.related(sender, payload[self._relation])
        return self._model or sender

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The primary key as something that JSON has."""
        return None if value is None else pydantic_core.to_jsonable_python(value.pk)

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The model as it is now; ``None`` if it is gone."""
        if value is None:
            return None
        model = self._of(sender, payload)
        key = pydantic.TypeAdapter(Store.key_type(model)).validate_json(
            pydantic_core.to_json(value)
        )
        return await Store.reload(model, key)

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return {"description": "a primary key"}


class Many:
    """A list of what another field is one of; what is gone at work time is left out.

    Args:
        field: The field of each.
    """

    def __init__(self, field: Field) -> None:
        self._field = field

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The list as something that JSON has."""
        return [self._field.dump(each, sender, payload) for each in value]

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """The list again."""
        found = [await self._field.load(each, sender, payload) for each in value]
        return [each for each in found if each is not None]

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return {"type": "array", "items": self._field.schema()}


def field_of(hint: Any) -> Field:
    """The field for a type: models travel as their primary keys, all else as it is.

    Args:
        hint: The type.

    Returns:
        The field.

    Raises:
        pydantic.errors.PydanticUserError: pydantic cannot read the type, or JSON cannot hold it.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if is_model(hint):
        return Reference(hint)
    if origin in (Union, UnionType):
        models = [each for each in arguments if is_model(each)]
        if models and set(arguments) == {models[0], type(None)}:
            return Reference(models[0])
    if origin is list and is_model(arguments[0]):
        return Many(Reference(arguments[0]))
    return ByValue(hint)


def fields_of(
    signal: Signal[Any], names: Sequence[str], owner: type | None, payload: Any, *, what: str
) -> dict[str, Field]:
    """The fields of what travels.

    Args:
        signal: The signal.
        names: What travels.
        owner: The class that sends it, if known.
        payload: The pydantic model that is made of an instance; ``None`` to reload it.
        what: Who is asking, for people.

    Returns:
        The fields, by name.

    Raises:
        SignalDefinitionError: One cannot travel.
    """
    if signal.name in LIFECYCLE:
        instance = ByValue(payload, attributes=True) if payload else Reference()
        known: dict[str, Field] = {
            "instance": instance,
            "instances": Many(instance),
            "child": Reference(relation="relation_name"),
        }
        return {name: known.get(name) or ByValue(str) for name in names}
    call: Any = signal.protocol.__call__
    hints = get_type_hints(call, include_extras=True)
    found: dict[str, Field] = {}
    for name in names:
        hint = _of_owner(hints.get(name, Any), owner)
        try:
            found[name] = field_of(hint)
        except (pydantic.errors.PydanticUserError, TypeError) as error:
            raise SignalDefinitionError(
                f"`{name}: {format_type(hint)}` of {signal.title} cannot travel ({what}): "
                "pydantic cannot write it as JSON and read it again; use a pydantic model, a "
                "dataclass or the types they are made of"
            ) from error
    return found


def _of_owner(hint: Any, owner: type | None) -> Any:
    """A hint with the owner for the type variable of its Protocol."""
    if isinstance(hint, TypeVar):
        return owner or Any
    variables: tuple[Any, ...] = getattr(hint, "__parameters__", ())
    return hint[tuple(owner or Any for _ in variables)] if variables else hint


def key_of(
    key: Callable[..., str | None] | None, names: Iterable[str], *, what: str
) -> Callable[[Mapping[str, Any]], str | None]:
    """What gives the key of a payload.

    Args:
        key: The user's function, called with the payload that it names.
        names: What travels.
        what: What it is, for people.

    Returns:
        The function.

    Raises:
        SignalDefinitionError: It names what does not travel.
    """
    if key is None:
        return lambda payload: None
    asked = [*inspect.signature(key).parameters]
    for name in asked:
        if name not in (known := [*names]):
            near = suggest(name, known) or "` or `".join(known)
            raise SignalDefinitionError(
                f"{what} asks for `{name}`, which does not travel: write `{near}`"
            )

    def of(payload: Mapping[str, Any]) -> str | None:
        value: Any = key(**{name: payload[name] for name in asked})
        if value is not None and not (isinstance(value, str) and len(value) <= KEY_LENGTH):
            raise TypeError(
                f"{what} must give a `str` of at most {KEY_LENGTH} characters or `None`, and gave "
                f"a `{type(value).__name__}`"
            )
        return value

    return of


def encoded(fields: Mapping[str, Field], sender: Model, payload: Mapping[str, Any]) -> str:
    """A payload as JSON text.

    Args:
        fields: What travels.
        sender: The sender.
        payload: What is sent.

    Returns:
        The text.
    """
    values = {
        name: field.dump(payload[name], sender, payload)
        for name, field in fields.items()
        if name in payload
    }
    return pydantic_core.to_json(values).decode()


async def decoded(fields: Mapping[str, Field], sender: Model, values: Any) -> dict[str, Any]:
    """A payload as the receiver gets it.

    Args:
        fields: What travels.
        sender: The sender.
        values: What the JSON text holds.

    Returns:
        The payload.
    """
    return {
        name: await field.load(values[name], sender, values)
        for name, field in fields.items()
        if name in values
    }
