"""What the decorators of the core need of durable receivers; depends on nothing but the core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from typed_signals.durable._core import Contract, Signal

__all__ = [
    "DurableBulkReceiver",
    "DurableOption",
    "DurableReceiver",
    "DurableRelationReceiver",
    "Job",
]

M_contra = TypeVar("M_contra", contravariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Job:
    """One event for one durable receiver, as it arrives at work time.

    Attributes:
        id: The number of its row; ``typed-signals outbox retry`` takes it.
        event_id: The same on every attempt, and different for every receiver: an idempotency key.
        receiver: The receiver's durable name.
        key: What it is ordered by; ``None`` if it may run at any time.
        attempt: Which attempt this is, from 1.
        created: When the row was written, by the database's clock, in UTC.
        version: The version of the payload as it was written.
    """

    id: int
    event_id: str
    receiver: str
    key: str | None
    attempt: int
    created: datetime
    version: int


class DurableOption(Protocol[T_co]):
    """How a receiver is durable, as ``connect()`` and the decorators use it."""

    @property
    def payload(self) -> type[T_co] | None:
        """What is made of the instance; ``None`` when it is reloaded."""
        ...

    def contract(self, contract: Contract, signal_name: str) -> Contract:
        """The contract of a durable receiver of a signal."""
        ...

    def bind(
        self, signal: Signal[Any], receiver: Callable[..., Awaitable[object]]
    ) -> Callable[..., Awaitable[None]]:
        """What is connected in the receiver's place."""
        ...


class DurableReceiver(Protocol[M_contra, T_contra]):
    """Receives an event of one instance after its commit, on any machine, at least once.

    Args:
        sender: The model class.
        instance: What the payload's model made of the instance; without one the model as it is at
            work time, or ``None`` if it is gone by then.
        job: What is known of the work itself.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: T_contra, job: Job, **kwargs: object
    ) -> Awaitable[object]: ...


class DurableRelationReceiver(Protocol[M_contra, T_contra]):
    """Receives an event of a relation after its commit, on any machine, at least once.

    Args:
        sender: The model class that owns the relation.
        instance: As in :class:`DurableReceiver`.
        child: The other model as it is at work time, or ``None`` if it is gone by then.
        relation_name: The relation's name on ``sender``.
        job: What is known of the work itself.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: T_contra,
        child: Any,
        relation_name: str,
        job: Job,
        **kwargs: object,
    ) -> Awaitable[object]: ...


class DurableBulkReceiver(Protocol[M_contra, T]):
    """Receives an event of several instances after its commit, on any machine, at least once.

    Args:
        sender: The model class.
        instances: What the payload's model made of each; without one the models as they are at
            work time, without those that are gone by then.
        job: What is known of the work itself.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instances: list[T], job: Job, **kwargs: object
    ) -> Awaitable[object]: ...
