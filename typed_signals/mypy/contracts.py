"""Feature: a Protocol that cannot be a contract is an error where a signal is made of it.

What mypy cannot do by itself: ``connect()`` and ``send()`` want ``sender`` first and the payload by
keyword, and no bound of a type variable can require it. Without the plugin the error comes at run
time, when the first receiver connects.
"""

from __future__ import annotations

from inspect import Parameter

from mypy.nodes import ArgKind, Context, FuncDef, TypeInfo
from mypy.plugin import ClassDefContext, FunctionContext, MethodContext
from mypy.types import CallableType, Instance, Type, UnboundType, get_proper_type

from typed_signals._misuse import (
    BY_FUNCTION,
    BY_PROTOCOL,
    NO_PROTOCOL,
    ContractWords,
    bad_contract,
    contract_fault,
)
from typed_signals.mypy.callables import is_nameless, protocol_of, signature_of
from typed_signals.mypy.codes import SIGNAL_CONTRACT
from typed_signals.mypy.emitters import qualified_name
from typed_signals.mypy.functions import Place, named_function


def check_made_signal(ctx: FunctionContext) -> Type:
    """Report ``Signal[P]()`` where P cannot be a contract."""
    report_contract(ctx, ctx.default_return_type, ctx.context)
    return ctx.default_return_type


def check_decorated(ctx: FunctionContext | MethodContext) -> Type:
    """Report ``@signal`` over a function that cannot be a contract."""
    if ctx.arg_kinds[0] != [ArgKind.ARG_POS]:  # options alone
        return ctx.default_return_type
    given = get_proper_type(ctx.arg_types[0][0])
    if isinstance(given, CallableType) and not given.is_type_obj():
        named = named_function(Place(ctx.api, ctx.context, ctx.args[0][0]), given)
        if named and named.exact:
            reason = contract_fault(_parameters_of(named.function), BY_FUNCTION, awaits=True)
            _report(ctx, named.words, reason, BY_FUNCTION, ctx.context)
    return ctx.default_return_type


def report_contract(ctx: FunctionContext | ClassDefContext, signal: Type, place: Context) -> None:
    """Report the type ``Signal[P]`` if P cannot be a contract."""
    protocol = protocol_of(signal)
    if isinstance(protocol, CallableType) and not protocol.is_type_obj():
        name, reason = "Callable", NO_PROTOCOL
    elif isinstance(protocol, Instance) and not protocol.type.fallback_to_any:
        name, reason = qualified_name(protocol.type), _reason(ctx, protocol.type)
    else:
        return
    _report(ctx, f"`{name}`", reason, BY_PROTOCOL, place)


def _report(
    ctx: FunctionContext | MethodContext | ClassDefContext,
    name: str,
    reason: str,
    words: ContractWords,
    place: Context,
) -> None:
    if reason:
        ctx.api.fail(bad_contract(name, reason), place, code=SIGNAL_CONTRACT)
        ctx.api.msg.note(words.expected, place, code=SIGNAL_CONTRACT)


def _reason(ctx: FunctionContext | ClassDefContext, protocol: TypeInfo) -> str:
    symbol = protocol.get("__call__")
    if not protocol.is_protocol or symbol is None:
        return NO_PROTOCOL
    call = symbol.node
    if not isinstance(call, FuncDef):
        return ""  # decorated or overloaded: checked at run time
    awaits = call.is_coroutine or _is_awaitable(ctx, call)
    return contract_fault(_parameters_of(call, bound=1), BY_PROTOCOL, awaits=awaits)


def _parameters_of(function: FuncDef, bound: int = 0) -> list[Parameter]:
    given = signature_of(function)[bound:]
    return [*given[:1], *(each for each in given[1:] if not is_nameless(each))]


def _is_awaitable(ctx: FunctionContext | ClassDefContext, call: FuncDef) -> bool:
    """Whether a function is annotated to return an awaitable; not if it has no annotation."""
    if not isinstance(call.type, CallableType):
        return False
    result = get_proper_type(call.type.ret_type)
    if isinstance(result, UnboundType) and isinstance(ctx, ClassDefContext):
        # While classes are defined mypy has not yet read the functions of their module.
        names = (f"{call.info.module_name}.{result.name}", f"builtins.{result.name}")
        found = [each for name in names if (each := ctx.api.lookup_fully_qualified_or_none(name))]
        cls = found[0].node if found else None
        return result.name != "None" and not (isinstance(cls, TypeInfo) and not _awaits(cls))
    return isinstance(result, Instance) and _awaits(result.type)


def _awaits(cls: TypeInfo) -> bool:
    return cls.get("__await__") is not None
