"""The exceptions and warnings of signals."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from typing import Final

from typed_signals._contract import Fault

__all__ = [
    "CommitOutcomeUnknownError",
    "SignalDefinitionError",
    "SignalDefinitionWarning",
    "SignalError",
    "SignalLoopError",
    "SignalNameWarning",
    "SignalPayloadError",
    "TransactionRolledBackError",
    "UnknownSignalError",
    "cut_own_frames",
    "skip_frames_of",
    "warn",
]


class SignalError(Exception):
    """The base of every exception that this package raises."""


class SignalDefinitionError(SignalError):
    """A receiver, a signal or a sender breaks the contract and was refused.

    If a model's ORM has an error of this name, the exception is also an instance of that, so
    existing ``except`` clauses catch it.

    Attributes:
        faults: Every fault of the refused receiver; empty if the error is not about a receiver.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults: tuple[Fault, ...] = tuple(faults)


class UnknownSignalError(SignalDefinitionError, AttributeError):
    """A strict emitter was asked for a signal that it does not declare."""


class SignalPayloadError(SignalError, TypeError):
    """A signal was sent with a payload that does not fit its contract.

    Attributes:
        mistakes: Every mistake, as a clause; never with a value of the payload.
    """

    def __init__(self, message: str, mistakes: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.mistakes: tuple[object, ...] = tuple(mistakes)


class SignalLoopError(SignalError, RecursionError):
    """Receivers send one another's signals recursively without end; the message names them."""


class TransactionRolledBackError(SignalError):
    """The database had rolled a transaction back before its commit, so nothing in it is saved.

    Raised instead of committing if on-commit receivers wait for the commit. They are not called.
    """


class CommitOutcomeUnknownError(SignalError, TimeoutError):
    """A commit was cancelled, and it is not known whether it happened.

    Raised if on-commit receivers wait for the commit. They are not called. See
    :func:`~typed_signals.set_commit_grace`.
    """


class SignalDefinitionWarning(UserWarning):
    """A receiver works but breaks the contract; given in lenient mode instead of an error."""


class SignalNameWarning(UserWarning):
    """A signal was created whose name is close to a known one, so probably nothing sends it."""


for _public in (
    SignalError,
    SignalDefinitionError,
    UnknownSignalError,
    SignalPayloadError,
    SignalLoopError,
    TransactionRolledBackError,
    CommitOutcomeUnknownError,
    SignalDefinitionWarning,
    SignalNameWarning,
):
    _public.__module__ = "typed_signals"  # tracebacks show where users import it from

_libraries: Final[set[str]] = {"typed_signals"}
"""The packages whose frames a warning skips; backends add the ORM's."""


def skip_frames_of(package: str) -> None:
    """Let warnings point past an ORM's frames, to the code that called it.

    Args:
        package: The ORM's top-level package.
    """
    _libraries.add(package)


def warn(message: str, category: type[Warning]) -> None:
    """Warn about the line of the user's code that led here, however deep.

    Args:
        message: The warning's text.
        category: The kind of warning.
    """
    frame, level = inspect.currentframe(), 1
    while (
        frame
        and frame.f_back
        and frame.f_globals.get("__name__", "").partition(".")[0] in _libraries
    ):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def cut_own_frames(error: SignalPayloadError) -> None:
    """Drop a traceback that has only frames of this package: the mistake is the caller's.

    Args:
        error: The error, which is about to be raised again. Its traceback is kept if other code
            is part of it, such as a receiver that sends.
    """
    traceback = error.__traceback__
    while traceback is not None:
        if not traceback.tb_frame.f_globals.get("__name__", "").startswith("typed_signals."):
            return
        traceback = traceback.tb_next
    error.__traceback__ = None
