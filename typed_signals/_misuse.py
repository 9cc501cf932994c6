"""Messages about wrong usage, shared by the program and the mypy plugin."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter
from typing import Final, NamedTuple

from typed_signals._contract import POSITIONAL, SENDER, Fault

__all__ = [
    "BY_FUNCTION",
    "BY_PROTOCOL",
    "NO_FUNCTION",
    "NO_PROTOCOL",
    "ContractWords",
    "bad_contract",
    "contract_fault",
    "no_sender",
    "no_session_target",
    "no_signals",
    "no_target",
    "not_a_signal",
    "not_of_all",
    "other_models",
    "other_signals",
    "positional_payload",
    "shared_value",
    "unrelated",
]

NO_PROTOCOL: Final = "it is no Protocol class with a `__call__`"
NO_FUNCTION: Final = "it is no function; with a Protocol class `P` write `Signal[P]()`"


class ContractWords(NamedTuple):
    """Messages about a Protocol, or a function, that cannot be a contract.

    Attributes:
        no_sender: The reason if ``sender`` does not come first.
        not_awaitable: The reason if its result cannot be awaited.
        expected: What to write.
    """

    no_sender: str
    not_awaitable: str
    expected: str


BY_PROTOCOL: Final = ContractWords(
    "the first parameter of its `__call__` is not `sender`",
    "its `__call__` does not return an `Awaitable`",
    "expected: class MyReceiver(Protocol): "
    "def __call__(self, sender: type[Model], *, <payload>, **kwargs: object) "
    "-> Awaitable[object]: ...",
)
BY_FUNCTION: Final = ContractWords(
    "its first parameter is not `sender`",
    "it returns no awaitable: write `async def`, and no `yield` in it",
    "expected: async def my_signal(sender: type[Model], *, <payload>, **kwargs: object) -> None: "
    "...",
)


def positional_payload(name: str) -> str:
    """The reason why a payload cannot be sent, for :func:`bad_contract`."""
    return f"its payload `{name}` is not keyword-only: write `*` before it"


def contract_fault(parameters: Sequence[Parameter], words: ContractWords, *, awaits: bool) -> str:
    """Why a function with these parameters can be no contract; empty if it can."""
    first = parameters[0] if parameters else None
    if first is None or first.name != SENDER or first.kind is not Parameter.POSITIONAL_OR_KEYWORD:
        return words.no_sender
    if not awaits:
        return words.not_awaitable
    wrong = (each.name for each in parameters[1:] if each.kind in POSITIONAL)
    return next(map(positional_payload, wrong), "")


def bad_contract(given: str, reason: str) -> str:
    """The sentence about a type that can be no contract."""
    return f"{given} cannot be a signal's contract: {reason}"


def shared_value(emitter: str, name: str) -> str:
    """The sentence about a signal with a value in the body of an emitter class."""
    return (
        f"`{emitter}.{name}` has a value, which every emitter of the class would share: declare "
        f"it without (`{name}: Signal[<a receiver Protocol>]`)"
    )


def not_a_signal(emitter: str, name: str) -> str:
    """The sentence about an annotation that declares no signal."""
    return (
        f"`{emitter}.{name}` must be declared as a signal: "
        f"write `{name}: Signal[<a receiver Protocol>]`"
    )


def no_sender(signal: str, given: str) -> str:
    """The sentence about what a decorator was given instead of a sender."""
    return (
        f"`{signal}` expects a model class or several, not {given}: "
        f"write `@{signal}(Album)` or `@{signal}([Album, Track])`"
    )


def no_signals(given: str) -> str:
    """The sentence about a sender that has no signals."""
    return (
        f"{given} sends no signals: expected a model class of an ORM that is installed, or a class "
        "whose `signals` is a `SignalEmitter`"
    )


def no_target(given: str) -> str:
    """The sentence about what ``install()`` was given instead of a model or configuration."""
    return (
        f"typed signals cannot be installed on {given}: expected models or base "
        "configurations; `install()` without any covers every model"
    )


def no_session_target(given: str) -> str:
    """The sentence about what ``install()`` was given instead of a base class or session maker."""
    return (
        f"typed signals cannot be installed on {given}: expected a declarative base class, a "
        "model, a mixin, a `registry`, or an `async_sessionmaker`"
    )


def other_models(emitter: str, owner: str, model: str) -> str:
    """The sentence about an emitter class that is declared for other models."""
    return (
        f"`{emitter}` declares the signals of `{owner}`, not of `{model}`: to share it, declare it "
        f"with `Any` in place of `{owner}`"
    )


def not_of_all(emitter: str, owner: str) -> str:
    """The sentence about an emitter class that is declared for one model and installed for all."""
    return (
        f"`{emitter}` declares the signals of `{owner}`, not of every model: write "
        f"`install({owner}, signals={emitter})`; to share it, declare it with `Any` in place of "
        f"`{owner}`"
    )


def other_signals(sender: str, installed: str, expected: str) -> str:
    """The sentence about a sender whose signals are of another class."""
    return (
        f"the signals of `{sender}` are `{installed}`, not `{expected}`: install them with "
        f"`install({sender}, signals={expected})`"
    )


def unrelated(parameter: str, annotated: str, models: str) -> Fault:
    """The fault of a child that is annotated with what no relation of the senders holds."""
    problem = f"`{parameter}` is annotated `{annotated}`, and no relation of {models} holds that"
    return Fault("wrong-type", problem, "annotate it with the model that your relation holds")
