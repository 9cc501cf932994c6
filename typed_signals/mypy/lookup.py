"""What the features look up in mypy: its checker, classes by name, and the parts of a type."""

from __future__ import annotations

from mypy.checker import TypeChecker
from mypy.lookup import lookup_fully_qualified
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import MypyFile, TypeInfo
from mypy.plugin import CheckerPluginInterface
from mypy.types import Instance, ProperType, Type, UnionType, get_proper_type, get_proper_types


def checker_of(api: CheckerPluginInterface) -> TypeChecker:
    """The checker itself, which has more than its interface for plugins."""
    assert isinstance(api, TypeChecker)
    return api


def find_class(modules: dict[str, MypyFile], name: str) -> TypeInfo | None:
    """A class by its full name, in the modules that mypy has read."""
    symbol = lookup_fully_qualified(name, modules)
    return symbol.node if symbol and isinstance(symbol.node, TypeInfo) else None


def items_of(typ: Type) -> list[ProperType]:
    """The members of a union; of any other type, that type."""
    proper = get_proper_type(typ)
    return get_proper_types(proper.items) if isinstance(proper, UnionType) else [proper]


def argument_of(typ: Type, *bases: str) -> ProperType | None:
    """X of a ``Base[X]`` or of a subclass of it, where the base has one of these full names."""
    proper = get_proper_type(typ)
    if not isinstance(proper, Instance):
        return None
    base = next((each for each in proper.type.mro if each.fullname in bases), None)
    arguments = map_instance_to_supertype(proper, base).args if base else ()
    return get_proper_type(arguments[0]) if arguments else None
