"""Choose for a while who receives a signal: nobody, only some, or one more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final, TypeVar, Unpack

from typed_signals._backend import find_backend
from typed_signals._connect import check_options, validate
from typed_signals._connection import Connection, ConnectOptions, make_connection
from typed_signals._describe import identity
from typed_signals._middleware import CallNext, SentSignal
from typed_signals._signal import K0, Accepted, Own, R, Signal
from typed_signals._targets import Target, add_middleware, matcher, remove_middleware

__all__ = ["connected_to", "muted", "only"]

T = TypeVar("T")

Choose = Callable[[SentSignal], tuple[Connection, ...]]
"""Chooses who receives one send."""


def muted(*targets: Target, everywhere: bool = False) -> AbstractContextManager[None]:
    """Let nobody receive some signals.

    Receivers stay connected, and what is connected or disconnected meanwhile stays so after. What
    is sent inside the block reaches no receiver, not even after the commit.

    Args:
        targets: Signals; models or emitters, which stand for all their signals. An abstract model
            stands for every model that derives from it. None at all stand for every signal.
        everywhere: ``False``: only what this task sends, and what tasks and threads send that
            inherit its context, as those do that are started inside the block by ``asyncio`` or
            ``asyncio.to_thread``. ``True``: what the whole process sends.

    Returns:
        A context manager.

    Raises:
        SignalDefinitionError: A target is no signal, model or emitter.
    """
    return _override(lambda sent: (), targets, everywhere)


def only(
    *receivers: Callable[..., Awaitable[object]],
    of: Target | Sequence[Target] = (),
    everywhere: bool = False,
) -> AbstractContextManager[None]:
    """Let only these receive signals, out of the receivers that are connected.

    Args:
        receivers: The receivers, as they were connected; those that are connected to nothing stay
            so.
        of: The signals, models or emitters that this is about; all signals when left out.
        everywhere: Whether for the whole process; see :func:`muted`.

    Returns:
        A context manager.

    Raises:
        SignalDefinitionError: Something in ``of`` is no signal, model or emitter.
    """
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
) -> AbstractContextManager[None]:
    """Let one more receiver receive a signal, after those that are connected.

    A receiver that is connected already stays as it is and is called once.

    Args:
        signal: The signal; that of an abstract model stands for every model that derives from it.
        receiver: An async callable that keeps the signal's contract.
        everywhere: Whether for the whole process; see :func:`muted`.
        options: How the receiver is called.

    Returns:
        A context manager.

    Raises:
        SignalDefinitionError: The receiver breaks the contract; lists every fault.
    """
    check_options(signal, receiver, options)
    if error := validate([signal], receiver)[0]:
        raise error
    guest = make_connection(signal.contract, receiver, options)
    key = identity(receiver)

    def choose(sent: SentSignal) -> tuple[Connection, ...]:
        inherited = sent.signal is not signal
        if inherited and find_backend(sent.sender).is_repeat(sent.sender, dict(sent.payload)):
            return sent.connections
        there = any(identity(each.receiver) == key for each in sent.connections)
        return sent.connections if there else (*sent.connections, guest)

    return _override(choose, (signal,), everywhere)


# No connection is ever touched: a block changes who is chosen for a send, and when it ends there
# is nothing to put back, in whatever order the blocks of several tasks end.

_PRIORITY: Final = 0  # before what looks at the receivers

_open: Final[ContextVar[frozenset[_Override]]] = ContextVar(
    "typed_signals.overrides", default=frozenset()
)
"""The overrides whose blocks the running code is in."""


class _Override:
    def __init__(self, choose: Choose, *, everywhere: bool) -> None:
        self._choose = choose
        self._everywhere = everywhere

    def __call__(self, sent: SentSignal, call_next: CallNext[T], /) -> Coroutine[Any, Any, T]:
        if self._everywhere or self in _open.get():
            return call_next(replace(sent, connections=self._choose(sent)))
        return call_next(sent)


def _override(
    choose: Choose, targets: Sequence[Target], everywhere: bool
) -> AbstractContextManager[None]:
    matcher(*targets)  # a wrong target is refused here, not when the block begins
    return _overridden(_Override(choose, everywhere=everywhere), targets)


@contextmanager
def _overridden(override: _Override, targets: Sequence[Target]) -> Generator[None]:
    _open.set(_open.get() | {override})
    add_middleware(override, *targets, priority=_PRIORITY)
    try:
        yield
    finally:
        remove_middleware(override)
        # Not by a token: a generator, such as a fixture, may be closed in another context.
        _open.set(_open.get() - {override})
