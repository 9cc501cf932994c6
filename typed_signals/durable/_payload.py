"""A payload as JSON: written during the send, read again at work time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic_core

from typed_signals.durable._core import kind_of
from typed_signals.durable._errors import DurableError
from typed_signals.durable._fields import Field
from typed_signals.durable._store import Model

__all__ = ["decoded", "encoded"]


def encoded(fields: Mapping[str, Field], sender: Model, payload: Mapping[str, Any]) -> str:
    """A payload as JSON text.

    Args:
        fields: The fields by name.
        sender: The sender.
        payload: The payload by name.

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
        fields: The fields by name.
        sender: The sender.
        values: What the JSON text holds, or what ``upgrade`` made of it.

    Returns:
        The payload.

    Raises:
        DurableError: The values are not a mapping.
    """
    given: object = values
    if not isinstance(given, Mapping):
        raise DurableError(f"the payload of an event must be a mapping, not {kind_of(given)}")
    return {
        name: await field.load(values[name], sender, values)
        for name, field in fields.items()
        if name in values
    }
