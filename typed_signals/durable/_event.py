"""An event as a message broker carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pydantic

from typed_signals.durable._core import Job

__all__ = ["Event", "Publish"]


class Event(pydantic.BaseModel, frozen=True):
    """A row of the outbox as a message: what a relay publishes and a consumer receives.

    Attributes:
        job: The event's ids, key and attempt, for the receiver; ``job.event_id`` identifies the
            message.
        sender: The sender's name.
        payload: The payload, as JSON.
        trace: The trace context of the send.
    """

    job: Job
    sender: str
    payload: str
    trace: str | None


Publish = Callable[[Event], Awaitable[object]]
"""Hands an event to a broker, and returns once the broker has accepted it."""
