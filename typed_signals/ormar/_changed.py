"""Which fields an `update()` changes: ormar keeps no old values, so the row is read before."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from types import FrameType, MappingProxyType
from typing import Any

from typed_signals._protocols import Change
from typed_signals.ormar._compat import era, ormar

__all__ = ["Row", "column_names", "read_row"]


def column_names(model: type[Any]) -> list[str]:
    """List the fields that an update may write: columns, except the primary key.

    Args:
        model: The model class; an abstract one has no table, but fields.

    Returns:
        Their names. A foreign key is a column; relations that another table holds are none.
    """
    config = era.config(model)
    fields: Mapping[str, Any] = getattr(config, "model_fields", None) or {}
    return [
        name
        for name, field in fields.items()
        if not (field.primary_key or field.virtual or field.is_multi or field.is_through)
    ]


async def read_row(instance: Any) -> Row | None:
    """Read the row of an instance, on the connection of the operation that is under way.

    Args:
        instance: The instance that is about to be updated.

    Returns:
        The row.
    """
    written = _written_columns(instance)
    query = ormar.QuerySet(model_cls=type(instance)).filter(pk=instance.pk)
    old = await query.get_or_none()
    values = {} if old is None else _values(old)
    return Row(instance.pk, values, written)


class Row:
    """What a row held before an update.

    Args:
        key: Its primary key.
        values: The old values; none if there is no such row.
        written: The fields that the update writes; ``None`` for all.
    """

    def __init__(
        self, key: object, values: Mapping[str, Any], written: Collection[str] | None
    ) -> None:
        self._key = key
        self._values = values
        self._written = written

    def is_of(self, instance: Any) -> bool:
        """Tell whether it still is the row that will be written."""
        return bool(instance.pk == self._key)

    def compare(self, instance: Any) -> Mapping[str, Change]:
        """Find the fields that are written with another value than the old one."""
        return MappingProxyType(
            {
                name: Change(self._values[name], new)
                for name, new in _values(instance).items()
                if name in self._values
                and (self._written is None or name in self._written)
                and not _is_equal(self._values[name], new)
            }
        )


def _values(instance: Any) -> dict[str, Any]:
    """The values that ormar writes, by field; of a foreign key the primary key behind it."""
    model = type(instance)
    relations = model.extract_related_names()
    found: dict[str, Any] = {}
    for name in column_names(model):
        if name in relations:
            related = getattr(instance, name)
            found[name] = None if related is None else related.pk
        else:
            found[name] = getattr(instance, name)
    return found


def _is_equal(old: Any, new: Any) -> bool:
    if old is new:
        return True
    try:
        return bool(old == new)
    except Exception:  # such as arrays, or times with a zone and without
        return False


def _written_columns(instance: Any) -> Collection[str] | None:
    """The columns that the running `update(_columns=[...])` writes; `None` for all.

    Neither signal carries them, so they are read from the frame of ormar's own method. Otherwise a
    field that is never written would be reported at every update.
    """
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        if frame.f_code is ormar.Model.update.__code__ and frame.f_locals.get("self") is instance:
            columns: Collection[str] | None = frame.f_locals.get("_columns")
            return {*columns, *_set_on_update(instance)} if columns else None
        frame = frame.f_back
    return None


def _set_on_update(instance: Any) -> list[str]:
    """The fields that ormar sets at each update by itself, and writes in any case."""
    config: Any = era.config(type(instance))
    fields: Mapping[str, Any] = config.model_fields
    return [name for name, field in fields.items() if getattr(field, "on_update", None) is not None]
