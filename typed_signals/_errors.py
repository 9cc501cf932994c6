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
    "skip_frames_of",
    "warn",
]


class SignalError(Exception):
    """The base of every exception that this package raises."""


class SignalDefinitionError(SignalError):
    """A receiver, a signal or a sender breaks the contract and was refused.

    For models of an ORM that has an error of this name, what is raised is that error, too, so
    existing ``except`` clauses catch it.

    Attributes:
        faults: Every fault of the refused receiver; empty when the mistake is not a receiver's.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults: tuple[Fault, ...] = tuple(faults)


class UnknownSignalError(SignalDefinitionError, AttributeError):
    """A strict emitter was asked for a signal that it does not declare."""


class SignalPayloadError(SignalError, TypeError):
    """A signal was sent with a payload that does not fit its contract.

    Attributes:
        mistakes: Every mistake, as a clause; none of them carries a value of the payload.
    """

    def __init__(self, message: str, mistakes: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.mistakes: tuple[object, ...] = tuple(mistakes)


class SignalLoopError(SignalError, RecursionError):
    """Receivers send one another's signals recursively without end; names them."""


class TransactionRolledBackError(SignalError):
    """The database had rolled a transaction back before its commit, so nothing in it is saved.

    Raised in place of the commit if on-commit receivers wait for it; they are not called.
    """


class CommitOutcomeUnknownError(SignalError, TimeoutError):
    """A commit was cancelled, and whether it has happened is not known.

    Raised if on-commit receivers wait for it; they are not called. See
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
