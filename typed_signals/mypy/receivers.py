"""Feature: a receiver that is refused is refused in the words of ``connect()``.

What mypy cannot do by itself: its report on a receiver names two long types and leaves it to the
reader to find the difference; and it takes untyped sync functions, which ``connect()`` refuses.
So ``connect`` and the decorators are opened for any receiver, and it is judged here.
"""

from __future__ import annotations

from mypy.plugin import AttributeContext, MethodContext, MethodSigContext
from mypy.types import CallableType, FunctionLike, Instance, Type, get_proper_type

from typed_signals.contract import Contract
from typed_signals.mypy.codes import SIGNAL_RECEIVER
from typed_signals.mypy.judging import Demand, faults_in
from typed_signals.mypy.shapes import contract_of, protocol_call
from typed_signals.mypy.wording import model_words, receiver_words, signal_words, written

__all__ = ["check_receiver", "open_attribute", "open_call"]


def open_attribute(ctx: AttributeContext) -> Type:
    """Let ``signal.connect`` take any receiver."""
    attribute = get_proper_type(ctx.default_attr_type)
    if protocol_call(ctx.type) is None or not isinstance(attribute, CallableType):
        return ctx.default_attr_type
    return _opened(attribute, ctx.api.named_generic_type("builtins.object", []))


def open_call(ctx: MethodSigContext) -> FunctionLike:
    """Let the decorator that ``pre_save(Album)`` gives take any receiver."""
    if protocol_call(ctx.type) is None:
        return ctx.default_signature
    return _opened(ctx.default_signature, ctx.api.named_generic_type("builtins.object", []))


def check_receiver(ctx: MethodContext) -> Type:
    """Judge the receiver that is connected, and give it back with its own exact type."""
    call = protocol_call(ctx.type)
    if call is None or not ctx.arg_types or not ctx.arg_types[0]:
        return ctx.default_return_type
    receiver, expression = ctx.arg_types[0][0], ctx.args[0][0]
    signal = signal_words(ctx.context, expression)
    demand = Demand(call, contract_of(call), signal, ctx.api.options)
    faults = faults_in(demand, receiver, expression)
    if faults:
        options = ctx.api.options
        title = f"signal `{signal}`" if signal else "a signal"
        sender = demand.sender
        if sender is not None:
            title += f" of {model_words(sender, options)}"
        for fault in faults:
            ctx.api.fail(
                f"{receiver_words(receiver, options)} cannot be connected to {title}: {fault}",
                expression,
                code=SIGNAL_RECEIVER,
            )
        expected = Contract({}, signature=written(call, options)).expected(None)
        ctx.api.msg.note(f"expected: {expected}", expression, code=SIGNAL_RECEIVER)
    return receiver


def _opened(signature: CallableType, anything: Instance) -> CallableType:
    """The signature, with a receiver and a result of any type."""
    return signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        arg_types=[anything, *signature.arg_types[1:]], ret_type=anything, variables=[]
    )
