"""The interface of engines, which write events in the transaction and run durable receivers.

An engine is an outbox class. It is composed of :class:`Receivers` and a :class:`Store`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable
from weakref import WeakValueDictionary

from sqlalchemy import MetaData

from typed_signals.durable._core import kind_of
from typed_signals.durable._errors import DurableError
from typed_signals.durable._event import Event
from typed_signals.durable._orms import open_database
from typed_signals.durable._receivers import Receivers, Registered
from typed_signals.durable._store import Store
from typed_signals.durable._work import Entry, Runner, Status

__all__ = ["Outbox", "check_drain", "open_store", "outbox_of", "remember"]


@runtime_checkable
class Outbox(Protocol):
    """Keeps the events of durable receivers, in the transaction of what sent them, and runs them.

    ``TableOutbox`` and ``ProcrastinateOutbox`` are outboxes.
    """

    store: Store
    receivers: Receivers

    def register(self, new: Registered) -> None:
        """Register a durable receiver, under the name that its events are kept under."""
        ...

    async def write(self, entry: Entry) -> None:
        """Write an event, in the transaction that is open."""
        ...

    def runner(self, *, concurrency: int, lease: float, poll: float, grace: float) -> Runner:
        """Make a worker."""
        ...

    def connected(self) -> AbstractAsyncContextManager[Any]:
        """Connect to all that the outbox needs, and disconnect at the end."""
        ...

    async def drain(self) -> int:
        """Handle every event that is due, here and now; for tests."""
        ...

    async def receive(self, event: Event, *, attempt: int = 1, last: bool = False) -> None:
        """Handle an event that came through a broker."""
        ...

    async def status(self) -> list[Status]:
        """Count the events of each receiver."""
        ...

    async def dead(self, *, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        """List the dead events, the newest first."""
        ...

    async def retry(self, *ids: int) -> int:
        """Have dead events handled again."""
        ...

    async def purge(self, *, older_than: float | None = None, dead: bool = False) -> int:
        """Delete events that were handled."""
        ...


_outboxes: WeakValueDictionary[int, Outbox] = WeakValueDictionary()
"""By the database's ``id()``: an outbox holds its database, so the number is not used again."""


def open_store(base: Any, what: str, sessions: Any = None) -> Store:
    """Find the database of a base configuration, for a new outbox.

    Args:
        base: The base ``OrmarConfig`` of the models, or the base class of mapped ones.
        what: The class of the outbox, for messages.
        sessions: The ``async_sessionmaker`` of mapped classes.

    Returns:
        The database.

    Raises:
        DurableError: There is none, it is that of an ormar before 0.22, or it already has an
            outbox.
    """
    has_metadata = isinstance(getattr(base, "metadata", None), MetaData)
    store = open_database(base, sessions) if has_metadata else None
    if store is None:
        raise DurableError(
            "the base configuration of an outbox needs a database and metadata: write "
            f"`{what}(OrmarConfig(database=..., metadata=...))`, or with SQLAlchemy "
            f"`{what}(Base, sessions=async_session)`; given was {kind_of(base)}"
        )
    if id(store.database) in _outboxes:
        raise DurableError(
            f"this database has an outbox already: make one `{what}` for all its models"
        )
    return store


def remember(outbox: Outbox) -> None:
    """Let durable receivers find an outbox by the database of their models."""
    _outboxes[id(outbox.store.database)] = outbox


def outbox_of(database: object) -> Outbox | None:
    """The outbox of a database, if one was made."""
    return _outboxes.get(id(database))


def check_drain(store: Store) -> None:
    """Refuse to drain inside a transaction.

    Args:
        store: The outbox's database.

    Raises:
        DurableError: A transaction is open: what it wrote is not committed yet.
    """
    if store.in_transaction and not store.never_commits:
        raise DurableError(
            "`drain()` was called inside an open transaction, whose events are not committed: "
            f"call it after the `{store.block.removesuffix(':')}` block. A test that rolls back "
            f"what it writes needs {store.test_database}"
        )
