"""What a tool is told to be about: signals, emitters, or whatever sends signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from typed_signals.emitter import SignalEmitter, emitter_of
from typed_signals.signal import Home, Signal

__all__ = ["Target", "Targets", "reaches", "targets_of"]

Target: TypeAlias = Signal[Any] | SignalEmitter[Any] | type[Any]
Targets: TypeAlias = tuple[Signal[Any] | Home, ...]


def targets_of(targets: Sequence[Target]) -> Targets:
    """Read targets.

    Args:
        targets: Signals, emitters, and models or other senders.

    Returns:
        Signals, and homes that stand for all signals in them and below; empty for every signal.

    Raises:
        SignalDefinitionError: A target is none of these.
    """
    return tuple(
        each
        if isinstance(each, Signal)
        else (each if isinstance(each, SignalEmitter) else emitter_of(each))._home
        for each in targets
    )


def reaches(targets: Targets, signal: Signal[Any]) -> bool:
    """Whether a signal is meant by the targets, or is below one that is.

    Args:
        targets: What :func:`targets_of` gave.
        signal: The signal.

    Returns:
        Whether it is; any signal is if there are no targets.
    """
    if not targets or signal in targets:
        return True
    if signal._home is None:
        return False
    homes = (signal._home, *signal._home.above)
    return any(
        each in homes
        if isinstance(each, Home)
        else each._home in homes and each.name == signal.name
        for each in targets
    )
