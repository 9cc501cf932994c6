"""Finish work even if its caller is cancelled meanwhile, for a limited time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["Shield", "finish", "set_commit_grace"]

T = TypeVar("T")

_grace = 5.0


def set_commit_grace(seconds: float) -> float:
    """Choose how long a cancelled caller waits for a commit and its on-commit receivers.

    A commit that is cancelled half-way may have happened or not. So a caller that is cancelled
    during a commit with on-commit receivers first waits until the commit and the receivers have
    finished, but no longer than this. What has not finished by then is cancelled.

    Args:
        seconds: How long, in seconds from the first cancellation; 5 by default. 0 cancels at
            once, ``math.inf`` always waits.

    Returns:
        The value before, in seconds.

    Raises:
        ValueError: It is negative or not a number of seconds.
    """
    global _grace
    given: Any = seconds
    if not (isinstance(given, int | float) and given >= 0):  # also `math.nan`
        raise ValueError(f"expected 0 or more seconds (`math.inf` to always wait), got {given!r}")
    before, _grace = _grace, float(seconds)
    return before


class Shield:
    """Finishes several pieces of work even if the caller is cancelled meanwhile.

    Each runs in a task of its own, in a copy of the caller's context. From the first cancellation
    on, they share the time of :func:`set_commit_grace`.

    Attributes:
        cancelled: The first cancellation of the caller, for it to raise in the end.
        expired: Whether the time was over and work has been cancelled.
        grace: How long work may go on after the first cancellation, in seconds.
    """

    def __init__(self) -> None:
        self.cancelled: asyncio.CancelledError | None = None
        self.expired = False
        self.grace = _grace
        self._deadline: float | None = None

    async def finish(
        self, work: Coroutine[Any, Any, T], *, at_shutdown: bool = False
    ) -> asyncio.Task[T]:
        """Run work to its end.

        Args:
            work: What to run.
            at_shutdown: Whether to finish it also at the end of ``asyncio.run()``, which cancels
                every task. Its caller is cancelled then, and waits for the same time.

        Returns:
            Its task, which is done. Neither its failure nor the caller's cancellation is raised.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        if at_shutdown:  # documented under this name, for task classes of one's own
            asyncio.tasks._unregister_task(task)
        try:
            while not task.done():
                left = None if self._deadline is None else self._deadline - loop.time()
                if left is not None and left <= 0:
                    self.expired = True
                    task.cancel()
                    left = None  # the work itself decides how it reacts
                try:
                    await asyncio.wait((task,), timeout=left)
                except asyncio.CancelledError as error:
                    if self.cancelled is None:
                        self.cancelled = error.with_traceback(None)  # its frames hold this
                        self._deadline = loop.time() + self.grace
        finally:
            task.cancel()  # has an effect only if this coroutine is closed
        return task

    async def clean_up(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run work that must not be left half-way, even if the time is over already.

        Its own time begins with a cancellation that comes while it runs.

        Args:
            work: What to run.

        Returns:
            Its task, which is done.
        """
        shield = self if self.cancelled is None else Shield()
        return await shield.finish(work, at_shutdown=True)


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run work to its end even if the caller is cancelled meanwhile.

    A statement that is cancelled half-way may have run or not, and its connection may be lost to
    the pool.

    Args:
        work: What to run, in a task of its own.

    Returns:
        What it returns.

    Raises:
        asyncio.CancelledError: The caller was cancelled; raised when the work has finished, or
            after the time of :func:`set_commit_grace`.
    """
    shield = Shield()
    task = await shield.finish(work, at_shutdown=True)
    if shield.cancelled is not None:
        if not task.cancelled():
            task.exception()  # the cancellation counts
        raise shield.cancelled
    return task.result()
