"""What a durable receiver is told about the work itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Job"]


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
