"""Payloads checked by pydantic 1.10."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pydantic as installed

from typed_signals.validation._fields import EXTRA, MISSING, Field, Found, as_they_are

__all__ = ["Pydantic1"]

pydantic: Any = installed
"""Type checkers are shown pydantic 2."""

_CODES = {"value_error.missing": MISSING, "value_error.extra": EXTRA}


class Pydantic1:
    """The model of a payload.

    Args:
        name: Its name.
        description: What it is, in a sentence.
        fields: Its names.
        closed: Whether other names are refused.
    """

    def __init__(
        self, name: str, description: str, fields: Mapping[str, Field], *, closed: bool
    ) -> None:
        self._name, self._description, self._fields, self._closed = (
            name,
            description,
            fields,
            closed,
        )
        self._model = self._made(fields)

    def _made(self, fields: Mapping[str, Field], *, whole: bool = False) -> Any:
        # A payload's name may be one that a model has for itself, so it is an alias here.
        names = {f"payload_{index}": name for index, name in enumerate(fields)}
        config = {
            "arbitrary_types_allowed": True,
            "extra": "forbid" if self._closed else "ignore",
            "fields": {inner: {"alias": name} for inner, name in names.items()},
        }
        definitions: dict[str, Any] = {
            inner: (
                fields[name].hint if whole else as_they_are(fields[name].hint, _instance_of),
                ... if fields[name].required else _known(fields[name].default),
            )
            for inner, name in names.items()
        }
        model = pydantic.create_model(
            self._name, __config__=type("Config", (), config), **definitions
        )
        model.__doc__ = self._description
        return model

    def check(self, payload: Mapping[str, Any]) -> Iterable[Found]:
        """What is wrong with a payload."""
        try:
            model = self._model(**payload)
        except pydantic.ValidationError as error:
            for each in error.errors():
                name, *path = each["loc"]
                kind: str = each["type"]
                code = _CODES.get(kind, kind)
                yield Found(str(name), code, tuple(path))
            return
        # It has no strict mode: it converts what it can. A value that it converted was wrong.
        for inner, field in self._model.__fields__.items():
            if field.alias in payload:
                value = payload[field.alias]
                if not _is_same(value, getattr(model, inner)):
                    yield Found(field.alias, "converted")

    def schema(self) -> dict[str, Any]:
        """The JSON schema."""
        fields: dict[str, Field] = {}
        for name, field in self._fields.items():
            try:
                self._made({name: field}, whole=True).schema()
                fields[name] = field
            except (TypeError, ValueError):  # it has no schema
                fields[name] = field._replace(hint=_instance_of(field.hint))
        schema: dict[str, Any] = self._made(fields, whole=True).schema()
        return schema


def _known(default: Any) -> Any:
    return None if default is ... else default


def _is_same(value: Any, converted: Any) -> bool:
    if value is converted:
        return True
    promoted = type(converted) is float and type(value) is int  # an `int` is a `float` to typing
    return (promoted or type(value) is type(converted)) and bool(value == converted)


def _instance_of(cls: Any) -> Any:
    """A type that accepts instances of a class as they are."""

    def validate(value: object) -> object:
        if not isinstance(value, cls):
            raise TypeError("not an instance")
        return value

    def validators() -> Iterable[Any]:
        yield validate

    def schema(field_schema: dict[str, Any]) -> None:
        field_schema["title"] = getattr(cls, "__name__", "")

    members = {
        "__get_validators__": staticmethod(validators),
        "__modify_schema__": staticmethod(schema),
    }
    return type("InstanceOf", (), members)
