"""Check a receiver by the contracts of several signals, and connect it to all or to none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from typed_signals._backend import Backend, find_backend
from typed_signals._connection import ConnectOptions, make_connection
from typed_signals._contract import Fault
from typed_signals._describe import describe, identity
from typed_signals._errors import SignalDefinitionError, SignalDefinitionWarning, warn
from typed_signals._inspect import find_faults
from typed_signals._options import wrong_option
from typed_signals._registry import BaseSignal, SignalState, lock, state_of

__all__ = ["backend_of", "check_options", "connect_all", "join_errors", "validate"]


def backend_of(state: SignalState) -> Backend:
    """Find the backend of whoever sends a signal."""
    return find_backend(state.owner)


def check_options(signal: BaseSignal, receiver: object, options: ConnectOptions) -> None:
    """Refuse options that do not exist, or whose value is none that they may have."""
    if wrong := wrong_option(options):
        text = f"{describe(receiver)} cannot be connected to {signal.title}: {wrong}"
        raise backend_of(state_of(signal)).definition_error(text)


def connect_all(
    signals: Sequence[BaseSignal], receiver: Callable[..., Any], options: ConnectOptions
) -> SignalDefinitionError | None:
    """Connect a receiver to all of the signals, or to none."""
    check_options(signals[0], receiver, options)
    error, tolerated = validate(signals, receiver)
    error = error or _contradiction(signals, receiver, options)
    if error:
        return error
    for text in tolerated:
        warn(text, SignalDefinitionWarning)
    key = identity(receiver)
    for signal in signals:
        state = state_of(signal)
        connection = make_connection(signal.contract, receiver, options)
        with lock:
            if key not in state.connections:
                state.replace({**state.connections, key: connection})
    return None


def _contradiction(
    signals: Sequence[BaseSignal], receiver: object, options: ConnectOptions
) -> SignalDefinitionError | None:
    """The error for a receiver that is connected already, with other options."""
    wanted: ConnectOptions = {"on_commit": False, "sequential": None, **options}
    for signal in signals:
        state = state_of(signal)
        connected = state.connections.get(identity(receiver))
        if connected is not None and connected.options != wanted:
            given = ", ".join(f"{name}={value}" for name, value in connected.options.items())
            return backend_of(state).definition_error(
                f"{describe(receiver)} is connected to {signal.title} already, with {given}: "
                "disconnect it first"
            )
    return None


def validate(
    signals: Sequence[BaseSignal], receiver: object
) -> tuple[SignalDefinitionError | None, list[str]]:
    """Check a receiver by the contracts of several signals, without connecting it."""
    refusing: list[BaseSignal] = []
    faults: dict[Fault, None] = {}
    tolerated: list[str] = []
    for signal in signals:
        found = find_faults(signal.contract, receiver, signal=signal.name)
        lenient = state_of(signal).effective_mode == "lenient"
        if any(fault.fatal or not lenient for fault in found):
            refusing.append(signal)
            faults |= dict.fromkeys(found)
        elif found:
            tolerated.append(_refusal([signal], receiver, found, "breaks the contract of"))
    if not refusing:
        return None, tolerated
    text = _refusal(refusing, receiver, list(faults), "cannot be connected to")
    error_type = backend_of(state_of(refusing[0])).definition_error
    return error_type(text, list(faults)), []


def join_errors(
    errors: Sequence[SignalDefinitionError], kind: type[SignalDefinitionError]
) -> SignalDefinitionError:
    """Put several refusals into one error."""
    faults = [fault for error in errors for fault in error.faults]
    return kind("\n".join(map(str, errors)), faults)


def _refusal(
    signals: Sequence[BaseSignal], receiver: object, faults: Sequence[Fault], verdict: str
) -> str:
    title = signals[0].title
    for signal in signals[1:]:
        registry = state_of(signal).registry
        title += f", {registry.label if registry else 'another'}"
    lines = [f"{describe(receiver)} {verdict} {title}:"]
    lines += [f"  - {fault}" for fault in faults]
    lines.append(f"  expected: {signals[0].contract.expected(state_of(signals[0]).owner)}")
    return "\n".join(lines)
