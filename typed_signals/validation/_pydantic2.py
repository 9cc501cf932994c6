"""Payloads checked by pydantic 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pydantic
from pydantic.json_schema import GenerateJsonSchema

from typed_signals.validation._fields import EXTRA, MISSING, Field, Found, as_they_are

__all__ = ["Pydantic2"]

_CODES = {"missing": MISSING, "extra_forbidden": EXTRA}


class Pydantic2:
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
        # A payload's name may be one that a model has for itself, so it is an alias here.
        definitions: dict[str, Any] = {
            f"payload_{index}": (as_they_are(field.hint, _instance_of), _field(alias, field))
            for index, (alias, field) in enumerate(fields.items())
        }
        config = pydantic.ConfigDict(
            strict=True,
            arbitrary_types_allowed=True,
            extra="forbid" if closed else "ignore",
        )
        self._model: type[pydantic.BaseModel] = pydantic.create_model(
            name, __config__=config, __doc__=description, **definitions
        )

    def check(self, payload: Mapping[str, Any]) -> Iterable[Found]:
        """What is wrong with a payload."""
        try:
            self._model.model_validate(payload)
        except pydantic.ValidationError as error:
            for each in error.errors(include_url=False, include_context=False, include_input=False):
                name, *path = each["loc"]
                code = _CODES.get(each["type"], each["type"])
                yield Found(str(name), code, tuple(path))

    def schema(self) -> dict[str, Any]:
        """The JSON schema."""
        return self._model.model_json_schema(schema_generator=_Schema)


def _field(alias: str, field: Field) -> Any:
    if field.required:
        return pydantic.Field(alias=alias)
    if field.default is ...:
        return pydantic.Field(alias=alias, default_factory=lambda: None)
    return pydantic.Field(alias=alias, default=field.default)


def _instance_of(cls: Any) -> Any:
    """A type that accepts instances of a class as they are."""
    instance: Any = pydantic.InstanceOf
    return instance[cls]


class _Schema(GenerateJsonSchema):
    """Shows the name of a type that has no schema."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        cls = schema.get("cls")
        return {"title": cls.__name__} if isinstance(cls, type) else {}
