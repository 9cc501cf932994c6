"""Feature: after ``signals.paid = Signal[Paid]()`` a module knows the contract of ``signals.paid``.

What mypy cannot do by itself: an attribute that no class declares has one type for all names, that
of ``__getattr__``, whatever was assigned. Only assignments in the same module are seen; a signal
that other modules use is better declared in an emitter class.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy.checker import TypeChecker
from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    Expression,
    IndexExpr,
    MemberExpr,
    MypyFile,
    NameExpr,
    TypeApplication,
    TypeInfo,
)
from mypy.plugin import AttributeContext
from mypy.types import AnyType, Instance, Type, get_proper_type

from typed_signals.mypy.fullnames import SIGNAL
from typed_signals.mypy.statements import all_statements, once_per_module

__all__ = ["assigned_signal"]


def assigned_signal(name: str, ctx: AttributeContext) -> Type:
    """Give an undeclared signal the contract that was assigned to it in this module."""
    signal = get_proper_type(ctx.default_attr_type)
    if not (
        isinstance(ctx.api, TypeChecker)
        and isinstance(ctx.context, MemberExpr)
        and isinstance(signal, Instance)
    ):
        return ctx.default_attr_type
    named = [each for each in _assigned_in(ctx.api.tree) if each.name == name]
    place = _dotted(ctx.context.expr)
    found = [each.contract for each in named if place and _dotted(each.emitter) == place]
    if not found and _is_of_one_sender(ctx.type):
        # The same emitter reached in another way: `album.signals` and `Album.ormar_config.signals`.
        with ctx.api.msg.filter_errors():
            found = [
                each.contract
                for each in named
                if _dotted(each.emitter) and ctx.api.get_expression_type(each.emitter) == ctx.type
            ]
    if not found or any(each != found[0] for each in found):
        return ctx.default_attr_type
    return Instance(signal.type, [found[0]], signal.line, signal.column)


@dataclass
class _Assigned:
    """``emitter.name = Signal[contract]()``."""

    emitter: Expression
    name: str
    contract: Type


@once_per_module
def _assigned_in(tree: MypyFile) -> list[_Assigned]:
    found: list[_Assigned] = []
    for statement in all_statements(tree.defs):
        if isinstance(statement, AssignmentStmt) and (contract := _contract(statement.rvalue)):
            found += [
                _Assigned(target.expr, target.name, contract)
                for target in statement.lvalues
                if isinstance(target, MemberExpr)
            ]
    return found


def _contract(value: Expression) -> Type | None:
    """P of the expression ``Signal[P]()``."""
    if not (isinstance(value, CallExpr) and isinstance(value.callee, IndexExpr)):
        return None
    applied, cls = value.callee.analyzed, value.callee.base
    if not (isinstance(applied, TypeApplication) and isinstance(cls, NameExpr | MemberExpr)):
        return None
    is_signal = isinstance(cls.node, TypeInfo) and cls.node.has_base(SIGNAL)
    return applied.types[0] if is_signal and len(applied.types) == 1 else None


def _dotted(expression: Expression) -> str:
    """``Album.ormar_config.signals`` of a global ``Album``; empty for what may change."""
    if isinstance(expression, MemberExpr) and not expression.fullname:
        owner = _dotted(expression.expr)
        return owner and f"{owner}.{expression.name}"
    if isinstance(expression, NameExpr | MemberExpr):
        return expression.fullname if "." in (expression.fullname or "") else ""
    return ""


def _is_of_one_sender(emitter: Type) -> bool:
    typ = get_proper_type(emitter)
    return isinstance(typ, Instance) and not any(
        isinstance(get_proper_type(each), AnyType) for each in typ.args
    )
