"""The errors of signals, as ormar's own as well."""

from __future__ import annotations

from collections.abc import Sequence

import ormar.exceptions

from typed_signals import errors

__all__ = ["SignalDefinitionError", "UnknownSignalError", "joined"]


class SignalDefinitionError(errors.SignalDefinitionError, ormar.exceptions.SignalDefinitionError):
    """A receiver, a signal or a sender was refused; caught as ormar's error too."""


class UnknownSignalError(errors.UnknownSignalError, SignalDefinitionError):
    """A strict emitter of a model was asked for a signal that it does not declare."""


def joined(refused: Sequence[errors.SignalDefinitionError]) -> SignalDefinitionError | None:
    """Put several refusals into one error.

    Args:
        refused: What was refused.

    Returns:
        The error that tells them all; ``None`` when there are none.
    """
    if not refused:
        return None
    faults = [fault for error in refused for fault in error.faults]
    return SignalDefinitionError("\n".join(map(str, refused)), faults)
