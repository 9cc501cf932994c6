"""Runs pytest where there is no operating system: in Python compiled to WebAssembly.

Such a Python has no sockets, threads or processes. Time passes, and that is all that the event
loop of the tests needs. A test that starts a thread or a process is skipped when it does.
"""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

import pytest


def cannot_start(what: str) -> Callable[..., NoReturn]:
    def start(*args: object, **kwargs: object) -> NoReturn:
        pytest.skip(f"Python in WebAssembly cannot start {what}")

    return start


class Clock:
    """A selector without sockets: there is nothing to wait for but the time."""

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise RuntimeError("the event loop waits for what cannot happen")
        time.sleep(timeout)
        return []

    def close(self) -> None:
        pass


class Loop(asyncio.BaseEventLoop):
    run_in_executor = cannot_start("a thread")

    def __init__(self) -> None:
        super().__init__()
        self._selector = Clock()

    def _process_events(self, events: Sequence[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass  # it is to wake the loop from another thread


def use_loop() -> None:
    """Make this loop the one that asyncio and pytest-asyncio make."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there is no other way

        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self) -> Loop:
                return Loop()

        asyncio.set_event_loop_policy(Policy())
    asyncio._set_running_loop(None)  # JavaScript's own


def main(arguments: Sequence[str]) -> int:
    """Run pytest.

    Args:
        arguments: Its command line.

    Returns:
        The exit status.
    """
    use_loop()
    threading.Thread.start = cannot_start("a thread")
    subprocess.Popen.__init__ = cannot_start("a process")
    # Without threads there is no watchdog; the cache is that of the other lanes.
    return pytest.main(["-o", "faulthandler_timeout=0", "-p", "no:cacheprovider", *arguments])
