"""One attempt of a durable receiver, and what follows when it fails; the same for every engine."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from typed_signals.durable._table import Claimed
from typed_signals.durable._telemetry import tracing
from typed_signals.durable._work import Settings

__all__ = ["after_failure", "attempt", "delay_after"]

logger = logging.getLogger(__name__)


async def attempt(
    claimed: Claimed, seconds: float, call: Callable[[], Awaitable[object]]
) -> BaseException | None:
    """Make an attempt, with tracing and a timeout.

    Args:
        claimed: The event.
        seconds: How many seconds the attempt may take.
        call: Calls the receiver.

    Returns:
        What it raised; a cancellation, too, if it is the receiver's own.

    Raises:
        asyncio.CancelledError: The running task was cancelled.
    """
    task = asyncio.current_task()
    asked = task.cancelling() if task else 0
    try:
        with tracing().handling(claimed):
            async with asyncio.timeout(seconds):
                await call()
    except asyncio.CancelledError as error:
        if task is not None and task.cancelling() > asked:
            raise
        return error
    except Exception as error:
        return error
    return None


def after_failure(claimed: Claimed, durable: Settings, failure: BaseException) -> float | None:
    """Log and count a failed attempt, and say when the next one is.

    Args:
        claimed: The event.
        durable: How its receiver is run.
        failure: What it raised.

    Returns:
        The seconds until the next attempt; ``None`` if the event is dead.
    """
    job = claimed.job
    if job.attempt > durable.retries:
        logger.error(
            "Event %s of `%s` is dead after %d attempts.",
            job.event_id, durable.name, job.attempt, exc_info=failure,
        )  # fmt: skip
        tracing().dead(claimed)
        return None
    delay = delay_after(job.attempt, durable.backoff, durable.longest_backoff)
    logger.warning(
        "Event %s of `%s` failed on attempt %d; it is tried again in %.1f s.",
        job.event_id, durable.name, job.attempt, delay, exc_info=failure,
    )  # fmt: skip
    tracing().retried(claimed)
    return delay


def delay_after(tries: int, first: float, longest: float) -> float:
    """The seconds to wait: twice as many after each try, and randomized to spread retries."""
    longest_now = min(longest, first * 2.0 ** min(tries - 1, 60))
    return longest_now * random.uniform(0.5, 1.0)
