"""Read receiver Protocols, and functions that stand for one, into contracts at run time."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from inspect import Parameter
from types import FunctionType
from typing import Annotated, Any, ParamSpecKwargs, TypeVar, get_args, get_origin

from typed_signals._annotations import (
    ContractSource,
    Missing,
    call_hints,
    call_parameters,
    explain_unresolved,
    format_type,
    is_awaitable_type,
    return_hint,
)
from typed_signals._cache import cached_by_source
from typed_signals._contract import CHANGED, Contract
from typed_signals._describe import kind_of
from typed_signals._errors import SignalDefinitionError
from typed_signals._misuse import (
    BY_FUNCTION,
    BY_PROTOCOL,
    NO_FUNCTION,
    NO_PROTOCOL,
    ContractWords,
    bad_contract,
    contract_fault,
)
from typed_signals._protocols import Alias, ChangedSince

__all__ = ["check_function", "read_contract"]


@cached_by_source
def read_contract(source: ContractSource) -> Contract:
    """Read a receiver Protocol, or an async function, into rules."""
    if isinstance(source, type):
        call = getattr(source, "__call__", None)  # noqa: B004 - the method itself is wanted
        if not getattr(source, "_is_protocol", False) or not inspect.isfunction(call):
            raise _refuse(source, NO_PROTOCOL)
    try:
        hints = call_hints(source)
    except Exception as error:  # an annotation is any expression, and may fail in any way
        raise _refuse(source, f"its annotations {explain_unresolved(error)}") from error
    parameters = _checked_parameters(source)
    payload: dict[str, bool] = {}
    aliases: dict[str, str] = {}
    changed_since = ""
    for parameter in parameters[1:]:
        if parameter.kind is Parameter.KEYWORD_ONLY:
            mark = _mark_of(hints.get(parameter.name))
            if isinstance(mark, Alias):
                aliases[parameter.name] = mark.name
            elif isinstance(mark, ChangedSince) and parameter.name == CHANGED:
                changed_since = mark.signal
            else:
                payload[parameter.name] = parameter.default is not Parameter.empty
    kinds = {parameter.kind for parameter in parameters}
    return Contract(
        payload=payload,
        aliases=aliases,
        accepts_any_payload=Parameter.VAR_POSITIONAL in kinds,
        requires_kwargs=Parameter.VAR_KEYWORD in kinds,
        signature=_written([p.replace(annotation=hints.get(p.name, Any)) for p in parameters]),
        changed_since=changed_since,
    )


def check_function(function: object) -> FunctionType:
    """Check that a function can be a contract, without computing the parameters' annotations.

    These may use names that are defined below it, so they are computed when the first receiver
    connects.

    Raises:
        SignalDefinitionError: It cannot be one.
    """
    if not isinstance(function, FunctionType):
        raise _refuse(function, NO_FUNCTION)
    _checked_parameters(function)
    return function


def _checked_parameters(source: ContractSource) -> list[Parameter]:
    """The parameters, once they and the result are known to fit a contract."""
    call: Any = source.__call__ if isinstance(source, type) else source
    parameters = call_parameters(source)
    result: Any = Awaitable if inspect.iscoroutinefunction(call) else return_hint(call)
    awaits = isinstance(result, Missing) or is_awaitable_type(result)
    if fault := contract_fault(parameters, _words(source), awaits=awaits):
        raise _refuse(source, fault)
    if isinstance(result, Missing):
        raise _refuse(source, f"its annotations {explain_unresolved(result.error)}")
    return parameters


def _words(source: object) -> ContractWords:
    return BY_FUNCTION if isinstance(source, FunctionType) else BY_PROTOCOL


def _refuse(source: object, reason: str) -> SignalDefinitionError:
    named = f"`{source.__qualname__}`" if isinstance(source, FunctionType) else kind_of(source)
    words = BY_FUNCTION if reason == NO_FUNCTION else _words(source)
    return SignalDefinitionError(f"{bad_contract(named, reason)}.\n  {words.expected}")


def _mark_of(hint: object) -> object:
    return next((each for each in get_args(hint) if isinstance(each, Alias | ChangedSince)), None)


def _written(parameters: list[Parameter]) -> str:
    """The parameters as they are written in code, without module names and ``Annotated``."""
    plain: list[str] = []
    for parameter in parameters:
        if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in plain:
            plain.append("*")
        if parameter.kind is Parameter.VAR_POSITIONAL:
            continue  # it means that the payload is open; nothing is sent by position
        star = "**" if parameter.kind is Parameter.VAR_KEYWORD else ""
        default = "" if parameter.default is Parameter.empty else " = ..."
        hint = _named_model(parameter.annotation, get_args(parameters[0].annotation))
        plain.append(f"{star}{parameter.name}: {format_type(hint)}{default}")
    return ", ".join(plain)


def _named_model(hint: Any, model: tuple[object, ...]) -> Any:
    """An annotation with `{model}` for the type variable of ``sender``, others by their names."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if isinstance(hint, ParamSpecKwargs):  # the open payload of `CustomReceiver`
        return Any
    variables = (hint,) if isinstance(hint, TypeVar) else getattr(hint, "__parameters__", ())
    if (
        isinstance(hint, type)
        or not variables
        or not all(isinstance(v, TypeVar) for v in variables)
    ):
        return hint
    names = ["{model}" if each in model else each.__name__ for each in variables]
    stands = tuple(type(name, (), {"__module__": "builtins"}) for name in names)
    return stands[0] if isinstance(hint, TypeVar) else hint[stands]
