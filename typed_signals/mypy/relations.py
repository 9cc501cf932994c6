"""Feature: `child` of a relation signal is not of a model that no relation of the sender holds.

What mypy cannot do by itself: the contract says `child: Any`, since a model may have many
relations. A relation between two models is a field of one of them, so their classes say whether
there is one; ormar lets no model with fields of its own derive from one that has a table. What is
not known for sure is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    ClassDef,
    MemberExpr,
    NameExpr,
    Statement,
    TypeInfo,
    Var,
)
from mypy.plugin import ClassDefContext
from mypy.types import Instance, NoneType, ProperType, Type, UnionType, get_proper_type

from typed_signals.mypy.fullnames import LIFECYCLE, ORMAR_MODEL
from typed_signals.mypy.statements import all_statements

__all__ = ["is_unrelated", "models_with_relations", "remember_relations"]

_METADATA = "typed_signals_relations"
_CONFIG, _META = "ormar_config", "Meta"
_TABLE, _ABSTRACT = "tablename", "abstract"
_LIBRARIES = ("builtins", "ormar", "pydantic", "typing", "typing_extensions")


def remember_relations(ctx: ClassDefContext) -> None:
    """Note in a model what its types do not say; mypy's cache keeps it.

    These are whether it has a table, and which of its fields may be relations.
    """
    model = ctx.cls.info
    if model.has_base(ORMAR_MODEL) and model.fullname != ORMAR_MODEL:
        fields = sorted(_perhaps_relations(ctx.cls))
        model.metadata[_METADATA] = {"table": _has_table(ctx.cls), "fields": fields}


def models_with_relations(protocol: ProperType | None) -> list[TypeInfo]:
    """The models that send a signal of their relations.

    Args:
        protocol: The Protocol of the signal, or a union of several.

    Returns:
        Every model; none if it is another signal, or if one of the senders is not known.
    """
    protocols = [get_proper_type(each) for each in _items(protocol)] if protocol else []
    senders = [sender for each in protocols for sender in _senders(each)]
    models = [each.type for each in senders if isinstance(each, Instance) and _is_model(each.type)]
    return models if len(models) == len(senders) else []


def is_unrelated(child: Type, models: Sequence[TypeInfo]) -> bool:
    """Whether no relation of some models can hold what a type says.

    Args:
        child: The type; ``None`` in a union does not count.
        models: The models whose relations are meant.

    Returns:
        ``False`` also if that is not known.
    """
    types = [each for each in _items(get_proper_type(child)) if not isinstance(each, NoneType)]
    children = [each.type for each in types if isinstance(each, Instance) and _is_model(each.type)]
    if not models or not children or len(children) < len(types):
        return False
    return not any(
        _may_hold(model, each) or _may_hold(each, model) for model in models for each in children
    )


def _senders(protocol: ProperType) -> Iterator[ProperType | None]:
    if (
        isinstance(protocol, Instance)
        and protocol.type.module_name == LIFECYCLE
        and "Relation" in protocol.type.name
    ):
        yield from map(get_proper_type, _items(get_proper_type(protocol.args[0])))
    else:
        yield None


def _items(typ: ProperType) -> list[ProperType]:
    return list(map(get_proper_type, typ.items)) if isinstance(typ, UnionType) else [typ]


def _is_model(info: TypeInfo) -> bool:
    return info.has_base(ORMAR_MODEL)


def _may_hold(model: TypeInfo, other: TypeInfo) -> bool:
    """Whether a model may have a field that is a relation to another."""
    if model.fallback_to_any or not model.metadata.get(_METADATA, {}).get("table"):
        return True
    return any(
        _field_may_hold(symbol.node, other, in_doubt=known is None or name in known["fields"])
        for info in model.mro
        if info.module_name.partition(".")[0] not in _LIBRARIES
        for known in [info.metadata.get(_METADATA)]
        for name, symbol in info.names.items()
        if isinstance(symbol.node, Var) and name not in (_CONFIG, _META)
    )


def _field_may_hold(field: Var, other: TypeInfo, *, in_doubt: bool) -> bool:
    """Whether a field may be a relation to a model; its type is what counts, if it names models."""
    if field.is_inferred or field.type is None:
        return in_doubt
    parts = list(_parts(field.type))
    models = [each for each in parts if each is not None and _is_model(each)]
    if any(each.has_base(other.fullname) or other.has_base(each.fullname) for each in models):
        return True
    return in_doubt and (None in parts or not models)


def _parts(typ: Type) -> Iterator[TypeInfo | None]:
    """The classes in a type; ``None`` for what is no class."""
    proper = get_proper_type(typ)
    if isinstance(proper, Instance):
        yield proper.type
        for each in proper.args:
            yield from _parts(each)
    elif isinstance(proper, UnionType):
        for each in proper.items:
            yield from _parts(each)
    elif not isinstance(proper, NoneType):
        yield None


def _perhaps_relations(cls: ClassDef) -> Iterator[str]:
    """The names that a class gives what a call returns, except for fields that refer to nothing.

    Those are made with keywords alone: ``ormar.Integer(primary_key=True)``.
    """
    for statement in all_statements(cls.defs.body):
        if isinstance(statement, AssignmentStmt) and isinstance(statement.rvalue, CallExpr):
            call = statement.rvalue
            made = call.callee.name if isinstance(call.callee, NameExpr | MemberExpr) else ""
            plain = made[:1].isupper() and all(name not in (None, "to") for name in call.arg_names)
            if not plain or statement.unanalyzed_type is None:
                yield from _targets(statement)


def _has_table(cls: ClassDef) -> bool:
    """Whether a model names its table, and is not abstract."""
    names: list[str | None] = []
    for statement in cls.defs.body:
        if isinstance(statement, ClassDef) and statement.name == _META:
            names += [name for each in statement.defs.body for name in _targets(each)]
        elif isinstance(statement, AssignmentStmt) and _CONFIG in _targets(statement):
            names += (
                statement.rvalue.arg_names if isinstance(statement.rvalue, CallExpr) else [None]
            )
    return _TABLE in names and _ABSTRACT not in names and None not in names


def _targets(statement: Statement) -> list[str]:
    """The names that a statement gives a value."""
    targets = statement.lvalues if isinstance(statement, AssignmentStmt) else []
    return [each.name for each in targets if isinstance(each, NameExpr)]
