"""What goes wrong with durable receivers."""

from __future__ import annotations

from typed_signals._errors import SignalError

__all__ = ["DurableError", "NoTransactionError"]


class DurableError(SignalError, RuntimeError):
    """A durable receiver, or its outbox, cannot do what it was asked for."""


class NoTransactionError(DurableError):
    """An operation with a durable receiver ran outside a transaction, and was refused."""
