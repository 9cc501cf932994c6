"""Who listens to what: an emitter's signals with their receivers, as plain data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from typed_signals.delivery.connection import Connection
from typed_signals.emitter import SignalEmitter, declared_signals
from typed_signals.signal import Home, Signal

__all__ = ["Listener", "Overview", "overview_of", "overview_of_signal"]


@dataclass(frozen=True, slots=True)
class Listener:
    """A receiver as it is connected to one signal.

    Attributes:
        receiver: The receiver as it was connected.
        on_commit: Whether it runs only once the surrounding transaction has committed.
        sequential: Whether it runs alone; ``None`` leaves it to the state of the transaction.
        inherited_from: The abstract model at which it was connected, if it was not here.
    """

    receiver: Callable[..., Awaitable[object]]
    on_commit: bool = False
    sequential: bool | None = None
    inherited_from: type | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """One signal and who listens.

    Attributes:
        signal: The signal's name.
        protocol: The receiver Protocol that is its contract.
        declared: Whether the emitter's class declares it; others were made on access.
        listeners: Who listens, in the order of delivery.
    """

    signal: str
    protocol: type
    declared: bool
    listeners: tuple[Listener, ...]


def overview_of(emitter: SignalEmitter[Any]) -> tuple[Overview, ...]:
    """Look at an emitter's signals; looking makes none.

    Args:
        emitter: The emitter.

    Returns:
        Every signal: those that its class declares, then others that were made, then those that
        only an abstract model above has.
    """
    home, declared = emitter._home, declared_signals(type(emitter))
    above = [name for each in home.above for name in each.signals]
    return tuple(
        _overview(emitter, home.signals.get(name), name, declared.get(name))
        for name in dict.fromkeys([*emitter, *above])
    )


def _overview(
    emitter: SignalEmitter[Any], signal: Signal[Any] | None, name: str, declared: type | None
) -> Overview:
    if signal is None:  # not made yet, and perhaps heard already: at an abstract model
        signal = emitter._signal_class()
        signal._settle(emitter._home, name, declared)
    return replace(overview_of_signal(signal), declared=declared is not None)


def overview_of_signal(signal: Signal[Any]) -> Overview:
    """Look at one signal, which need not belong to an emitter.

    Args:
        signal: The signal.

    Returns:
        The signal with its receivers.
    """
    return Overview(
        signal=signal.name,
        protocol=signal.protocol,
        declared=True,
        listeners=tuple(_listener(signal, each) for each in signal._connected()),
    )


def _listener(signal: Signal[Any], connection: Connection) -> Listener:
    alone = signal.sequential if connection.sequential is None else connection.sequential
    return Listener(
        receiver=connection.receiver,
        on_commit=connection.on_commit,
        sequential=alone,
        inherited_from=_origin(signal, connection),
    )


def _origin(signal: Signal[Any], connection: Connection) -> type | None:
    def holds(each: Signal[Any] | None) -> bool:
        return each is not None and any(c is connection for c in each._connections.values())

    above: tuple[Home, ...] = signal._home.above if signal._home else ()
    return next((home.owner for home in above if holds(home.signals.get(signal.name))), None)
