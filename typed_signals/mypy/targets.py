"""Feature: a model and an emitter class that do not belong together are an error.

What mypy cannot do by itself: ``install()`` accepts models and base configurations, any number of
them, which have no type in common. And no signature can say that in
``get_signals(Album, AlbumSignals)`` the class must be the installed one, or declared for albums.
"""

from __future__ import annotations

from mypy.nodes import TypeInfo
from mypy.plugin import FunctionContext
from mypy.types import FunctionLike, Instance, Type, get_proper_type
from mypy.typevars import fill_typevars

from typed_signals._misuse import (
    no_session_target,
    no_target,
    not_of_all,
    other_models,
    other_signals,
)
from typed_signals.mypy.codes import SIGNAL_INSTALL
from typed_signals.mypy.emitters import SIGNALS, emitter_owner, qualified_name
from typed_signals.mypy.fullnames import EMITTER
from typed_signals.mypy.installed import signals_or
from typed_signals.mypy.installs import installed_emitter
from typed_signals.mypy.lookup import checker_of
from typed_signals.mypy.relations import has_table


def check_install(ctx: FunctionContext, *, sessions: bool = False) -> Type:
    """Report an emitter class as a target, and one that is declared for other models."""
    given = dict(zip(ctx.callee_arg_names, ctx.arg_types, strict=True)).get(SIGNALS)
    emitter = _class(given[0]) if given else None
    if emitter is not None and not ctx.arg_types[0]:
        owner = _owner(emitter)
        if owner is not None and has_table(owner):
            text = not_of_all(qualified_name(emitter), qualified_name(owner))
            ctx.api.fail(text, ctx.context, code=SIGNAL_INSTALL)
    for target, place in zip(ctx.arg_types[0], ctx.args[0], strict=True):
        cls = _class(target)
        if cls is not None and cls.has_base(EMITTER):
            words = no_session_target if sessions else no_target
            ctx.api.fail(words(f"`{qualified_name(cls)}`"), place, code=SIGNAL_INSTALL)
        if cls is not None and emitter is not None:
            _check_model(ctx, cls, emitter)
    return ctx.default_return_type


def check_signals_of(ctx: FunctionContext) -> Type:
    """Report an emitter class that the sender does not have, as far as it can be known."""
    sender, *kinds = (_class(types[0]) if types else None for types in ctx.arg_types[:2])
    model = fill_typevars(sender) if sender else None
    if sender is None or not isinstance(model, Instance):
        return ctx.default_return_type
    if not kinds:
        return signals_or(ctx.default_return_type, ctx.api, model)
    [kind] = kinds
    if kind is not None and not _check_model(ctx, sender, kind):
        installed = installed_emitter(checker_of(ctx.api), sender)
        if installed is not None and not installed.has_base(kind.fullname):
            names = [qualified_name(each) for each in (sender, installed, kind)]
            ctx.api.fail(other_signals(*names), ctx.context, code=SIGNAL_INSTALL)
    return ctx.default_return_type


def _check_model(ctx: FunctionContext, model: TypeInfo, emitter: TypeInfo) -> bool:
    """Report an emitter class that declares the signals of other models."""
    owner = _owner(emitter)
    if owner is None or model.has_base(owner.fullname):
        return False
    names = [qualified_name(each) for each in (emitter, owner, model)]
    ctx.api.fail(other_models(*names), ctx.context, code=SIGNAL_INSTALL)
    return True


def _owner(emitter: TypeInfo) -> TypeInfo | None:
    """The class whose signals an emitter class declares."""
    own = fill_typevars(emitter)
    owner = emitter_owner(own) if isinstance(own, Instance) else None
    return owner.type if isinstance(owner, Instance) else None


def _class(given: Type) -> TypeInfo | None:
    """The class that was given, if it is written as such."""
    typ = get_proper_type(given)
    return typ.type_object() if isinstance(typ, FunctionLike) and typ.is_type_obj() else None
