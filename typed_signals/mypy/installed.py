"""Feature: after ``install(Album, signals=AlbumSignals)`` Album's signals are of that class.

What mypy cannot do by itself: a call gives no attribute another type, here or in other modules.
"""

from __future__ import annotations

from mypy.checker import TypeChecker
from mypy.plugin import AttributeContext
from mypy.subtypes import is_subtype
from mypy.types import Instance, Type, get_proper_type

from typed_signals.mypy.emitters import emitter_owner
from typed_signals.mypy.installs import installed_emitter

__all__ = ["installed_signals"]


def installed_signals(ctx: AttributeContext) -> Type:
    """Give ``Album.ormar_config.signals`` and ``album.signals`` the class that was installed."""
    signals = get_proper_type(ctx.default_attr_type)
    model = emitter_owner(signals) if isinstance(signals, Instance) else None
    if not (isinstance(model, Instance) and isinstance(ctx.api, TypeChecker)):
        return ctx.default_attr_type
    emitter = installed_emitter(ctx.api, model.type)
    if emitter is None or len(emitter.defn.type_vars) > 1:
        return ctx.default_attr_type
    own = Instance(emitter, [model] if emitter.defn.type_vars else [])
    return own if is_subtype(own, signals) else ctx.default_attr_type
