"""Feature: ``Album.Meta.signals`` is known where a model has a nested ``class Meta``.

What mypy cannot do by itself: ormar's metaclass adds ``signals`` to a class that declares nothing
of the kind, and no stub can reach into a class that the user writes.
"""

from __future__ import annotations

from mypy.nodes import AssignmentStmt, NameExpr, TypeInfo
from mypy.plugin import ClassDefContext
from mypy.plugins.common import add_attribute_to_class
from mypy.types import Instance

from typed_signals.mypy.emitters import SIGNALS
from typed_signals.mypy.fullnames import MODEL_SIGNALS, ORMAR_MODEL

__all__ = ["add_signals_to_meta"]


def add_signals_to_meta(ctx: ClassDefContext) -> None:
    """Declare ``signals`` in a class that is the ``Meta`` of a model."""
    around = ctx.cls.fullname.rpartition(".")[0]
    outer = ctx.api.lookup_fully_qualified_or_none(around) if "." in around else None
    model = outer.node if outer is not None else None
    meta = ctx.cls.info
    if (
        not (isinstance(model, TypeInfo) and model.has_base(ORMAR_MODEL))
        or SIGNALS in meta.names
        or _assigns_signals(ctx)
    ):
        return
    sender = Instance(model, list(model.defn.type_vars))
    emitter = ctx.api.named_type_or_none(MODEL_SIGNALS, [sender])
    if emitter is None:
        return  # nothing that is checked has to do with typed signals
    add_attribute_to_class(ctx.api, ctx.cls, SIGNALS, emitter)


def _assigns_signals(ctx: ClassDefContext) -> bool:
    """Whether the user puts an emitter there, which ormar then keeps."""
    return any(
        isinstance(target, NameExpr) and target.name == SIGNALS
        for statement in ctx.cls.defs.body
        if isinstance(statement, AssignmentStmt)
        for target in statement.lvalues
    )
