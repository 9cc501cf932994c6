"""Receivers put back as they were."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from typed_signals.delivery.connection import Connection
from typed_signals.inspection import _innermost
from typed_signals.observation import Observer, unwatch, watch
from typed_signals.signal import Signal

__all__ = ["isolated"]


@contextmanager
def isolated() -> Generator[None]:
    """Put back who is connected, in this process, when the block ends.

    What was connected inside is disconnected and what was disconnected is connected again, in its
    old place and to be told in its old way. A receiver stays connected if its module was first
    imported inside the block: the module will not be run again to connect it. Signals and
    emitters that were made or replaced inside are not undone, nor is ``install()``.

    Yields:
        Nothing.
    """
    before = frozenset(sys.modules)
    changes = _Changes()
    watch(changes)
    try:
        yield
    finally:
        unwatch(changes)
        for signal, connections in changes.before.items():
            signal._replace({**connections, **_new(signal, connections, before)})


def _new(
    signal: Signal[Any], connections: Mapping[object, Connection], modules: frozenset[str]
) -> dict[object, Connection]:
    """The connections of receivers whose modules came after."""
    return {
        key: each
        for key, each in signal._connections.items()
        if key not in connections and _module(each.receiver) not in modules
    }


def _module(receiver: object) -> str:
    module: str = getattr(_innermost(receiver), "__module__", "")
    return module


class _Changes(Observer):
    """Remembers what was connected to each signal before its first change."""

    def __init__(self) -> None:
        self.before: dict[Signal[Any], Mapping[object, Connection]] = {}

    def changing(self, signal: Signal[Any]) -> None:
        self.before.setdefault(signal, signal._connections)
