"""A signal: who listens, and telling them."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    ForwardRef,
    Generic,
    Literal,
    NoReturn,
    Protocol,
    Self,
    Unpack,
    final,
    get_args,
    get_origin,
    overload,
)
from weakref import WeakSet

from typing_extensions import ParamSpec, TypeVar

from typed_signals.contract import Contract, Fault
from typed_signals.delivery.audience import (
    NOBODY,
    Audience,
    Deliver,
    audience,
    deliver,
    deliver_robustly,
)
from typed_signals.delivery.connection import Connection, Options, Outcome
from typed_signals.errors import SignalDefinitionError, SignalDefinitionWarning, warn
from typed_signals.inspection import contract_of, describe, faults_of, named_payload
from typed_signals.observation import observers
from typed_signals.receivers import CustomReceiver

__all__ = ["Accepted", "Connector", "Home", "Mode", "Signal", "connect_all", "refusal"]

Mode = Literal["lenient", "normal", "strict"]
"""How much is refused.

``lenient``: receivers that work but break the contract are taken with a warning.
``normal``: every receiver that breaks the contract is refused.
``strict``: in addition, an emitter refuses signals that it does not declare.
"""

K = ParamSpec("K")
K0 = ParamSpec("K0")
# A receiver's own parameters and result. The defaults are for mypy without the plugin: where a
# receiver is spelled just like its contract, mypy cannot tell the two overloads of `Accepted`
# apart, infers neither and would refuse the receiver.
Own = ParamSpec("Own", default=...)
R = TypeVar("R", default=Any)
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
# Solved, not written, where a signal is taken for one of callables: a Protocol whose `__call__` is
# an `async def` returns a coroutine, and the two would not be the same.
A = TypeVar("A", bound=Awaitable[object])
# Covariant, so that a signal of any contract is a plain `Signal`, too.
P = TypeVar(
    "P", bound=Callable[..., Awaitable[object]], default=CustomReceiver[Any], covariant=True
)

# The result of a partial. A checker that knows what a partial has filled does not know that no
# payload comes for it; so the partial's own parameters are left to `connect()`.
B = TypeVar("B", bound=Awaitable[object], default=Any)

_LEFT_OUT: Any = object()
_lock = threading.RLock()
_order = itertools.count()


class Accepted(Protocol[K0, K, R_co]):
    """A receiver that can be called as the contract says (``K0``), and as it is itself (``K``).

    An overloaded Protocol is the intersection of its overloads, and typing has no other: the first
    one checks the receiver, the second one remembers its exact type to give it back. All checkers
    that were tried (mypy, pyright, basedpyright, ty, pyrefly) infer both.
    """

    @overload
    def __call__(self, *args: K0.args, **kwargs: K0.kwargs) -> Awaitable[object]: ...
    @overload
    def __call__(self, *args: K.args, **kwargs: K.kwargs) -> R_co: ...


class Home:
    """Where signals live: whose they are, and which homes stand above and below.

    A receiver that is connected in a home is also heard in every home below it.

    Attributes:
        owner: The class that sends the signals, once it is known.
        mode: How much is refused; see :data:`Mode`.
        signals: The signals made so far, by name.
        above: The homes whose receivers are heard here as well.
        below: The homes in which receivers connected here are heard; ``None`` until there is one.
    """

    __slots__ = ("__weakref__", "_name", "above", "below", "mode", "owner", "signals")

    def __init__(self, name: str, mode: Mode, signals: dict[str, Signal[Any]]) -> None:
        self._name = name
        self.owner: type | None = None
        self.mode: Mode = mode
        self.signals = signals
        self.above: tuple[Home, ...] = ()
        self.below: WeakSet[Home] | None = None

    @property
    def label(self) -> str:
        """The owner's name, or that of the emitter's class, for people."""
        return self.owner.__name__ if self.owner else self._name

    def settle(self, owner: type, above: tuple[Home, ...]) -> None:
        """Belong to a class, below the homes of its abstract bases."""
        with _lock:
            self.owner = owner
            self.above = above
            for home in above:
                if home.below is None:
                    home.below = WeakSet()
                home.below.add(self)
            for signal in self.signals.values():
                signal._forget()

    def place(self, name: str, signal: Signal[Any]) -> None:
        """Put a signal in the place of the one that had the name."""
        with _lock:
            self.signals[name] = signal
            self.refresh(name)

    def refresh(self, name: str) -> None:
        """Have the homes below look again at who listens to a signal here."""
        for home in self.below or ():
            if signal := home.signals.get(name):
                signal._forget()


class _Object:
    """Gives signals the memory layout of any plain class, which ``Generic`` alone would not.

    So a signal of another library can become a typed one in place, keeping its identity.
    """


class Signal(_Object, Generic[P]):
    """A signal whose receivers keep a contract, the receiver Protocol ``P``.

    ``Signal[OrderPaid]()`` is a signal with the contract of the Protocol ``OrderPaid``; a bare
    ``Signal()`` accepts any payload. Signals of an emitter are made by the emitter.

    Args:
        mode: How much is refused (see :data:`Mode`); an emitter's own mode when left out.
        sequential: How receivers are told; see :attr:`sequential`.
    """

    _error: ClassVar[type[SignalDefinitionError]] = SignalDefinitionError

    def __init__(self, *, mode: Mode | None = None, sequential: bool | None = None) -> None:
        self._set_up(mode, sequential)

    def _set_up(self, mode: Mode | None = None, sequential: bool | None = None) -> None:
        self._mode = mode
        self._sequential = sequential
        self._name = ""
        self._home: Home | None = None
        self._declared: type | None = None
        self._connections: Mapping[object, Connection] = {}
        self._heard: Audience | None = NOBODY

    # --- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The signal's name in its emitter; empty for a signal that has none."""
        return self._name

    @property
    def title(self) -> str:
        """The signal's name and whose it is, for people."""
        name = f"signal `{self._name}`" if self._name else "a signal"
        return f"{name} of {self._home.label}" if self._home else name

    @property
    def protocol(self) -> type:
        """The receiver Protocol that is this signal's contract."""
        return self._declared or self._own_protocol() or CustomReceiver

    @property
    def contract(self) -> Contract:
        """The rules that receivers are judged by, read from :attr:`protocol`.

        Raises:
            SignalDefinitionError: The Protocol cannot be a contract.
        """
        return contract_of(self.protocol)

    @property
    def receivers(self) -> tuple[Callable[..., Awaitable[object]], ...]:
        """The connected receivers in the order of delivery, inherited ones included."""
        return tuple(connection.receiver for connection in self._connected())

    @property
    def sequential(self) -> bool | None:
        """Whether receivers run one after another, in the caller's task.

        ``None``: together, but inside an open transaction of the sender one after another.
        ``True``: one after another. ``False``: together, also inside a transaction, where
        receivers that use its connection disturb one another. A receiver can be connected to be
        told otherwise; see :class:`Options`.
        """
        return self._sequential

    @sequential.setter
    def sequential(self, sequential: bool | None) -> None:
        with _lock:
            self._sequential = sequential
            self._forget()

    def __repr__(self) -> str:
        names = [describe(receiver) for receiver in self.receivers]
        return f"<{self.title}: {', '.join(names) if names else 'no receivers'}>"

    # --- who listens -----------------------------------------------------------------------------

    if TYPE_CHECKING:
        # mypy goes by the first definition of a name, other checkers by the last. This one is for
        # its plugin, which cannot see a call, by a decorator, of a method that has overloads.
        @property
        def connect(self) -> Connect[P]:  # pyright: ignore[reportRedeclaration]
            """Connect a receiver; also usable as a decorator, with options or without."""
            raise NotImplementedError

    @overload  # type: ignore[misc]
    def connect(
        self: Signal[Callable[K0, A]],
        receiver: Accepted[K0, Own, R] | functools.partial[B],
        **options: Unpack[Options],
    ) -> Callable[Own, R]: ...
    @overload  # type: ignore[misc]
    def connect(self, **options: Unpack[Options]) -> Connector[P]: ...
    @final  # type: ignore[misc]
    def connect(self, receiver: Any = _LEFT_OUT, **options: Unpack[Options]) -> Any:
        """Connect a receiver; also usable as a decorator, with options or without.

        Receivers run in the order of connection. The signal keeps a strong reference; connecting
        the same receiver again changes nothing.

        Args:
            receiver: An async callable that keeps the contract: a function, a bound, static or
                class method, an object with an async ``__call__``, a ``functools.partial``. Leave
                it out to get a decorator: ``@signal.connect(on_commit=True)``.
            options: ``on_commit`` and ``sequential``; see :class:`Options`.

        Returns:
            The receiver, unchanged; or the decorator.

        Raises:
            SignalDefinitionError: The receiver breaks the contract; lists every fault. Or it is
                connected already, with other options.
        """
        connector: Connector[Any] = Connector([self], **options)
        return connector if receiver is _LEFT_OUT else connector(receiver)

    def disconnect(self, receiver: Callable[..., Awaitable[object]]) -> bool:
        """Disconnect a receiver; a delivery under way is not changed by it.

        Args:
            receiver: What was connected. A receiver that is inherited from an abstract model is
                disconnected there.

        Returns:
            Whether it was connected here.
        """
        key = _key(receiver)
        with _lock:
            if key not in self._connections:
                return False
            self._replace({k: c for k, c in self._connections.items() if k != key})
        return True

    # --- telling them ----------------------------------------------------------------------------

    if TYPE_CHECKING:

        async def send(self: Signal[Callable[K, A]], *args: K.args, **kwargs: K.kwargs) -> None:
            """Tell every connected receiver, and return when all have ended."""

        async def send_robust(
            self: Signal[Callable[K, A]], *args: K.args, **kwargs: K.kwargs
        ) -> list[Outcome]:
            """Tell every connected receiver, and return how each has ended."""
            return []

    else:

        async def send(self, /, sender: object, **payload: object) -> None:
            """Tell every connected receiver, and return when all have ended.

            Receivers run together, or one after another (see :attr:`sequential`), each in a copy
            of the caller's context.

            Args:
                sender: The model class (or whatever the signal's sender is).
                payload: The payload by keyword, as the Protocol names it.

            Raises:
                BaseException: What the first receiver, in the order of connection, raised. If
                    they run together, the others have ended by then; their failures are noted on
                    it and logged.
                SignalLoopError: Receivers send one another's signals without end.
            """
            heard = self._heard
            if heard is NOBODY and not observers:
                return
            await self._deliver(deliver, heard or self._audience(), sender, payload)

        async def send_robust(self, /, sender: object, **payload: object) -> list[Outcome]:
            """Tell every connected receiver, and return how each has ended.

            All receivers are told, whatever the others raise, and nothing that they raise is
            raised; else as :meth:`send`.

            Args:
                sender: The model class (or whatever the signal's sender is).
                payload: The payload by keyword, as the Protocol names it.

            Returns:
                How each receiver has ended, in the order of connection; those that run after the
                commit are not among them.

            Raises:
                SignalLoopError: Receivers send one another's signals without end.
            """
            return await self._deliver(deliver_robustly, self._audience(), sender, payload)

    # --- inside ----------------------------------------------------------------------------------

    def _own_protocol(self) -> type | None:
        """The Protocol written in ``Signal[Protocol]()`` or ``class S(Signal[Protocol])``."""
        written = [getattr(self, "__orig_class__", None)]
        for cls in type(self).__mro__:
            written += cls.__dict__.get("__orig_bases__", ())
        for argument in (each for generic in written for each in get_args(generic)):
            protocol = get_origin(argument) or argument
            if isinstance(protocol, ForwardRef):
                raise self._error(
                    f"the contract of {self.title} is the string `{protocol.__forward_arg__}`, "
                    "which is not looked up at run time: write the Protocol itself"
                )
            if isinstance(protocol, type):
                return protocol
        return None

    def _settle(self, home: Home, name: str, declared: type | None) -> None:
        """Move into an emitter; a signal that lives in one already keeps its first name."""
        own = self.protocol if self._home else self._declared or self._own_protocol()
        if declared and own and own is not declared:
            raise self._error(
                f"signal `{name}` of {home.label} is declared with the contract "
                f"`{declared.__qualname__}`, not `{own.__qualname__}`: assign a `Signal()` or a "
                f"`Signal[{declared.__qualname__}]()`"
            )
        if self._home is not None:
            return
        before = self._name, self._declared
        self._home, self._name, self._declared = home, name, own or declared
        if declared and not own and (error := self._judge_again()):
            self._home, (self._name, self._declared) = None, before
            raise error
        self._heard = None

    def _judge_again(self) -> SignalDefinitionError | None:
        """Judge the receivers by a contract that came after them."""
        errors = [error for each in self.receivers if (error := refusal([self], each)[0])]
        if errors:
            faults = [fault for error in errors for fault in error.faults]
            return self._error("\n".join(map(str, errors)), faults)
        self._connections = {
            key: replace(each, aliases=named_payload(self.contract, each.receiver))
            for key, each in self._connections.items()
        }
        return None

    def _deliver(
        self, deliver: Deliver[T], heard: Audience, sender: object, payload: Mapping[str, object]
    ) -> Coroutine[Any, Any, T]:
        return deliver(self, heard, sender, payload)

    def _heard_above(self, sender: object, payload: Mapping[str, object]) -> bool:
        """Whether one send is heard by receivers of the homes above."""
        return True

    def _connected(self) -> tuple[Connection, ...]:
        """Own and inherited connections in the order of connection, each receiver once."""
        return self._audience().everyone

    def _audience(self) -> Audience:
        """Who hears the next send."""
        heard = self._heard
        if heard is None:
            with _lock:
                merged = dict(self._connections)
                for home in self._home.above if self._home else ():
                    signal = home.signals.get(self._name)
                    if signal is None:
                        continue
                    for key, connection in signal._connections.items():
                        earlier = merged.get(key)
                        if earlier is None or connection.order < earlier.order:
                            merged[key] = connection
                connections = sorted(merged.values(), key=lambda connection: connection.order)
                heard = audience(connections, sequential=self._sequential)
                self._heard = heard
        return heard

    def _replace(self, connections: Mapping[object, Connection]) -> None:
        for observer in observers:
            observer.changing(self)
        self._connections = connections
        self._forget()
        if self._home:
            self._home.refresh(self._name)

    def _forget(self) -> None:
        self._heard = None

    def _take(self, receiver: Callable[..., Awaitable[object]], **options: Unpack[Options]) -> None:
        key = _key(receiver)
        aliases = named_payload(self.contract, receiver)
        with _lock:
            if key not in self._connections:
                connection = Connection(receiver, next(_order), aliases, **options)
                self._replace({**self._connections, key: connection})

    def _faults(self, receiver: object) -> tuple[list[Fault], list[Fault]]:
        """The faults for which a receiver is refused, and those for which it is warned about."""
        mode = self._mode or (self._home.mode if self._home else "normal")
        faults = faults_of(self.contract, receiver, signal=self._name)
        refused = [f for f in faults if f.fatal] if mode == "lenient" else faults
        return (faults, []) if refused else ([], faults)

    def __copy__(self) -> Self:
        """A signal of its own, with the same contract and receivers, that lives in no emitter."""
        twin = type(self)()
        twin._mode, twin._sequential = self._mode, self._sequential
        twin._name, twin._declared = self._name, self.protocol
        twin._connections = dict(self._connections)
        twin._forget()
        return twin

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"{self.title} cannot be pickled: its receivers are functions of this process. "
            "Connect them again where it is needed."
        )


