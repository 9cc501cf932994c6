"""Tools for tests, and for anything else that wants its signals quieter for a while."""

from typed_signals.testing.hearing import connected_to, muted, only
from typed_signals.testing.isolation import isolated
from typed_signals.testing.recording import Sent, SentSignals, recorded

__all__ = ["Sent", "SentSignals", "connected_to", "isolated", "muted", "only", "recorded"]
