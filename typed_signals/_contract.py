"""The rules of a contract, and the faults of a receiver in words.

This module inspects nothing: :mod:`typed_signals._inspect` reads receivers at run time, and the
mypy plugin reads them from types. Both are checked here, with the same messages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from inspect import Parameter, Signature, signature
from typing import Final, Literal, NamedTuple

from typed_signals._describe import suggest

__all__ = [
    "ANYTHING",
    "CHANGED",
    "NOT_CALLABLE",
    "CallableKind",
    "Contract",
    "Fault",
    "FaultCode",
    "Mistake",
    "check_receiver",
    "incompatible",
    "misspelt",
    "mistyped",
    "payload_mistakes",
]

SENDER: Final = "sender"
CHANGED: Final = "changed"

FaultCode = Literal[
    "not-callable",
    "not-async",
    "no-kwargs",
    "no-sender",
    "sender-not-first",
    "unknown-parameter",
    "positional-payload",
    "unaccepted-payload",
    "bound-payload",
    "unreadable",
    "wrong-type",
]

_UNBOUND: Final = ("self", "cls")
_NO_SLASH: Final = "remove the `/`"
POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class CallableKind(Enum):
    """What calling a receiver gives back; the value is the receiver's kind, in words."""

    AWAITABLE = "async"
    SYNC = "a sync function"
    SYNC_CALL = "an object with a sync `__call__`"
    LAMBDA = "a lambda"
    ASYNC_GENERATOR = "an async generator"
    CLASS = "a class"


_ASYNC_REMEDY: Mapping[CallableKind, str] = {
    CallableKind.SYNC: "write `async def`; if it blocks, connect it with `typed_signals.in_thread`;"
    " if it does return an awaitable, declare it in its return annotation (`-> Awaitable[...]`) or "
    "with `typed_signals.mark_async`",
    CallableKind.SYNC_CALL: "write `async def __call__`",
    CallableKind.LAMBDA: "write an `async def` function",
    CallableKind.ASYNC_GENERATOR: "remove its `yield`",
    CallableKind.CLASS: "connect an instance with an `async def __call__`, or one of its methods",
}


