"""ormar's models, their emitters, and what the emitters inherit."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typed_signals._emitter import SignalEmitter, bind_emitter, registry_of
from typed_signals.ormar._compat import era, ormar

__all__ = ["Model", "bind_to_model", "configured_models", "parent_emitters"]

Model = type[Any]


def configured_models() -> Iterator[tuple[Model, Any]]:
    """List all models that were written with a configuration.

    Yields:
        Each model with its configuration, after its bases.
    """
    found: dict[Model, None] = {}
    level: list[Model] = [ormar.Model]
    while level:
        level = [child for model in level for child in type.__subclasses__(model)]
        found.update(dict.fromkeys(level))
    for model in sorted(found, key=lambda model: len(model.__mro__)):
        config = era.own_config(model)
        if config is not None:
            yield model, config


def parent_emitters(model: Model) -> tuple[SignalEmitter[Any], ...]:
    """Find the emitters that a model's emitter inherits receivers from.

    Args:
        model: The model class.

    Returns:
        The emitters of its abstract bases.
    """
    emitters: list[SignalEmitter[Any]] = []
    for base in model.__mro__[1:]:
        config = era.own_config(base)
        if config is not None and era.is_abstract(config):
            emitter = era.signals(config)
            if isinstance(emitter, SignalEmitter):
                emitters.append(emitter)
    return tuple(emitters)


def bind_to_model(model: Model, config: Any) -> SignalEmitter[Any] | None:
    """Find the typed emitter of a model, and bind it if it was assigned by hand.

    Args:
        model: The model class.
        config: Its configuration.

    Returns:
        The emitter; ``None`` if the model has ormar's own.
    """
    emitter = era.signals(config)
    if not isinstance(emitter, SignalEmitter):
        return None
    if registry_of(emitter).owner in (None, config):  # assigned by hand, or written into a `Meta`
        bind_emitter(emitter, model, parent_emitters(model))
    return emitter
