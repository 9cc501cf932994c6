"""The fields of a payload: how each is written as JSON, and read again at work time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Protocol, TypeVar, Union, get_args, get_origin

import pydantic
import pydantic_core

from typed_signals._dispatch.shield import finish
from typed_signals.durable._core import (
    BaseSignal,
    SignalDefinitionError,
    call_hints,
    format_type,
    suggest,
)
from typed_signals.durable._errors import DurableError
from typed_signals.durable._orms import is_lifecycle
from typed_signals.durable._store import Model, Store

__all__ = ["Field", "fields_of"]


class Field(Protocol):
    """One name of a payload."""

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert a value to a JSON value."""
        ...

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert a JSON value back."""
        ...

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        ...


class ByValue:
    """A value that is written itself, by pydantic.

    Args:
        hint: Its type.
        attributes: Whether it is made from the attributes of an instance that is sent.

    Raises:
        pydantic.errors.PydanticUserError: pydantic cannot read the type.
    """

    def __init__(self, hint: Any, *, attributes: bool = False) -> None:
        self._hint = hint
        self._adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(hint)
        self._attributes = attributes
        if not attributes:
            self._adapter.json_schema()  # refuses what JSON cannot hold

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert a value to a JSON value."""
        try:
            if self._attributes:
                value = self._adapter.validate_python(_Attributes(value), from_attributes=True)
            return self._adapter.dump_python(value, mode="json")
        except pydantic.ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            wrong = [f"`{'.'.join(map(str, each['loc']))}` ({each['type']})" for each in found]
        except pydantic_core.PydanticSerializationError:
            wrong = ["a value that JSON does not have"]
        # Not chained: pydantic's own text holds the values.
        raise DurableError(
            f"no `{format_type(self._hint)}` can be made of what is sent: {', '.join(wrong)}"
        )

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert a JSON value back."""
        # Aliases name the attributes of the instance; the JSON has the fields' own names.
        text = pydantic_core.to_json(value)
        return self._adapter.validate_json(text, by_alias=False, by_name=True)

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return self._adapter.json_schema(by_alias=False)


class _Attributes:
    """The attributes of an instance: pydantic does not look into the weak proxy of a relation."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)


class Reference:
    """An instance that is written as its primary key and reloaded at work time.

    Args:
        store: The database.
        model: The model class; ``None`` for the sender itself.
        relation: The payload field with the name of the sender's relation, if the model is the
            one at its other end.
        optional: Whether it may be gone at work time.
    """

    def __init__(
        self,
        store: Store,
        model: Model | None = None,
        *,
        relation: str | None = None,
        optional: bool = False,
    ) -> None:
        self._store = store
        self._model = model
        self._relation = relation
        self._optional = optional

    def _of(self, sender: Model, payload: Mapping[str, Any]) -> Model:
        if self._relation is not None:
            return self._store.related(sender, payload[self._relation])
        return self._model or sender

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert the primary key to a JSON value."""
        if value is None:
            return None
        key = self._store.key_of(value)
        if key is None:
            raise DurableError(
                f"a `{type(value).__name__}` travels as its primary key, and has none: save it "
                "first"
            )
        return pydantic_core.to_jsonable_python(key)

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Load the instance as it is now; ``None`` if it is gone and is optional."""
        if value is None:
            return None
        model = self._of(sender, payload)
        key = pydantic.TypeAdapter(self._store.key_type(model)).validate_json(
            pydantic_core.to_json(value)
        )
        found = await finish(self._store.reload(model, key))
        if found is None and not self._optional:
            raise DurableError(
                f"the `{model.__name__}` of this event is gone: declare the payload as "
                f"`{model.__name__} | None`, or let a pydantic model travel"
            )
        return found

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return {"description": "a primary key"}


