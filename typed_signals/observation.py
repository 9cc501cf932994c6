"""The one seam for those who watch sends; while nobody does, a send only looks at an empty list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

if TYPE_CHECKING:
    from typed_signals.delivery.connection import Connection
    from typed_signals.signal import Signal

__all__ = ["Observer", "Proceed", "chain", "observers", "unwatch", "watch"]

T = TypeVar("T")
Proceed = Callable[["tuple[Connection, ...]"], Coroutine[Any, Any, T]]
"""Makes the coroutine that delivers to the given connections."""

_lock = threading.Lock()


class Observer:
    """Stands between every send and its delivery, while it is watching; see :func:`watch`.

    Attributes:
        rank: Observers of a lower rank come first; of the same, the one that watches longer.
    """

    rank: ClassVar[int] = 0

    def delivering(
        self,
        signal: Signal[Any],
        sender: object,
        payload: Mapping[str, Any],
        connections: tuple[Connection, ...],
        proceed: Proceed[T],
    ) -> Coroutine[Any, Any, T]:
        """Watch one send.

        Args:
            signal: What is sent.
            sender: The signal's sender.
            payload: What is sent, by name.
            connections: Who hears it, in the order of connection.
            proceed: Goes on to the next observer and at last to the delivery.

        Returns:
            What ``proceed`` gives for those who are to hear it, or a coroutine around it.
        """
        return proceed(connections)

    def changing(self, signal: Signal[Any]) -> None:
        """Be told that the receivers connected to a signal are about to change.

        Args:
            signal: The signal, as it is before the change.
        """


observers: Final[list[Observer]] = []
"""Who is watching, in the order in which each is asked; always the same list."""


def watch(observer: Observer) -> None:
    """Let an observer watch every send of this process from now on.

    Args:
        observer: The observer; one that is watching already stays in its place.
    """
    with _lock:
        if observer not in observers:
            observers[:] = sorted([*observers, observer], key=lambda each: each.rank)


def unwatch(observer: Observer) -> None:
    """Let an observer watch no more; sends under way are not changed by it.

    Args:
        observer: The observer; nothing happens if it is not watching.
    """
    with _lock:
        observers[:] = [each for each in observers if each is not observer]


def chain(
    signal: Signal[Any],
    sender: object,
    payload: Mapping[str, Any],
    connections: tuple[Connection, ...],
    deliver: Proceed[T],
) -> Coroutine[Any, Any, T]:
    """Hand a send from one observer to the next, and at last to its delivery.

    Args:
        signal: What is sent.
        sender: The signal's sender.
        payload: What is sent, by name.
        connections: Who would hear it if nobody were watching.
        deliver: The delivery.

    Returns:
        The coroutine that delivers.
    """
    watching = tuple(observers)

    def after(index: int) -> Proceed[T]:
        if index == len(watching):
            return deliver
        observer, proceed = watching[index], after(index + 1)
        return lambda heard: observer.delivering(signal, sender, payload, heard, proceed)

    return after(0)(connections)
