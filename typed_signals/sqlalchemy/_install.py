"""``install()`` and ``uninstall()``: which models have signals, and which sessions send them."""

# What is listened to has no one type.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import Mapper, Session, registry

from typed_signals._backend import find_backend, has_backend
from typed_signals._connect import join_errors
from typed_signals._declared import declared_signals, owner_of, wrong_model
from typed_signals._describe import kind_of
from typed_signals._durable import DurableOutbox, wrong_outbox
from typed_signals._emitter import SignalEmitter, bind_emitter, bind_signal, registry_of
from typed_signals._errors import SignalDefinitionError
from typed_signals._misuse import no_session_target, not_of_all
from typed_signals._options import wrong_choice
from typed_signals._registry import Mode
from typed_signals._signal import Signal
from typed_signals.sqlalchemy._backend import SqlalchemyBackend, backend
from typed_signals.sqlalchemy._commit import after_commit, after_transaction_end
from typed_signals.sqlalchemy._flush import LISTENERS
from typed_signals.sqlalchemy._models import (
    KEY,
    Coverage,
    Coverages,
    Model,
    coverages,
    emitters,
    lock,
    mapper_of,
    own_emitter,
    register_plain_classes,
    set_emitter,
    subclasses,
)
from typed_signals.sqlalchemy._transactions import keep_loaded
from typed_signals.sqlalchemy.lifecycle import ModelSignals

__all__ = ["install", "uninstall"]


def install(
    *targets: Any,
    signals: type[ModelSignals[Any]] = ModelSignals,
    mode: Mode = "normal",
    outbox: DurableOutbox | None = None,
) -> None:
    """Let async sessions send typed signals.

    Installing twice is harmless. Where targets overlap, the one that was named last counts.

    Args:
        targets: Base classes, ``SQLModel``, mixins or models, each with all models that derive from
            it, now or later; a ``registry``, with all models that it maps; or an
            ``async_sessionmaker``, with every model in the sessions that it makes from now on.
            Only ``install(outbox=outbox)`` needs none.
        signals: The emitter class that the models get; it may declare more signals.
        mode: How strict the checks are; see :data:`~typed_signals.Mode`.
        outbox: Keeps the events of durable receivers that connect from now on, unless they name
            another. Without targets, it is used for models that are installed without an outbox,
            and for signals that no model sends. Installing again without one keeps it.

    Raises:
        SignalDefinitionError: A target is none of these, ``signals`` is not an emitter class for
            these models, ``mode`` or ``outbox`` has a wrong value, or a connected receiver breaks
            its contract. Nothing is changed then.
    """
    if wrong := wrong_choice("`mode`", mode, get_args(Mode)):
        raise SignalDefinitionError(wrong)
    given: Any = signals
    if not (isinstance(given, type) and issubclass(given, ModelSignals)):
        raise SignalDefinitionError(
            f"`signals` must be an emitter class for models, not {kind_of(given)}: write "
            "`class MySignals(typed_signals.sqlalchemy.ModelSignals[Model]): ...`"
        )
    if wrong := wrong_outbox(outbox, _OUTBOX_EXAMPLE):
        raise SignalDefinitionError(wrong)
    found = [_target(each) for each in targets]
    only_outbox = outbox is not None and signals is ModelSignals and mode == "normal"
    if not found and not only_outbox:
        raise SignalDefinitionError(
            "`install()` expects a target: a declarative base class, `SQLModel`, or an "
            "`async_sessionmaker`"
        )
    owner = owner_of(signals)
    for target in found:
        if isinstance(target, type) and (wrong := wrong_model(signals, target)):
            raise SignalDefinitionError(wrong)
        if owner and mapper_of(owner) and not isinstance(target, type):
            raise SignalDefinitionError(not_of_all(signals.__qualname__, owner.__qualname__))
    declared_signals(signals)  # an annotation that cannot be read is refused before any change
    with lock:
        wanted = Coverages()
        wanted.all = [each for each in coverages.all if all(each.target is not t for t in found)]
        for target in found:
            kept = next((each.outbox for each in coverages.all if each.target is target), None)
            wanted.all = [*wanted.all, Coverage(target, signals, mode, outbox or kept)]
        changes = _plan(wanted)
        before, coverages.all = coverages.all, wanted.all
        if not found:
            coverages.outbox = outbox
        for model, emitter in changes:
            set_emitter(model, emitter)
        for target in found:
            if isinstance(target, async_sessionmaker):
                target.configure(info={**(target.kw.get("info") or {}), KEY: target})
            for model in subclasses(target):
                register_plain_classes(model, backend)
        _listen(before=bool(before))


