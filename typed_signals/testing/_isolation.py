"""Put receivers back as they were."""

from __future__ import annotations

import sys
from collections.abc import Generator, Hashable, Mapping
from contextlib import contextmanager

from typed_signals._connection import Connection
from typed_signals._describe import read, unwrap
from typed_signals._registry import SignalState, change_listeners

__all__ = ["isolated"]


@contextmanager
def isolated() -> Generator[None]:
    """Put back who is connected, in this process, when the block ends.

    What was connected inside is disconnected and what was disconnected is connected again, in its
    old place and with its old options. A receiver stays connected if its module was first
    imported inside the block: the module will not be run again to connect it. Signals and
    emitters that were made or replaced inside are not undone, nor is ``install()`` or
    ``uninstall()``.

    Yields:
        Nothing.
    """
    imported = frozenset(sys.modules)
    before: dict[SignalState, Mapping[Hashable, Connection]] = {}

    def remember(state: SignalState) -> None:
        before.setdefault(state, state.connections)

    change_listeners.append(remember)
    try:
        yield
    finally:
        change_listeners.remove(remember)
        for state, connections in before.items():
            new = {
                key: each
                for key, each in state.connections.items()
                if key not in connections and _module(each.receiver) not in imported
            }
            state.replace({**connections, **new})


def _module(receiver: object) -> object:
    return read(unwrap(receiver), "__module__", "")
