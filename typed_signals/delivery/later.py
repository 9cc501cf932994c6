"""Receivers that are told after the commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from typed_signals.delivery.connection import Connection
from typed_signals.delivery.nesting import Titled
from typed_signals.delivery.ways import together
from typed_signals.inspection import describe

__all__ = ["ErrorHook", "Failure", "Later", "Transaction", "set_error_hook"]

logger = logging.getLogger("typed_signals")


class Transaction(Protocol):
    """An open transaction, as delivery sees it."""

    def after_commit(self, later: Later) -> None:
        """Keep what is to be told until the transaction has committed."""
        ...


class Failure(NamedTuple):
    """A receiver failed whose failure nobody could be told by raising it.

    Attributes:
        receiver: The receiver as it was connected.
        signal: The signal's name and whose it is, for people.
        sender: The signal's sender.
        error: What the receiver raised.
    """

    receiver: Callable[..., Awaitable[object]]
    signal: str
    sender: object
    error: BaseException


ErrorHook = Callable[[Failure], object]
_hook: ErrorHook | None = None


def set_error_hook(hook: ErrorHook | None) -> ErrorHook | None:
    """Choose what is called when a receiver fails after the commit.

    Such a failure cannot be raised, as that would make the commit look failed; it is logged, and
    handed to the hook.

    Args:
        hook: A function that takes the :class:`Failure`; ``None`` for none.

    Returns:
        The hook that was set before.
    """
    global _hook
    before, _hook = _hook, hook
    return before


@dataclass(frozen=True, slots=True)
class Later:
    """Connections that are told of a send after the commit."""

    signal: Titled
    connections: tuple[Connection, ...]
    sender: object
    payload: Mapping[str, Any]

    async def tell(self, transaction: Transaction | None) -> None:
        """Tell them after the transaction has committed; at once when there is none."""
        if not self.connections:
            return
        if transaction is None:
            await self.tell_now()
        else:
            transaction.after_commit(self)

    async def tell_now(self) -> None:
        """Tell them one after another, each in a task of its own, outside any transaction.

        Whoever fails, the others are told all the same.

        Raises:
            asyncio.CancelledError: The caller was cancelled meanwhile. The receiver that was
                running then was cancelled, all others have been told.
        """
        caller = asyncio.current_task()
        before = caller.cancelling() if caller else 0
        cancelled: asyncio.CancelledError | None = None
        for connection in self.connections:
            try:
                await together(self.signal, (connection,), self.sender, self.payload)
            except asyncio.CancelledError as error:
                self._failed(connection, error)
                if caller is not None and caller.cancelling() > before:
                    before = caller.cancelling()
                    cancelled = error
            except Exception as error:
                self._failed(connection, error)
        if cancelled is not None:
            raise cancelled

    def _failed(self, connection: Connection, error: BaseException) -> None:
        kind = type(error).__qualname__
        receiver = describe(connection.receiver)
        logger.error(f"receiver {receiver} of {self.signal.title} failed after the commit: {kind}")
        if _hook is None:
            return
        try:
            _hook(Failure(connection.receiver, self.signal.title, self.sender, error))
        except Exception as broken:
            kind = type(broken).__qualname__
            logger.error(f"the error hook {describe(_hook)} failed itself: {kind}")
