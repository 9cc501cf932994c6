"""Who hears a signal for a while: nobody, only some, or one more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, Unpack

from typed_signals._options import wrong_option
from typed_signals.delivery.connection import Connection, Options
from typed_signals.inspection import describe, named_payload
from typed_signals.observation import Observer, Proceed, unwatch, watch
from typed_signals.signal import K0, Accepted, Own, R, Signal, _key, refusal
from typed_signals.testing.targets import Target, reaches, targets_of

__all__ = ["connected_to", "muted", "only"]

T = TypeVar("T")

Connections = tuple[Connection, ...]
Hearing = Callable[[Signal[Any], object, Mapping[str, Any], Connections], Connections]
"""Tells who of those connected hears one send: of which signal, sender and payload."""


def muted(*targets: Target, everywhere: bool = False) -> AbstractContextManager[None]:
    """Let nobody hear some signals.

    Receivers stay connected, and what is connected or disconnected meanwhile stays so after. What
    is sent inside the block is heard by nobody, also not after the commit, by receivers that run
    then.

    Args:
        targets: Signals; models or emitters, which stand for all their signals. An abstract model
            stands for every model below it. None at all stand for every signal there is.
        everywhere: ``False``: only what this task sends, and what tasks and threads send that
            inherit its context, as those do that are started inside the block by ``asyncio`` or
            ``asyncio.to_thread``. ``True``: what the whole process sends.

    Returns:
        A context manager.

    Raises:
        SignalDefinitionError: A target is no signal, model or emitter.
    """
    wanted = targets_of(targets)

    def hearing(signal: Signal[Any], _: object, __: object, heard: Connections) -> Connections:
        return () if reaches(wanted, signal) else heard

    return _within(hearing, everywhere)


def only(
    *receivers: Callable[..., Awaitable[object]],
    of: Target | Sequence[Target] = (),
    everywhere: bool = False,
) -> AbstractContextManager[None]:
    """Let only these receivers hear, out of those that are connected.

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
    wanted = targets_of(of if isinstance(of, Sequence) else (of,))
    keys = frozenset(map(_key, receivers))

    def hearing(signal: Signal[Any], _: object, __: object, heard: Connections) -> Connections:
        if not reaches(wanted, signal):
            return heard
        return tuple(each for each in heard if _key(each.receiver) in keys)

    return _within(hearing, everywhere)


def connected_to(
    signal: Signal[Callable[K0, Awaitable[object]]],
    receiver: Accepted[K0, Own, R],
    *,
    everywhere: bool = False,
    **options: Unpack[Options],
) -> AbstractContextManager[None]:
    """Let one more receiver hear a signal, after those that are connected.

    A receiver that is connected already stays as it is and hears once.

    Args:
        signal: The signal; that of an abstract model stands for every model below it.
        receiver: An async callable that keeps the signal's contract.
        everywhere: Whether for the whole process; see :func:`muted`.
        options: How the receiver is told.

    Returns:
        A context manager.

    Raises:
        SignalDefinitionError: The receiver breaks the contract; lists every fault.
    """
    if wrong := wrong_option(options):
        text = f"{describe(receiver)} cannot be connected to {signal.title}: {wrong}"
        raise signal._error(text)
    if error := refusal([signal], receiver)[0]:
        raise error
    guest = Connection(receiver, 0, named_payload(signal.contract, receiver), **options)
    key = _key(receiver)
    wanted = targets_of((signal,))

    def hearing(
        sent: Signal[Any], sender: object, payload: Mapping[str, Any], heard: Connections
    ) -> Connections:
        reached = reaches(wanted, sent) and sent._heard_above(sender, payload)
        if sent is not signal and not reached:
            return heard
        there = any(_key(each.receiver) == key for each in heard)
        return heard if there else (*heard, guest)

    return _within(hearing, everywhere)


# --- inside --------------------------------------------------------------------------------------
# No connection is ever touched: a block changes who is picked for a send, and when it ends there
# is nothing to put back, in whatever order the blocks of several tasks end.

_open: ContextVar[frozenset[_Block]] = ContextVar("typed_signals.hearing", default=frozenset())
"""The blocks that the running code is inside of."""


class _Block(Observer):
    def __init__(self, hearing: Hearing, *, everywhere: bool) -> None:
        self._hearing = hearing
        self._everywhere = everywhere

    def delivering(
        self,
        signal: Signal[Any],
        sender: object,
        payload: Mapping[str, Any],
        connections: tuple[Connection, ...],
        proceed: Proceed[T],
    ) -> Coroutine[Any, Any, T]:
        if self._everywhere or self in _open.get():
            connections = self._hearing(signal, sender, payload, connections)
        return proceed(connections)


@contextmanager
def _within(hearing: Hearing, everywhere: bool) -> Generator[None]:
    block = _Block(hearing, everywhere=everywhere)
    _open.set(_open.get() | {block})
    watch(block)
    try:
        yield
    finally:
        unwatch(block)
        # Not by a token: a generator, such as a fixture, may be closed in another context.
        _open.set(_open.get() - {block})
