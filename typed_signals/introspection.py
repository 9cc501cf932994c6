"""Signals with their receivers, as plain data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from typed_signals._annotations import ContractSource
from typed_signals._connection import Connection
from typed_signals._declared import declared_signals
from typed_signals._durable import DurableOption
from typed_signals._emitter import SignalEmitter, bind_signal, registry_of
from typed_signals._registry import SignalState, state_of
from typed_signals._signal import Signal

__all__ = ["ReceiverInfo", "SignalInfo", "inspect_emitter", "inspect_signal"]


@dataclass(frozen=True, slots=True)
class ReceiverInfo:
    """A receiver as it is connected to one signal.

    Attributes:
        receiver: The receiver as it was connected.
        on_commit: Whether it runs only once the surrounding transaction has committed.
        sequential: Whether it runs alone; ``None``: only inside a transaction.
        inherited_from: The abstract model at which it was connected; ``None`` if it was not
            inherited.
        timeout: How long it may run, in seconds; ``None``: as long as it takes.
        fields: Called only when one of these changes; ``None``: always.
        durable: Its ``durable`` option; ``None`` if it runs in the process of its sender.
    """

    receiver: Callable[..., Awaitable[object]]
    on_commit: bool = False
    sequential: bool | None = None
    inherited_from: type | None = None
    timeout: float | None = None
    fields: AbstractSet[str] | None = None
    durable: DurableOption[object] | None = None


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """One signal and its receivers.

    Attributes:
        name: The signal's name; empty for a signal that stands alone.
        protocol: The receiver Protocol that is its contract, or the function.
        declared: Whether its emitter's class declares it; others were made on access.
        receivers: The receivers in the order of connection.
    """

    name: str
    protocol: ContractSource
    declared: bool
    receivers: tuple[ReceiverInfo, ...]


def inspect_emitter(emitter: SignalEmitter[Any]) -> tuple[SignalInfo, ...]:
    """List an emitter's signals with their receivers, without making any signal.

    Args:
        emitter: The emitter.

    Returns:
        Every signal: those that its class declares, then others that were made, then those of
        its parents alone.
    """
    declared = declared_signals(type(emitter))
    inherited = [name for parent in registry_of(emitter).parents for name in parent.signals]
    found: list[SignalInfo] = []
    for name in dict.fromkeys([*emitter, *inherited]):
        signal = vars(emitter).get(name)
        if signal is None:  # not made yet, and perhaps connected already: at a parent
            signal = Signal()
            bind_signal(emitter, name, signal)
        found.append(_inspect(signal, declared=name in declared))
    return tuple(found)


def inspect_signal(signal: Signal[Any]) -> SignalInfo:
    """List the receivers of a signal.

    Args:
        signal: The signal; it need not belong to an emitter.

    Returns:
        The signal with its receivers.
    """
    return _inspect(signal, declared=True)


def _inspect(signal: Signal[Any], *, declared: bool) -> SignalInfo:
    state = state_of(signal)
    receivers = tuple(_receiver(state, each) for each in state.all_connections())
    return SignalInfo(signal.name, signal.protocol, declared, receivers)


def _receiver(state: SignalState, connection: Connection) -> ReceiverInfo:
    alone = state.sequential if connection.sequential is None else connection.sequential
    origin = next((p for p in state.parents() if connection in p.connections.values()), None)
    return ReceiverInfo(
        receiver=connection.receiver,
        on_commit=connection.on_commit,
        sequential=None if connection.durable else alone,
        inherited_from=origin.owner if origin else None,
        timeout=connection.timeout,
        fields=connection.fields,
        durable=connection.durable,
    )
