"""Restore connections."""

from __future__ import annotations

import sys
from collections.abc import Generator, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from typed_signals._backend import find_backend
from typed_signals._connection import Connection, make_connection
from typed_signals._describe import read, unwrap
from typed_signals._registry import BaseSignal, SignalState, change_listeners, state_of

__all__ = ["isolated"]


@contextmanager
def isolated() -> Generator[None]:
    """Restore every connection in this process when the block ends.

    Receivers that were connected inside are disconnected. Those that were disconnected are
    connected again, in their old place and with their old options, even if ``install()`` or
    ``uninstall()`` ran inside. A receiver stays connected if its module was first imported inside
    the block: the module will not be run again to connect it. Signals and emitters that were made
    or replaced inside are not undone, nor is ``install()`` or ``uninstall()`` itself.

    Yields:
        Nothing.
    """
    imported = frozenset(sys.modules)
    before: dict[int, _Before] = {}

    def remember(state: SignalState) -> None:
        known = state.registry.signals.get(state.name) if state.registry else None
        signal = known if getattr(known, "__signal_state__", None) is state else None
        before.setdefault(id(signal or state), _Before(signal, state, state.connections))

    change_listeners.append(remember)
    try:
        yield
    finally:
        change_listeners.remove(remember)
        for each in before.values():
            each.put_back(imported)


@dataclass(frozen=True, slots=True)
class _Before:
    """The connections that a signal had.

    Attributes:
        signal: The signal; ``None`` for one that stands alone. Meanwhile it may have another
            state, or have become an ORM's own signal.
        state: Its state.
        connections: Its connections.
    """

    signal: BaseSignal | None
    state: SignalState
    connections: Mapping[Hashable, Connection]

    def put_back(self, imported: frozenset[str]) -> None:
        """Restore the connections, but keep those of modules that are not in ``imported``."""
        signal: Any = self.signal
        if signal is not None and not isinstance(signal, BaseSignal):
            receivers = [each.called for each in self.connections.values()]
            is_kept = partial(_is_new, imported=imported)
            find_backend(signal).put_back_receivers(signal, receivers, is_kept)
            return
        state, connections = self.state, dict(self.connections)
        if signal is not None and state_of(signal) is not state:
            state = state_of(signal)
            connections = {
                key: make_connection(
                    signal, each.receiver, each.options, durable=each.durable, order=each.order
                )
                for key, each in connections.items()
            }
        new = {
            key: each
            for key, each in state.connections.items()
            if key not in connections and _is_new(each.receiver, imported)
        }
        state.replace({**connections, **new})


def _is_new(receiver: object, imported: frozenset[str]) -> bool:
    """Whether the module that connected a receiver was imported meanwhile."""
    module = read(unwrap(receiver), "__module__")
    if type(module) is not str or module in imported:
        return False
    return module.partition(".")[0] not in sys.stdlib_module_names  # where mocks come from
