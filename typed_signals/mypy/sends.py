"""Feature: an error about what is sent names the signal.

What mypy cannot do by itself: to mypy every ``send`` is that of the one class ``Signal``.
"""

from __future__ import annotations

from mypy.nodes import CallExpr, MemberExpr
from mypy.plugin import MethodSigContext
from mypy.types import FunctionLike

from typed_signals.mypy.wording import signal_name

__all__ = ["name_signal"]


def name_signal(ctx: MethodSigContext) -> FunctionLike:
    """Have mypy write ``"send" of "sold"`` for ``"send" of "Signal"``."""
    callee = ctx.context.callee if isinstance(ctx.context, CallExpr) else None
    name = signal_name(callee.expr) if isinstance(callee, MemberExpr) else ""
    if not name or not isinstance(callee, MemberExpr):
        return ctx.default_signature
    return ctx.default_signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        name=f"{callee.name} of {name}"
    )
