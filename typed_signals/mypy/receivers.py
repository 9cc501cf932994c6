"""Feature: a receiver is refused with the message of ``connect()``.

What mypy cannot do by itself: its report on a receiver names two long types and leaves it to the
reader to find the difference; and it accepts untyped sync functions, which ``connect()`` refuses.
So ``connect`` and the decorators accept any receiver for mypy, and the receiver is checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mypy.nodes import Decorator, MemberExpr, RefExpr
from mypy.plugin import MethodContext, MethodSigContext
from mypy.types import FunctionLike, Instance, Type

from typed_signals._contract import Fault
from typed_signals.mypy.callables import protocol_calls, protocol_of
from typed_signals.mypy.checking import ReceiverSpec, faults_in
from typed_signals.mypy.codes import SIGNAL_RECEIVER
from typed_signals.mypy.durable import contracts_of
from typed_signals.mypy.emitters import owner_words
from typed_signals.mypy.fullnames import EMITTER
from typed_signals.mypy.functions import Place
from typed_signals.mypy.relations import models_with_relations
from typed_signals.mypy.wording import (
    connected_signal,
    model_words,
    receiver_words,
    signal_words,
    written,
)


def open_call(ctx: MethodSigContext) -> FunctionLike:
    """Let ``signal.connect(...)`` and ``pre_save(Album)(...)`` accept and return anything.

    Only where the contract is known, so that the receiver can be checked by it.
    """
    signature = ctx.default_signature
    if signature.arg_names[:1] != ["receiver"] or not protocol_calls(ctx.type):
        return signature
    anything = ctx.api.named_generic_type("builtins.object", [])
    return signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        arg_types=[anything, *signature.arg_types[1:]], ret_type=anything, variables=[]
    )


def check_receiver(ctx: MethodContext) -> Type:
    """Check the receiver that is connected, and return it with its own exact type."""
    if (
        ctx.callee_arg_names[:1] != ["receiver"]
        or not ctx.arg_types
        or len(ctx.arg_types[0]) != 1
        or ctx.arg_kinds[0][0].is_star()
    ):
        return ctx.default_return_type
    receiver, expression = ctx.arg_types[0][0], ctx.args[0][0]
    calls = contracts_of(ctx)
    if not calls:
        return receiver if protocol_calls(ctx.type) else ctx.default_return_type
    place = Place(ctx.api, ctx.context, expression)
    signal = signal_words(place.connector)
    models = models_with_relations(protocol_of(ctx.type))
    anything = ctx.api.named_generic_type("builtins.object", [])
    # An `async def __call__` in the Protocol does not require a coroutine: any awaitable will do.
    awaitable = ctx.api.named_generic_type("typing.Awaitable", [anything])
    for each in calls:
        call = each.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
            ret_type=awaitable
        )
        spec = ReceiverSpec(call, signal, ctx.api.options, models)
        if faults := faults_in(spec, receiver, place):
            _refuse(ctx, spec, place, faults)
    return receiver


def _refuse(ctx: MethodContext, spec: ReceiverSpec, place: Place, faults: Sequence[Fault]) -> None:
    name, owner = receiver_words(ctx.arg_types[0][0], place), _owner(spec, place)
    title = f"signal `{spec.signal}`" if spec.signal else "a signal"
    verdict = f"{name} cannot be connected to {title}{f' of {owner}' if owner else ''}"
    for fault in faults:
        ctx.api.fail(f"{verdict}: {fault}", place.expression, code=SIGNAL_RECEIVER)
    expected = replace(spec.contract, signature=written(spec.call, spec.options))
    ctx.api.msg.note(f"expected: {expected.expected(None)}", place.expression, code=SIGNAL_RECEIVER)


def _owner(spec: ReceiverSpec, place: Place) -> str:
    """Whose signal it is: that of its emitter if the code names one, else that of the sender."""
    signal = connected_signal(place.connector)
    if isinstance(signal, RefExpr) and isinstance(signal.node, Decorator):
        return ""  # made from a function, it belongs to no emitter
    emitter = place.type_of(signal.expr) if isinstance(signal, MemberExpr) else None
    if isinstance(emitter, Instance) and emitter.type.has_base(EMITTER):
        return owner_words(emitter, spec.options)
    owner = model_words(spec.sender, spec.options)
    return "" if owner == "object" else owner
