"""Which models have typed signals, and the emitter of each."""

# SQLAlchemy's mappers and its declarative classes are generic in what is not known here.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    DeclarativeMeta,
    Mapper,
    Session,
    registry,
)

from typed_signals._backend import Backend, register_class
from typed_signals._durable import DurableOutbox
from typed_signals._emitter import SignalEmitter, bind_emitter, registry_of
from typed_signals._registry import Mode, hold_during_fork
from typed_signals.sqlalchemy.lifecycle import ModelSignals

__all__ = [
    "Coverage",
    "Model",
    "coverages",
    "emitter_of",
    "emitters",
    "installed_outbox",
    "lock",
    "mapper_of",
    "own_emitter",
    "register_plain_classes",
    "sends",
    "set_emitter",
    "subclasses",
]

Model = type[Any]

_ATTRIBUTE: Final = "__typed_signals__"
"""Where a class keeps its emitter: each holds the other, so both are freed together."""

KEY: Final = "typed_signals"
"""The key in a session's ``info`` for its ``async_sessionmaker``, if that is covered."""

DECLARATIVE: Final = (type(DeclarativeBase), DeclarativeMeta)
"""The metaclasses of declarative models; those of SQLModel derive from the second."""

lock: Final = threading.RLock()
hold_during_fork(lock)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Typed signals that were installed on a target.

    Attributes:
        target: A base class or mixin, a ``registry``, or an ``async_sessionmaker``.
        kind: The emitter class of the models.
        mode: How strict the checks are.
        outbox: Keeps the events of durable receivers.
    """

    target: Any
    kind: type[ModelSignals[Any]]
    mode: Mode
    outbox: DurableOutbox | None

    def covers(self, model: Model, session: Session | None) -> bool:
        """Tell whether a model's signals are sent, by a session or by any."""
        if isinstance(self.target, type):
            return self.target in model.__mro__
        if isinstance(self.target, registry):
            mapper = mapper_of(model)
            return mapper is not None and mapper.registry is self.target
        return session is None or session.info.get(KEY) is self.target


class Coverages:
    """All that is installed.

    Attributes:
        all: The coverages, in the order in which they were installed.
        outbox: The outbox of models without one of their own, and of signals that no model sends.
    """

    def __init__(self) -> None:
        self.all: Sequence[Coverage] = ()
        self.outbox: DurableOutbox | None = None

    def find(self, model: Model, session: Session | None = None) -> Coverage | None:
        """Find the coverage that counts for a model: the last one that was installed."""
        found = (each for each in reversed(self.all) if each.covers(model, session))
        return next(found, None)

    def find_outbox(self, model: Model) -> DurableOutbox | None:
        """Find the outbox of a model: that of the last coverage that has one."""
        found = (each.outbox for each in reversed(self.all) if each.covers(model, None))
        return next((each for each in found if each is not None), None)


coverages: Final = Coverages()
emitters: Final[WeakSet[SignalEmitter[Any]]] = WeakSet()


def sends(model: Model, session: Session) -> bool:
    """Tell whether a session sends the signals of a model."""
    return coverages.find(model, session) is not None


def mapper_of(model: object) -> Mapper[Any] | None:
    """Find the mapper of a class; ``None`` if it is not mapped itself."""
    mapper: Any = inspect(model, raiseerr=False) if isinstance(model, type) else None
    return mapper if isinstance(mapper, Mapper) else None


def own_emitter(model: Model) -> ModelSignals[Any] | None:
    """Find the emitter that a class already has."""
    emitter = vars(model).get(_ATTRIBUTE)
    return emitter if isinstance(emitter, ModelSignals) else None


def emitter_of(model: Model) -> ModelSignals[Any] | None:
    """Find the emitter of a class, or make it.

    Args:
        model: A model, or a class that models derive from.

    Returns:
        The emitter; ``None`` if typed signals are not installed on the class.
    """
    coverage = coverages.find(model)
    if coverage is None:  # it may be a mixin of covered models
        below = (coverages.find(each) for each in subclasses(model) if mapper_of(each))
        coverage = next((each for each in below if each is not None), None)
    if coverage is None:
        return None
    emitter = own_emitter(model)
    if emitter is None:
        with lock:
            return own_emitter(model) or _make_emitter(model, coverage)
    return emitter


def installed_outbox(owner: Model | None) -> DurableOutbox | None:
    """Find the outbox that a model was installed with.

    Args:
        owner: The model, or a class that models derive from; anything else stands for signals
            that no model sends.

    Returns:
        The outbox; ``None`` if there is none.
    """
    models = [] if owner is None else [owner, *filter(mapper_of, subclasses(owner))]
    found = (coverages.find_outbox(each) for each in models)
    return next((each for each in found if each is not None), coverages.outbox)


def _make_emitter(model: Model, coverage: Coverage) -> ModelSignals[Any]:
    emitter = coverage.kind(mode=coverage.mode)
    set_emitter(model, emitter)
    return emitter


def set_emitter(model: Model, emitter: ModelSignals[Any]) -> None:
    """Give a class an emitter; what derives from the class inherits its receivers."""
    type.__setattr__(model, _ATTRIBUTE, emitter)
    emitters.add(emitter)
    bind_emitter(emitter, model, _parents(model))
    for each in list(emitters):
        owner = registry_of(each).owner
        if owner is not None and owner is not model and model in owner.__mro__:
            bind_emitter(each, owner, _parents(owner))


def _parents(model: Model) -> tuple[SignalEmitter[Any], ...]:
    found = (own_emitter(base) for base in model.__mro__[1:])
    return tuple(each for each in found if each is not None)


# --- classes with a plain metaclass -------------------------------------------------------


def register_plain_classes(model: Model, backend: Backend) -> None:
    """Register the backend of a model and its mixins, where their metaclass is plain."""
    for each in model.__mro__[:-1]:
        if type(each) is type and not each.__module__.startswith(("sqlalchemy.", "typing")):
            register_class(each, backend)


def subclasses(target: Any) -> Iterator[Model]:
    """List a base class, and all that derive from it; or the models of a ``registry``."""
    if isinstance(target, registry):
        yield from (mapper.class_ for mapper in target.mappers)
    elif isinstance(target, type):
        found: dict[Model, None] = {}
        level: list[Model] = [target]
        while level:
            found.update(dict.fromkeys(level))
            level = [child for each in level for child in type.__subclasses__(each)]
        yield from found
    else:
        assert isinstance(target, async_sessionmaker)
        for base in (DeclarativeBase, DeclarativeBaseNoMeta):
            yield from subclasses(base)
