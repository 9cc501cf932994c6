"""Feature: ``Album.Meta.signals`` is known where a model has a nested ``class Meta``.

What mypy cannot do by itself: ormar's metaclass adds ``signals`` to a class that declares nothing
of the kind, and no stub can reach into a class that the user writes.
"""

from __future__ import annotations

from mypy.nodes import TypeInfo
from mypy.plugin import ClassDefContext
from mypy.plugins.common import add_attribute_to_class
from mypy.types import Instance

from typed_signals.mypy.emitters import SIGNALS
from typed_signals.mypy.fullnames import MODEL_SIGNALS, ORMAR_MODEL
from typed_signals.mypy.statements import assigned_names


def add_signals_to_meta(ctx: ClassDefContext) -> None:
    """Declare ``signals`` in a class that is the ``Meta`` of a model."""
    around = ctx.cls.fullname.rpartition(".")[0]
    outer = ctx.api.lookup_fully_qualified_or_none(around) if "." in around else None
    model = outer.node if outer is not None else None
    meta = ctx.cls.info
    if (
        not (isinstance(model, TypeInfo) and model.has_base(ORMAR_MODEL))
        or SIGNALS in meta.names
        # The user puts an emitter there, which ormar then keeps.
        or any(SIGNALS in assigned_names(each) for each in ctx.cls.defs.body)
    ):
        return
    sender = Instance(model, list(model.defn.type_vars))
    # If mypy does not know this type, nothing that is checked uses typed signals.
    if emitter := ctx.api.named_type_or_none(MODEL_SIGNALS, [sender]):
        add_attribute_to_class(ctx.api, ctx.cls, SIGNALS, emitter)
