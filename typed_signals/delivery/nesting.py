"""Sends within sends: how deep they are, and an end to those that would have none."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from typed_signals.errors import SignalLoopError
from typed_signals.inspection import describe

if TYPE_CHECKING:
    from typed_signals.delivery.connection import Callee

__all__ = ["Sending", "Titled", "current"]

DEPTH_LIMIT: Final = 200
"""How many sends may be within one another."""

OPEN_LIMIT: Final = 10_000
"""How many sends may be open at once, :data:`OPEN_DEPTH` or deeper within one outermost send.

Two receivers that each send again double the sends at every level: memory would end long before
the depth does.
"""

OPEN_DEPTH: Final = 3

SUSPECT_DEPTH: Final = 20
"""From how many sends within one another on Python's recursion limit is taken for a loop's end.

Receivers that run in their caller's task stand on its stack.
"""


Running: TypeAlias = "Callee | Sequence[Callee] | None"
"""The receiver that is running, or those of which one is; ``None`` where the send knows it."""

Place: TypeAlias = "tuple[Sending, Running]"


class Titled(Protocol):
    """Whatever can say which signal it is."""

    @property
    def title(self) -> str:
        """The signal's name and whose it is, for people."""
        ...


class Sending:
    """One send under way, and the receiver within which it is made.

    Whoever makes one closes it when all its receivers have ended.

    Args:
        signal: The signal that is sent.
        sender: Its sender.
        above: Where it is made; see :data:`current`.

    Attributes:
        depth: How many sends this one is within.
        open: Whether it is under way.
        above: The send that this one is within, and the receiver of it that makes this one.
        outermost: The send that all of them are within; ``None`` for that one itself.
        inner: How many sends are open deep within this one.
        ended: Whether one deep within this one had to be ended.
        running: The receiver that is running, or all of them while any may be.

    Raises:
        SignalLoopError: Too many sends are within one another.
    """

    # Few sends are within others, so these stay here for most.
    depth = 0
    open = True
    above: Place | None = None
    outermost: Sending | None = None
    inner = 0
    ended = False
    running: Running = None

    def __init__(self, signal: Titled, sender: object, above: Place | None) -> None:
        self.signal = signal
        self.sender = sender
        # A task that a receiver has started inherits its context, and may outlive its send.
        if above is not None and above[0].open:
            outer, receiver = above
            self.above = outer, receiver or outer.running
            self.depth = outer.depth + 1
            self.outermost = outer.outermost or outer
            if self.depth >= OPEN_DEPTH:
                self._count(self.outermost)

    def _count(self, outermost: Sending) -> None:
        outermost.inner += 1
        if self.depth >= DEPTH_LIMIT:  # so many were open, one after another; are they still?
            self.depth = max(OPEN_DEPTH, len(self._within()))
        if outermost.ended or self.depth >= DEPTH_LIMIT or outermost.inner > OPEN_LIMIT:
            # Its siblings are ended too: were they let on, each would grow as far again.
            outermost.ended = True
            error = self.loop_error()
            self.close()
            raise error

    def close(self) -> None:
        """Take this send out of those under way."""
        self.open = False
        if self.above is None:
            return
        self.above = None
        if self.depth >= OPEN_DEPTH and self.outermost is not None:
            self.outermost.inner -= 1
            if not self.outermost.inner:
                self.outermost.ended = False

    def _within(self) -> list[Place]:
        """The sends that this one is within, with the receivers, from the innermost outwards."""
        found: list[Place] = []
        above = self.above
        while above is not None and above[0].open:
            found.append(above)
            above = above[0].above
        return found

    def loop_error(self) -> SignalLoopError:
        """Say which receivers send one another's signals."""
        steps = [
            f"{sending} → receiver {_described(receiver)}" for sending, receiver in self._within()
        ]
        innermost = steps[0] if steps else ""
        period = next((n for n, step in enumerate(steps) if n and step == innermost), len(steps))
        return SignalLoopError(
            f"{self} is sent within itself without end; {len(steps)} sends are within one "
            "another:\n"
            + "".join(f"  {step} → sends\n" for step in reversed(steps[:period]))
            + f"  {self}\n"
            "Let the receiver send, or change the instance, only when there still is something "
            "to change."
        )

    def error_of(self, error: RecursionError) -> RecursionError:
        """What is to be told where Python's recursion limit is met: often it is a loop's end."""
        known = isinstance(error, SignalLoopError) or self.depth < SUSPECT_DEPTH
        return error if known else self.loop_error()

    def __str__(self) -> str:
        name = getattr(self.sender, "__qualname__", None)
        sender = name or f"an instance of {type(self.sender).__name__}"
        title = self.signal.title
        return title if title.endswith(f" of {sender}") else f"{title} sent by {sender}"


def _described(running: Running) -> str:
    several = running if isinstance(running, Sequence) else [running]
    return " or ".join(describe(each.receiver) for each in several if each)


current: ContextVar[Place | None] = ContextVar("typed_signals.sending", default=None)
"""The innermost send that the running code is within, and the receiver of it that is running.

Until a receiver waits for the first time, the send itself knows that it is this one.
"""
