"""``Signal[P]``: connect receivers, send to them."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    NoReturn,
    Protocol,
    Self,
    Unpack,
    final,
    get_args,
    overload,
)

from typing_extensions import ParamSpec, TypeVar

from typed_signals._connect import connect_all
from typed_signals._connection import ConnectOptions
from typed_signals._describe import identity
from typed_signals._dispatch.plan import NO_RECEIVERS, Outcome, deliver, deliver_robustly, plan_for
from typed_signals._durable import CustomDurableReceiver, DurableOption
from typed_signals._errors import SignalDefinitionError, SignalPayloadError, cut_own_frames
from typed_signals._options import wrong_choice
from typed_signals._protocols import CustomReceiver
from typed_signals._registry import BaseSignal, Mode, ReceiversView, SignalState, changes, lock

__all__ = ["K0", "Accepted", "Connector", "Own", "R", "Signal"]

K = ParamSpec("K")
K0 = ParamSpec("K0")
# A receiver's own parameters and result. The defaults are for mypy without the plugin: where a
# receiver is spelled just like its contract, mypy cannot tell the two overloads of `Accepted`
# apart, infers neither and would refuse the receiver.
Own = ParamSpec("Own", default=...)
R = TypeVar("R", default=Any)
R_co = TypeVar("R_co", covariant=True)
# A type variable instead of `Awaitable[object]` itself: a Protocol whose `__call__` is an
# `async def` returns a coroutine, which is not the same type.
A = TypeVar("A", bound=Awaitable[object])
# Covariant, so that a signal of any contract is a plain `Signal`, too.
P = TypeVar(
    "P", bound=Callable[..., Awaitable[object]], default=CustomReceiver[Any], covariant=True
)
# The result of a partial. A checker that knows what a partial has filled does not know that no
# payload comes for it; so the partial's own parameters are left to `connect()`.
B = TypeVar("B", bound=Awaitable[object], default=Any)
# A durable receiver, and its payload model.
D = TypeVar("D", bound=Callable[..., Awaitable[object]])
T = TypeVar("T")

_LEFT_OUT: Final[Any] = object()


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


class Signal(BaseSignal, Generic[P]):
    """A signal whose receivers keep a contract, the receiver Protocol ``P``.

    ``Signal[OrderPaid]()`` is a signal with the contract of the Protocol ``OrderPaid``; a bare
    ``Signal()`` accepts any payload. Signals of an emitter are made by the emitter.

    Args:
        mode: How strict the checks are (see :data:`~typed_signals.Mode`); by default that of its
            emitter.
        sequential: How receivers are called; see :attr:`sequential`.

    Raises:
        SignalDefinitionError: ``mode`` or ``sequential`` has a wrong value.
    """

    def __init__(self, *, mode: Mode | None = None, sequential: bool | None = None) -> None:
        if wrong := wrong_choice("`mode` of a signal", mode, (*get_args(Mode), None)):
            raise SignalDefinitionError(wrong)
        self._check_sequential("a signal", sequential)
        self.__signal_state__ = SignalState(mode, sequential)

    @property
    def sequential(self) -> bool | None:
        """Whether receivers run one after another, in the caller's task.

        ``None``: concurrently, but sequentially inside an open transaction of the sender.
        ``True``: sequentially. ``False``: concurrently, even inside a transaction, where
        receivers that use its connection disturb one another. A receiver can override this when
        it is connected; see :class:`~typed_signals.ConnectOptions`.
        """
        return self.__signal_state__.sequential

    @sequential.setter
    def sequential(self, sequential: bool | None) -> None:
        self._check_sequential(self.title, sequential)
        with lock:
            self.__signal_state__.sequential = sequential
            changes.count()

    def _check_sequential(self, title: str, sequential: object) -> None:
        if wrong := wrong_choice(f"`sequential` of {title}", sequential, (True, False, None)):
            raise SignalDefinitionError(wrong)

    # --- receivers -------------------------------------------------------------------------------

    if TYPE_CHECKING:
        # mypy uses the first definition of a name, other checkers the last. This one is for its
        # plugin, which does not see a decorator call a method that has overloads.
        @property
        def connect(self) -> Connect[P]:  # pyright: ignore[reportRedeclaration] - for mypy
            """Connect a receiver; also usable as a decorator, with options or without."""
            ...

    @overload  # type: ignore[misc] # defined again for the other checkers
    def connect(
        self: Signal[Callable[K0, A]],
        receiver: Accepted[K0, Own, R] | functools.partial[B],
        **options: Unpack[ConnectOptions],
    ) -> Callable[Own, R]: ...
    @overload  # type: ignore[misc] # defined again for the other checkers
    def connect(self, receiver: D, *, durable: DurableOption[object]) -> D: ...
    @overload  # type: ignore[misc] # defined again for the other checkers
    def connect(self, *, durable: DurableOption[T]) -> Connector[CustomDurableReceiver[P, T]]: ...
    @overload  # type: ignore[misc] # defined again for the other checkers
    def connect(self, **options: Unpack[ConnectOptions]) -> Connector[P]: ...
    @final  # type: ignore[misc] # defined again for the other checkers
    def connect(
        self, receiver: Any = _LEFT_OUT, *, durable: Any = None, **options: Unpack[ConnectOptions]
    ) -> Any:
        """Connect a receiver; also usable as a decorator, with options or without.

        Receivers run in the order of connection. The signal keeps a strong reference; connecting
        the same receiver again changes nothing. Reloading a module makes new receivers, and the
        old ones stay connected: call :meth:`disconnect_all` before ``importlib.reload()``.

        Args:
            receiver: An async callable that keeps the contract: a function, a bound, static or
                class method, an object with an async ``__call__``, a ``functools.partial``. Leave
                it out to get a decorator: ``@signal.connect(on_commit=True)``.
            durable: Makes it a durable receiver, which runs at least once after the commit, even
                after a crash, with a contract of its own; see
                :class:`typed_signals.durable.Durable`.
            options: How the receiver is called; see :class:`~typed_signals.ConnectOptions`.

        Returns:
            The receiver, unchanged; or the decorator.

        Raises:
            SignalDefinitionError: The receiver breaks the contract; the message lists every fault.
                Or it is connected already, with other options.
        """
        connector: Connector[Any] = Connector([self], durable, **options)
        return connector if receiver is _LEFT_OUT else connector(receiver)

    def disconnect(self, receiver: Callable[..., Awaitable[object]]) -> bool:
        """Disconnect a receiver; sends under way still call it.

        Args:
            receiver: The receiver. One that is inherited from an abstract model has to be
                disconnected there.

        Returns:
            Whether it was connected here.
        """
        key = identity(receiver)
        state = self.__signal_state__
        with lock:
            if key not in state.connections:
                return False
            state.replace({k: c for k, c in state.connections.items() if k != key})
        return True

    def disconnect_all(self) -> int:
        """Disconnect every receiver that was connected here; inherited ones stay.

        Returns:
            How many there were.
        """
        with lock:
            count = len(self.__signal_state__.connections)
            if count:
                self.__signal_state__.replace({})
        return count

    @property
    def _receivers(self) -> ReceiversView:
        # Code that was written for a signal with a dict of this name reads and clears it.
        return ReceiversView(self.__signal_state__)

    # --- sending ---------------------------------------------------------------------------------

    if TYPE_CHECKING:

        async def send(self: Signal[Callable[K, A]], *args: K.args, **kwargs: K.kwargs) -> None:
            """Call every connected receiver, and return once all have finished."""

        async def send_robust(
            self: Signal[Callable[K, A]], *args: K.args, **kwargs: K.kwargs
        ) -> list[Outcome]:
            """Call every connected receiver, and return how each has finished."""
            return []

    else:

        async def send(self, /, sender: object, **payload: object) -> None:
            """Call every connected receiver, and return once all have finished.

            Receivers run concurrently, each in a task and a copy of the caller's context, or
            sequentially in the caller's task (see :attr:`sequential`).

            Args:
                sender: The model class, or what the contract names; not compared with it.
                payload: The payload by keyword, as the Protocol names it.

            Raises:
                BaseException: What the first failing receiver, in the order of connection,
                    raised. If they run concurrently, the others have finished by then; their
                    failures are noted on it and logged.
                SignalPayloadError: A receiver could not be called with the payload; in strict
                    mode, the payload does not fit the contract.
                SignalLoopError: Receivers send one another's signals recursively without end.
            """
            plan = self.__signal_state__.plan  # saves a call: most sends reach nobody
            if plan is None:
                plan = plan_for(self.__signal_state__)
            if plan is not NO_RECEIVERS:
                try:
                    await deliver(self, plan, sender, payload)
                except SignalPayloadError as error:
                    cut_own_frames(error)
                    raise

        async def send_robust(self, /, sender: object, **payload: object) -> list[Outcome]:
            """Call every connected receiver, and return how each has finished.

            All receivers run, even if others fail. Their exceptions are returned, not raised.
            Otherwise like :meth:`send`.

            Args:
                sender: The model class, or what the contract names; not compared with it.
                payload: The payload by keyword, as the Protocol names it.

            Returns:
                How each receiver has finished, in the order of connection, without those that
                run after the commit.

            Raises:
                SignalPayloadError: In strict mode, the payload does not fit the contract.
                SignalLoopError: Receivers send one another's signals recursively without end.
            """
            plan = plan_for(self.__signal_state__)
            try:
                return await deliver_robustly(self, plan, sender, payload)
            except SignalPayloadError as error:
                cut_own_frames(error)
                raise

    # --- copies ----------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """An independent signal with the same contract and receivers, which has no emitter."""
        copy = type(self)(
            mode=self.__signal_state__.mode, sequential=self.__signal_state__.sequential
        )
        copy.__signal_state__.name, copy.__signal_state__.protocol = self.name, self.protocol
        copy.__signal_state__.connections = self.__signal_state__.connections
        return copy

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
        **options: Unpack[ConnectOptions],
    ) -> Callable[Own, R]: ...
    @overload
    def __call__(self, receiver: D, *, durable: DurableOption[object]) -> D: ...
    @overload
    def __call__(self, *, durable: DurableOption[T]) -> Connector[CustomDurableReceiver[P, T]]: ...
    @overload
    def __call__(self, **options: Unpack[ConnectOptions]) -> Connector[P]: ...


class Connector(Generic[P]):
    """Connects the receiver that it decorates, or is called with.

    Args:
        signals: The signals to which the receiver is connected: to all of them, or to none.
        durable: The durable option; ``None`` if the receiver is called in this process.
        options: How the receiver is called; see :class:`~typed_signals.ConnectOptions`.
    """

    def __init__(
        self,
        signals: Sequence[Signal[Any]],
        durable: DurableOption[object] | None = None,
        **options: Unpack[ConnectOptions],
    ) -> None:
        self._signals = signals
        self._durable = durable
        self._options = options

    def __call__(
        self: Connector[Callable[K0, A]], receiver: Accepted[K0, Own, R] | functools.partial[B]
    ) -> Callable[Own, R]:
        """Connect a receiver to every signal, or to none.

        Args:
            receiver: An async callable that keeps the contract.

        Returns:
            The receiver, unchanged, so that decorators can be stacked.

        Raises:
            SignalDefinitionError: The receiver breaks the contract; the message lists every fault.
        """
        connected: Any = receiver
        if error := connect_all(self._signals, connected, self._options, self._durable):
            raise error
        return connected  # type: ignore[no-any-return] # exactly what was given

    def __repr__(self) -> str:
        return f"<connects a receiver to {', '.join(s.title for s in self._signals)}>"
