"""A receiver's type, checked against a signal's contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, Signature

from mypy.messages import format_type_bare
from mypy.nodes import LambdaExpr, TypeInfo
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

from typed_signals._contract import (
    ANYTHING,
    NOT_CALLABLE,
    SENDER,
    CallableKind,
    Contract,
    Fault,
    check_receiver,
    incompatible,
    misspelt,
    mistyped,
)
from typed_signals._describe import suggest
from typed_signals._misuse import unrelated
from typed_signals.mypy.callables import (
    STARS,
    called,
    is_nameless,
    partial_call,
    positional_names,
    read_contract,
    signature_of,
    without,
)
from typed_signals.mypy.functions import Named, Place, call_method, named_function
from typed_signals.mypy.relations import is_unrelated
from typed_signals.mypy.wording import written


@dataclass
class ReceiverSpec:
    """What a signal asks of its receivers.

    Attributes:
        call: The ``__call__`` of the receiver Protocol.
        signal: The signal's name; empty when it is not known.
        options: mypy's.
        models: Those whose relations ``child`` comes from, if the signal is one of relations.
    """

    call: CallableType
    signal: str
    options: Options
    models: Sequence[TypeInfo] = ()

    @cached_property
    def contract(self) -> Contract:
        """The rules that it stands for."""
        return read_contract(self.call)

    @cached_property
    def types(self) -> dict[str, Type]:
        """The type of each parameter of the Protocol, by name with stars."""
        return _types(signature_of(self.call), self.call)

    @property
    def sender(self) -> ProperType | None:
        """The type of the sender, if the Protocol has one."""
        return get_proper_type(self.types.get(SENDER))

    def accepts(self, typ: Type) -> bool:
        """Whether mypy alone would accept the receiver."""
        return is_subtype(typ, self.call, options=self.options)

    def is_idle(self, parameter: Parameter) -> bool:
        """Whether a receiver's parameter always has its default, since nothing fills it."""
        filled = parameter.name in self.types or self.contract.accepts_any_payload
        return parameter.default is not Parameter.empty and not filled


def faults_in(spec: ReceiverSpec, receiver: Type, place: Place) -> list[Fault]:
    """Check a receiver by its type, or by its definition where the type does not tell."""
    typ = get_proper_type(receiver)
    if isinstance(typ, UnionType):
        every = [faults_in(spec, item, place) for item in typ.items]
        return list(dict.fromkeys(fault for faults in every for fault in faults))
    if isinstance(typ, TypeVarType):
        return faults_in(spec, typ.upper_bound, place)
    if isinstance(typ, AnyType | UninhabitedType):
        return []
    if isinstance(typ, CallableType):
        return _faults(spec, typ, place, named_function(place, typ))
    if isinstance(typ, Overloaded | TypeType):
        return _faults_of_type(spec, typ)
    instance = try_getting_instance_fallback(typ)
    return _faults_of_object(spec, instance, place) if instance else [NOT_CALLABLE]


def _faults_of_object(spec: ReceiverSpec, typ: Instance, place: Place) -> list[Fault]:
    if typ.type.has_base("unittest.mock.AsyncMockMixin"):
        return []  # async, though its stub does not declare it
    partial = partial_call(typ)
    if partial is not None:
        named = named_function(place.partial or place, partial)
        bound = _bound_names(place, partial)
        return _faults(spec, partial, place.partial or place, named, bound=bound)
    call = called(typ)
    if isinstance(call, AnyType):
        return []
    if isinstance(call, CallableType):
        named = call_method(place, typ.type)
        return _faults(spec, call, place, named, sync=CallableKind.SYNC_CALL)
    return [NOT_CALLABLE] if call is None else _faults_of_type(spec, call)