ANYTHING: Final = signature(lambda *args, **kwargs: None)
"""The signature of a callable whose parameters are unknown."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a receiver breaks the contract.

    Attributes:
        code: A short stable name of the kind of fault.
        problem: What is wrong, as a clause that starts in lower case.
        remedy: What to write instead.
        fatal: Whether such a receiver cannot work; the others work, but break the contract.
    """

    code: FaultCode
    problem: str
    remedy: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Contract:
    """The rules of a receiver Protocol.

    Attributes:
        payload: Names sent by keyword, each with whether it may be left out of a ``send``.
        aliases: Names that receivers may use for a payload, with the name under which it is sent.
        accepts_any_payload: Whether any other keywords may be sent (``*args`` in the Protocol).
        requires_kwargs: Whether receivers must accept ``**kwargs``, as payloads may grow.
        signature: The parameters as the Protocol spells them, ``{model}`` where it is generic.
        changed_since: The signal whose send reads the old values for ``changed``; empty if the
            contract has no ``changed``.
    """

    payload: Mapping[str, bool]
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    accepts_any_payload: bool = False
    requires_kwargs: bool = True
    signature: str = ""
    changed_since: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every payload name that a receiver may ask for."""
        return (*self.payload, *self.aliases, *([CHANGED] if self.changed_since else ()))

    def expected(self, model: type | None) -> str:
        """The receiver to write for a model, as a line of code."""
        name = model.__name__ if model else "Model"
        return f"async def receiver({self.signature.replace('{model}', name)})"


NOT_CALLABLE = Fault(
    "not-callable",
    "it cannot be called",
    "connect an `async def` function, a bound method or an object with `__call__`",
)


def check_receiver(
    contract: Contract,
    signature: Signature,
    kind: CallableKind = CallableKind.AWAITABLE,
    *,
    signal: str = "",
    bound: Sequence[str] = (),
) -> list[Fault]:
    """Check the signature of a receiver against a contract.

    Args:
        contract: The rules.
        signature: The receiver's parameters, without those already bound (``self``, partials).
        kind: What calling the receiver gives back.
        signal: The signal's name, for the messages; empty if it has none.
        bound: Parameters that a partial has already filled by position.

    Returns:
        Every fault, in the order of the signature; empty if there is none.
    """
    parameters = list(signature.parameters.values())
    var_keyword = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
    faults: list[Fault] = []
    if kind is not CallableKind.AWAITABLE:
        problem = f"it must be async, but it is {kind.value}"
        faults.append(Fault("not-async", problem, _ASYNC_REMEDY[kind]))
    sending = _sending(signal)
    has_sender = SENDER in bound or SENDER in signature.parameters
    if SENDER not in bound:
        faults += _sender_faults(contract, parameters, var_keyword=var_keyword)
    faults += _payload_faults(contract, parameters, sending, has_sender=has_sender)
    faults += [
        Fault(
            "bound-payload",
            f"`{name}` is already bound by position, and the signal sends it by keyword",
            f"leave `{name}` free",
            fatal=name == SENDER or name in contract.payload,
        )
        for name in bound
        if name == SENDER or name in contract.names
    ]
    if not var_keyword and contract.requires_kwargs:
        problem = "it does not accept `**kwargs`, and payloads may grow"
        faults.append(Fault("no-kwargs", problem, "add `**kwargs: object` as its last parameter"))
    elif not var_keyword:
        faults += [
            Fault(
                "unaccepted-payload",
                f"it does not accept `{name}`, which {sending} sends",
                f"add `{name}`, or `**kwargs: object`",
            )
            for name in contract.payload
            if name not in signature.parameters
        ]
    return faults


# --- what only a type checker can find ------------------------------------------------------------


def mistyped(parameter: str, annotated: str, sent: str, *, signal: str = "") -> Fault:
    """The fault of a parameter whose annotation excludes what is sent."""
    what = f"{_sending(signal)} sends `{sent}`"
    if parameter.startswith("**") and sent == "object":
        what = "payload of any type may be added"
    problem = f"`{parameter}` is annotated `{annotated}`, and {what}"
    return Fault("wrong-type", problem, f"write `{parameter}: {sent}`")


def misspelt(parameter: str, near: str, *, signal: str = "") -> Fault:
    """The fault of a parameter with a default that nothing fills: it seems to mean ``near``."""
    problem = f"it accepts `{parameter}`, which {_sending(signal)} never sends"
    return Fault("unknown-parameter", problem, f"write `{near}`", fatal=False)


def incompatible(written: str, *, signal: str = "") -> Fault:
    """The fault of a type that does not fit as a whole, when no single parameter is to blame."""
    problem = f"its type is `{written}`, which cannot be called with what {_sending(signal)} sends"
    return Fault("wrong-type", problem, "write it with the parameters that are expected")


# --- payloads ------------------------------------------------------------------------------------


class Mistake(NamedTuple):
    """One way in which a payload breaks its contract; never carries a value.

    Attributes:
        parameter: The name in the payload.
        problem: What is wrong with it.
    """

    parameter: str
    problem: str

    def __str__(self) -> str:
        return f"`{self.parameter}` {self.problem}"


def payload_mistakes(contract: Contract, sent: Collection[str]) -> list[Mistake]:
    """Compare the names of a payload with those of a contract.

    Args:
        contract: The rules.
        sent: The names that were sent, without ``sender``.

    Returns:
        Every mistake: what is missing, and what is unknown unless the contract lets payloads grow.
    """
    unknown = [name for name in sent if name not in contract.payload]
    mistakes: list[Mistake] = []
    for name, optional in contract.payload.items():
        if name not in sent and not optional:
            near = suggest(name, unknown)
            mistakes.append(Mistake(name, f"is missing{f': `{near}` was sent' if near else ''}"))
    if not (contract.accepts_any_payload or contract.requires_kwargs):
        for name in unknown:
            near = suggest(name, contract.payload)
            hint = f": did you mean `{near}`?" if near else ""
            mistakes.append(Mistake(name, f"is not in the contract{hint}"))
    return mistakes


# --- helpers -------------------------------------------------------------------------------------


def _sending(signal: str) -> str:
    return f"`{signal}`" if signal else "the signal"


def _sender_faults(
    contract: Contract, parameters: list[Parameter], *, var_keyword: bool
) -> list[Fault]:
    first = parameters[0] if parameters else None
    own = next((p for p in parameters if p.name == SENDER), None)
    remedy = f"write `{SENDER}` as its first parameter"
    if first is not None and first.name in _UNBOUND and first.kind in POSITIONAL:
        problem = f"its first parameter is `{first.name}`, not `{SENDER}`"
        remedy = "connect the bound method (`obj.method`), or make it a static method"
        return [Fault("sender-not-first", problem, remedy)]
    if own is not None and own.kind is Parameter.POSITIONAL_ONLY:
        problem = f"`{SENDER}` is positional-only, and it is sent by keyword"
        return [Fault("positional-payload", problem, _NO_SLASH)]
    if own is not None:
        if own is first and own.kind is Parameter.POSITIONAL_OR_KEYWORD:
            return []
        where = "keyword-only" if own is first else "not its first parameter"
        return [Fault("sender-not-first", f"`{SENDER}` is {where}", remedy, fatal=False)]
    if first is not None and _stands_for_sender(contract, first):
        problem = f"its first parameter is `{first.name}`, not `{SENDER}`"
        if first.default is Parameter.empty:
            slash = f" ({_NO_SLASH})" if first.kind is Parameter.POSITIONAL_ONLY else ""
            remedy = f"name it `{SENDER}`; it is sent by keyword{slash}"
        works = var_keyword and (
            first.default is not Parameter.empty
            or (
                contract.accepts_any_payload
                and first.kind is not Parameter.POSITIONAL_ONLY
                and not first.name.startswith("_")
            )
        )
        return [Fault("sender-not-first", problem, remedy, fatal=not works)]
    if first is not None and first.kind is Parameter.VAR_POSITIONAL and var_keyword:
        return []  # `*args, **kwargs` takes `sender` both by position and by keyword
    swallowed = " of its own, `**kwargs` swallows it" if var_keyword else ""
    problem = f"it has no `{SENDER}` parameter{swallowed}"
    return [Fault("no-sender", problem, remedy, fatal=not var_keyword)]


def _stands_for_sender(contract: Contract, first: Parameter) -> bool:
    """Whether the first parameter of a receiver without ``sender`` seems to be meant as that."""
    return first.kind in POSITIONAL and first.name not in contract.names


def _payload_faults(
    contract: Contract, parameters: list[Parameter], sending: str, *, has_sender: bool
) -> list[Fault]:
    faults: list[Fault] = []
    names = contract.names
    for index, parameter in enumerate(parameters):
        name, required = parameter.name, parameter.default is Parameter.empty
        if name == SENDER or parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            continue
        if (
            index == 0
            and parameter.kind in POSITIONAL
            and (name in _UNBOUND or (not has_sender and _stands_for_sender(contract, parameter)))
        ):
            continue  # it stands where `sender` belongs, and is reported as that
        known = name in names or contract.accepts_any_payload
        if parameter.kind is Parameter.POSITIONAL_ONLY and known:
            problem = f"`{name}` is positional-only, and payload is sent by keyword"
            faults.append(Fault("positional-payload", problem, _NO_SLASH))
        elif required and not known:
            free = [each for each in names if each not in {p.name for p in parameters}]
            near = suggest(name, free)
            remedy = f"write `{near}`" if near else "give it a default or remove it"
            problem = f"it requires `{name}`, which {sending} never sends"
            faults.append(Fault("unknown-parameter", problem, remedy))
        elif required and contract.payload.get(name):
            problem = f"it requires `{name}`, which {sending} may leave out"
            faults.append(Fault("unknown-parameter", problem, f"give `{name}` a default"))
    return faults
