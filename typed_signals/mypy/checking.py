"""A receiver's type, checked against a signal's contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, Signature

from mypy.nodes import CallExpr, Expression, LambdaExpr
from mypy.options import Options
from mypy.subtypes import is_subtype
from mypy.typeops import get_all_type_vars, try_getting_instance_fallback
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    Overloaded,
    ParamSpecType,
    ProperType,
    Type,
    TypeType,
    TypeVarType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from typed_signals.contract import (
    NOT_CALLABLE,
    SENDER,
    Answer,
    Contract,
    Fault,
    incompatible,
    judge,
    misspelt,
    mistyped,
    near_miss,
)
from typed_signals.mypy.callables import (
    STARS,
    bound_names,
    called,
    partial_call,
    plain_function,
    signature_of,
    without,
)
from typed_signals.mypy.wording import type_words, written

__all__ = ["ReceiverSpec", "faults_in"]


@dataclass
class ReceiverSpec:
    """What a signal asks of its receivers.

    Attributes:
        call: The ``__call__`` of the receiver Protocol.
        contract: The same, as rules.
        signal: The signal's name; empty when it is not known.
        options: mypy's.
    """

    call: CallableType
    contract: Contract
    signal: str
    options: Options

    @cached_property
    def types(self) -> dict[str, Type]:
        """The type of each parameter of the Protocol, by name with stars."""
        return dict(_named_types(self.call))

    @property
    def sender(self) -> ProperType | None:
        """The type of the sender, if the Protocol has one."""
        sender = self.types.get(SENDER)
        return get_proper_type(sender) if sender is not None else None

    def accepts(self, typ: Type) -> bool:
        """Whether mypy alone would accept the receiver."""
        return is_subtype(typ, self.call, options=self.options)

    def idle(self, parameter: Parameter) -> bool:
        """Whether a receiver's parameter always has its default, since nothing fills it."""
        return (
            parameter.name not in self.types
            and parameter.default is not Parameter.empty
            and not self.contract.open_payload
        )


def faults_in(spec: ReceiverSpec, receiver: Type, expression: Expression) -> list[Fault]:
    """Check a receiver by its type, and where the type says nothing by its definition.

    Args:
        spec: What the signal asks of its receivers.
        receiver: The receiver's type.
        expression: The receiver as it stands in the code.

    Returns:
        Every fault; empty when the receiver keeps the contract.
    """
    typ = get_proper_type(receiver)
    if isinstance(typ, UnionType):
        every = [faults_in(spec, item, expression) for item in typ.items]
        return list(dict.fromkeys(fault for faults in every for fault in faults))
    if isinstance(typ, TypeVarType):
        return faults_in(spec, typ.upper_bound, expression)
    if isinstance(typ, AnyType | UninhabitedType):
        return []
    if isinstance(typ, CallableType):
        trusted = not isinstance(expression, CallExpr)
        return _faults(spec, typ, _answer(spec, typ, expression, trusted=trusted))
    if isinstance(typ, Overloaded | TypeType):
        return _faults_of_type(spec, typ)
    instance = try_getting_instance_fallback(typ)
    return _faults_of_object(spec, instance, expression) if instance else [NOT_CALLABLE]


def _faults_of_object(spec: ReceiverSpec, typ: Instance, expression: Expression) -> list[Fault]:
    if typ.type.has_base("unittest.mock.AsyncMockMixin"):
        return []  # async, though its stub does not say so
    partial = partial_call(typ)
    if partial is not None:
        answer = _answer(spec, partial, expression)
        return _faults(spec, partial, answer, bound=bound_names(partial))
    call = called(typ)
    if isinstance(call, AnyType):
        return []
    if isinstance(call, CallableType):
        return _faults(spec, call, _answer(spec, call, expression, sync=Answer.SYNC_CALL))
    return [NOT_CALLABLE] if call is None else _faults_of_type(spec, call)