def _faults(
    spec: ReceiverSpec,
    call: CallableType,
    place: Place,
    named: Named | None,
    *,
    sync: CallableKind = CallableKind.SYNC,
    bound: Sequence[str] = (),
) -> list[Fault]:
    is_lambda = isinstance(place.expression, LambdaExpr)
    kind = CallableKind.LAMBDA if is_lambda else _kind(spec, call, named, sync)
    if call.is_ellipsis_args:  # Callable[..., X]: it says nothing of its parameters
        return check_receiver(spec.contract, ANYTHING, kind, signal=spec.signal)
    parameters = signature_of(call, named)
    if named is None and any(map(is_nameless, parameters)):  # Callable[[X], Y]
        return _faults_of_type(spec, call)
    known = [each for each in parameters if not is_nameless(each)]
    signature = Signature(known, __validate_parameters__=False)
    faults = check_receiver(spec.contract, signature, kind, signal=spec.signal, bound=bound)
    idle = [parameter.name for parameter in parameters if spec.is_idle(parameter)]
    for name in idle:
        if near := suggest(name, [each for each in spec.types if each not in signature.parameters]):
            faults.append(misspelt(name, near, signal=spec.signal))
    types = _types(parameters, call)
    if "child" in types and is_unrelated(types["child"], spec.models, place.api):
        words = format_type_bare(types["child"], spec.options)
        models = " or ".join(f"`{each.name}`" for each in spec.models)
        faults.append(unrelated("child", words, models))
    # To mypy, `**kwargs: object` may one day fill an idle parameter with anything.
    filled = without(call, idle)
    if not spec.accepts(filled):
        faults += _mistyped(spec, call, types)
    return faults or _faults_of_type(spec, filled)


def _faults_of_type(spec: ReceiverSpec, typ: ProperType) -> list[Fault]:
    """The fault of a type that mypy refuses for a reason that no rule explains."""
    if spec.accepts(typ):
        return []
    words = format_type_bare(typ, spec.options)
    if isinstance(typ, CallableType):
        result = format_type_bare(typ.ret_type, spec.options)
        words = f"({written(typ, spec.options)}) -> {result}"
    return [incompatible(words, signal=spec.signal)]


def _mistyped(spec: ReceiverSpec, call: CallableType, types: Mapping[str, Type]) -> Iterator[Fault]:
    """The parameters whose annotation excludes what is sent."""
    own = set(call.type_var_ids())
    for name, typ in types.items():
        variables = {variable.id for variable in get_all_type_vars(typ)}
        if own & variables or isinstance(get_proper_type(typ), ParamSpecType):
            continue  # a receiver's own type variable can only be checked with the whole type
        sent = _sent_to(spec, name, types)
        if not all(is_subtype(each, typ, options=spec.options) for each in sent):
            words = [format_type_bare(each, spec.options) for each in (typ, sent[-1])]
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


def _types(parameters: Sequence[Parameter], call: CallableType) -> dict[str, Type]:
    names = [STARS.get(each.kind, "") + each.name for each in parameters]
    return dict(zip(names, call.arg_types, strict=True))


def _bound_names(place: Place, partial: CallableType) -> list[str]:
    """The parameters that a partial has filled by position; those given by name stay optional."""
    inner = place.partial
    if inner is None:
        named = named_function(place, partial)
        return positional_names(named.function, partial) if named else []
    typ = inner.type_of(inner.expression)
    nested = partial_call(typ) if isinstance(typ, Instance) else None
    whole = nested or (called(typ) if isinstance(typ, Instance) else typ)
    if nested and all(kind.is_star() for kind in partial.arg_kinds):
        return []  # of a partial in a partial, mypy may know nothing but `*args, **kwargs`
    own = positional_names(whole, partial) if isinstance(whole, CallableType) else []
    return [*(_bound_names(inner, nested) if nested else ()), *own]


def _kind(
    spec: ReceiverSpec, call: CallableType, named: Named | None, sync: CallableKind
) -> CallableKind:
    """What calling the receiver gives back, as ``connect()`` sees it."""
    result = get_proper_type(call.ret_type)
    if call.is_type_obj():
        sync = CallableKind.CLASS
    elif named is not None and named.exact:
        if named.function.is_async_generator:
            return CallableKind.ASYNC_GENERATOR
        if named.function.is_coroutine:
            return CallableKind.AWAITABLE
        if not isinstance(result, Instance):
            return sync  # `connect()` goes by the annotation of the result, and `Any` says nothing
    awaitable = is_subtype(result, spec.call.ret_type, options=spec.options)
    return CallableKind.AWAITABLE if awaitable else sync