def uninstall(*targets: Any) -> None:
    """Stop sessions from sending signals; receivers stay connected for the next ``install()``.

    Args:
        targets: What was given to :func:`install`. Without targets, everything.

    Raises:
        SignalDefinitionError: :func:`install` does not accept a target. Nothing is changed then.
    """
    with lock:
        gone = [_target(each) for each in targets] or [each.target for each in coverages.all]
        before = coverages.all
        coverages.all = [each for each in before if all(each.target is not t for t in gone)]
        if not targets:
            coverages.outbox = None
        for target in gone:
            if isinstance(target, async_sessionmaker):
                info = {k: v for k, v in (target.kw.get("info") or {}).items() if k != KEY}
                target.configure(info=info)
        _listen(before=bool(before))


_OUTBOX_EXAMPLE: Final = "install(Base, outbox=TableOutbox(Base, sessions=async_session))"
_NO_TARGETS: Final = (Session, AsyncSession, SignalEmitter)


def _target(given: Any) -> Any:
    if isinstance(given, async_scoped_session):
        given = given.session_factory
    if isinstance(given, registry | async_sessionmaker) or (
        isinstance(given, type)
        and not issubclass(given, _NO_TARGETS)
        and (not has_backend(given) or isinstance(find_backend(given), SqlalchemyBackend))
    ):
        return given
    raise SignalDefinitionError(no_session_target(kind_of(given)))


# --- emitters of another class -------------------------------------------------------------------


def _plan(wanted: Coverages) -> list[tuple[Model, ModelSignals[Any]]]:
    """Make the emitters that replace those of another class, with their receivers."""
    changes: list[tuple[Model, ModelSignals[Any]]] = []
    errors: list[SignalDefinitionError] = []
    for emitter in list(emitters):
        model = registry_of(emitter).owner
        coverage = None if model is None else wanted.find(model)
        if model is None or coverage is None or own_emitter(model) is not emitter:
            continue
        registry_of(emitter).mode = coverage.mode
        if type(emitter) is coverage.kind:
            continue
        replacement = coverage.kind(mode=coverage.mode)
        bind_emitter(replacement, model)  # for the messages of errors; its parents are known later
        kept: Mapping[str, Signal[Any]] = dict(vars(emitter))
        for name, signal in kept.items():
            try:
                copy = signal.__copy__()
                bind_signal(replacement, name, copy)
                vars(replacement)[name] = copy
            except SignalDefinitionError as error:
                errors.append(error)
        changes.append((model, replacement))
    if errors:
        raise join_errors(errors, SignalDefinitionError)
    return changes


# --- events --------------------------------------------------------------------------------------


def _instrumented(mapper: Mapper[Any], model: Model) -> None:
    register_plain_classes(model, backend)


_LISTENERS: Final[Sequence[tuple[type, str, Callable[..., None]]]] = (
    *LISTENERS,
    (Session, "after_commit", keep_loaded),
    (Session, "after_commit", after_commit),
    (Session, "after_transaction_end", after_transaction_end),
    (Mapper, "instrument_class", _instrumented),
)


def _listen(*, before: bool) -> None:
    """Listen to all sessions while anything is covered, and to none after that."""
    now = bool(coverages.all)
    if now != before:
        for listener in _LISTENERS:
            (event.listen if now else event.remove)(*listener)
