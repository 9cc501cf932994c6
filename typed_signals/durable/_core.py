"""What durable receivers use of the core."""

from typed_signals._annotations import call_hints, format_type
from typed_signals._backend import find_backend
from typed_signals._contract import Contract
from typed_signals._declared import declared_signals
from typed_signals._describe import describe, identity, kind_of, suggest
from typed_signals._durable import (
    CustomDurableReceiver,
    DurableBulkReceiver,
    DurableOption,
    DurableReceiver,
    DurableRelationReceiver,
    Job,
    PayloadModel,
    durable_receiver,
    why_not_durable,
)
from typed_signals._emitter import get_emitter, registry_of
from typed_signals._errors import SignalDefinitionError
from typed_signals._middleware import CallNext, SentSignal, choose_receivers, install
from typed_signals._read_contract import read_contract
from typed_signals._registry import BaseSignal, Registry, SignalState, state_of
from typed_signals.lifecycle import ModelSignals

__all__ = [
    "LIFECYCLE",
    "BaseSignal",
    "CallNext",
    "Contract",
    "CustomDurableReceiver",
    "DurableBulkReceiver",
    "DurableOption",
    "DurableReceiver",
    "DurableRelationReceiver",
    "Job",
    "PayloadModel",
    "Registry",
    "SentSignal",
    "SignalDefinitionError",
    "SignalState",
    "call_hints",
    "choose_receivers",
    "declared_signals",
    "describe",
    "durable_receiver",
    "find_backend",
    "format_type",
    "get_emitter",
    "identity",
    "install",
    "kind_of",
    "read_contract",
    "registry_of",
    "state_of",
    "suggest",
    "why_not_durable",
]

LIFECYCLE = declared_signals(ModelSignals)
"""The signals that a model itself sends."""
