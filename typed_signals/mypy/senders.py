"""Feature: the senders of a decorator are read exactly, and ``receiver`` knows its signal.

What mypy cannot do by itself: it joins ``[Album, Track]`` to a list of the nearest common base, so
a receiver for albums and tracks would have to accept every model; and no signature can say that
``receiver("pre_save", Album)`` has the contract of the signal that is named by a string, nor that
a class without signals is no sender, nor what to write in place of a bare ``@pre_save``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    UnionType,
    get_proper_type,
)

from typed_signals._misuse import no_sender, no_signals
from typed_signals.mypy.codes import SIGNAL_SENDER
from typed_signals.mypy.emitters import sends_none
from typed_signals.mypy.fullnames import CUSTOM_DURABLE, LIFECYCLE
from typed_signals.mypy.functions import Place
from typed_signals.mypy.installed import is_mapped, signal_of

__all__ = ["connector_of"]


def connector_of(ctx: FunctionContext, *, mixins: bool = False) -> Type:
    """The ``Connector`` of a decorator call, with the Protocol that its receiver has to keep.

    Args:
        ctx: What mypy gave the plugin.
        mixins: Whether a plain class may be a mixin of models.
    """
    index = _place(ctx.callee_arg_names)
    if any(map(_is_function, ctx.arg_types[index])):  # `@pre_save` without its call
        text = no_sender(_signal_name(ctx), "a `function`")
        ctx.api.fail(text, ctx.args[index][0], code=SIGNAL_SENDER)
        return AnyType(TypeOfAny.from_error)
    default = get_proper_type(ctx.default_return_type)
    senders = list(_senders(ctx, mixins=mixins))
    if not (isinstance(default, Instance) and default.args and senders):
        return ctx.default_return_type
    own = get_proper_type(default.args[0])
    name = _named_signal(ctx)
    of_ormar = isinstance(own, Instance) and own.type.module_name == LIFECYCLE
    if of_ormar and all(map(is_mapped, senders)):  # of which a session sends another payload
        name = _signal_name(ctx)
    named = [_protocol(ctx, sender, name) for sender in senders] if name else [None]
    inner = own
    durable = isinstance(own, Instance) and own.type.fullname == CUSTOM_DURABLE
    if isinstance(own, Instance) and durable:  # which is generic in the Protocol of the signal
        inner = get_proper_type(own.args[0])
    if all(named):
        protocol = _united([each for each in named if each])
    else:
        protocol = _for_models(inner, make_simplified_union(senders))
    if isinstance(own, Instance) and durable:
        protocol = Instance(own.type, [protocol, *own.args[1:]])
    return Instance(default.type, [protocol])


def _for_models(protocol: ProperType, models: Type) -> Type:
    """A Protocol that is generic in the model, which is first, with other models in its place."""
    if not isinstance(protocol, Instance) or not protocol.args:
        return protocol
    joined, *others = protocol.args
    return Instance(protocol.type, [models, *(_replaced(each, joined, models) for each in others)])


def _replaced(typ: Type, old: Type, new: Type) -> Type:
    """A type with another in the place of one: ``Album | None`` for ``Model | None``."""
    items, given = _items(typ), _items(old)
    if not all(each in items for each in given):
        return typ
    return make_simplified_union([new, *(each for each in items if each not in given)])


def _items(typ: Type) -> list[ProperType]:
    proper = get_proper_type(typ)
    items = proper.items if isinstance(proper, UnionType) else [proper]
    return [get_proper_type(each) for each in items]


def _senders(ctx: FunctionContext, *, mixins: bool) -> Iterator[Type]:
    """The model of each sender; none if one of them is not known."""
    index = _place(ctx.callee_arg_names)
    if len(ctx.args[index]) != 1:
        return
    given, typ = ctx.args[index][0], get_proper_type(ctx.arg_types[index][0])
    if isinstance(given, ListExpr | SetExpr | TupleExpr):
        items: list[Expression] = given.items
        if any(isinstance(item, StarExpr) for item in items):
            return
        types = [ctx.api.get_expression_type(item) for item in items]
    else:
        types = typ.items if isinstance(typ, TupleType) else [typ]
    for each in types:
        cls = get_proper_type(each)
        if isinstance(cls, FunctionLike) and cls.is_type_obj() and not mixins and sends_none(cls):
            text = no_signals(f"`{cls.type_object().name}`")
            ctx.api.fail(text, ctx.context, code=SIGNAL_SENDER)
    models = [model for each in types for model in _models(each)]
    if None not in models:
        yield from (model for model in models if model is not None)


def _place(names: Sequence[str | None]) -> int:
    """Which parameter the senders are."""
    return names.index("senders") if "senders" in names else 0


def _is_function(typ: Type) -> bool:
    given = get_proper_type(typ)
    return isinstance(given, FunctionLike) and not given.is_type_obj()


def _signal_name(ctx: FunctionContext) -> str:
    """The signal's name: that of the decorator, or the string it is given."""
    callee = Place(ctx.api, ctx.context, ctx.args[0][0]).connector
    function = callee.node if isinstance(callee, RefExpr) else None
    return _named_signal(ctx) or (
        function.name if isinstance(function, FuncDef | OverloadedFuncDef) else ""
    )


def _models(sender: Type) -> Iterator[Type | None]:
    """The model whose class a sender is: ``Album`` for ``type[Album]``."""
    typ = get_proper_type(sender)
    if isinstance(typ, UnionType):
        for item in typ.items:
            yield from _models(item)
    elif isinstance(typ, FunctionLike) and typ.is_type_obj():
        yield typ.items[0].ret_type
    elif isinstance(typ, TypeType) and not isinstance(get_proper_type(typ.item), AnyType):
        yield typ.item
    else:
        yield None


def _named_signal(ctx: FunctionContext) -> str | None:
    """The signal that is named by a string: ``receiver("pre_save", Album)``."""
    if "signal" not in ctx.callee_arg_names:
        return None
    names = ctx.args[ctx.callee_arg_names.index("signal")]
    return names[0].value if names and isinstance(names[0], StrExpr) else None


def _protocol(ctx: FunctionContext, sender: Type, name: str) -> Instance | None:
    signal = get_proper_type(signal_of(ctx.api, sender, name, ctx.args[0][0]))
    if not isinstance(signal, Instance) or not signal.args:
        return None
    protocol = get_proper_type(signal.args[0])
    return protocol if isinstance(protocol, Instance) else None


def _united(protocols: list[Instance]) -> Type:
    """One Protocol for several senders: that of their union where it is generic in the model."""
    first = protocols[0]
    if first.args and all(each.type is first.type for each in protocols):
        models = make_simplified_union([each.args[0] for each in protocols])
        return Instance(first.type, [models, *first.args[1:]])
    return make_simplified_union(protocols)
