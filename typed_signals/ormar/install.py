"""Installing: which models emit through typed signals, and the way back."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from typed_signals.decorators import receiver
from typed_signals.emitter import SignalEmitter, emitter_of
from typed_signals.errors import SignalDefinitionError as AnyDefinitionError
from typed_signals.ormar.eras import era, ormar
from typed_signals.ormar.errors import SignalDefinitionError, joined
from typed_signals.ormar.signals import OrmarSignals, adopt, release
from typed_signals.signal import Mode

__all__ = ["install", "uninstall"]

Model = type[Any]
ModelMetaclass: type[type] = ormar.models.metaclass.ModelMetaclass
_Moved = dict[int, tuple[object, OrmarSignals[Any]]]  # emitters by the id of what they replace


@dataclass(frozen=True, slots=True)
class _Cover:
    """What was asked for: typed signals on a target and everything below it."""

    target: Any
    kind: type[OrmarSignals[Any]]
    mode: Mode

    def reaches(self, model: Model, config: Any) -> bool:
        if isinstance(self.target, ModelMetaclass):
            return issubclass(model, self.target)
        return era.derives(config, self.target)


_EVERYTHING: Model = ormar.Model
_covers: list[_Cover] = []
_installed: WeakSet[OrmarSignals[Any]] = WeakSet()
_lock = threading.RLock()


def install(
    *targets: Any,
    signals: type[OrmarSignals[Any]] = OrmarSignals,
    mode: Mode = "normal",
) -> None:
    """Let ormar's models emit through typed signals.

    Signals keep their identity and their receivers, which are judged now. Installing twice is
    harmless; where targets overlap, the one that was named last counts.

    Args:
        targets: Models, each with all models below it, or base configurations (an
            ``OrmarConfig``; before ormar 0.20 a ``Meta`` base class) with all models that derive
            from them, defined before or after. Without targets, every model. An ``OrmarConfig``
            does not remember what it was copied from; of the models that exist by now, those with
            the base's metadata and database are taken to derive from it.
        signals: The emitter class that the models get; it may declare more signals.
        mode: How much is refused; see :data:`~typed_signals.Mode`.

    Raises:
        SignalDefinitionError: A target is neither, ``signals`` is no emitter class for models, or
            a receiver that is already connected breaks its contract. Nothing is changed then.
    """
    if not _is_emitter_class(signals):
        raise SignalDefinitionError(
            f"`signals` must be an emitter class for models, not {_given(signals)}: "
            "write `class MySignals(typed_signals.ormar.OrmarSignals[Model]): ...`"
        )
    for target in targets:
        if not (_is_model(target) or era.is_config(target)):
            raise SignalDefinitionError(
                f"typed signals cannot be installed on {_given(target)}: expected ormar models or "
                f"base configurations; `install()` without any covers every model"
            )
    with _lock:
        before = list(_covers)
        for target in targets or (_EVERYTHING,):
            if era.is_config(target) and not _is_model(target):
                era.follow(target, (config for _, config in _configured()))
            _covers[:] = [cover for cover in _covers if cover.target is not target]
            _covers.append(_Cover(target, signals, mode))
        if error := _refresh():
            _covers[:] = before
            _refresh()
            raise error
        _open_doors()


def uninstall(*targets: Any) -> None:
    """Give models back ormar's own signals, with the receivers that are connected.

    Args:
        targets: What was given to :func:`install`. Without targets, everything.
    """
    with _lock:
        gone = targets or [cover.target for cover in _covers]
        _covers[:] = [c for c in _covers if not any(c.target is target for target in gone)]
        if error := _refresh():
            raise error
        _open_doors()


def _is_model(target: object) -> bool:
    return isinstance(target, ModelMetaclass) and issubclass(target, ormar.Model)


def _is_emitter_class(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, OrmarSignals)


def _given(thing: object) -> str:
    return f"`{thing.__qualname__}`" if isinstance(thing, type) else f"a `{type(thing).__name__}`"


# --- the models ----------------------------------------------------------------------------------


def _models(top: Model) -> Iterator[Model]:
    """All models that exist, each after its bases."""
    seen: dict[Model, None] = {}
    level = [top]
    while level:
        level = [below for model in level for below in type.__subclasses__(model)]
        seen.update(dict.fromkeys(level))
    return iter(sorted(seen, key=lambda model: len(model.__mro__)))


def _cover(model: Model, config: Any) -> _Cover | None:
    """The cover that counts for a model: a named one before the one of every model."""
    found = [cover for cover in _covers if cover.reaches(model, config)]
    named = [cover for cover in found if cover.target is not _EVERYTHING]
    return (named or found)[-1] if found else None


def _configured() -> Iterator[tuple[Model, Any]]:
    """All models that were written with a configuration, and that."""
    for model in _models(_EVERYTHING):
        config = era.own_config(model)
        if config is not None:
            yield model, config


def _refresh() -> AnyDefinitionError | None:
    """Bring all models in line with the covers; with an error, some may not be."""
    moved: _Moved = {}
    refused: list[AnyDefinitionError] = []
    for model, config in _configured():
        cover = _cover(model, config)
        emitter = era.signals(config)
        if cover is not None:
            if error := _equip(model, config, cover, moved):
                refused.append(error)
        elif isinstance(emitter, OrmarSignals) and emitter in _installed:
            era.set_signals(config, release(emitter))
            era.forget_meta(model)
    return joined(refused)


def _equip(model: Model, config: Any, cover: _Cover, moved: _Moved) -> AnyDefinitionError | None:
    """Give a model the emitter that its cover asks for."""
    current: Any = era.signals(config)
    ours = isinstance(current, OrmarSignals) and current in _installed
    if type(current) is cover.kind or (isinstance(current, cover.kind) and not ours):
        current._home.mode = cover.mode
        if current._home.owner in (None, config, model):
            current._own(model, _above(model))
    elif id(current) in moved:  # two models that share one emitter, as copied through models do
        era.set_signals(config, moved[id(current)][1])
    else:
        emitter = cover.kind(mode=cover.mode)
        emitter._own(model, _above(model))
        if error := adopt(emitter, dict(_signals_in(current))):
            return error
        moved[id(current)] = (current, emitter)
        _installed.add(emitter)
        era.set_signals(config, emitter)
    era.answer_meta(model)
    return None


def _signals_in(emitter: Any) -> dict[str, Any]:
    return vars(emitter) if isinstance(emitter, SignalEmitter) else emitter or {}


def _above(model: Model) -> tuple[OrmarSignals[Any], ...]:
    """The emitters of the abstract models above a model."""
    emitters: list[OrmarSignals[Any]] = []
    for base in model.__mro__[1:]:
        config = era.own_config(base)
        if config is not None and era.is_abstract(config):
            emitter: OrmarSignals[Any] | object = era.signals(config)
            if isinstance(emitter, OrmarSignals):
                emitters.append(emitter)
    return tuple(emitters)


@emitter_of.register(ModelMetaclass)
def _emitter_of_model(sender: Model) -> SignalEmitter[Any]:
    config = era.config(sender)
    if config is None:
        raise SignalDefinitionError(
            f"`{sender.__qualname__}` sends no signals: it has no `{era.attribute}`. Connect to a "
            "model that has one; an abstract model stands for every model below it"
        )
    emitter: SignalEmitter[Any] | object = era.signals(config)
    if not isinstance(emitter, SignalEmitter):
        raise SignalDefinitionError(
            f"the signals of `{sender.__qualname__}` are ormar's own: call "
            f"`typed_signals.ormar.install()`, or `install({sender.__qualname__})`, first"
        )
    if emitter._home.owner in (None, config):  # assigned by hand, or written into a `Meta`
        emitter._own(sender, _above(sender))
    return emitter


@emitter_of.register(_EVERYTHING)
def _emitter_of_instance(sender: Any) -> SignalEmitter[Any]:
    model = type(sender).__qualname__
    raise SignalDefinitionError(f"a `{model}` sends no signals, its class does: write `{model}`")


# --- ormar's doors -------------------------------------------------------------------------------
# Two functions that ormar looks up in its own modules at every use. Putting ours in their place
# reaches models that are yet to be defined, and decorators imported long ago; nothing else does:
# ormar's metaclass calls no hook of the model, and its decorators know only models.

_ormar_register: Callable[..., None] = ormar.models.metaclass.register_signals
_ormar_receiver: Callable[..., Any] = ormar.decorators.signals.receiver


def _register_signals(new_model: Model) -> None:
    config = era.config(new_model)
    if config is not None and config is era.own_config(new_model):
        cover = _cover(new_model, config)
        if cover is not None and (error := _equip(new_model, config, cover, {})):
            raise error
    _ormar_register(new_model=new_model)  # keeps an emitter that is there


def _receiver(signal: str, senders: Any) -> Any:
    """Connect through our door, unless every sender still has ormar's own signals."""
    every: list[Any] = senders if isinstance(senders, list) else [senders]
    if every and all(map(_is_plain, every)):
        return _ormar_receiver(signal=signal, senders=senders)
    try:
        return receiver(signal, senders)
    except SignalDefinitionError:
        raise
    except AnyDefinitionError as error:  # a sender that is no model: here ormar's error too
        raise SignalDefinitionError(str(error)) from None


def _is_plain(sender: object) -> bool:
    """Whether a sender is a model that still has ormar's own signals."""
    config = era.config(sender) if isinstance(sender, ModelMetaclass) else None
    return config is not None and isinstance(era.signals(config), dict)


def _open_doors() -> None:
    """Put our functions into ormar's modules while anything is covered, and ormar's after."""
    ormar.models.metaclass.register_signals = _register_signals if _covers else _ormar_register
    ormar.decorators.signals.receiver = _receiver if _covers else _ormar_receiver