class Many:
    """A list of another field's values; instances that are gone at work time are left out.

    Args:
        field: The field of each value.
    """

    def __init__(self, field: Field) -> None:
        self._field = field

    def dump(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert the list to JSON values."""
        return [self._field.dump(each, sender, payload) for each in value]

    async def load(self, value: Any, sender: Model, payload: Mapping[str, Any]) -> Any:
        """Convert the JSON values back."""
        found = [await self._field.load(each, sender, payload) for each in value]
        return [each for each in found if each is not None]

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return {"type": "array", "items": self._field.schema()}


def field_of(hint: Any, store: Store) -> Field:
    """The field for a type: models are written as their primary keys, other values themselves.

    Args:
        hint: The type; :class:`Sender` stands for the model that sends.
        store: The database.

    Returns:
        The field.

    Raises:
        pydantic.errors.PydanticUserError: pydantic cannot read the type, or JSON cannot hold it.
        TypeError: The type is ``Any`` or ``object``, which does not tell what to write.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    optional = origin in (Union, UnionType) and len(arguments) == 2 and type(None) in arguments
    [model] = [each for each in arguments if each is not type(None)] if optional else [hint]
    if model is Sender or store.is_model(model):
        return Reference(store, None if model is Sender else model, optional=optional)
    if origin is list and (arguments[0] is Sender or store.is_model(arguments[0])):
        model = None if arguments[0] is Sender else arguments[0]
        return Many(Reference(store, model, optional=True))
    if hint in (Any, object):
        raise TypeError("it may be anything")
    return ByValue(hint)


class Sender:
    """Stands in a type for the model that sends."""


def fields_of(
    signal: BaseSignal,
    names: Sequence[str],
    owner: type | None,
    payload: Any,
    *,
    store: Store,
    what: str,
) -> dict[str, Field]:
    """The fields of a payload.

    Args:
        signal: The signal.
        names: The names in the payload.
        owner: The class that sends it, if known.
        payload: The pydantic model that is made from an instance; ``None`` to reload it.
        store: The database.
        what: The receiver, for messages.

    Returns:
        The fields, by name.

    Raises:
        SignalDefinitionError: A field cannot be written as JSON.
    """
    if is_lifecycle(signal.contract, signal.name):
        instance: Field = Reference(store, optional=True)
        if payload is not None:
            _check_fit(payload, owner, store, what)
            instance = ByValue(payload, attributes=True)
        known: dict[str, Field] = {
            "instance": instance,
            "instances": Many(instance),
            "child": Reference(store, relation="relation_name", optional=True),
        }
        return {name: known.get(name) or ByValue(str) for name in names}
    hints = call_hints(signal.protocol)
    own = getattr(hints.get("sender"), "__parameters__", ())
    found: dict[str, Field] = {}
    for name in names:
        hint = hints.get(name, Any)
        try:
            found[name] = field_of(_of_owner(hint, owner, own, store), store)
        except (pydantic.errors.PydanticUserError, TypeError) as error:
            raise SignalDefinitionError(
                f"`{name}: {format_type(hint)}` of {signal.title} cannot travel ({what}): "
                "pydantic cannot write it as JSON and read it again; use a pydantic model, a "
                "dataclass or the types they are made of"
            ) from error
    return found


def _of_owner(hint: Any, owner: type | None, own: Sequence[Any], store: Store) -> Any:
    """A hint with the owner for the type variable of ``sender``, and anything for others."""
    model: Any = Sender if store.is_model(owner) else owner or Any
    if isinstance(hint, TypeVar):
        return model if hint in own else Any
    variables: tuple[Any, ...] = getattr(hint, "__parameters__", ())
    if not variables or isinstance(hint, type):
        return hint
    return hint[tuple(model if each in own else Any for each in variables)]


def _check_fit(payload: Any, owner: type | None, store: Store, what: str) -> None:
    """Refuse a payload with a field that no instance can fill."""
    if owner is None or not store.is_concrete(owner) or issubclass(payload, pydantic.RootModel):
        return
    validators = payload.__pydantic_decorators__.model_validators.values()
    if any(each.info.mode != "after" for each in validators):  # a validator may fill it
        return
    for name, field in payload.model_fields.items():
        alias = field.validation_alias
        source = name if alias is None else alias
        if not field.is_required() or not isinstance(source, str):
            continue
        if not store.has_attribute(owner, source):
            near = suggest(source, store.attributes(owner))
            remedy = (
                f"did you mean `{near}`?"
                if near
                else f"give it a default, or `{owner.__name__}` a property"
            )
            raise SignalDefinitionError(
                f"the payload `{payload.__name__}` of {what} needs `{source}`, which "
                f"`{owner.__name__}` does not have: {remedy}"
            )