def _faults(
    spec: ReceiverSpec, call: CallableType, answer: Answer, bound: Sequence[str] = ()
) -> list[Fault]:
    if call.is_ellipsis_args:  # Callable[..., X]: it says nothing of its parameters
        return judge(spec.contract, _ANYTHING, answer, signal=spec.signal)
    parameters = signature_of(call)
    signature = Signature(parameters, __validate_parameters__=False)
    faults = judge(spec.contract, signature, answer, signal=spec.signal, bound=bound)
    idle = [parameter.name for parameter in parameters if spec.idle(parameter)]
    for name in idle:
        if near := near_miss(
            name, [each for each in spec.types if each not in signature.parameters]
        ):
            faults.append(misspelt(name, near, signal=spec.signal))
    # To mypy, `**kwargs: object` may one day fill an idle parameter with anything.
    filled = without(call, idle)
    if not spec.accepts(filled):
        faults += _mistyped(spec, filled)
    return faults or _faults_of_type(spec, filled)


_ANYTHING = Signature(
    [Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)]
)


def _faults_of_type(spec: ReceiverSpec, typ: ProperType) -> list[Fault]:
    """What can be said of a type that mypy refuses and no rule explains."""
    if spec.accepts(typ):
        return []
    words = type_words(typ, spec.options)
    if isinstance(typ, CallableType):
        result = type_words(typ.ret_type, spec.options)
        words = f"({written(typ, spec.options)}) -> {result}"
    return [incompatible(words, signal=spec.signal)]


def _mistyped(spec: ReceiverSpec, call: CallableType) -> Iterator[Fault]:
    """The parameters whose annotation excludes what is sent."""
    own = set(call.type_var_ids())
    names = dict(_named_types(call))
    for name, typ in names.items():
        variables = {variable.id for variable in get_all_type_vars(typ)}
        if own & variables or isinstance(get_proper_type(typ), ParamSpecType):
            continue  # what a receiver's own type variable stands for shows in the whole only
        sent = _sent_to(spec, name, names)
        if not all(is_subtype(each, typ, options=spec.options) for each in sent):
            words = [type_words(each, spec.options) for each in (typ, sent[-1])]
            yield mistyped(name, *words, signal=spec.signal)


def _sent_to(spec: ReceiverSpec, name: str, names: Collection[str]) -> list[Type]:
    """The types of what is sent to one of a receiver's parameters."""
    types = spec.types
    if name.startswith("**"):
        growth = [typ for each, typ in types.items() if each.startswith("**")]
        return [typ for each, typ in types.items() if each not in names] + growth
    if name.startswith("*"):
        return [types[SENDER]] if SENDER not in names and SENDER in types else []
    return [types[name]] if name in types else []


def _named_types(call: CallableType) -> Iterator[tuple[str, Type]]:
    for parameter, typ in zip(signature_of(call), call.arg_types, strict=True):
        yield STARS.get(parameter.kind, "") + parameter.name, typ


def _answer(
    spec: ReceiverSpec,
    call: CallableType,
    expression: Expression,
    sync: Answer = Answer.SYNC,
    *,
    trusted: bool = True,
) -> Answer:
    """What calling the receiver gives back, in the eyes of ``connect()``.

    A type that is the result of a call, as of a decorator, is not trusted to tell of the function.
    """
    result = get_proper_type(call.ret_type)
    if isinstance(expression, LambdaExpr):
        return Answer.LAMBDA
    if call.is_type_obj():
        sync = Answer.CLASS
    function = plain_function(call)
    if function is not None and function.is_async_generator:
        return Answer.ASYNC_GENERATOR
    if function is not None and function.is_coroutine:
        return Answer.AWAITABLE
    if function is not None and trusted and not isinstance(result, Instance):
        return sync  # `connect()` goes by the annotation of the result, and `Any` says nothing
    awaitable = is_subtype(result, spec.call.ret_type, options=spec.options)
    return Answer.AWAITABLE if awaitable else sync
