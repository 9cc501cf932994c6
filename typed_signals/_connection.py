"""A connected receiver, and how to call it."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Coroutine, Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from typing_extensions import TypedDict

from typed_signals._contract import CHANGED, Contract
from typed_signals._durable import DurableOption
from typed_signals._inspect import is_plain_async, named_by

__all__ = ["ConnectOptions", "Connectable", "Connection", "make_connection"]

_order: Final = itertools.count()


class ConnectOptions(TypedDict, total=False, closed=True):  # closed: else ty accepts others, too
    """How one receiver is called.

    Attributes:
        on_commit: Run after the surrounding transaction has committed; at once if there is none.
            Do not run if it, or the savepoint that the signal was sent in, is rolled back. The
            receiver runs outside the transaction, after the others. If it fails, nothing is
            raised: the failure is logged and passed to the exception handler (see
            :func:`~typed_signals.set_exception_handler`).
        sequential: ``True``: run alone, in the caller's task, once those connected before have
            finished without failure. ``False``: run concurrently with others, even inside a
            transaction, where receivers that use its connection disturb one another.
        timeout: How long it may run, in seconds. A receiver that takes longer is cancelled, and
            fails with a ``TimeoutError`` that names it. A database statement that is cancelled
            half-way may have run or not, and its connection may be lost.
        fields: Called only when one of these fields changes. For signals with ``changed`` in their
            contract, such as ``post_update``.
    """

    on_commit: bool
    sequential: bool | None
    timeout: float | None
    fields: AbstractSet[str] | None


@dataclass(frozen=True, slots=True, eq=False)  # a receiver may have no hash
class Connection:
    """A connected receiver and how to call it.

    Attributes:
        receiver: The receiver as it was connected.
        call: Makes the coroutine that runs the receiver; middleware may replace it. For a durable
            receiver, the coroutine writes an event instead.
        order: Its place in the order of connection.
        sequential: Whether it runs alone; ``None`` leaves it to its signal.
        on_commit: Whether it runs only once the surrounding transaction has committed.
        timeout: How long it may run, in seconds; ``None``: as long as it takes.
        fields: Called only when one of these changes; ``None``: always.
        asks_since: The signal at whose send old values are read for it; empty if it does not ask.
        names_changed: Whether it gets ``changed``.
        durable: Its ``durable`` option; ``None`` if it is called in this process.
    """

    receiver: Callable[..., Awaitable[object]]
    call: Callable[..., Coroutine[Any, Any, Any]]
    order: int
    sequential: bool | None = None
    on_commit: bool = False
    timeout: float | None = None
    fields: AbstractSet[str] | None = None
    asks_since: str = ""
    names_changed: bool = False
    durable: DurableOption[object] | None = None

    @property
    def options(self) -> ConnectOptions:
        """The options with which the receiver was connected; none if it is durable."""
        if self.durable is not None:
            return {}
        return {
            "on_commit": self.on_commit,
            "sequential": self.sequential,
            "timeout": self.timeout,
            "fields": self.fields,
        }

    @property
    def called(self) -> Callable[..., Awaitable[object]]:
        """What another library's signal calls: for a durable receiver, what writes its event."""
        return self.receiver if self.durable is None else self.call


class Connectable(Protocol):
    """What a connection is made for: a signal."""

    @property
    def contract(self) -> Contract:
        """The rules that its receivers have to keep."""
        ...


def make_connection(
    signal: Connectable,
    receiver: Callable[..., Any],
    options: ConnectOptions,
    *,
    durable: DurableOption[object] | None = None,
    order: int | None = None,
) -> Connection:
    """Make the connection of a valid receiver to a signal."""
    order = next(_order) if order is None else order
    if durable is not None:  # sequential: it writes on the connection of the transaction
        write = durable.bind(signal, receiver)
        return Connection(receiver, write, order, sequential=True, durable=durable)
    contract = signal.contract
    named = named_by(receiver) if contract.aliases or contract.changed_since else ()
    aliases = [(name, source) for name, source in contract.aliases.items() if name in named]
    fields = options.get("fields")
    names_changed = bool(contract.changed_since) and CHANGED in named
    connection = replace(
        Connection(receiver, receiver, order, **options),
        fields=None if fields is None else frozenset(fields),
        asks_since=contract.changed_since if names_changed or fields is not None else "",
        names_changed=names_changed,
    )
    if not aliases and is_plain_async(receiver):
        return connection

    async def call(sender: object, **payload: Any) -> object:
        named = {name: payload.get(source, {}) for name, source in aliases if name not in payload}
        return await receiver(sender=sender, **payload, **named)

    return replace(connection, call=call)
