"""The targets of middleware: signals, emitters and senders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from typed_signals._describe import kind_of
from typed_signals._emitter import SignalEmitter, get_emitter, registry_of
from typed_signals._middleware import Middleware, install, uninstall
from typed_signals._registry import Registry, SignalState, state_of
from typed_signals._signal import Signal

__all__ = ["Target", "add_middleware", "matcher", "remove_middleware"]

Target: TypeAlias = Signal[Any] | SignalEmitter[Any] | type[Any]
"""A signal, or an emitter or sender that stands for all its signals and those of its children."""


def matcher(*targets: Target) -> Callable[[SignalState], bool]:
    """Make a function that checks whether a signal is one of the targets."""
    signals = [each for each in targets if isinstance(each, Signal)]
    senders = [each for each in targets if not isinstance(each, Signal)]
    for sender in senders:
        _registry(sender)  # refuses what is no target

    def matches(state: SignalState) -> bool:
        # Looked up again: `install()` may have given a model another emitter meanwhile.
        states = [state_of(each) for each in signals if _is_typed(each)]
        if not targets or state in states:
            return True
        own = state.registry
        family = (own, *own.parents) if own else ()
        return any(
            registry in map(_registry, senders)
            or any(each.registry is registry and each.name == state.name for each in states)
            for registry in family
        )

    return matches


def _is_typed(signal: object) -> bool:
    """Whether a signal still is a typed one, after an ``uninstall()`` perhaps."""
    return isinstance(signal, Signal)


def _registry(sender: SignalEmitter[Any] | type[Any]) -> Registry:
    return registry_of(sender if isinstance(sender, SignalEmitter) else get_emitter(sender))


def add_middleware(middleware: Middleware, *targets: Target, priority: int = 0) -> None:
    """Add a middleware between signals and their receivers, from the next send on.

    Args:
        middleware: The middleware; see :class:`~typed_signals.Middleware`. One that was added
            before is replaced.
        targets: Signals; models or emitters, which stand for all their signals. An abstract model
            stands for every model that derives from it. Without targets, every signal.
        priority: Middleware with a lower number is called first; with the same number, the one
            that was added first.

    Raises:
        SignalDefinitionError: A target is not a signal, model or emitter.
        TypeError: The middleware cannot be called with a send, or ``priority`` is no number.
    """
    given: object = middleware
    if isinstance(given, type) or not callable(given):
        raise TypeError(
            f"`add_middleware()` expects an async function or an instance, not {kind_of(given)}: "
            "write `async def middleware(sent, call_next): return await call_next(sent)`"
        )
    number: Any = priority
    if not isinstance(number, int | float):
        raise TypeError(f"`priority` must be a number, not {number!r}")
    install(middleware, priority, matcher(*targets))


def remove_middleware(middleware: Middleware) -> None:
    """Remove a middleware; sends under way keep it.

    Args:
        middleware: The middleware; nothing happens if it was not added.
    """
    uninstall(middleware)
