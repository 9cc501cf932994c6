"""Feature: the senders of a decorator are read exactly, and ``receiver`` knows its signal.

What mypy cannot do by itself: it joins ``[Album, Track]`` to a list of the nearest common base, so
a receiver for albums and tracks would have to accept every model; and no signature can say that
``receiver("pre_save", Album)`` has the contract of the signal that is named by a string, nor that
a class without signals is no sender, nor what to write in place of a bare ``@pre_save``.
"""

from __future__ import annotations

from mypy.nodes import (
    Expression,
    FuncDef,
    ListExpr,
    OverloadedFuncDef,
    RefExpr,
    SetExpr,
    StarExpr,
    StrExpr,
    TupleExpr,
)
from mypy.plugin import FunctionContext
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    FunctionLike,
    Instance,
    ProperType,
    TupleType,
    Type,
    TypeOfAny,
    TypeType,
    get_proper_type,
)

from typed_signals._misuse import no_sender, no_signals
from typed_signals.mypy.codes import SIGNAL_SENDER
from typed_signals.mypy.emitters import sends_none
from typed_signals.mypy.fullnames import CUSTOM_DURABLE, LIFECYCLE, SIGNAL
from typed_signals.mypy.functions import Place
from typed_signals.mypy.installed import is_mapped, signal_of
from typed_signals.mypy.lookup import argument_of, items_of


def connector_of(ctx: FunctionContext, *, mixins: bool = False) -> Type:
    """The ``Connector`` of a decorator call, with the Protocol that its receiver has to keep.

    Where ``mixins`` are known, a class without signals may be one.
    """
    index = ctx.callee_arg_names.index("senders") if "senders" in ctx.callee_arg_names else 0
    if len(ctx.args[index]) != 1:
        return ctx.default_return_type
    given, typ = ctx.args[index][0], get_proper_type(ctx.arg_types[index][0])
    if isinstance(typ, FunctionLike) and not typ.is_type_obj():  # `@pre_save` without its call
        ctx.api.fail(no_sender(_signal_name(ctx), "a `function`"), given, code=SIGNAL_SENDER)
        return AnyType(TypeOfAny.from_error)
    default = get_proper_type(ctx.default_return_type)
    senders = _senders(ctx, given, typ, mixins=mixins)
    if not (isinstance(default, Instance) and default.args and senders):
        return ctx.default_return_type
    protocol = get_proper_type(default.args[0])
    name = _named_signal(ctx)
    of_ormar = isinstance(protocol, Instance) and protocol.type.module_name == LIFECYCLE
    if of_ormar and all(map(is_mapped, senders)):  # of which a session sends another payload
        name = _signal_name(ctx)
    if isinstance(protocol, Instance) and protocol.type.fullname == CUSTOM_DURABLE:
        inner, *others = protocol.args  # it is generic in the Protocol of the signal
        inner = _of_senders(ctx, get_proper_type(inner), name, senders)
        return Instance(default.type, [Instance(protocol.type, [inner, *others])])
    return Instance(default.type, [_of_senders(ctx, protocol, name, senders)])


def _of_senders(
    ctx: FunctionContext, protocol: ProperType, name: str | None, senders: list[Type]
) -> Type:
    """The Protocol of the signal with that name; without a name, the given one for the senders."""
    named = [_protocol(ctx, sender, name) for sender in senders] if name else []
    known = [each for each in named if each]
    if known and len(known) == len(named):
        return _united(known)
    if not isinstance(protocol, Instance) or not protocol.args:
        return protocol
    models = make_simplified_union(senders)
    joined, *others = protocol.args  # the model is first
    return Instance(protocol.type, [models, *(_replaced(each, joined, models) for each in others)])


def _replaced(typ: Type, old: Type, new: Type) -> Type:
    """Replace one part of a type: ``Model | None`` becomes ``Album | None``."""
    items, given = items_of(typ), items_of(old)
    if not all(each in items for each in given):
        return typ
    return make_simplified_union([new, *(each for each in items if each not in given)])


def _senders(
    ctx: FunctionContext, given: Expression, typ: ProperType, *, mixins: bool
) -> list[Type]:
    """The model of each sender; none if one of them is not known."""
    if isinstance(given, ListExpr | SetExpr | TupleExpr):
        if any(isinstance(item, StarExpr) for item in given.items):
            return []
        types = [ctx.api.get_expression_type(item) for item in given.items]
    else:
        types = typ.items if isinstance(typ, TupleType) else [typ]
    for each in types:
        cls = get_proper_type(each)
        if isinstance(cls, FunctionLike) and cls.is_type_obj() and not mixins and sends_none(cls):
            text = no_signals(f"`{cls.type_object().name}`")
            ctx.api.fail(text, ctx.context, code=SIGNAL_SENDER)
    models = [_model(item) for each in types for item in items_of(each)]
    known = [each for each in models if each is not None]
    return known if len(known) == len(models) else []


def _signal_name(ctx: FunctionContext) -> str:
    """The signal's name: that of the decorator, or the string it is given."""
    callee = Place(ctx.api, ctx.context, ctx.args[0][0]).connector
    function = callee.node if isinstance(callee, RefExpr) else None
    own = function.name if isinstance(function, FuncDef | OverloadedFuncDef) else ""
    return _named_signal(ctx) or own


def _model(sender: ProperType) -> Type | None:
    """The model whose class a sender is: ``Album`` for ``type[Album]``."""
    if isinstance(sender, FunctionLike) and sender.is_type_obj():
        return sender.items[0].ret_type
    if isinstance(sender, TypeType) and not isinstance(sender.item, AnyType):
        return sender.item
    return None


def _named_signal(ctx: FunctionContext) -> str | None:
    """The signal that is named by a string: ``receiver("pre_save", Album)``."""
    if "signal" not in ctx.callee_arg_names:
        return None
    names = ctx.args[ctx.callee_arg_names.index("signal")]
    return names[0].value if names and isinstance(names[0], StrExpr) else None


def _protocol(ctx: FunctionContext, sender: Type, name: str) -> Instance | None:
    signal = signal_of(ctx.api, sender, name, ctx.args[0][0])
    protocol = argument_of(signal, SIGNAL) if signal else None
    return protocol if isinstance(protocol, Instance) else None


def _united(protocols: list[Instance]) -> Type:
    """One Protocol for several senders: that of their union where it is generic in the model."""
    first = protocols[0]
    if first.args and all(each.type is first.type for each in protocols):
        models = make_simplified_union([each.args[0] for each in protocols])
        return Instance(first.type, [models, *first.args[1:]])
    return make_simplified_union(protocols)
