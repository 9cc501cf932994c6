"""What durable receivers use of the rest of the package; no other module here names it."""

from typing import Any

from typed_signals._annotations import format_type
from typed_signals._connect import connect_all
from typed_signals._contract import Contract
from typed_signals._declared import declared_signals
from typed_signals._describe import describe, suggest
from typed_signals._emitter import get_emitter
from typed_signals._inspect import find_faults, read_contract
from typed_signals._registry import state_of
from typed_signals._signal import Signal
from typed_signals.lifecycle import ModelSignals
from typed_signals.ormar._compat import era
from typed_signals.ormar._databases import databases
from typed_signals.ormar._errors import SignalDefinitionError

__all__ = [
    "LIFECYCLE",
    "Contract",
    "Signal",
    "SignalDefinitionError",
    "connect_all",
    "databases",
    "describe",
    "era",
    "find_faults",
    "format_type",
    "get_emitter",
    "owner_of",
    "read_contract",
    "suggest",
]

LIFECYCLE = {name: each.protocol for name, each in declared_signals(ModelSignals).items()}
"""The signals that a model itself sends, each with its Protocol."""


def owner_of(signal: Signal[Any]) -> type | None:
    """The class that sends a signal; ``None`` for a signal that lives in no emitter."""
    return state_of(signal).owner
