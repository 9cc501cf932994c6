"""What goes wrong with signals, and the warnings for what may."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typed_signals.contract import Fault

__all__ = [
    "CommitOutcomeUnknownError",
    "SignalDefinitionError",
    "SignalDefinitionWarning",
    "SignalLoopError",
    "SignalNameWarning",
    "TransactionRolledBackError",
    "UnknownSignalError",
    "warn",
]


class SignalDefinitionError(Exception):
    """A receiver, a signal or a sender breaks the contract and was refused.

    For ormar's models the error raised is also an
    ``ormar.exceptions.SignalDefinitionError``, so existing ``except`` clauses catch it.

    Attributes:
        faults: Every fault of the refused receiver; empty when the mistake is not a receiver's.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults: tuple[Fault, ...] = tuple(faults)


class UnknownSignalError(SignalDefinitionError, AttributeError):
    """A strict emitter was asked for a signal that it does not declare."""


class SignalLoopError(RecursionError):
    """Receivers send one another's signals without end; says which."""


class TransactionRolledBackError(Exception):
    """The database had rolled a transaction back before its commit, so nothing in it is saved.

    Raised in place of the commit if on-commit receivers wait for it; they are not called.
    """


class CommitOutcomeUnknownError(TimeoutError):
    """A commit was cancelled, and whether it has happened is not known.

    Raised if on-commit receivers wait for it; they are not called. See
    :func:`~typed_signals.set_commit_grace`.
    """


class SignalDefinitionWarning(UserWarning):
    """A receiver works but breaks the contract; given in lenient mode instead of an error."""


class SignalNameWarning(UserWarning):
    """A signal was made whose name nearly is that of a known one, so probably nothing sends it."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn about the line that led here, however deep, and is neither ours nor ormar's.

    Args:
        message: The warning's text.
        category: The kind of warning.
    """
    frame, level = sys._getframe(), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _NOT_THE_USERS:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


_NOT_THE_USERS = ("typed_signals", "ormar")
