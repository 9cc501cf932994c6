"""The definition errors, which are also instances of ormar's."""

from __future__ import annotations

import ormar.exceptions

from typed_signals import _errors

__all__ = ["SignalDefinitionError", "UnknownSignalError"]


class SignalDefinitionError(_errors.SignalDefinitionError, ormar.exceptions.SignalDefinitionError):
    """A receiver, a signal or a sender was refused; also an instance of ormar's error."""


class UnknownSignalError(_errors.UnknownSignalError, SignalDefinitionError):
    """A strict emitter of a model was asked for a signal that it does not declare."""


for _public in (SignalDefinitionError, UnknownSignalError):
    _public.__module__ = "typed_signals.ormar"  # tracebacks show where users import it from
