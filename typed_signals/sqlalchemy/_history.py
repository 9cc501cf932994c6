"""What has changed on an instance since it was loaded or flushed."""

# SQLAlchemy's mappers and states are generic in what is not known here.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, RelationshipDirection, attributes
from sqlalchemy.orm.base import NO_VALUE

from typed_signals._protocols import Change

__all__ = ["collections_of", "column_changes", "is_orphan", "owners_of", "relation_changes"]


def column_changes(instance: object) -> dict[str, Change]:
    """Find the changed attributes that cause an ``UPDATE`` of the instance's row.

    Args:
        instance: An instance of a mapped class.

    Returns:
        The changes by name: of columns, and of relationships to one other instance whose key is in
        this row. ``old`` is SQLAlchemy's ``NO_VALUE`` where the value was not loaded.
    """
    state: Any = inspect(instance)
    names = _attributes_in_row(state.mapper)
    changed: dict[str, Change] = {}
    for name in state.committed_state:
        if name in names:
            history = state.attrs[name].history
            if history.added or history.deleted:
                old = history.deleted[0] if history.deleted else NO_VALUE
                new = history.added[0] if history.added else None
                changed[name] = Change(old, new)
    return changed


def relation_changes(instance: object, name: str) -> tuple[Sequence[object], Sequence[object]]:
    """Find what was added to a collection, and what was removed, as far as it is loaded."""
    history = inspect(instance).attrs[name].history
    return history.added or (), history.deleted or ()


def collections_of(model: type[Any]) -> Sequence[str]:
    """Name the relationships of a model that are collections, and are written."""
    mapper: Mapper[Any] = inspect(model)
    return [each.key for each in mapper.relationships if each.uselist and not each.viewonly]


_in_row: WeakKeyDictionary[Mapper[Any], frozenset[str]] = WeakKeyDictionary()


def _attributes_in_row(mapper: Mapper[Any]) -> frozenset[str]:
    found = _in_row.get(mapper)
    if found is None:
        relations = (
            each.key
            for each in mapper.relationships
            if each.direction is RelationshipDirection.MANYTOONE and not each.viewonly
        )
        columns = (each.key for each in mapper.column_attrs)
        found = _in_row[mapper] = frozenset((*columns, *relations))
    return found


# --- orphans -------------------------------------------------------------------------------------


def is_orphan(instance: object, owners: Iterable[tuple[type[Any], str]]) -> bool:
    """Tell whether a flush will delete an instance since no parent has it any more.

    Args:
        instance: A persistent instance of a mapped class.
        owners: What :func:`owners_of` lists for the class.
    """
    has_parent = [
        attributes.has_parent(owner, instance, key, optimistic=True) for owner, key in owners
    ]
    if not has_parent:
        return False
    mapper: Mapper[Any] = inspect(type(instance))
    return not (any if mapper.legacy_is_orphan else all)(has_parent)


_owned: WeakKeyDictionary[Mapper[Any], _Owned] = WeakKeyDictionary()


class _Owned(NamedTuple):
    """The relationships whose cascade deletes an instance that was taken out of them.

    Attributes:
        of: The number of models at that time; with more models there may be more relationships.
        by: Their classes, weakly, since these refer to the mapper; and their names.
    """

    of: int
    by: list[tuple[ref[type[Any]], str]]


def owners_of(model: type[Any]) -> list[tuple[type[Any], str]]:
    """List the relationships by which instances of a model are owned."""
    mapper: Mapper[Any] = inspect(model)
    mappers = mapper.registry.mappers
    found = _owned.get(mapper)
    if found is None or found.of != len(mappers):
        by = [
            (ref(other.class_), each.key)
            for other in mappers
            for each in other.relationships
            if each.cascade.delete_orphan and mapper.isa(each.mapper) and each.parent is other
        ]
        found = _owned[mapper] = _Owned(len(mappers), by)
    return [(owner, key) for each, key in found.by if (owner := each()) is not None]
