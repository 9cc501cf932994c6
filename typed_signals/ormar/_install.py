"""``install()`` and ``uninstall()``: which models emit through typed signals."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final, get_args
from weakref import WeakSet

from typed_signals._connect import join_errors
from typed_signals._declared import declared_signals, owner_of, wrong_model
from typed_signals._decorators import receiver
from typed_signals._describe import kind_of
from typed_signals._durable import DurableOutbox, wrong_outbox
from typed_signals._emitter import (
    SignalEmitter,
    bind_emitter,
    bind_signal,
    registry_of,
)
from typed_signals._errors import SignalDefinitionError as AnyDefinitionError
from typed_signals._misuse import no_target, not_of_all
from typed_signals._options import wrong_choice
from typed_signals._registry import Mode, hold_during_fork
from typed_signals._signal import Signal
from typed_signals.lifecycle import ModelSignals
from typed_signals.ormar._compat import era, ormar
from typed_signals.ormar._convert import convert_signal, copy_signal, restore_signal
from typed_signals.ormar._errors import SignalDefinitionError
from typed_signals.ormar._models import Model, configured_models, parent_emitters

__all__ = ["install", "installed_outbox", "uninstall"]

ModelMetaclass: type[type] = ormar.models.metaclass.ModelMetaclass
_EVERYTHING: Final[Model] = ormar.Model


@dataclass(frozen=True, slots=True)
class _Coverage:
    """Typed signals that were installed on a target and everything derived from it."""

    target: Any
    kind: type[ModelSignals[Any]]
    mode: Mode
    outbox: DurableOutbox | None

    def covers(self, model: Model, config: Any) -> bool:
        if isinstance(self.target, ModelMetaclass):
            return issubclass(model, self.target)
        return era.derives(config, self.target)


_coverages: Sequence[_Coverage] = ()
_installed: Final[WeakSet[SignalEmitter[Any]]] = WeakSet()
_lock: Final = threading.RLock()
hold_during_fork(_lock)


def install(
    *targets: Any,
    signals: type[ModelSignals[Any]] = ModelSignals,
    mode: Mode = "normal",
    outbox: DurableOutbox | None = None,
) -> None:
    """Let ormar's models emit through typed signals.

    Signals keep their identity and their receivers, which are checked now. Installing twice is
    harmless. Where targets overlap, the one that was named last counts.

    Args:
        targets: Models, each with all models that derive from it, or base configurations (an
            ``OrmarConfig``; before ormar 0.20 a ``Meta`` base class) with all models that derive
            from them, defined before or after. Without targets, every model. An ``OrmarConfig``
            does not record what it was copied from. Existing models with the base's metadata and
            database are assumed to derive from it.
        signals: The emitter class that the models get; it may declare more signals.
        mode: How strict the checks are; see :data:`~typed_signals.Mode`.
        outbox: Keeps the events of durable receivers that connect from now on, unless they name
            another or the model is in another database. Without targets it also keeps those of
            signals that no model sends. Installing again without one keeps it.

    Raises:
        SignalDefinitionError: A target is neither a model nor a base configuration, ``signals``
            is not an emitter class for these models, ``mode`` or ``outbox`` has a wrong value, or
            a connected receiver breaks its contract. Nothing is changed then.
    """
    global _coverages
    if wrong := wrong_choice("`mode`", mode, get_args(Mode)):
        raise SignalDefinitionError(wrong)
    if not _is_emitter_class(signals):
        raise SignalDefinitionError(
            f"`signals` must be an emitter class for models, not {kind_of(signals)}: "
            "write `class MySignals(typed_signals.ModelSignals[Model]): ...`"
        )
    if wrong := wrong_outbox(outbox, "install(outbox=TableOutbox(base))"):
        raise SignalDefinitionError(wrong)
    _check_targets(targets)
    for target in targets or (_EVERYTHING,):
        if wrong := _wrong_signals(signals, target):
            raise SignalDefinitionError(wrong)
    declared_signals(signals)  # an annotation that cannot be read is refused before any change
    with _lock:
        wanted = list(_coverages)
        with ExitStack() as undo:
            undo.callback(_redirect_ormar)
            _redirect_ormar(always=True)  # a model defined meanwhile waits for the lock
            for target in targets or (_EVERYTHING,):
                if era.is_config(target) and not _is_model(target):
                    era.follow(target, (config for _, config in configured_models()), undo)
                before = [each for each in wanted if each.target is target]
                wanted = [each for each in wanted if each.target is not target]
                kept = next((each.outbox for each in before), None)
                wanted.append(_Coverage(target, signals, mode, outbox or kept))
            changes = _plan(wanted)
            undo.pop_all()  # none of what follows fails
        _apply(changes)
        _coverages = wanted


def uninstall(*targets: Any) -> None:
    """Give models back ormar's own signals, with the receivers that are connected.

    Args:
        targets: What was given to :func:`install`. Without targets, everything.

    Raises:
        SignalDefinitionError: A target is neither a model nor a base configuration. Nothing is
            changed then.
    """
    global _coverages
    _check_targets(targets)
    with _lock:
        gone = targets or [each.target for each in _coverages]
        wanted = [each for each in _coverages if not any(each.target is target for target in gone)]
        _apply(_plan(wanted))
        _coverages = wanted
        _redirect_ormar()


def installed_outbox(owner: type | None) -> DurableOutbox | None:
    """Find the outbox that a model was installed with.

    Args:
        owner: The model; anything else stands for signals that no model sends.

    Returns:
        The outbox; ``None`` if there is none.
    """
    config = era.config(owner) if owner is not None and _is_model(owner) else None
    found = [each for each in _coverages if each.target is _EVERYTHING and each.outbox]
    if owner is not None and config is not None:
        covering = [each for each in _coverages if each.outbox and each.covers(owner, config)]
        found = [each for each in covering if each.target is not _EVERYTHING] or found
    return found[-1].outbox if found else None


def _check_targets(targets: Sequence[Any]) -> None:
    for target in targets:
        if not (_is_model(target) or era.is_config(target)):
            raise SignalDefinitionError(no_target(kind_of(target)))


def _is_emitter_class(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, ModelSignals)


def _wrong_signals(signals: type, target: Any) -> str | None:
    """What is wrong with an emitter class for a target."""
    if _is_model(target) and target is not _EVERYTHING:
        return wrong_model(signals, target)
    owner = owner_of(signals)
    config = era.own_config(owner) if owner is not None and _is_model(owner) else None
    if owner is None or config in (None, target) or era.is_abstract(config):
        return None
    return not_of_all(signals.__qualname__, owner.__qualname__)


def _is_model(target: object) -> bool:
    return isinstance(target, ModelMetaclass) and issubclass(target, ormar.Model)


# --- all models, or none -------------------------------------------------------------------------


@dataclass(slots=True)
class _Change:
    """A change of one model that has been planned, not made."""

    model: Model
    config: Any
    emitter: SignalEmitter[Any] | None
    mode: Mode = "normal"
    rebind: bool = True
    conversions: list[tuple[str, Any, Signal[Any]]] = field(
        default_factory=list[tuple[str, Any, Signal[Any]]]
    )


def _plan(coverages: Sequence[_Coverage]) -> list[_Change]:
    """Work out every change, and check every receiver; nothing is changed yet.

    Raises:
        SignalDefinitionError: Receivers break their contracts.
        SignalDefinitionWarning: In lenient mode, if the program turns such warnings into errors.
    """
    changes: list[_Change] = []
    errors: list[AnyDefinitionError] = []
    moved: dict[int, SignalEmitter[Any]] = {}
    for model, config in configured_models():
        coverage = _coverage(coverages, model, config)
        current = era.signals(config)
        if coverage is not None:
            try:
                changes.append(_plan_model(model, config, coverage, moved))
            except AnyDefinitionError as error:
                errors.append(error)
        elif isinstance(current, ModelSignals) and current in _installed:
            changes.append(_Change(model, config, None))
    if errors:
        raise join_errors(errors, SignalDefinitionError)
    return changes


def _coverage(coverages: Sequence[_Coverage], model: Model, config: Any) -> _Coverage | None:
    """The coverage that counts for a model: a named one before the one of every model."""
    found = [each for each in coverages if each.covers(model, config)]
    named = [each for each in found if each.target is not _EVERYTHING]
    return (named or found)[-1] if found else None


def _plan_model(
    model: Model, config: Any, coverage: _Coverage, moved: dict[int, SignalEmitter[Any]]
) -> _Change:
    current: Any = era.signals(config)
    ours = isinstance(current, ModelSignals) and current in _installed
    if type(current) is coverage.kind or (isinstance(current, coverage.kind) and not ours):
        rebind = registry_of(current).owner in (None, config, model)
        return _Change(model, config, current, coverage.mode, rebind)
    if id(current) in moved:  # two models that share one emitter, as copied through models do
        return _Change(model, config, moved[id(current)], coverage.mode, rebind=False)
    emitter = coverage.kind(mode=coverage.mode)
    bind_emitter(emitter, model)  # for the messages of errors; its parents are known later
    change = _Change(model, config, emitter, coverage.mode)
    declared = declared_signals(coverage.kind)
    errors: list[AnyDefinitionError] = []
    for name, signal in _signals_in(current):
        kind = declared[name].signal_class if name in declared else Signal
        try:
            copy = copy_signal(signal, kind)
            if copy is not None:
                bind_signal(emitter, name, copy)
                change.conversions.append((name, signal, copy))
        except AnyDefinitionError as error:
            errors.append(error)
    if errors:
        raise join_errors(errors, SignalDefinitionError)
    moved[id(current)] = emitter
    return change


def _signals_in(emitter: Any) -> list[tuple[str, Any]]:
    return list((vars(emitter) if isinstance(emitter, SignalEmitter) else emitter or {}).items())


def _apply(changes: Sequence[_Change]) -> None:
    """Make every change; only assignments, so that none of them fails."""
    for change in changes:
        if change.emitter is None:
            _restore(change)
            continue
        for name, signal, copy in change.conversions:
            vars(change.emitter)[name] = convert_signal(signal, copy)
        if era.signals(change.config) is not change.emitter:
            _installed.add(change.emitter)
            era.set_signals(change.config, change.emitter)
        registry_of(change.emitter).mode = change.mode
        if change.rebind:
            bind_emitter(change.emitter, change.model, parent_emitters(change.model))
        era.answer_meta(change.model)


def _restore(change: _Change) -> None:
    plain: dict[str, Any] = ormar.signals.SignalEmitter()
    for name, signal in _signals_in(era.signals(change.config)):
        restore_signal(signal)
        plain[name] = signal
    era.set_signals(change.config, plain)
    era.forget_meta(change.model)


# --- ormar's functions ---------------------------------------------------------------------------
# ormar looks these two functions up in its own modules at every use. Patching them reaches models
# that are defined later, and decorators that were imported before. Nothing else does: ormar's
# metaclass calls no hook of the model, and its decorators know only models.

_ormar_register: Callable[..., None] = ormar.models.metaclass.register_signals
_ormar_receiver: Callable[..., Any] = ormar.decorators.signals.receiver


def _register_signals(new_model: Model) -> None:
    config = era.config(new_model)
    if config is not None and config is era.own_config(new_model):
        with _lock:
            coverage = _coverage(_coverages, new_model, config)
            if coverage is not None:
                _apply([_plan_model(new_model, config, coverage, {})])
    _ormar_register(new_model=new_model)  # keeps an emitter that is there


def _receiver(signal: str, senders: Any) -> Any:
    """Connect through a typed signal, unless every sender still has ormar's own."""
    every: list[Any] = senders if isinstance(senders, list) else [senders]
    if every and all(map(_is_plain, every)):
        return _ormar_receiver(signal=signal, senders=senders)
    try:
        return receiver(signal, senders)
    except SignalDefinitionError:
        raise
    except AnyDefinitionError as error:  # a sender that is no model: here ormar's error, too
        raise SignalDefinitionError(str(error)) from None


def _is_plain(sender: object) -> bool:
    """Whether a sender is a model that still has ormar's own signals."""
    config = era.config(sender) if isinstance(sender, ModelMetaclass) else None
    return config is not None and isinstance(era.signals(config), dict)


def _redirect_ormar(*, always: bool = False) -> None:
    """Patch ormar's functions while anything is covered, and restore them after that."""
    ours = always or bool(_coverages)
    ormar.models.metaclass.register_signals = _register_signals if ours else _ormar_register
    ormar.decorators.signals.receiver = _receiver if ours else _ormar_receiver
