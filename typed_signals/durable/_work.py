"""What a worker asks of an outbox, and an outbox of a ``Durable``: they import neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import sqlalchemy as sa

from typed_signals.durable._store import Store
from typed_signals.durable._table import Claimed, Rows

__all__ = ["Outbox", "Registration", "Settings"]


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


class Registration(Protocol):
    """A durable receiver that a worker can call."""

    @property
    def durable(self) -> Settings: ...
    async def call(self, claimed: Claimed, store: Store) -> None: ...


class Outbox(Protocol):
    """What a worker works on."""

    rows: Rows
    store: Store
    table: sa.Table

    @property
    def receivers(self) -> Mapping[str, Registration]: ...
    @property
    def versions(self) -> dict[str, int]: ...
    async def purge(self) -> int: ...
