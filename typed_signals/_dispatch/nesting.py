"""Track nested sends and stop endless recursion."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final

from typed_signals._connection import Connection
from typed_signals._describe import describe, read
from typed_signals._errors import SignalLoopError
from typed_signals._registry import SignalState

__all__ = ["ActiveSend", "Limits", "current", "limits", "set_loop_limits"]

CHECK_EVERY: Final = 16
"""Nested sends are checked for a loop once in this number of levels."""

CROWDED_DEPTH: Final = 3
CROWDED_REPEATS: Final = 8


class Limits:
    """When nested sends count as an endless loop; see :func:`set_loop_limits`."""

    __slots__ = ("depth", "open_sends", "repeats")

    def __init__(self) -> None:
        self.repeats = 64
        self.depth = 1_000
        self.open_sends = 10_000


limits: Final = Limits()


def set_loop_limits(
    *, repeats: int | None = None, depth: int | None = None, open_sends: int | None = None
) -> None:
    """Choose when nested sends count as an endless loop and end in a ``SignalLoopError``.

    Args:
        repeats: How many sends of the same signal for the same instance may be nested in one
            another; 64 by default.
        depth: How many sends of any signals may be nested in one another; 1,000 by default.
        open_sends: How many sends may be open at once within one outermost send, 10,000 by
            default. Beyond that, sends that repeat a signal are stopped.

    Raises:
        ValueError: A limit is less than 16; none is changed then.
    """
    every: dict[str, object] = {"repeats": repeats, "depth": depth, "open_sends": open_sends}
    given = {name: value for name, value in every.items() if value is not None}
    for name, value in given.items():
        if not (isinstance(value, int | float) and value >= CHECK_EVERY):
            raise ValueError(f"`{name}` must be at least {CHECK_EVERY}, not {value!r}")
    for name, value in given.items():  # all or none
        setattr(limits, name, value)


class ActiveSend:
    """One send under way, and the receiver that it is nested in.

    The code that makes one closes it once its receivers have finished.

    Args:
        signal: The signal that is sent.
        sender: Its sender.
        payload: The payload by name.
        connections: Who receives it.
        outer: The send that it is made in; see :data:`current`.

    Attributes:
        depth: How many sends this one is nested in.
        running: The connection whose receiver runs, while only that one can.
        waiting: The tasks of receivers that wait, with their connections.
        open: Whether it is under way.

    Raises:
        SignalLoopError: The send repeats itself, or too many are nested in one another.
    """

    # Set on the class: few sends are nested, so most instances never set them.
    depth = 0
    open = True
    running: Connection | None = None
    _outer: ActiveSend | None = None
    _outer_running: Sequence[Connection] = ()
    _outermost: ActiveSend | None = None
    _nested = 0  # how many sends are open deep within this outermost one
    _stopped = False  # whether one of those had to be stopped

    def __init__(
        self,
        signal: SignalState,
        sender: object,
        payload: Mapping[str, Any],
        connections: Sequence[Connection],
        outer: ActiveSend | None,
    ) -> None:
        self.signal = signal
        self.sender = sender
        self.payload = payload
        self.connections = connections
        self.waiting: dict[asyncio.Task[Any], Connection] = {}
        # A task that a receiver has started inherits its context, and may run on after its send.
        if outer is not None and outer.open:
            self._nest(outer)

    def _nest(self, outer: ActiveSend) -> None:
        self._outer = outer
        self._outer_running = outer._running()
        self.depth = outer.depth + 1
        self._outermost = outermost = outer._outermost or outer
        if self.depth < CROWDED_DEPTH:
            return
        outermost._nested += 1
        crowded = outermost._stopped or outermost._nested > limits.open_sends
        if crowded or self.depth % CHECK_EVERY == 0:
            path = self._path()
            self.depth = max(len(path), CROWDED_DEPTH)  # some that it was nested in may be closed
            if self._is_loop(path, crowded=crowded):
                # Its siblings are stopped too: each would grow as far again.
                outermost._stopped = True
                error = self._loop_error(path)
                self.close()
                raise error

    def _running(self) -> Sequence[Connection]:
        """The connection whose receiver the running code is, or all that it may be."""
        task = asyncio.current_task()
        connection = self.running or (self.waiting.get(task) if task else None)
        return (connection,) if connection else self.connections

    def _is_loop(self, path: Sequence[ActiveSend], *, crowded: bool) -> bool:
        same = [each for each in path if each.signal is self.signal]
        instance = self.payload.get("instance")
        repeats = (
            sum(each.payload.get("instance") is instance for each in same)
            if instance is not None
            else 0
        )
        return (
            repeats >= limits.repeats
            or self.depth >= limits.depth
            or (crowded and len(same) >= CROWDED_REPEATS)
        )

    def close(self) -> None:
        """Mark this send as finished."""
        self.open = False
        if self._outer is None:
            return
        self._outer = None
        outermost = self._outermost
        if self.depth >= CROWDED_DEPTH and outermost is not None:
            outermost._nested -= 1
            if not outermost._nested:
                outermost._stopped = False

    def _path(self) -> list[ActiveSend]:
        """The sends that this one is nested in, from the innermost outwards."""
        path: list[ActiveSend] = []
        outer = self._outer
        while outer is not None and outer.open:
            path.append(outer)
            outer = outer._outer
        return path

    def _loop_error(self, path: Sequence[ActiveSend]) -> SignalLoopError:
        """Name the receivers that send one another's signals."""
        nested = [self, *path]
        steps = [
            f"{outer} → receiver {_described(inner._outer_running)}"
            for inner, outer in zip(nested, path, strict=False)
        ]
        innermost = steps[0] if steps else ""
        period = next((n for n, step in enumerate(steps) if n and step == innermost), len(steps))
        return SignalLoopError(
            f"{self} is sent recursively without end; {len(steps)} sends are nested in one "
            "another:\n"
            + "".join(f"  {step} → sends\n" for step in reversed(steps[:period]))
            + f"  {self}\n"
            "Let the receiver send, or change the instance, only when there still is something "
            "to change. If the sends do end, allow more with `typed_signals.set_loop_limits()`."
        )

    def __str__(self) -> str:
        name = read(self.sender, "__qualname__")
        sender = name if type(name) is str else f"an instance of {type(self.sender).__name__}"
        title = self.signal.title
        return title if title.endswith(f" of {sender}") else f"{title} sent by {sender}"


def _described(running: Sequence[Connection]) -> str:
    return " or ".join(describe(each.receiver) for each in running)


current: Final[ContextVar[ActiveSend | None]] = ContextVar("typed_signals.current", default=None)
"""The innermost send that the running code is a receiver of."""
