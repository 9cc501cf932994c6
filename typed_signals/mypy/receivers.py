"""Feature: a receiver that is refused is refused in the words of ``connect()``.

What mypy cannot do by itself: its report on a receiver names two long types and leaves it to the
reader to find the difference; and it takes untyped sync functions, which ``connect()`` refuses.
So ``connect`` and the decorators are opened for any receiver, and it is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mypy.plugin import MethodContext, MethodSigContext
from mypy.types import CallableType, FunctionLike, Type

from typed_signals.contract import Fault
from typed_signals.mypy.codes import SIGNAL_RECEIVER
from typed_signals.mypy.judging import Demand, faults_in
from typed_signals.mypy.shapes import contract_of, protocol_calls
from typed_signals.mypy.wording import model_words, receiver_words, signal_words, written

__all__ = ["check_receiver", "open_call"]


def open_call(ctx: MethodSigContext) -> FunctionLike:
    """Let ``signal.connect(...)`` and ``pre_save(Album)(...)`` take any receiver."""
    signature = ctx.default_signature
    return _opened(signature, ctx) if signature.arg_names[:1] == ["receiver"] else signature


def check_receiver(ctx: MethodContext) -> Type:
    """Judge the receiver that is connected, and give it back with its own exact type."""
    calls = protocol_calls(ctx.type)
    if (
        not calls
        or ctx.callee_arg_names[:1] != ["receiver"]
        or not ctx.arg_types
        or len(ctx.arg_types[0]) != 1
        or ctx.arg_kinds[0][0].is_star()
    ):
        return ctx.default_return_type
    receiver, expression = ctx.arg_types[0][0], ctx.args[0][0]
    signal = signal_words(ctx.context, expression)
    for call in calls:
        demand = Demand(call, contract_of(call), signal, ctx.api.options)
        faults = faults_in(demand, receiver, expression)
        if faults:
            _refuse(ctx, demand, faults)
    return receiver


def _refuse(ctx: MethodContext, demand: Demand, faults: Sequence[Fault]) -> None:
    receiver, place = ctx.arg_types[0][0], ctx.args[0][0]
    title = f"signal `{demand.signal}`" if demand.signal else "a signal"
    if models := model_words(demand.sender, demand.options):
        title += f" of {models}"
    verdict = f"{receiver_words(receiver, demand.options)} cannot be connected to {title}"
    for fault in faults:
        ctx.api.fail(f"{verdict}: {fault}", place, code=SIGNAL_RECEIVER)
    expected = replace(demand.contract, signature=written(demand.call, demand.options))
    ctx.api.msg.note(f"expected: {expected.expected(None)}", place, code=SIGNAL_RECEIVER)


def _opened(signature: CallableType, ctx: MethodSigContext) -> CallableType:
    """The signature with a receiver and a result of any type, if the receiver can be judged."""
    if not protocol_calls(ctx.type):
        return signature
    anything = ctx.api.named_generic_type("builtins.object", [])
    return signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        arg_types=[anything, *signature.arg_types[1:]], ret_type=anything, variables=[]
    )
