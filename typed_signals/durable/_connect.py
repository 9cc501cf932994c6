"""Connects durable receivers; the one place that a ``durable=`` of the core would replace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from typed_signals.durable._core import (
    Signal,
    SignalDefinitionError,
    connect_all,
    describe,
    find_faults,
    get_emitter,
    owner_of,
)
from typed_signals.durable._durable import Durable

__all__ = ["connect_durable", "durably"]

R = TypeVar("R", bound=Callable[..., Awaitable[object]])


def connect_durable(signal: Signal[Any], receiver: R, durable: Durable[Any]) -> R:
    """Connect a durable receiver to a signal.

    Args:
        signal: The signal.
        receiver: The receiver; it is given what arrives at work time.
        durable: How it is durable.

    Returns:
        The receiver, unchanged.

    Raises:
        SignalDefinitionError: The receiver breaks the contract; lists every fault. Or it cannot be
            durable on this signal.
    """
    contract = durable.contract(signal.contract, signal.name)
    if faults := find_faults(contract, receiver, signal=signal.name):
        lines = [f"{describe(receiver)} cannot be connected to {signal.title}, durably:"]
        lines += [f"  - {fault}" for fault in faults]
        lines.append(f"  expected: {contract.expected(owner_of(signal))}")
        raise SignalDefinitionError("\n".join(lines), faults)
    if error := connect_all([signal], durable.bind(signal, receiver), {"sequential": True}):
        raise error
    return receiver


def durably(signal: str, senders: type | Sequence[type], durable: Durable[Any]) -> Callable[[R], R]:
    """Connect the decorated receiver, durably, to the named signal of one or more senders.

    Args:
        signal: The signal's name.
        senders: The model class, or several.
        durable: How it is durable.

    Returns:
        A decorator that gives the receiver back unchanged.
    """
    every = [senders] if isinstance(senders, type) else senders

    def connect(receiver: R) -> R:
        for sender in every:
            connect_durable(get_emitter(sender)[signal], receiver, durable)
        return receiver

    return connect
