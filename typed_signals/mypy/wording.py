"""Types and places named for people, as ``connect()`` names them."""

from __future__ import annotations

from mypy.messages import format_type_bare
from mypy.nodes import (
    CallExpr,
    Decorator,
    Expression,
    FuncDef,
    MemberExpr,
    NameExpr,
    OverloadedFuncDef,
    RefExpr,
    StrExpr,
)
from mypy.options import Options
from mypy.plugin import MethodSigContext
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    ProperType,
    Type,
    TypeType,
    get_proper_type,
)

from typed_signals.mypy.callables import STARS, is_nameless, partial_call, signature_of
from typed_signals.mypy.functions import Place, named_function
from typed_signals.mypy.lookup import items_of


def written(call: CallableType, options: Options) -> str:
    """The parameters of a callable as one writes them."""
    plain: list[str] = []
    for parameter, typ in zip(signature_of(call), call.arg_types, strict=True):
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in plain:
            plain.append("*")
        default = "" if parameter.default is parameter.empty else " = ..."
        name = "" if is_nameless(parameter) else f"{parameter.name}: "
        words = format_type_bare(typ, options)
        plain.append(f"{STARS.get(parameter.kind, '')}{name}{words}{default}")
    return ", ".join(plain)


def model_words(sender: ProperType | None, options: Options) -> str:
    """Whose signal it is: ``Album`` for a sender of ``type[Album]``; empty when not known."""
    items = items_of(sender) if sender is not None else []
    models = [each.item if isinstance(each, TypeType) else each for each in items]
    if any(isinstance(each, AnyType) for each in models):
        return ""
    return ", ".join(format_type_bare(each, options) for each in models)


def receiver_words(receiver: Type, place: Place) -> str:
    """The name of a receiver."""
    typ, expression = get_proper_type(receiver), place.expression
    if isinstance(typ, Instance):
        function = partial_call(typ)
        if function is None:
            return f"`{typ.type.name} object`"
        return f"partial of {receiver_words(function, place.partial or place)}"
    if not isinstance(typ, FunctionLike):
        return f"a `{format_type_bare(typ, place.api.options)}`"
    if typ.is_type_obj():
        return f"`{typ.type_object().name}`"
    if named := named_function(place, typ):
        return named.words
    return f"`{expression.name}`" if isinstance(expression, NameExpr | MemberExpr) else "`callable`"


def signal_name(signal: Expression) -> str:
    """The name of a signal, ``sold`` of ``signals.sold`` or of the function ``sold``; else empty.

    A signal that no emitter has and that was not made of a function has no name.
    """
    if isinstance(signal, RefExpr) and isinstance(signal.node, Decorator):
        return signal.node.func.name
    return signal.name if isinstance(signal, MemberExpr) and not signal.fullname else ""


def name_signal(ctx: MethodSigContext) -> FunctionLike:
    """Feature: mypy writes ``"send" of "sold"`` for ``"send" of "Signal"``, the class of all."""
    callee = ctx.context.callee if isinstance(ctx.context, CallExpr) else None
    name = signal_name(callee.expr) if isinstance(callee, MemberExpr) else ""
    if not name or not isinstance(callee, MemberExpr):
        return ctx.default_signature
    return ctx.default_signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        name=f"{callee.name} of {name}"
    )


def connected_signal(connector: Expression | None) -> Expression | None:
    """The signal in ``signals.pre_save.connect`` and ``signals.pre_save.connect(on_commit=True)``.

    That is what is called with the receiver; ``None`` if it is connected in another way.
    """
    method = connector.callee if isinstance(connector, CallExpr) else connector
    if isinstance(method, MemberExpr) and method.name == "connect":
        return method.expr
    return None


def signal_words(connector: Expression | None) -> str:
    """The name of the signal that a receiver is connected to; empty if the code does not say it."""
    if signal := connected_signal(connector):
        return signal_name(signal)
    if isinstance(connector, CallExpr):  # pre_save(Album), receiver("pre_save", Album)
        if named := [each.value for each in connector.args if isinstance(each, StrExpr)]:
            return named[0]
        function = connector.callee.node if isinstance(connector.callee, RefExpr) else None
        if isinstance(function, FuncDef | OverloadedFuncDef) and not _takes_a_name(function):
            return function.name
    return ""


def _takes_a_name(function: FuncDef | OverloadedFuncDef) -> bool:
    """Whether a decorator gets the name of the signal, as ``receiver`` does."""
    typ = get_proper_type(function.type)
    return isinstance(typ, FunctionLike) and any("signal" in each.arg_names for each in typ.items)
