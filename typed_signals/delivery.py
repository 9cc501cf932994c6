"""How receivers are awaited: together, none left running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typed_signals.inspection import describe

__all__ = ["Connection", "together"]

logger = logging.getLogger("typed_signals")


@dataclass(frozen=True, slots=True)
class Connection:
    """A connected receiver and how to call it.

    Attributes:
        receiver: The receiver as it was connected.
        order: When it was connected, as a number that only grows.
        aliases: Payload names the receiver uses, each with the name under which it is sent.
    """

    receiver: Callable[..., Awaitable[object]]
    order: int
    aliases: tuple[tuple[str, str], ...] = ()

    async def __call__(self, sender: object, payload: Mapping[str, Any]) -> None:
        """Await the receiver with the payload it asks for."""
        if self.aliases:
            named: dict[str, Any] = {
                name: payload.get(source, {})
                for name, source in self.aliases
                if name not in payload
            }
            payload = {**payload, **named}
        await self.receiver(sender=sender, **payload)


async def together(
    connections: Sequence[Connection], sender: object, payload: Mapping[str, Any], *, signal: str
) -> None:
    """Await all receivers at once, each in a copy of the caller's context.

    Returns when all have ended. If some fail, the first failure in the order of connection is
    raised as itself, with a note for each other one, which is also logged. Cancelling the caller
    cancels the receivers and waits for them.

    Args:
        connections: The receivers, in the order of connection.
        sender: The signal's sender.
        payload: What is sent, by name.
        signal: The signal's name, for logs and notes.
    """
    tasks = [asyncio.create_task(each(sender, payload)) for each in connections]
    if not tasks:
        return
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
            for task in pending:
                task.cancel()
    failures = [
        (connection, failure)
        for connection, task in zip(connections, tasks, strict=True)
        if (failure := _failure(task)) is not None
    ]
    if cancelled is not None:
        _report([f for f in failures if not isinstance(f[1], asyncio.CancelledError)], signal)
        raise cancelled
    if failures:
        (_, first), *others = failures
        for note in _report(others, signal):
            first.add_note(note)
        raise first


def _failure(task: asyncio.Task[None]) -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def _report(failures: Sequence[tuple[Connection, BaseException]], signal: str) -> list[str]:
    notes: list[str] = []
    for connection, failure in failures:
        kind = type(failure).__qualname__  # its message may hold field values: not for logs
        note = f"receiver {describe(connection.receiver)} of signal `{signal}` failed too: {kind}"
        logger.error(note)
        notes.append(note)
    return notes