class Connect(Protocol[P]):
    """:meth:`Signal.connect` as mypy sees it."""

    @overload
    def __call__(
        self: Connect[Callable[K0, A]],
        receiver: Accepted[K0, Own, R] | functools.partial[B],
        **options: Unpack[Options],
    ) -> Callable[Own, R]: ...
    @overload
    def __call__(self, **options: Unpack[Options]) -> Connector[P]: ...


class Connector(Generic[P]):
    """Connects the receiver that it decorates, or is called with.

    Args:
        signals: The signals to which the receiver is connected: to all of them, or to none.
        options: How the receiver is called; see :class:`~typed_signals.Options`.
    """

    def __init__(self, signals: Sequence[Signal[Any]], **options: Unpack[Options]) -> None:
        self._signals = signals
        self._options = options

    def __call__(
        self: Connector[Callable[K0, A]], receiver: Accepted[K0, Own, R] | functools.partial[B]
    ) -> Callable[Own, R]:
        """Connect a receiver to the signal of every sender, or of none.

        Args:
            receiver: An async callable that keeps the signal's contract.

        Returns:
            The receiver, unchanged, so that decorators can be stacked.

        Raises:
            SignalDefinitionError: The receiver breaks the contract; lists every fault.
        """
        connected: Any = receiver
        if error := connect_all(self._signals, connected, **self._options):
            raise error
        return connected  # type: ignore[no-any-return] # exactly what was given

    def __repr__(self) -> str:
        return f"<connects a receiver to {', '.join(s.title for s in self._signals)}>"


