"""What durable receivers use of the rest of the package; no other module here names it."""

from typing import Any

from typed_signals.contract import Contract, near_miss as suggest
from typed_signals.emitter import ModelSignals, declared_signals, emitter_of as get_emitter
from typed_signals.inspection import contract_of, describe, faults_of, written_type
from typed_signals.ormar.eras import databases, era
from typed_signals.ormar.errors import SignalDefinitionError
from typed_signals.signal import Signal, connect_all

__all__ = [
    "LIFECYCLE",
    "Contract",
    "Signal",
    "SignalDefinitionError",
    "connect_all",
    "contract_of",
    "databases",
    "describe",
    "era",
    "faults_of",
    "get_emitter",
    "owner_of",
    "suggest",
    "written_type",
]

LIFECYCLE = declared_signals(ModelSignals)
"""The signals that a model itself sends, each with its Protocol."""


def owner_of(signal: Signal[Any]) -> type | None:
    """The class that sends a signal; ``None`` for a signal that lives in no emitter."""
    home = signal._home
    return home.owner if home else None
