"""Override for a while who receives a signal: nobody, only some, or one more."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, ParamSpec, TypeVar, Unpack

from typed_signals._backend import find_backend
from typed_signals._connect import check_options, validate
from typed_signals._connection import Connection, ConnectOptions, make_connection
from typed_signals._describe import describe, identity, kind_of
from typed_signals._errors import SignalDefinitionError
from typed_signals._middleware import CallNext, SentSignal, install
from typed_signals._signal import K0, Accepted, Own, R, Signal
from typed_signals._targets import Target, matcher, remove_middleware

__all__ = ["connected_to", "muted", "only"]

K = ParamSpec("K")
T = TypeVar("T")

Choose = Callable[[SentSignal], tuple[Connection, ...]]
"""Chooses who receives one send."""


def muted(*targets: Target, everywhere: bool = False) -> Block:
    """Keep signals from all their receivers.

    Receivers stay connected, and receivers can be connected and disconnected as usual. A signal
    that is sent inside the block reaches no receiver, not even after the commit.

    Args:
        targets: Signals; models or emitters, which stand for all their signals. An abstract model
            stands for every model that derives from it. Without targets, every signal.
        everywhere: ``False``: only for sends of this task, and of tasks and threads that inherit
            its context, such as those that ``asyncio`` or ``asyncio.to_thread`` start inside the
            block. ``True``: for sends of the whole process.

    Returns:
        A context manager, which also decorates functions and ``async def`` functions.

    Raises:
        SignalDefinitionError: A target is not a signal, model or emitter.
    """
    return _override(lambda sent: (), targets, everywhere)


def only(
    *receivers: Callable[..., Awaitable[object]],
    of: Target | Sequence[Target] = (),
    everywhere: bool = False,
) -> Block:
    """Call only these of the connected receivers.

    Args:
        receivers: The receivers, as they were connected. This connects none of them.
        of: The signals, models or emitters whose receivers are limited; by default all signals.
        everywhere: Whether for the whole process; see :func:`muted`.

    Returns:
        A context manager, which also decorates functions and ``async def`` functions.

    Raises:
        SignalDefinitionError: A receiver cannot be called, or something in ``of`` is not a signal,
            model or emitter.
    """
    for each in receivers:
        if not callable(each):
            raise SignalDefinitionError(f"`only()` expects receivers, not {kind_of(each)}")
    keys = frozenset(map(identity, receivers))

    def choose(sent: SentSignal) -> tuple[Connection, ...]:
        return tuple(each for each in sent.connections if identity(each.receiver) in keys)

    return _override(choose, of if isinstance(of, Sequence) else (of,), everywhere)


def connected_to(
    signal: Signal[Callable[K0, Awaitable[object]]],
    receiver: Accepted[K0, Own, R],
    *,
    everywhere: bool = False,
    **options: Unpack[ConnectOptions],
) -> Block:
    """Call one more receiver of a signal, after those that are connected.

    A receiver that is connected already stays as it is and is called once.

    Args:
        signal: The signal; that of an abstract model stands for every model that derives from it.
        receiver: An async callable that keeps the signal's contract.
        everywhere: Whether for the whole process; see :func:`muted`.
        options: How the receiver is called; see :class:`~typed_signals.ConnectOptions`.

    Returns:
        A context manager, which also decorates functions and ``async def`` functions.

    Raises:
        SignalDefinitionError: The receiver breaks the contract; the message lists every fault. Or
            ``signal`` is not a signal.
    """
    given: Any = signal
    if not isinstance(given, Signal):
        raise SignalDefinitionError(
            f"`connected_to()` expects a signal first, not {kind_of(given)}: write "
            "`connected_to(signal, receiver)`"
        )
    check_options(signal, receiver, options)
    if error := validate([signal], receiver)[0]:
        raise error
    guest = make_connection(signal, receiver, options)
    key = identity(receiver)

    def choose(sent: SentSignal) -> tuple[Connection, ...]:
        inherited = sent.signal is not signal
        if inherited and find_backend(sent.sender).is_repeat(sent.sender, dict(sent.payload)):
            return sent.connections
        there = any(identity(each.receiver) == key for each in sent.connections)
        return sent.connections if there else (*sent.connections, guest)

    return _override(choose, (signal,), everywhere, guest)


# A block changes no connections, only who is chosen for a send. So there is nothing to restore when
# it ends, and the blocks of several tasks can end in any order.

_PRIORITY: Final = 0  # before middleware that looks at the receivers

_open: Final[ContextVar[frozenset[_Override]]] = ContextVar(
    "typed_signals.overrides", default=frozenset()
)
"""The overrides whose blocks the running code is in."""


class _Override:
    def __init__(self, choose: Choose, *, everywhere: bool) -> None:
        self._choose = choose
        self._everywhere = everywhere

    def __call__(self, sent: SentSignal, call_next: CallNext[T], /) -> Coroutine[Any, Any, T]:
        return call_next(replace(sent, connections=self.choose_receivers(sent)))

    def choose_receivers(self, sent: SentSignal) -> tuple[Connection, ...]:
        is_open = self._everywhere or self in _open.get()
        return self._choose(sent) if is_open else sent.connections


def _override(
    choose: Choose, targets: Sequence[Target], everywhere: bool, guest: Connection | None = None
) -> Block:
    matcher(*targets)  # a wrong target is refused here, not when the block begins
    return Block(lambda: _overridden(_Override(choose, everywhere=everywhere), targets, guest))


class Block(AbstractContextManager[None]):
    """A block inside which other receivers are chosen; also a decorator of functions.

    Args:
        begin: Makes the context manager of one run of the block.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[None]]) -> None:
        self._begin = begin
        self._begun: list[AbstractContextManager[None]] = []

    def __enter__(self) -> None:
        self._begun.append(self._begin())
        self._begun[-1].__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._begun.pop().__exit__(kind, error, traceback)

    def __call__(self, function: Callable[K, T]) -> Callable[K, T]:
        """Run each call of a function inside the block.

        Args:
            function: A function or an ``async def``.

        Returns:
            The function with the block around it.

        Raises:
            TypeError: It is a generator, which runs outside the call.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{describe(function)} is a generator: write `with` inside it")
        plain: Callable[..., Any] = function

        def call(*args: Any, **kwargs: Any) -> Any:
            with self._begin():
                return plain(*args, **kwargs)

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with self._begin():
                return await plain(*args, **kwargs)

        is_async = inspect.iscoroutinefunction(function)
        wrapped: Any = functools.wraps(function)(call_async if is_async else call)
        return wrapped  # type: ignore[no-any-return] # called like the function


@contextmanager
def _overridden(
    override: _Override, targets: Sequence[Target], guest: Connection | None
) -> Generator[None]:
    _open.set(_open.get() | {override})
    install(override, _PRIORITY, matcher(*targets), guest)
    try:
        yield
    finally:
        remove_middleware(override)
        # Not by a token: a generator, such as a fixture, may be closed in another context.
        _open.set(_open.get() - {override})
