"""The errors that only a session raises."""

from __future__ import annotations

from typed_signals._errors import SignalError

__all__ = ["SessionError"]


class SessionError(SignalError):
    """A session cannot await receivers, or cannot be used in this place."""


SessionError.__module__ = "typed_signals.sqlalchemy"  # tracebacks show where users import it from
