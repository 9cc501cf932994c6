"""The words for wrong usage that the program and the mypy plugin share."""

from __future__ import annotations

__all__ = [
    "EXPECTED_CONTRACT",
    "NOT_AWAITABLE",
    "NO_PROTOCOL",
    "NO_SENDER",
    "bad_contract",
    "no_sender",
    "no_signals",
    "no_target",
    "not_a_signal",
    "other_signals",
    "positional_payload",
    "shared_value",
]

NO_PROTOCOL = "it is no Protocol class with a `__call__`"
NO_SENDER = "the first parameter of its `__call__` is not `sender`"
NOT_AWAITABLE = "its `__call__` does not return an `Awaitable`"
EXPECTED_CONTRACT = (
    "expected: class MyReceiver(Protocol): "
    "def __call__(self, sender: type[Model], *, <payload>, **kwargs: object) "
    "-> Awaitable[object]: ..."
)


def positional_payload(name: str) -> str:
    """The reason why a payload cannot be sent, for :func:`bad_contract`."""
    return f"its payload `{name}` is not keyword-only: write `*` before it"


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


def other_signals(sender: str, installed: str, expected: str) -> str:
    """The sentence about a sender whose signals are of another class."""
    return (
        f"the signals of `{sender}` are `{installed}`, not `{expected}`: install them with "
        f"`install({sender}, signals={expected})`"
    )
