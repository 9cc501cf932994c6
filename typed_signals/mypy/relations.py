"""Feature: a `child` that is annotated with a model that no relation holds is an error.

What mypy cannot do by itself: the contract says `child: Any`, since a model may have many
relations. A relation between two models is a field of one of them, so their classes say whether
there is one. A model with a table may have a subclass with more relations, if an abstract model is
between them or beside it; such subclasses count if the modules at hand know them. What is not known
for sure is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    ClassDef,
    Decorator,
    Expression,
    FuncDef,
    MemberExpr,
    NameExpr,
    RefExpr,
    TypeInfo,
    Var,
)
from mypy.plugin import CheckerPluginInterface, ClassDefContext
from mypy.types import Instance, NoneType, ProperType, Type

from typed_signals.mypy.fullnames import LIFECYCLE, ORMAR_MODEL
from typed_signals.mypy.lookup import checker_of, items_of
from typed_signals.mypy.statements import all_statements, assigned_names

_METADATA = "typed_signals_relations"
_CONFIG, _META = "ormar_config", "Meta"
_LIBRARIES = ("builtins", "ormar", "pydantic", "typing", "typing_extensions")


def remember_relations(ctx: ClassDefContext) -> None:
    """Note in a model what its types do not say; mypy's cache keeps it.

    These are whether it has a table, and which of its fields may be relations.
    """
    model = ctx.cls.info
    if model.has_base(ORMAR_MODEL) and model.fullname != ORMAR_MODEL:
        fields = sorted(_perhaps_relations(ctx.cls))
        model.metadata[_METADATA] = {"table": _has_table(ctx.cls), "fields": fields}


def has_table(model: TypeInfo) -> bool:
    """Whether a class is a model of ormar that has a table for sure."""
    return bool(model.metadata.get(_METADATA, {}).get("table"))


def models_with_relations(protocol: ProperType | None) -> list[TypeInfo]:
    """The models that send a signal of their relations, by its Protocol or a union of several.

    Empty if it is another signal, or if one of the senders is not known.
    """
    senders: list[ProperType] = []
    for each in items_of(protocol) if protocol is not None else []:
        if (
            not isinstance(each, Instance)
            or each.type.module_name != LIFECYCLE
            or "Relation" not in each.type.name
        ):
            return []
        senders += items_of(each.args[0])
    return _models(senders)


def is_unrelated(child: Type, models: Sequence[TypeInfo], api: CheckerPluginInterface) -> bool:
    """Whether surely no relation of some models holds a type; ``None`` in it does not count."""
    children = _models([each for each in items_of(child) if not isinstance(each, NoneType)])
    known = _models_beside([*models, *children], api)
    return bool(models and children) and not any(
        _may_hold(model, each, known) or _may_hold(each, model, known)
        for model in models
        for each in children
    )


def _models(types: Sequence[ProperType]) -> list[TypeInfo]:
    """The models that types are; none if one of them is something else."""
    known = [each.type for each in types if isinstance(each, Instance) and _is_model(each.type)]
    return known if len(known) == len(types) else []


def _models_beside(models: Sequence[TypeInfo], api: CheckerPluginInterface) -> list[TypeInfo]:
    """The models that their modules, and the one that is checked, define or import."""
    checker = checker_of(api)
    files = [checker.tree, *(checker.modules[each.module_name] for each in models)]
    nodes = [symbol.node for file in files for symbol in file.names.values()]
    return [node for node in nodes if isinstance(node, TypeInfo) and _is_model(node)]


def _is_model(info: TypeInfo) -> bool:
    return info.has_base(ORMAR_MODEL)


def _may_hold(model: TypeInfo, other: TypeInfo, known: Sequence[TypeInfo]) -> bool:
    """Whether a model, or a known subclass, may have a field that is a relation to another."""
    if not has_table(model):
        return True
    classes = [model, *(each for each in known if each.has_base(model.fullname))]
    return any(each.fallback_to_any for each in classes) or any(
        _declares(info, other)
        for info in dict.fromkeys(info for each in classes for info in each.mro)
        if info.module_name.partition(".")[0] not in _LIBRARIES
    )


def _declares(info: TypeInfo, other: TypeInfo) -> bool:
    """Whether a class may itself declare a field that is a relation to a model."""
    noted = info.metadata.get(_METADATA)
    in_doubt = noted["fields"] if noted else info.names
    return any(name not in info.names for name in in_doubt) or any(
        _field_may_hold(symbol.node, other, in_doubt=name in in_doubt)
        for name, symbol in info.names.items()
        if isinstance(symbol.node, Var) and name not in (_CONFIG, _META)
    )


def _field_may_hold(field: Var, other: TypeInfo, *, in_doubt: bool) -> bool:
    """Whether a field may be a relation to a model; its type is what counts, if it names models."""
    if field.is_inferred or field.type is None:
        return in_doubt
    parts = list(_parts(field.type))
    models = [each for each in parts if each and _is_model(each)]
    if any(each.has_base(other.fullname) or other.has_base(each.fullname) for each in models):
        return True
    return in_doubt and (None in parts or not models)


def _parts(typ: Type) -> Iterator[TypeInfo | None]:
    """The classes in a type; ``None`` for what is no class."""
    for each in items_of(typ):
        if isinstance(each, Instance):
            yield each.type
            for inner in each.args:
                yield from _parts(inner)
        elif not isinstance(each, NoneType):
            yield None


def _perhaps_relations(cls: ClassDef) -> Iterator[str]:
    """The names that a class gives a field, except for those fields that refer to nothing.

    Those are made with keywords alone: ``ormar.Integer(primary_key=True)``. A field may also have
    been made elsewhere; then it has no annotation.
    """
    body = [each for each in cls.defs.body if not isinstance(each, FuncDef | Decorator | ClassDef)]
    for statement in all_statements(body):
        if (
            isinstance(statement, AssignmentStmt)
            and isinstance(statement.rvalue, CallExpr | RefExpr)
            and (statement.unanalyzed_type is None or _may_refer(statement.rvalue))
        ):
            yield from assigned_names(statement)


def _may_refer(value: Expression) -> bool:
    if not isinstance(value, CallExpr):
        return False
    made = value.callee.name if isinstance(value.callee, NameExpr | MemberExpr) else ""
    return not made[:1].isupper() or any(name in (None, "to") for name in value.arg_names)


def _has_table(cls: ClassDef) -> bool:
    """Whether a model names its table, and is not abstract."""
    names: list[str | None] = []
    for statement in cls.defs.body:
        if isinstance(statement, ClassDef) and statement.name == _META:
            names += [name for each in statement.defs.body for name in assigned_names(each)]
        elif isinstance(statement, AssignmentStmt) and _CONFIG in assigned_names(statement):
            made = statement.rvalue
            names += made.arg_names if isinstance(made, CallExpr) else [None]
    return "tablename" in names and "abstract" not in names and None not in names