def connect_all(
    signals: Sequence[Signal[Any]], receiver: Any, **options: Unpack[Options]
) -> SignalDefinitionError | None:
    """Connect a receiver to all of the signals, or to none.

    Args:
        signals: The signals; typically one signal of several models.
        receiver: The receiver.
        options: How it is told.

    Returns:
        ``None`` when it was connected, otherwise the error that its caller is to raise.
    """
    error, tolerated = refusal(signals, receiver)
    error = error or _contradiction(signals, receiver, **options)
    if error:
        return error
    for signal, faults in tolerated:
        text = _refusal([signal], receiver, faults, "breaks the contract of")
        warn(text, SignalDefinitionWarning)
    for signal in signals:
        signal._take(receiver, **options)
    return None


def _contradiction(
    signals: Sequence[Signal[Any]], receiver: object, **options: Unpack[Options]
) -> SignalDefinitionError | None:
    """The error for a receiver that is connected already, to be told in another way."""
    for signal in signals:
        there = signal._connections.get(_key(receiver))
        if there is None:
            continue
        if there.options != Connection(there.receiver, 0, **options).options:
            given = ", ".join(f"{name}={value}" for name, value in there.options.items())
            return signal._error(
                f"{describe(receiver)} is connected to {signal.title} already, with {given}: "
                "disconnect it first"
            )
    return None


