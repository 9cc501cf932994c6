"""Feature: signals that no class declares: a misspelt name is an error, an assigned one is known.

What mypy cannot do by itself: any name is a signal of an emitter, made on first access, so a
misspelt one is as good as another, and all have the type of ``__getattr__``, whatever was assigned.
After ``signals.paid = Signal[Paid]()`` the same module knows the contract of ``signals.paid``; a
signal that other modules use is better declared in an emitter class.
"""

from __future__ import annotations

from typing import NamedTuple

from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    Expression,
    IndexExpr,
    MemberExpr,
    MypyFile,
    NameExpr,
    RefExpr,
    TypeApplication,
    TypeInfo,
)
from mypy.plugin import AttributeContext
from mypy.types import AnyType, Instance, Type, get_proper_type

from typed_signals._describe import suggest
from typed_signals.mypy.codes import SIGNAL_NAME
from typed_signals.mypy.emitters import declared_names, owner_words
from typed_signals.mypy.fullnames import SIGNAL
from typed_signals.mypy.lookup import checker_of
from typed_signals.mypy.statements import all_statements, once_per_module


def undeclared_signal(name: str, ctx: AttributeContext) -> Type:
    """Report a misspelt name; give the signal the contract that was assigned in this module."""
    if isinstance(ctx.type, Instance) and (near := suggest(name, declared_names(ctx.type.type))):
        owner = owner_words(ctx.type, ctx.api.options)
        text = f"{owner} has no signal `{name}`: did you mean `{near}`?"
        ctx.api.fail(text, ctx.context, code=SIGNAL_NAME)
    signal = get_proper_type(ctx.default_attr_type)
    if not (isinstance(ctx.context, MemberExpr) and isinstance(signal, Instance)):
        return ctx.default_attr_type
    checker, place = checker_of(ctx.api), _dotted(ctx.context.expr)
    named = [each for each in _assigned_in(checker.tree) if each.name == name]
    found = [each.contract for each in named if place and _dotted(each.emitter) == place]
    if not found and _is_of_one_sender(ctx.type):
        # The same emitter reached in another way: `album.signals` and `Album.ormar_config.signals`.
        with checker.msg.filter_errors():
            found = [
                each.contract
                for each in named
                if _dotted(each.emitter) and checker.get_expression_type(each.emitter) == ctx.type
            ]
    if not found or any(each != found[0] for each in found):
        return ctx.default_attr_type
    return Instance(signal.type, [found[0]], signal.line, signal.column)


class _Assigned(NamedTuple):
    """``emitter.name = Signal[contract]()``."""

    emitter: Expression
    name: str
    contract: Type


@once_per_module
def _assigned_in(tree: MypyFile) -> list[_Assigned]:
    return [
        _Assigned(target.expr, target.name, contract)
        for statement in all_statements(tree.defs)
        if isinstance(statement, AssignmentStmt) and (contract := _contract(statement.rvalue))
        for target in statement.lvalues
        if isinstance(target, MemberExpr)
    ]


def _contract(value: Expression) -> Type | None:
    """P of the expression ``Signal[P]()``."""
    callee = value.callee if isinstance(value, CallExpr) else None
    if not (isinstance(callee, IndexExpr) and isinstance(callee.analyzed, TypeApplication)):
        return None
    cls = callee.base.node if isinstance(callee.base, RefExpr) else None
    is_signal = isinstance(cls, TypeInfo) and cls.has_base(SIGNAL)
    return callee.analyzed.types[0] if is_signal and len(callee.analyzed.types) == 1 else None


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
