"""All models, and who listens to their signals, also where those still are ormar's own."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from typed_signals.emitter import SignalEmitter, declared_signals
from typed_signals.ormar.eras import era, ormar
from typed_signals.ormar.install import _models
from typed_signals.ormar.signals import OrmarSignals, _receivers
from typed_signals.overview import Listener, Overview, overview_of
from typed_signals.receivers import CustomReceiver

__all__ = ["is_abstract", "is_typed", "models", "overview_of_model"]

Model = type[Any]


def models() -> list[Model]:
    """List every model that exists, abstract ones included, in the order of definition.

    Returns:
        The model classes that have a configuration of their own.
    """
    return [model for model in _models(ormar.Model) if era.own_config(model) is not None]


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


def overview_of_model(model: Model) -> tuple[Overview, ...]:
    """Look at a model's signals; looking makes none.

    Args:
        model: The model class.

    Returns:
        Every signal with its receivers.
    """
    emitter: Any = era.signals(era.own_config(model))
    if isinstance(emitter, SignalEmitter):
        return overview_of(emitter)
    declared = declared_signals(OrmarSignals)
    signals: dict[str, Any] = dict(emitter or {})
    return tuple(
        Overview(
            signal=name,
            protocol=declared.get(name, CustomReceiver),
            declared=name in declared,
            listeners=tuple(Listener(each, **options) for each, options in _told(signals, name)),
        )
        for name in dict.fromkeys([*declared, *signals])
    )


def _told(signals: dict[str, Any], name: str) -> list[Any]:
    return _receivers(signals[name]) if name in signals else []