Tolerated = list[tuple[Signal[Any], list[Fault]]]


def refusal(
    signals: Sequence[Signal[Any]], receiver: object
) -> tuple[SignalDefinitionError | None, Tolerated]:
    """Judge a receiver by the contracts of several signals, connecting it to none.

    Args:
        signals: The signals.
        receiver: The receiver.

    Returns:
        The error with which it is refused, or ``None`` and what is only to be warned about.
    """
    refusing: list[Signal[Any]] = []
    faults: dict[Fault, None] = {}
    tolerated: Tolerated = []
    for signal in signals:
        refused, forgiven = signal._faults(receiver)
        if refused:
            refusing.append(signal)
            faults |= dict.fromkeys(refused)
        elif forgiven:
            tolerated.append((signal, forgiven))
    if not refusing:
        return None, tolerated
    text = _refusal(refusing, receiver, list(faults), "cannot be connected to")
    return refusing[0]._error(text, list(faults)), []


def _refusal(
    signals: Sequence[Signal[Any]], receiver: object, faults: Sequence[Fault], verdict: str
) -> str:
    title = signals[0].title
    for signal in signals[1:]:
        title += f", {signal._home.label if signal._home else 'another'}"
    lines = [f"{describe(receiver)} {verdict} {title}:"]
    lines += [f"  - {fault}" for fault in faults]
    home = signals[0]._home
    owner = home.owner if home else None
    lines.append(f"  expected: {signals[0].contract.expected(owner)}")
    return "\n".join(lines)


def _key(receiver: object) -> object:
    """What makes two receivers the same: a bound method is made anew at each access."""
    while isinstance(receiver, staticmethod):  # what a class body holds is not what it gives
        receiver = receiver.__func__
    if isinstance(receiver, MethodType):
        return id(receiver.__self__), id(receiver.__func__)
    return id(receiver)
