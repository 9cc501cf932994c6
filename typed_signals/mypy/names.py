"""Feature: a signal whose name nearly is that of a declared one is an error.

What mypy cannot do by itself: any name is a signal of an emitter, made on first access, so a
misspelt one is as good as another.
"""

from __future__ import annotations

from mypy.plugin import AttributeContext
from mypy.types import Instance

from typed_signals.mypy.codes import SIGNAL_NAME
from typed_signals.mypy.emitters import declared_names, owner_words
from typed_signals.mypy.rules import suggest

__all__ = ["check_name"]


def check_name(name: str, ctx: AttributeContext) -> None:
    """Report a misspelt name; the signal is a custom one all the same."""
    if not isinstance(ctx.type, Instance):
        return
    near = suggest(name, declared_names(ctx.type.type))
    if near:
        owner = owner_words(ctx.type, ctx.api.options)
        text = f"{owner} has no signal `{name}`: did you mean `{near}`?"
        ctx.api.fail(text, ctx.context, code=SIGNAL_NAME)
