"""The errors of signals, as ormar's own as well."""

from __future__ import annotations

import ormar.exceptions

from typed_signals import errors

__all__ = ["SignalDefinitionError", "UnknownSignalError"]


class SignalDefinitionError(errors.SignalDefinitionError, ormar.exceptions.SignalDefinitionError):
    """A receiver, a signal or a sender was refused; caught as ormar's error too."""


class UnknownSignalError(errors.UnknownSignalError, SignalDefinitionError):
    """A strict emitter of a model was asked for a signal that it does not declare."""
