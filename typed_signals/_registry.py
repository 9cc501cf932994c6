"""All mutable state of signals: their connections, their owners, and what they inherit."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, MutableMapping
from typing import Any, Final, ForwardRef, Literal, get_args, get_origin
from weakref import WeakSet

from typed_signals._annotations import ContractSource
from typed_signals._connection import Connection
from typed_signals._contract import Contract
from typed_signals._describe import describe
from typed_signals._errors import SignalDefinitionError
from typed_signals._protocols import CustomReceiver
from typed_signals._read_contract import read_contract

__all__ = [
    "BaseSignal",
    "ChangeListener",
    "Mode",
    "ReceiversView",
    "Registry",
    "SignalState",
    "change_listeners",
    "changes",
    "hold_during_fork",
    "lock",
    "state_of",
    "written_protocol",
]

Mode = Literal["lenient", "normal", "strict"]
"""How strict the checks are.

``lenient``: receivers that work but break the contract are connected with a warning.
``normal``: every receiver that breaks the contract is refused.
``strict``: in addition, an emitter refuses signals that it does not declare, and every ``send``
compares the names of its payload with the contract.
"""


def hold_during_fork(held: threading.RLock) -> None:
    """Hold a lock during a fork: if another thread held it, the child would wait forever."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=held.acquire, after_in_parent=held.release, after_in_child=held.release
        )


lock: Final = threading.RLock()
hold_during_fork(lock)


class Changes:
    """Counts the changes to any state, and drops the plans that a change makes outdated.

    Attributes:
        version: How many changes there were.
    """

    __slots__ = ("_planned", "version")

    def __init__(self) -> None:
        self.version = 0
        self._planned: WeakSet[SignalState] = WeakSet()

    def count(self) -> None:
        """Count a change; call it after the change, with the lock held."""
        self.version += 1
        for state in self._planned:
            state.plan = None
        self._planned.clear()

    def keep_plan(self, state: SignalState, version: int, plan: object) -> None:
        """Keep the plan of a state, made at a version, until the next change."""
        with lock:
            if version == self.version:
                state.plan = plan
                self._planned.add(state)


changes: Final = Changes()


class Registry:
    """The signals of one emitter, their owner, and the registries that they inherit from.

    Receivers that are connected in a parent also receive the signals of its children.

    Attributes:
        owner: The class that sends the signals, once it is known.
        mode: How strict the checks are; see :data:`Mode`.
        parents: The registries whose receivers are inherited.
        signals: The signals made so far, by name.
    """

    __slots__ = ("__weakref__", "_emitter", "mode", "owner", "parents", "signals")

    def __init__(self, emitter: str, mode: Mode, signals: Mapping[str, BaseSignal]) -> None:
        self._emitter = emitter
        self.owner: type | None = None
        self.mode: Mode = mode
        self.parents: tuple[Registry, ...] = ()
        self.signals = signals

    @property
    def label(self) -> str:
        """The owner's name, or that of the emitter's class, for messages."""
        return self.owner.__name__ if self.owner else self._emitter

    def connections_to(self, name: str) -> tuple[Connection, ...]:
        """The connections of a signal, inherited ones included; does not make the signal."""
        own = self.signals.get(name)
        if own is not None:
            return state_of(own).all_connections()
        return tuple(each for parent in self.parents for each in parent.connections_to(name))

    def bind(self, owner: type, parents: tuple[Registry, ...]) -> None:
        """Set the owner, and inherit from the registries of its abstract bases."""
        with lock:
            self.owner, self.parents = owner, parents
            changes.count()


