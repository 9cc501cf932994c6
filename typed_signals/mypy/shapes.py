"""Callable types read as what :mod:`typed_signals.contract` judges: the surgery on mypy's types."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter

from mypy.nodes import ArgKind, FuncDef
from mypy.subtypes import find_member
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    ProperType,
    UnionType,
    get_proper_type,
)

from typed_signals.contract import Contract

__all__ = ["STARS", "called", "contract_of", "protocol_calls", "signature_of"]

STARS: dict[object, str] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}

_KINDS = {
    ArgKind.ARG_POS: Parameter.POSITIONAL_OR_KEYWORD,
    ArgKind.ARG_OPT: Parameter.POSITIONAL_OR_KEYWORD,
    ArgKind.ARG_STAR: Parameter.VAR_POSITIONAL,
    ArgKind.ARG_NAMED: Parameter.KEYWORD_ONLY,
    ArgKind.ARG_NAMED_OPT: Parameter.KEYWORD_ONLY,
    ArgKind.ARG_STAR2: Parameter.VAR_KEYWORD,
}


def protocol_calls(owner: ProperType) -> list[CallableType]:
    """The ``__call__`` of the Protocol P of a ``Signal[P]`` or ``Connector[P]``.

    Several when P is a union, as for a receiver of several senders' signals; none when P is no
    Protocol or not known.
    """
    if not isinstance(owner, Instance) or not owner.args:
        return []
    given = get_proper_type(owner.args[0])
    calls: list[CallableType] = []
    for each in given.items if isinstance(given, UnionType) else [given]:
        protocol = get_proper_type(each)
        if not isinstance(protocol, Instance) or not protocol.type.is_protocol:
            return []
        call = called(protocol)
        if not isinstance(call, CallableType):
            return []
        calls.append(call)
    return calls


def called(typ: Instance) -> FunctionLike | AnyType | None:
    """The type of an object's ``__call__``, without ``self``; ``None`` if it has none."""
    member = find_member("__call__", typ, typ, is_operator=True)
    call = get_proper_type(member) if member is not None else None
    if isinstance(call, Instance):  # a `__call__` that is itself an object with one
        return called(call) if call.type is not typ.type else None
    return call if isinstance(call, FunctionLike | AnyType) else None


def contract_of(call: CallableType) -> Contract:
    """Read the ``__call__`` of a receiver Protocol into rules.

    An alias (``Annotated[..., SentAs(...)]``) is payload like any other here: types do not carry
    the mark, and a receiver may ask for both.
    """
    parameters = signature_of(call)
    kinds = {parameter.kind for parameter in parameters}
    return Contract(
        payload={
            parameter.name: parameter.default is not Parameter.empty
            for parameter in parameters
            if parameter.kind is Parameter.KEYWORD_ONLY
        },
        open_payload=Parameter.VAR_POSITIONAL in kinds,
        growing=Parameter.VAR_KEYWORD in kinds,
    )


def signature_of(call: CallableType) -> Sequence[Parameter]:
    """The parameters of a callable type, as ``inspect`` would give them."""
    return [
        Parameter(
            _name(call, index),
            _KINDS[kind] if call.arg_names[index] or not kind.is_positional() else _UNNAMED,
            default=Parameter.empty if not kind.is_optional() else None,
        )
        for index, kind in enumerate(call.arg_kinds)
    ]


_UNNAMED = Parameter.POSITIONAL_ONLY


def _name(call: CallableType, index: int) -> str:
    """A parameter's name; the type itself forgets that of a positional-only one."""
    name = call.arg_names[index]
    definition = call.definition
    if name is None and isinstance(definition, FuncDef):
        index += len(definition.arguments) - len(call.arg_types)  # without a bound `self`
        if 0 <= index < len(definition.arguments):
            name = definition.arguments[index].variable.name
    return name or f"__{index}"
