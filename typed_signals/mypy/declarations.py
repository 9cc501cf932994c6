"""Feature: what an emitter class cannot declare is an error in its body.

What mypy cannot do by itself: to mypy ``sold = Signal[Sold]()`` is a class attribute like any
other, and a Protocol may be written in any way. The program refuses both when the module is
imported or the emitter is used.
"""

from __future__ import annotations

from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    Expression,
    IndexExpr,
    RefExpr,
    TempNode,
    TypeInfo,
    Var,
)
from mypy.plugin import ClassDefContext
from mypy.server.trigger import make_trigger
from mypy.types import AnyType, Instance, get_proper_type

from typed_signals._misuse import not_a_signal, shared_value
from typed_signals.mypy.codes import SIGNAL_DECLARATION
from typed_signals.mypy.contracts import report_contract
from typed_signals.mypy.emitters import qualified_name
from typed_signals.mypy.fullnames import SIGNAL
from typed_signals.mypy.statements import assigned_names


def check_declarations(ctx: ClassDefContext) -> None:
    """Report the declarations of an emitter class that the program would refuse."""
    for statement in ctx.cls.defs.body:
        if isinstance(statement, AssignmentStmt):
            for name in assigned_names(statement):
                _check(ctx, statement, name)


def _check(ctx: ClassDefContext, statement: AssignmentStmt, name: str) -> None:
    emitter = qualified_name(ctx.cls.info)
    annotated = statement.unanalyzed_type is not None and not name.startswith("_")
    has_value = not isinstance(statement.rvalue, TempNode)
    if has_value and (annotated or _is_signal(statement.rvalue)):
        ctx.api.fail(shared_value(emitter, name), statement, code=SIGNAL_DECLARATION)
    elif annotated:
        _check_type(ctx, statement, name)


def _check_type(ctx: ClassDefContext, statement: AssignmentStmt, name: str) -> None:
    symbol = ctx.cls.info.names.get(name)
    typ = get_proper_type(symbol.node.type) if symbol and isinstance(symbol.node, Var) else None
    if isinstance(typ, AnyType | None):
        return
    if not isinstance(typ, Instance) or not typ.type.has_base(SIGNAL):
        text = not_a_signal(qualified_name(ctx.cls.info), name)
        ctx.api.fail(text, statement, code=SIGNAL_DECLARATION)
        return
    for each in typ.args:
        protocol = get_proper_type(each)
        if isinstance(protocol, Instance):  # the daemon has to look again if this one changes
            ctx.api.add_plugin_dependency(make_trigger(f"{protocol.type.fullname}.__call__"))
    report_contract(ctx, typ, statement)


def _is_signal(value: Expression) -> bool:
    """Whether an expression is ``Signal()`` or ``Signal[P]()``."""
    callee = value.callee if isinstance(value, CallExpr) else None
    if isinstance(callee, IndexExpr):
        callee = callee.base
    cls = callee.node if isinstance(callee, RefExpr) else None
    return isinstance(cls, TypeInfo) and cls.has_base(SIGNAL)
