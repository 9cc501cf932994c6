"""Tools for tests: capture what is sent, and override or restore connections."""

from typed_signals.testing._capture import SentSignals, capture_signals
from typed_signals.testing._isolation import isolated
from typed_signals.testing._on_commit import OnCommitCall, OnCommitCalls, capture_on_commit
from typed_signals.testing._overrides import connected_to, muted, only
from typed_signals.testing._sent import Sent

__all__ = [
    "OnCommitCall",
    "OnCommitCalls",
    "Sent",
    "SentSignals",
    "capture_on_commit",
    "capture_signals",
    "connected_to",
    "isolated",
    "muted",
    "only",
]
