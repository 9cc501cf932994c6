"""Every model that typed signals are installed on, with its signals and receivers."""

from __future__ import annotations

from typed_signals.introspection import SignalInfo, inspect_emitter
from typed_signals.sqlalchemy._models import (
    Model,
    coverages,
    emitter_of,
    mapper_of,
    own_emitter,
    subclasses,
)

__all__ = ["inspect_model", "is_abstract", "list_models"]


def list_models() -> list[Model]:
    """List every model that typed signals are installed on, and each base that has receivers.

    Returns:
        The classes, bases first.
    """
    below = {model: None for each in coverages.all for model in subclasses(each.target)}
    found: dict[Model, None] = {}
    for model in below:
        for each in model.__mro__:
            emitter = own_emitter(each)
            connected = emitter is not None and any(
                signal.receivers for signal in vars(emitter).values()
            )
            if connected or (each is model and mapper_of(model) is not None):
                found[each] = None
    return sorted(found, key=lambda model: len(model.__mro__))


def is_abstract(model: Model) -> bool:
    """Tell whether a class is only there to be inherited from.

    Args:
        model: A model, a base class or a mixin.

    Returns:
        Whether it has no table of its own.
    """
    return mapper_of(model) is None


def inspect_model(model: Model) -> tuple[SignalInfo, ...]:
    """List a model's signals with their receivers, without making any signal.

    Args:
        model: The model class.

    Returns:
        Every signal with its receivers; nothing if typed signals are not installed on it.
    """
    emitter = emitter_of(model)
    return () if emitter is None else inspect_emitter(emitter)
