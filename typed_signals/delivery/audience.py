"""Who hears a signal, and in which steps they are told."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from typed_signals.delivery.connection import Callee, Connection, Kept, Outcome
from typed_signals.delivery.later import DeferredSend, Transaction
from typed_signals.delivery.nesting import Titled
from typed_signals.delivery.ways import one_after_another, together
from typed_signals.observation import chain, observers

if TYPE_CHECKING:
    from typed_signals.signal import Signal

__all__ = ["NOBODY", "Audience", "Deliver", "audience", "deliver", "deliver_robustly"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Way = Callable[[Titled, Sequence[Callee], object, Mapping[str, Any]], Coroutine[Any, Any, None]]
Steps = tuple[tuple[Way, tuple[Connection, ...]], ...]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears a signal, and in which steps.

    A step is a way of delivery and the receivers that are told that way; it is taken when the one
    before has ended without failure.

    Attributes:
        everyone: All connections, in the order of connection.
        outside: The steps outside a transaction.
        inside: The steps inside a transaction.
        later: The connections that are told after the commit.
        observed: Whether those who watch the send have seen it.
    """

    everyone: tuple[Connection, ...] = ()
    outside: Steps = ()
    inside: Steps = ()
    later: tuple[Connection, ...] = ()
    observed: bool = False


NOBODY: Final = Audience()


def audience(connections: Sequence[Connection], *, sequential: bool | None) -> Audience:
    """Work out how connections are told.

    Args:
        connections: The connections, in the order of connection.
        sequential: Whether those that do not say run alone; ``None`` for those inside a
            transaction only.

    Returns:
        The audience; :data:`NOBODY` when there are no connections.
    """
    if not connections:
        return NOBODY
    now = [connection for connection in connections if not connection.on_commit]
    return Audience(
        everyone=tuple(connections),
        outside=_steps(now, sequential=bool(sequential)),
        inside=_steps(now, sequential=sequential is not False),
        later=tuple(connection for connection in connections if connection.on_commit),
    )


def _steps(connections: Sequence[Connection], *, sequential: bool) -> Steps:
    steps: list[tuple[Way, tuple[Connection, ...]]] = []
    for connection in connections:
        alone = sequential if connection.sequential is None else connection.sequential
        way: Way = one_after_another if alone else together
        if steps and steps[-1][0] is way:
            steps[-1] = (way, (*steps[-1][1], connection))
        else:
            steps.append((way, (connection,)))
    return tuple(steps)


def deliver(
    signal: Titled,
    heard: Audience,
    sender: object,
    payload: Mapping[str, Any],
    transaction: Transaction | None = None,
) -> Coroutine[Any, Any, None]:
    """Tell everyone.

    Args:
        signal: What is sent.
        heard: Who hears it.
        sender: The signal's sender.
        payload: What is sent, by name.
        transaction: The open transaction that the send is in.

    Returns:
        A coroutine that ends when all have ended, but for those who are told after the commit.
    """
    if observers and not heard.observed:
        return _observed(deliver, signal, heard, sender, payload, transaction)
    steps = heard.outside if transaction is None else heard.inside
    if len(steps) == 1 and not heard.later:
        way, connections = steps[0]
        return way(signal, connections, sender, payload)
    if not heard.everyone:
        return _nothing()
    return _in_steps(signal, steps, DeferredSend(signal, heard.later, sender, payload), transaction)


async def deliver_robustly(
    signal: Titled,
    heard: Audience,
    sender: object,
    payload: Mapping[str, Any],
    transaction: Transaction | None = None,
) -> list[Outcome]:
    """Tell everyone, and tell how each ended; see :func:`deliver`.

    Args:
        signal: What is sent.
        heard: Who hears it.
        sender: The signal's sender.
        payload: What is sent, by name.
        transaction: The open transaction that the send is in.

    Returns:
        How each receiver ended, in the order of connection, without those who are told after the
        commit.
    """
    if observers and not heard.observed:
        return await _observed(deliver_robustly, signal, heard, sender, payload, transaction)
    outcomes: dict[Connection, Outcome] = {}
    for way, connections in heard.outside if transaction is None else heard.inside:
        await way(signal, [Kept(each, outcomes) for each in connections], sender, payload)
    await DeferredSend(signal, heard.later, sender, payload).run_on_commit(transaction)
    return [outcomes[each] for each in heard.everyone if each in outcomes]


class Deliver(Protocol[T_co]):
    """:func:`deliver` or :func:`deliver_robustly`."""

    def __call__(
        self,
        signal: Titled,
        heard: Audience,
        sender: object,
        payload: Mapping[str, Any],
        transaction: Transaction | None = None,
    ) -> Coroutine[Any, Any, T_co]:
        """Tell everyone."""
        ...


def _observed(
    deliver: Deliver[T],
    signal: Titled,
    heard: Audience,
    sender: object,
    payload: Mapping[str, Any],
    transaction: Transaction | None,
) -> Coroutine[Any, Any, T]:
    """Let those who watch see a send, and choose who hears it."""
    sent = cast("Signal[Any]", signal)

    def proceed(connections: tuple[Connection, ...]) -> Coroutine[Any, Any, T]:
        chosen = audience(connections, sequential=sent.sequential)
        seen = replace(chosen, observed=True)
        return deliver(signal, seen, sender, payload, transaction)

    return chain(sent, sender, payload, heard.everyone, proceed)


async def _in_steps(
    signal: Titled,
    steps: Steps,
    later: DeferredSend,
    transaction: Transaction | None,
) -> None:
    for way, connections in steps:
        await way(signal, connections, later.sender, later.payload)
    await later.run_on_commit(transaction)


async def _nothing() -> None:
    pass
