"""The supported ORMs; each is asked only if it is in use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from typed_signals.durable._core import LIFECYCLE, Contract, declared_signals, read_contract
from typed_signals.durable._store import Store

__all__ = [
    "database_of",
    "fits",
    "installed_outbox",
    "is_lifecycle",
    "is_model",
    "open_database",
]


def _kinds() -> Iterator[type[Store]]:
    """The stores of the ORMs in use; neither is imported for the other's users."""
    if "ormar" in sys.modules:
        yield _ormar_store()
    if "typed_signals.sqlalchemy" in sys.modules:
        from typed_signals.durable._sqlalchemy import SqlalchemyStore

        yield SqlalchemyStore


def _ormar_store() -> Any:
    """The store of ormar's models.

    Imported by its name: mypy follows an import, and where ormar is not installed our stubs for it
    make mypy give up.
    """
    return import_module("typed_signals.durable._ormar").OrmarStore


def is_model(hint: object) -> bool:
    """Whether something is a model class of any ORM."""
    return any(kind.is_model(hint) for kind in _kinds())


def database_of(owner: object) -> object | None:
    """The database of a model class; ``None`` if it is not known."""
    found = (kind.database_of(owner) for kind in _kinds())
    return next((each for each in found if each is not None), None)


def fits(store: Store, owner: type | None) -> bool:
    """Whether events of a sender can be written in a database, as far as its class says."""
    kinds = [kind for kind in _kinds() if kind.knows(owner)]
    return (not kinds or isinstance(store, tuple(kinds))) and store.can_hold(owner)


def installed_outbox(owner: type | None) -> Any:
    """The outbox that a model was installed with; ``None`` if there is none."""
    kinds = [kind for kind in _kinds() if kind.knows(owner)] or _kinds()
    found = (kind.installed_outbox(owner) for kind in kinds)
    return next((each for each in found if each is not None), None)


def is_lifecycle(contract: Contract, signal_name: str) -> bool:
    """Tell whether a signal is one of a model's lifecycle, not a custom one of that name."""
    declared = [LIFECYCLE, *(declared_signals(kind.signals) for kind in _kinds())]
    protocols = [each[signal_name].protocol for each in declared if signal_name in each]
    return any(contract is read_contract(protocol) for protocol in protocols)


def open_database(base: Any, sessions: Any) -> Store | None:
    """The database of models.

    Args:
        base: The base ``OrmarConfig`` of ormar's models; the base class of mapped ones, or their
            ``registry``.
        sessions: The ``async_sessionmaker`` of mapped classes.

    Returns:
        The database; ``None`` if it is not known.
    """
    if sessions is not None:
        from typed_signals.durable._sqlalchemy import SqlalchemyStore

        return SqlalchemyStore(base, sessions)
    mapped = hasattr(base, "registry")  # and `database` may be one of its columns
    if mapped or getattr(base, "database", None) is None or "ormar" not in sys.modules:
        return None
    store: Store = _ormar_store()(base.database)
    return store
