"""Every model, with its signals and receivers; its signals may still be ormar's own."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from typed_signals._declared import declared_signals
from typed_signals._emitter import SignalEmitter
from typed_signals._protocols import CustomReceiver
from typed_signals.introspection import ReceiverInfo, SignalInfo, inspect_emitter
from typed_signals.lifecycle import ModelSignals
from typed_signals.ormar._compat import era
from typed_signals.ormar._convert import receivers_of
from typed_signals.ormar._models import Model, configured_models

__all__ = ["inspect_model", "is_abstract", "is_typed", "list_models"]


def list_models() -> list[Model]:
    """List every model that exists, abstract ones included, bases first.

    Returns:
        The model classes that have a configuration of their own.
    """
    return [model for model, _ in configured_models()]


def is_abstract(model: Model) -> bool:
    """Tell whether a model is only there to be inherited from.

    Args:
        model: The model class.

    Returns:
        Whether it is abstract.
    """
    return era.is_abstract(era.own_config(model))


def is_typed(model: Model) -> bool:
    """Tell whether a model emits through typed signals.

    Args:
        model: The model class.

    Returns:
        Whether it does; otherwise it has ormar's own signals.
    """
    return isinstance(era.signals(era.own_config(model)), SignalEmitter)


def inspect_model(model: Model) -> tuple[SignalInfo, ...]:
    """List a model's signals with their receivers, without making any signal.

    Args:
        model: The model class.

    Returns:
        Every signal with its receivers.
    """
    emitter: Any = era.signals(era.own_config(model))
    if isinstance(emitter, SignalEmitter):
        return inspect_emitter(emitter)
    declared = declared_signals(ModelSignals)
    signals: dict[str, Any] = dict(emitter or {})
    return tuple(
        SignalInfo(
            name=name,
            protocol=declared[name].protocol if name in declared else CustomReceiver,
            declared=name in declared,
            receivers=tuple(map(ReceiverInfo, receivers_of(signals[name])))
            if name in signals
            else (),
        )
        for name in dict.fromkeys([*declared, *signals])
    )
