"""What the commands ask of the library: the only module of the command line that imports it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from typing_extensions import TypeIs

from typed_signals import _emitter
from typed_signals._annotations import ContractSource as ContractSource
from typed_signals._contract import Contract as Contract
from typed_signals._declared import declared_signals
from typed_signals._describe import (
    call_method as call_method,
    describe as describe,
    locate as locate,
    shorten_path as shorten_path,
    suggest as suggest,
)
from typed_signals._docstring import read_docstring as read_docstring
from typed_signals._durable import DurableOption as DurableOption
from typed_signals._emitter import SignalEmitter
from typed_signals._errors import SignalDefinitionError as SignalDefinitionError
from typed_signals._inspect import find_faults as find_faults
from typed_signals._protocols import CustomReceiver as CustomReceiver
from typed_signals._read_contract import read_contract
from typed_signals._registry import state_of
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
    """The models that exist: class, signals, whether it is abstract, whether it is typed."""
    if "ormar" in sys.modules:
        from typed_signals.ormar import introspection

        for cls in introspection.list_models():
            signals = introspection.inspect_model(cls)
            yield cls, signals, introspection.is_abstract(cls), introspection.is_typed(cls)
    if "typed_signals.sqlalchemy" in sys.modules:
        from typed_signals.sqlalchemy import introspection as sessions

        for cls in sessions.list_models():
            yield cls, sessions.inspect_model(cls), sessions.is_abstract(cls), True


def decorators_of(protocol: ContractSource) -> str:
    """The module from which users import the decorators for a contract of a model's lifecycle."""
    backend = "sqlalchemy" if ".sqlalchemy." in protocol.__module__ else "ormar"
    return f"typed_signals.{backend}"


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


def contract_of(
    protocol: ContractSource, name: str, durable: DurableOption[object] | None = None
) -> Contract:
    """The contract of a signal with that Protocol and name, or of a durable receiver of it."""
    contract = read_contract(protocol)
    return contract if durable is None else durable.contract(contract, name)


def stands_alone(value: object) -> TypeIs[Signal[Any]]:
    """Whether a value is a signal that belongs to no emitter."""
    return is_signal(value) and state_of(value).registry is None