class SignalState:
    """The state of one signal.

    Attributes:
        name: The signal's name in its emitter; empty for a signal that has none.
        registry: The registry it belongs to; ``None`` for a signal that stands alone.
        mode: Its own mode; ``None`` for its registry's.
        sequential: Whether its receivers run one after another; see ``Signal.sequential``.
        protocol: The receiver Protocol or function that it was declared with, once that is known.
        connections: Its own connections by the identity of the receiver; replaced, never changed.
        plan: Its dispatch plan, until any state changes; ``None`` if it has to be made.
    """

    __slots__ = (
        "__weakref__",
        "connections", "mode", "name", "plan", "protocol", "registry", "sequential",
    )  # fmt: skip

    def __init__(self, mode: Mode | None = None, sequential: bool | None = None) -> None:
        self.name = ""
        self.registry: Registry | None = None
        self.mode: Mode | None = mode
        self.sequential = sequential
        self.protocol: ContractSource | None = None
        self.connections: Mapping[Hashable, Connection] = {}
        self.plan: Any = None

    @property
    def title(self) -> str:
        """The signal's name and its owner's, for messages."""
        name = f"signal `{self.name}`" if self.name else "a signal"
        return f"{name} of {self.registry.label}" if self.registry else name

    @property
    def owner(self) -> type | None:
        """The class that sends the signal, if it is known."""
        return self.registry.owner if self.registry else None

    @property
    def effective_mode(self) -> Mode:
        """The signal's own mode, or its registry's."""
        return self.mode or (self.registry.mode if self.registry else "normal")

    @property
    def contract(self) -> Contract:
        """The rules that receivers have to keep."""
        return read_contract(self.protocol or CustomReceiver)

    def parents(self) -> Iterator[SignalState]:
        """The signals of the same name in the registries that are inherited from."""
        for registry in self.registry.parents if self.registry else ():
            signal = registry.signals.get(self.name)
            if signal is not None:
                yield state_of(signal)

    def all_connections(self) -> tuple[Connection, ...]:
        """Own and inherited connections in the order of connection, each receiver once."""
        merged = dict(self.connections)
        for parent in self.parents():
            for key, connection in parent.connections.items():
                earlier = merged.get(key)
                if earlier is None or connection.order < earlier.order:
                    merged[key] = connection
        return tuple(sorted(merged.values(), key=lambda connection: connection.order))

    def replace(self, connections: Mapping[Hashable, Connection]) -> None:
        """Replace the signal's own connections."""
        with lock:
            for listener in change_listeners:
                listener(self)
            self.connections = connections
            changes.count()


class ReceiversView(MutableMapping[Hashable, Callable[..., Any]]):
    """The receivers connected to a signal itself, by their identity; it can be cleared."""

    def __init__(self, state: SignalState) -> None:
        self._state = state

    def __getitem__(self, key: Hashable) -> Callable[..., Any]:
        return self._state.connections[key].receiver

    def __setitem__(self, key: Hashable, receiver: Callable[..., Any]) -> None:
        raise TypeError("receivers are checked when they are connected: call `signal.connect()`")

    def __delitem__(self, key: Hashable) -> None:
        with lock:
            kept = dict(self._state.connections)
            del kept[key]
            self._state.replace(kept)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._state.connections)

    def __len__(self) -> int:
        return len(self._state.connections)


class BaseSignal:
    """The properties of every signal, whatever its contract.

    It also gives signals the memory layout of a plain class, which ``Generic`` alone does not. So
    a signal of another library can become a typed one in place and keep its identity.
    """

    __signal_state__: SignalState

    @property
    def name(self) -> str:
        """The signal's name in its emitter; empty for a signal that stands alone."""
        return self.__signal_state__.name

    @property
    def title(self) -> str:
        """The signal's name and its owner's, for messages."""
        return self.__signal_state__.title

    @property
    def protocol(self) -> ContractSource:
        """The receiver Protocol, or the function, that is this signal's contract."""
        state = self.__signal_state__
        state.protocol = state.protocol or written_protocol(self)
        return state.protocol or CustomReceiver

    @property
    def contract(self) -> Contract:
        """The rules that receivers have to keep, read from :attr:`protocol`."""
        return read_contract(self.protocol)  # not the state's: that may not know the Protocol yet

    @property
    def receivers(self) -> tuple[Callable[..., Awaitable[object]], ...]:
        """The connected receivers in the order of connection, inherited ones included."""
        return tuple(connection.receiver for connection in self.__signal_state__.all_connections())

    @property
    def has_receivers(self) -> bool:
        """Whether a ``send`` would reach any receiver."""
        return bool(self.__signal_state__.all_connections())

    def __repr__(self) -> str:
        names = [describe(receiver) for receiver in self.receivers]
        return f"<{self.title}: {', '.join(names) if names else 'no receivers'}>"


def state_of(signal: BaseSignal) -> SignalState:
    """Reach the state of a signal from the rest of this package."""
    return signal.__signal_state__


def written_protocol(signal: BaseSignal | type[BaseSignal]) -> type | None:
    """Find the Protocol written in ``Signal[Protocol]()`` or ``class S(Signal[Protocol])``."""
    written = [vars(signal).get("__orig_class__")]
    for cls in (signal if isinstance(signal, type) else type(signal)).__mro__:
        written += cls.__dict__.get("__orig_bases__", ())
    for argument in (each for generic in written for each in get_args(generic)):
        protocol = get_origin(argument) or argument
        if isinstance(protocol, ForwardRef):
            title = "a signal" if isinstance(signal, type) else signal.title
            raise SignalDefinitionError(
                f"the contract of {title} is the string `{protocol.__forward_arg__}`, "
                "which is not looked up at run time: write the Protocol itself"
            )
        if isinstance(protocol, type) and protocol is not Any:
            return protocol
    return None


ChangeListener = Callable[[SignalState], None]

change_listeners: Final[list[ChangeListener]] = []
"""Called with a signal's state before its connections change."""
