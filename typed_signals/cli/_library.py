"""What the commands ask of the library: the only module of the command line that imports it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypeIs

from typed_signals.contract import Fault, near_miss
from typed_signals.emitter import ModelSignals, SignalEmitter, declared_signals, emitter_of
from typed_signals.errors import SignalDefinitionError as SignalDefinitionError
from typed_signals.inspection import (
    contract_of as contract_of,
    describe as describe,
    faults_of,
    place_of as place_of,
)
from typed_signals.overview import Overview, overview_of, overview_of_signal
from typed_signals.prose import prose_of as prose_of
from typed_signals.receivers import CustomReceiver as CustomReceiver
from typed_signals.signal import Signal

LIFECYCLE = declared_signals(ModelSignals)
"""The signals of a model's lifecycle, each with its Protocol."""

suggest = near_miss


@dataclass(frozen=True, slots=True)
class ReceiverInfo:
    """A receiver, and how it is connected to a signal."""

    receiver: Any
    on_commit: bool
    sequential: bool | None
    inherited_from: type | None


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """A signal and its receivers."""

    name: str
    protocol: type
    declared: bool
    receivers: tuple[ReceiverInfo, ...]


def inspect_emitter(emitter: SignalEmitter[Any]) -> tuple[SignalInfo, ...]:
    """Every signal of an emitter."""
    return tuple(map(_info, overview_of(emitter)))


def inspect_signal(signal: Signal[Any]) -> SignalInfo:
    """One signal."""
    return _info(overview_of_signal(signal))


def models() -> Iterator[tuple[type[Any], tuple[SignalInfo, ...], bool, bool]]:
    """The ormar models that exist: class, signals, whether it is abstract, whether it is typed."""
    if "ormar" in sys.modules:
        from typed_signals.ormar import overview

        for cls in overview.models():
            signals = tuple(map(_info, overview.overview_of_model(cls)))
            yield cls, signals, overview.is_abstract(cls), overview.is_typed(cls)


def get_emitter(sender: type) -> SignalEmitter[Any] | None:
    """The emitter of a class, if it has one."""
    try:
        return emitter_of(sender)
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
    return faults_of(contract_of(protocol), receiver, signal=name)


def _info(each: Overview) -> SignalInfo:
    receivers = (
        ReceiverInfo(it.receiver, it.on_commit, it.sequential, it.inherited_from)
        for it in each.listeners
    )
    return SignalInfo(each.signal, each.protocol, each.declared, tuple(receivers))
