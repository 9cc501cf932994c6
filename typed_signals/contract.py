"""The rules of a contract, and a receiver judged by them: the list of its faults, in words.

Nothing here inspects anything: :mod:`typed_signals.inspection` reads contracts and receivers at
run time and the mypy plugin reads them from types, and both are judged, in the same words, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum
from inspect import Parameter, Signature
from typing import Literal

__all__ = [
    "NOT_CALLABLE",
    "Answer",
    "Contract",
    "Fault",
    "FaultCode",
    "incompatible",
    "judge",
    "misspelt",
    "mistyped",
    "near_miss",
    "no_signals",
]

SENDER = "sender"

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

_NEAR = 0.87
_UNBOUND = ("self", "cls")
_NO_SLASH = "take the `/` out"
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Answer(Enum):
    """What calling a receiver gives back; the value is the receiver's kind, in words."""

    AWAITABLE = "async"
    SYNC = "a sync function"
    SYNC_CALL = "an object with a sync `__call__`"
    LAMBDA = "a lambda"
    ASYNC_GENERATOR = "an async generator"
    CLASS = "a class"


_ASYNC_REMEDY: Mapping[Answer, str] = {
    Answer.SYNC: "write `async def`; if it does return an awaitable, say so in its return "
    "annotation (`-> Awaitable[...]`) or with `typed_signals.returns_awaitable`",
    Answer.SYNC_CALL: "write `async def __call__`",
    Answer.LAMBDA: "write an `async def` function",
    Answer.ASYNC_GENERATOR: "take the `yield` out of it",
    Answer.CLASS: "connect an instance that has an `async def __call__`, or one of its methods",
}


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
    """What a receiver Protocol demands, as rules.

    Attributes:
        payload: Names sent by keyword, each with whether it may be left out of a ``send``.
        aliases: Names a receiver may use for a payload sent under another name, with that name.
        open_payload: Whether any other keywords may be sent as well (``*args`` in the Protocol).
        growing: Whether receivers must accept payload yet unknown (``**kwargs`` in the Protocol).
        signature: The parameters as the Protocol spells them, ``{model}`` where it is generic.
    """

    payload: Mapping[str, bool]
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    open_payload: bool = False
    growing: bool = True
    signature: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every payload name that a receiver may ask for."""
        return (*self.payload, *self.aliases)

    def expected(self, model: type | None) -> str:
        """The receiver to write for a model, as a line of code."""
        name = model.__name__ if model else "Model"
        return f"async def receiver({self.signature.replace('{model}', name)})"


NOT_CALLABLE = Fault(
    "not-callable",
    "it cannot be called",
    "connect an `async def` function, a bound method or an object with `__call__`",
)


def near_miss(name: str, known: Iterable[str]) -> str | None:
    """Find the known name of which ``name`` probably is a misspelling.

    Swapped letters, another case, and words in another order (``bulk_post_update``) are seen.

    Args:
        name: The name as it was written; it is taken to be none of the known ones.
        known: The names that exist.

    Returns:
        The closest known name, or ``None`` when none is close.
    """

    def form(text: str) -> str:
        return "_".join(sorted(text.casefold().split("_")))

    def likeness(one: str, other: str) -> float:
        # Swapped letters alone weigh too much in a short name, so they are looked for first.
        same_letters = sorted(one) == sorted(other)
        return 1.0 if same_letters else SequenceMatcher(None, one, other).ratio()

    written = form(name)
    scored = [(likeness(written, form(each)), each) for each in known]
    score, closest = max(scored, default=(0.0, ""))
    return closest if score >= _NEAR else None


def no_signals(given: str) -> str:
    """Say of what was given as sender that it is none.

    Args:
        given: The name of a class, or what kind of object it is.

    Returns:
        The sentence.
    """
    return (
        f"{given} sends no signals: expected an ormar model (a subclass of `ormar.Model` with its "
        "configuration) or a class whose `signals` is a `SignalEmitter`"
    )


def judge(
    contract: Contract,
    signature: Signature,
    answer: Answer = Answer.AWAITABLE,
    *,
    signal: str = "",
    bound: Sequence[str] = (),
) -> list[Fault]:
    """Judge the shape of a receiver.

    Args:
        contract: The rules.
        signature: The receiver's parameters, without those already bound (``self``, partials).
        answer: What calling the receiver gives back.
        signal: The signal's name, for the words; empty when it has none.
        bound: Parameters that a partial has already filled by position.

    Returns:
        Every fault, in the order in which one reads a signature; empty when there is none.
    """
    parameters = list(signature.parameters.values())
    var_keyword = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
    faults: list[Fault] = []
    if answer is not Answer.AWAITABLE:
        faults.append(
            Fault("not-async", f"it is not async but {answer.value}", _ASYNC_REMEDY[answer])
        )
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
        )
        for name in bound
        if name == SENDER or name in contract.payload
    ]
    if not var_keyword and contract.growing:
        faults.append(
            Fault(
                "no-kwargs",
                "it does not accept `**kwargs`, and payloads may grow",
                "add `**kwargs: object` as its last parameter",
            )
        )
    elif not var_keyword:
        accepted = {p.name for p in parameters}
        faults += [
            Fault(
                "unaccepted-payload",
                f"it does not accept `{name}`, which {sending} sends",
                f"add `{name}`, or `**kwargs: object`",
            )
            for name in contract.payload
            if name not in accepted
        ]
    return faults


# --- what type checkers alone can tell -----------------------------------------------------------


def mistyped(parameter: str, annotated: str, sent: str, *, signal: str = "") -> Fault:
    """Name a parameter whose annotation excludes what is sent.

    Args:
        parameter: The parameter, with its stars.
        annotated: Its type, as one writes it.
        sent: The type of what is sent.
        signal: The signal's name, for the words; empty when it has none.

    Returns:
        The fault.
    """
    what = f"{_sending(signal)} sends `{sent}`"
    if parameter.startswith("**") and sent == "object":
        what = "payload of any type may be added"
    problem = f"`{parameter}` is annotated `{annotated}`, and {what}"
    return Fault("wrong-type", problem, f"write `{parameter}: {sent}`")


def misspelt(parameter: str, near: str, *, signal: str = "") -> Fault:
    """Name a parameter with a default that nothing fills and that seems to be meant as another.

    Args:
        parameter: The parameter.
        near: What it seems to be meant as.
        signal: The signal's name, for the words; empty when it has none.

    Returns:
        The fault.
    """
    problem = f"it takes `{parameter}`, which {_sending(signal)} never sends"
    return Fault("unknown-parameter", problem, f"write `{near}`", fatal=False)


def incompatible(written: str, *, signal: str = "") -> Fault:
    """Name a type that does not fit as a whole, when no single parameter is to blame.

    Args:
        written: The receiver's type, as one writes it.
        signal: The signal's name, for the words; empty when it has none.

    Returns:
        The fault.
    """
    problem = f"its type is `{written}`, which cannot be called with what {_sending(signal)} sends"
    return Fault("wrong-type", problem, "write it with the parameters that are expected")


# --- inside --------------------------------------------------------------------------------------


def _sending(signal: str) -> str:
    return f"`{signal}`" if signal else "the signal"


def _sender_faults(
    contract: Contract, parameters: list[Parameter], *, var_keyword: bool
) -> list[Fault]:
    first = parameters[0] if parameters else None
    own = next((p for p in parameters if p.name == SENDER), None)
    remedy = f"write `{SENDER}` as its first parameter"
    if first is not None and first.name in _UNBOUND and first.kind in _POSITIONAL:
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
    if first is None:
        return [Fault("no-sender", f"it has no `{SENDER}` parameter", remedy)]
    if _stands_for_sender(contract, first):
        problem = f"its first parameter is `{first.name}`, not `{SENDER}`"
        if first.default is Parameter.empty:
            slash = f" ({_NO_SLASH})" if first.kind is Parameter.POSITIONAL_ONLY else ""
            remedy = f"name it `{SENDER}`; it is sent by keyword{slash}"
        works = var_keyword and (
            first.default is not Parameter.empty
            or (
                contract.open_payload
                and first.kind is not Parameter.POSITIONAL_ONLY
                and not first.name.startswith("_")
            )
        )
        return [Fault("sender-not-first", problem, remedy, fatal=not works)]
    if first.kind is Parameter.VAR_POSITIONAL and var_keyword:
        return []  # `*args, **kwargs` takes `sender` both by position and by keyword
    return [
        Fault(
            "no-sender",
            f"it has no `{SENDER}` parameter"
            + (" of its own, `**kwargs` swallows it" if var_keyword else ""),
            remedy,
            fatal=not var_keyword,
        )
    ]


def _stands_for_sender(contract: Contract, first: Parameter) -> bool:
    """Whether the first parameter of a receiver without ``sender`` seems to be meant as that."""
    return first.kind in _POSITIONAL and first.name not in contract.names


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
            and parameter.kind in _POSITIONAL
            and (name in _UNBOUND or (not has_sender and _stands_for_sender(contract, parameter)))
        ):
            continue  # it stands where `sender` belongs, and is reported as that
        known = name in names or contract.open_payload
        if parameter.kind is Parameter.POSITIONAL_ONLY and known:
            problem = f"`{name}` is positional-only, and payload is sent by keyword"
            faults.append(Fault("positional-payload", problem, _NO_SLASH))
        elif required and not known:
            free = [each for each in names if each not in {p.name for p in parameters}]
            near = near_miss(name, free)
            remedy = f"write `{near}`" if near else "give it a default or take it out"
            problem = f"it requires `{name}`, which {sending} never sends"
            faults.append(Fault("unknown-parameter", problem, remedy))
        elif required and contract.payload.get(name, False):
            problem = f"it requires `{name}`, which {sending} may leave out"
            faults.append(Fault("unknown-parameter", problem, f"give `{name}` a default"))
    return faults
