"""What the commands ask of the library: the only module of the command line that imports it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from typing_extensions import TypeIs

from typed_signals import _emitter
from typed_signals._contract import Fault
from typed_signals._declared import declared_signals
from typed_signals._describe import describe as describe, locate as locate, suggest as suggest
from typed_signals._docstring import read_docstring as read_docstring
from typed_signals._emitter import SignalEmitter
from typed_signals._errors import SignalDefinitionError as SignalDefinitionError
from typed_signals._inspect import find_faults, read_contract as read_contract
from typed_signals._protocols import CustomReceiver as CustomReceiver
from typed_signals._signal import Signal
from typed_signals.introspection import (
    ReceiverInfo as ReceiverInfo,
    SignalInfo as SignalInfo,
    inspect_emitter as inspect_emitter,
    inspect_signal as inspect_signal,
)
from typed_signals.lifecycle import ModelSignals

LIFECYCLE = {name: each.protocol for name, each in declared_signals(ModelSignals).items()}
"""The signals of a model's lifecycle, each with its Protocol."""


def models() -> Iterator[tuple[type[Any], tuple[SignalInfo, ...], bool, bool]]:
    """The ormar models that exist: class, signals, whether it is abstract, whether it is typed."""
    if "ormar" in sys.modules:
        from typed_signals.ormar import introspection

        for cls in introspection.list_models():
            signals = introspection.inspect_model(cls)
            yield cls, signals, introspection.is_abstract(cls), introspection.is_typed(cls)


def get_emitter(sender: type) -> SignalEmitter[Any] | None:
    """The emitter of a class, if it has one."""
    try:
        return _emitter.get_emitter(sender)
    except SignalDefinitionError:
        return None


def is_emitter(value: object) -> TypeIs[SignalEmitter[Any]]:
    """Whether a value is an emitter."""
    return isinstance(value, SignalEmitter)


def is_signal(value: object) -> TypeIs[Signal[Any]]:
    """Whether a value is a signal."""
    return isinstance(value, Signal)


def check_receiver(protocol: type, receiver: object, name: str) -> Sequence[Fault]:
    """The faults of a receiver for a signal with that contract and name."""
    return find_faults(read_contract(protocol), receiver, signal=name)
