"""What engines have in common: events to write, the receivers' settings, and workers."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from typed_signals.durable._store import Store
from typed_signals.durable._table import Claimed, Rows

__all__ = [
    "LONGEST_WAIT",
    "PURGE_EVERY",
    "WEEK",
    "Entry",
    "Registration",
    "Runner",
    "Settings",
    "Status",
    "TableWork",
    "check_options",
    "in_background",
]

WEEK: Final = 7 * 24 * 3600.0
PURGE_EVERY: Final = 600.0
LONGEST_WAIT: Final = 30.0
"""How many seconds a worker waits, at most, before it tries a failing database again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event for one receiver, before it is written.

    Attributes:
        event_id: Its identity.
        receiver: The receiver's durable name.
        version: The version of the payload.
        sender: The sender's name.
        key: Events with the same key are handled in order; ``None`` for no order.
        payload: The payload, as JSON.
        trace: The trace context of the send.
    """

    event_id: str
    receiver: str
    version: int
    sender: str
    key: str | None
    payload: str
    trace: str | None


class Status(NamedTuple):
    """How many events a receiver has.

    Attributes:
        receiver: Its durable name.
        pending: Those that wait.
        running: Those that a worker holds.
        done: Those that were handled and are not yet deleted.
        dead: Those that were given up.
        oldest: The age in seconds of the oldest that waits or runs; ``None`` if there is none.
    """

    receiver: str
    pending: int
    running: int
    done: int
    dead: int
    oldest: float | None


class Settings(Protocol):
    """How a receiver is run: a ``Durable``."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def upgrade(self) -> Callable[[dict[str, Any], int], Mapping[str, Any]] | None: ...
    @property
    def retries(self) -> int: ...
    @property
    def timeout(self) -> float: ...
    @property
    def backoff(self) -> float: ...
    @property
    def longest_backoff(self) -> float: ...
    def runs_like(self, other: object) -> bool: ...


class Registration(Protocol):
    """A durable receiver that a worker can call."""

    @property
    def durable(self) -> Settings: ...
    async def call(self, claimed: Claimed, store: Store) -> None: ...


class TableWork(Protocol):
    """What the worker of a table works on."""

    rows: Rows
    store: Store
    table: sa.Table

    @property
    def receivers(self) -> Mapping[str, Registration]: ...
    @property
    def versions(self) -> dict[str, int]: ...
    async def purge(self) -> int: ...


class Runner(Protocol):
    """Runs durable receivers: the worker of an engine."""

    async def run(self) -> None:
        """Work until :meth:`stop` is called."""
        ...

    def stop(self) -> None:
        """Take no more events, and let :meth:`run` return when running receivers have finished."""
        ...


R = TypeVar("R", bound=Runner)


def check_options(*, concurrency: int, lease: float, poll: float, grace: float) -> None:
    """Refuse options that no worker can have.

    Raises:
        ValueError: One is out of its range.
    """
    if concurrency < 1 or lease <= 0 or poll <= 0 or grace < 0:
        raise ValueError(
            "a worker needs a concurrency of 1 or more, a lease and a poll of more than 0 "
            f"seconds and a grace of 0 or more: not {concurrency=}, {lease=}, {poll=}, {grace=}"
        )


@asynccontextmanager
async def in_background(runner: R) -> AsyncGenerator[R]:
    """Run a worker in this event loop while the block runs.

    Args:
        runner: The worker.

    Yields:
        The worker.
    """
    running = asyncio.create_task(runner.run(), context=contextvars.Context())
    try:
        yield runner
    finally:
        runner.stop()
        await running
