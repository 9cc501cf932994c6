"""Middleware: what stands between a send and its receivers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from typed_signals._connection import Connection
from typed_signals._describe import identity
from typed_signals._registry import BaseSignal, SignalState, changes, lock, state_of

__all__ = [
    "CallNext",
    "Chooser",
    "Middleware",
    "SentSignal",
    "applying",
    "choose_receivers",
    "guests",
    "install",
    "uninstall",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SentSignal:
    """One send, as middleware sees it.

    Attributes:
        signal: The signal.
        sender: The signal's sender.
        payload: The payload by name, without the sender.
        connections: The receivers and how to call them, in the order of connection. To choose
            others, pass on ``dataclasses.replace(sent, connections=...)``.
    """

    signal: BaseSignal
    sender: object
    payload: Mapping[str, Any]
    connections: tuple[Connection, ...]

    @property
    def receivers(self) -> tuple[Callable[..., Awaitable[object]], ...]:
        """The receivers as they were connected."""
        return tuple(connection.receiver for connection in self.connections)


CallNext = Callable[[SentSignal], Coroutine[Any, Any, T]]
"""Passes a send on to the next middleware, or from the last one to the receivers."""


class Middleware(Protocol):
    """A callable that stands between sends and their receivers.

    It is called for each send. It can pass the send on, change it first, or drop it::

        async def log_sends(sent: SentSignal, call_next: CallNext[T]) -> T:
            started = time.perf_counter()
            try:
                return await call_next(sent)
            finally:
                logger.info("%s: %.3f s", sent.signal.title, time.perf_counter() - started)
    """

    def __call__(self, sent: SentSignal, call_next: CallNext[T], /) -> Coroutine[Any, Any, T]:
        """Pass a send on.

        Args:
            sent: The send.
            call_next: Passes it on.

        Returns:
            A coroutine that returns what ``call_next`` returned: ``None``, or for
            ``send_robust`` the outcomes.
        """
        ...


@runtime_checkable
class Chooser(Protocol):
    """A middleware that can tell in advance who would receive a send."""

    def choose_receivers(self, sent: SentSignal) -> tuple[Connection, ...]:
        """Choose the receivers of a send, without sending it."""
        ...


@dataclass(frozen=True, slots=True)
class _Installed:
    middleware: Middleware
    priority: int
    applies: Callable[[SignalState], bool]
    guest: Connection | None


_installed: Final[list[_Installed]] = []


def install(
    middleware: Middleware,
    priority: int,
    applies: Callable[[SignalState], bool],
    guest: Connection | None = None,
) -> None:
    """Add a middleware; the guest is a receiver that it may add to a send."""
    with lock:
        uninstall(middleware)
        every = [*_installed, _Installed(middleware, priority, applies, guest)]
        _installed[:] = sorted(every, key=lambda each: each.priority)
        changes.count()


def uninstall(middleware: Middleware) -> None:
    """Remove a middleware; sends that have begun keep it."""
    with lock:
        key = identity(middleware)
        _installed[:] = [each for each in _installed if identity(each.middleware) != key]
        changes.count()


def applying(state: SignalState) -> tuple[Middleware, ...]:
    """List the middleware for a signal."""
    return tuple(each.middleware for each in _installed if each.applies(state))


def guests() -> list[Connection]:
    """List the receivers that middleware adds."""
    return [each.guest for each in _installed if each.guest is not None]


def choose_receivers(sent: SentSignal) -> tuple[Connection, ...]:
    """Find who would receive a send, as far as middleware can tell in advance."""
    for middleware in applying(state_of(sent.signal)):
        if isinstance(middleware, Chooser):
            sent = replace(sent, connections=middleware.choose_receivers(sent))
    return sent.connections
