"""mypy's callable types, read and changed: as signatures, contracts and partials."""

from __future__ import annotations

from collections.abc import Collection
from inspect import Parameter

from mypy.nodes import ArgKind, FuncDef
from mypy.subtypes import find_member
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    ProperType,
    Type,
    get_proper_type,
)

from typed_signals._contract import SENDER, Contract
from typed_signals.mypy.fullnames import CONNECT, CONNECTOR, SIGNAL
from typed_signals.mypy.functions import Named
from typed_signals.mypy.lookup import argument_of, items_of

STARS: dict[object, str] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}

_KINDS = {
    ArgKind.ARG_POS: Parameter.POSITIONAL_OR_KEYWORD,
    ArgKind.ARG_OPT: Parameter.POSITIONAL_OR_KEYWORD,
    ArgKind.ARG_STAR: Parameter.VAR_POSITIONAL,
    ArgKind.ARG_NAMED: Parameter.KEYWORD_ONLY,
    ArgKind.ARG_NAMED_OPT: Parameter.KEYWORD_ONLY,
    ArgKind.ARG_STAR2: Parameter.VAR_KEYWORD,
}


def protocol_of(owner: Type) -> ProperType | None:
    """P of a ``Signal[P]``, its ``connect`` or a ``Connector[P]``, or of a subclass; else None."""
    return argument_of(owner, CONNECT, CONNECTOR, SIGNAL)


def protocol_calls(owner: Type) -> list[CallableType]:
    """How receivers of a ``Signal[P]`` or ``Connector[P]`` are called.

    That is the ``__call__`` of a Protocol P, or P itself if it is the type of a function. There are
    several if P is a union, as for a receiver of several senders' signals, and none if P is
    something else or not known.
    """
    protocol = protocol_of(owner)
    calls: list[CallableType] = []
    for each in items_of(protocol) if protocol is not None else []:
        call = called(each) if isinstance(each, Instance) and each.type.is_protocol else each
        if not isinstance(call, CallableType):
            return []
        calls.append(call)
    return calls


def called(typ: Instance) -> FunctionLike | AnyType | None:
    """The type of an object's ``__call__``, without ``self``; ``None`` if it has none."""
    call = get_proper_type(find_member("__call__", typ, typ, is_operator=True))
    if isinstance(call, Instance):  # a `__call__` that is itself an object with one
        return called(call) if call.type is not typ.type else None
    return call if isinstance(call, FunctionLike | AnyType) else None


def partial_call(typ: Instance) -> CallableType | None:
    """What a ``functools.partial`` leaves open, if mypy knows; ``None`` for other objects."""
    call = typ.extra_attrs.attrs.get("__mypy_partial") if typ.extra_attrs else None
    return call if isinstance(call, CallableType) else None


def without(call: CallableType, names: Collection[str]) -> CallableType:
    """A callable type without some of its parameters."""
    if not names:
        return call
    kept = [index for index, name in enumerate(call.arg_names) if name not in names]
    return call.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        arg_types=[call.arg_types[index] for index in kept],
        arg_kinds=[call.arg_kinds[index] for index in kept],
        arg_names=[call.arg_names[index] for index in kept],
    )


def positional_names(whole: CallableType | FuncDef, partial: CallableType) -> list[str]:
    """The parameters of a callable that a partial of it has filled by position."""
    own = 1 if isinstance(whole, FuncDef) and whole.info and whole.has_self_or_cls_argument else 0
    return [
        name
        for name, kind in zip(whole.arg_names[own:], whole.arg_kinds[own:], strict=True)
        if name is not None and kind.is_positional() and name not in partial.arg_names
    ]


def read_contract(call: CallableType) -> Contract:
    """Read the ``__call__`` of a receiver Protocol into rules.

    An alias (``Annotated[..., Alias(...)]``) is payload like any other here: types do not carry
    the mark, and a receiver may ask for both.
    """
    parameters = signature_of(call)
    kinds = {each.kind for each in parameters}
    return Contract(
        payload={
            each.name: each.default is not Parameter.empty
            for each in parameters
            if each.kind is Parameter.KEYWORD_ONLY
        },
        accepts_any_payload=Parameter.VAR_POSITIONAL in kinds,
        requires_kwargs=Parameter.VAR_KEYWORD in kinds,
    )


def signature_of(call: CallableType | FuncDef, named: Named | None = None) -> list[Parameter]:
    """The parameters of a callable type or function, as ``inspect`` would give them.

    A type does not keep the names of positional-only parameters; a function does. See
    :func:`is_nameless`.
    """
    return [
        Parameter(
            _name(call, index, named),
            _KINDS[kind] if call.arg_names[index] or not kind.is_positional() else _UNNAMED,
            default=Parameter.empty if not kind.is_optional() else None,
        )
        for index, kind in enumerate(call.arg_kinds)
    ]


def is_nameless(parameter: Parameter) -> bool:
    """Whether a parameter is positional-only and its name is not known."""
    return parameter.kind is _UNNAMED and parameter.name.startswith("__")


_UNNAMED = Parameter.POSITIONAL_ONLY


def _name(call: CallableType | FuncDef, index: int, named: Named | None) -> str:
    name = call.arg_names[index] or _CATCH_ALL.get(call.arg_kinds[index])
    if name is None and named is not None:
        name = named.parameter(index, len(call.arg_names))
        if name is None and index == 0 and SENDER not in call.arg_names:
            name = SENDER  # as its place says
    return name or f"__{index}"


_CATCH_ALL = {ArgKind.ARG_STAR: "args", ArgKind.ARG_STAR2: "kwargs"}
