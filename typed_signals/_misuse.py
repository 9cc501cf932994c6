"""What is said of wrong usage, in words that the program and the mypy plugin share."""

from __future__ import annotations

__all__ = [
    "EXPECTED_CONTRACT",
    "NOT_AWAITABLE",
    "NO_PROTOCOL",
    "NO_SENDER",
    "bad_contract",
    "no_sender",
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
    """Say of a contract's payload why it cannot be sent.

    Args:
        name: The parameter of the Protocol's ``__call__``.

    Returns:
        The reason, for :func:`bad_contract`.
    """
    return f"its payload `{name}` is not keyword-only: write `*` before it"


def bad_contract(name: str, reason: str) -> str:
    """Say of a type that no signal can have it as its contract.

    Args:
        name: The type's qualified name.
        reason: Why, as the rest of a sentence.

    Returns:
        The sentence.
    """
    return f"`{name}` cannot be a signal's contract: {reason}"


def shared_value(emitter: str, name: str) -> str:
    """Say of a signal that it must not have a value in the body of an emitter class.

    Args:
        emitter: The qualified name of the class.
        name: The signal's name.

    Returns:
        The sentence.
    """
    return (
        f"`{emitter}.{name}` has a value, which every emitter of the class would share: declare "
        f"it without (`{name}: Signal[<a receiver Protocol>]`)"
    )


def not_a_signal(emitter: str, name: str) -> str:
    """Say of an annotation in an emitter class that it declares no signal.

    Args:
        emitter: The qualified name of the class.
        name: The annotated name.

    Returns:
        The sentence.
    """
    return (
        f"`{emitter}.{name}` must be declared as a signal: "
        f"write `{name}: Signal[<a receiver Protocol>]`"
    )


def no_sender(signal: str, given: str) -> str:
    """Say of what was given to a decorator that it is no sender.

    Args:
        signal: The signal's name.
        given: What kind of object it is.

    Returns:
        The sentence.
    """
    return (
        f"`{signal}` expects a model class or a list of model classes, not {given}: "
        f"write `@{signal}(Album)` or `@{signal}([Album, Track])`"
    )


def no_target(given: str) -> str:
    """Say of what was given to ``install()`` that it is neither a model nor a configuration.

    Args:
        given: The name of a class, or what kind of object it is.

    Returns:
        The sentence.
    """
    return (
        f"typed signals cannot be installed on {given}: expected ormar models or base "
        "configurations; `install()` without any covers every model"
    )


def other_signals(sender: str, installed: str, expected: str) -> str:
    """Say of a sender's signals that they are of another class than the one asked for.

    Args:
        sender: The qualified name of the sender.
        installed: That of the emitter class that it has.
        expected: That of the emitter class asked for.

    Returns:
        The sentence.
    """
    return (
        f"the signals of `{sender}` are `{installed}`, not `{expected}`: install them with "
        f"`install({sender}, signals={expected})`"
    )
