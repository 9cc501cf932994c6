"""A connected receiver, and how to call it."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import TypedDict

from typed_signals._contract import Contract
from typed_signals._inspect import is_plain_async, used_aliases

__all__ = ["ConnectOptions", "Connection", "make_connection"]

_order: Final = itertools.count()


class ConnectOptions(TypedDict, total=False, closed=True):  # closed: else ty accepts others, too
    """How a receiver is called, if not as its signal calls all of them.

    Attributes:
        on_commit: Run only once the surrounding transaction has committed, never when it, or the
            savepoint that the signal was sent in, is rolled back; at once when there is no
            transaction. The receiver then runs outside the transaction, after the others. If it
            fails, nothing is raised: the failure is logged and passed to the exception handler
            (see :func:`~typed_signals.set_exception_handler`).
        sequential: ``True``: run alone, in the caller's task, once those connected before have
            finished without failure. ``False``: run concurrently with others, also inside a
            transaction, where receivers that use its connection disturb one another.
    """

    on_commit: bool
    sequential: bool | None


@dataclass(frozen=True, slots=True, eq=False)  # a receiver may have no hash
class Connection:
    """A connected receiver and how to call it.

    Attributes:
        receiver: The receiver as it was connected.
        call: Makes the coroutine that runs the receiver; middleware may replace it.
        order: When it was connected, as a number that only grows.
        sequential: Whether it runs alone; ``None`` leaves it to its signal.
        on_commit: Whether it runs only once the surrounding transaction has committed.
    """

    receiver: Callable[..., Awaitable[object]]
    call: Callable[..., Coroutine[Any, Any, Any]]
    order: int
    sequential: bool | None = None
    on_commit: bool = False

    @property
    def options(self) -> ConnectOptions:
        """The options with which the receiver was connected."""
        return {"on_commit": self.on_commit, "sequential": self.sequential}


def make_connection(
    contract: Contract,
    receiver: Callable[..., Any],
    options: ConnectOptions,
    order: int | None = None,
) -> Connection:
    """Prepare a valid receiver for being called."""
    aliases = used_aliases(contract, receiver)
    order = next(_order) if order is None else order
    if not aliases and is_plain_async(receiver):
        return Connection(receiver, receiver, order, **options)

    async def call(sender: object, **payload: Any) -> object:
        named = {name: payload.get(source, {}) for name, source in aliases if name not in payload}
        return await receiver(sender=sender, **payload, **named)

    return Connection(receiver, call, order, **options)
