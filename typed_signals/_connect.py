"""Connecting: check a receiver by the contracts of several signals, connect it to all or to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from typed_signals._backend import Backend, find_backend
from typed_signals._connection import ConnectOptions, make_connection
from typed_signals._contract import Fault
from typed_signals._describe import describe, identity, kind_of, suggest
from typed_signals._errors import SignalDefinitionError, SignalDefinitionWarning, warn
from typed_signals._inspect import find_faults
from typed_signals._registry import BaseSignal, Mode, SignalState, lock, state_of

__all__ = ["backend_of", "check_mode", "check_options", "connect_all", "join_errors", "validate"]

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "on_commit": (True, False),
    "sequential": (True, False, None),
}


def backend_of(state: SignalState) -> Backend:
    """Find the backend of whoever sends a signal."""
    return find_backend(state.owner)


def check_mode(mode: object) -> None:
    """Refuse a mode that does not exist.

    Args:
        mode: What was given; ``None`` stands for the mode of the emitter.

    Raises:
        SignalDefinitionError: It is none of the modes.
    """
    modes: tuple[str, ...] = get_args(Mode)
    if mode is None or mode in modes:
        return
    near = suggest(mode, modes) if isinstance(mode, str) else None
    given = f'"{mode}"' if isinstance(mode, str) else kind_of(mode)
    known = ", ".join(f'"{each}"' for each in modes)
    hint = f': did you mean "{near}"?' if near else f": expected {known}"
    raise SignalDefinitionError(f"`mode` cannot be {given}{hint}")


def check_options(options: Mapping[str, object]) -> None:
    """Refuse options of ``connect`` that do not exist, or whose value has no meaning.

    Args:
        options: The options by name.

    Raises:
        SignalDefinitionError: One of them does not exist, or its value is none of the possible.
    """
    for name, value in options.items():
        if name not in _CHOICES:
            near = suggest(name, _CHOICES)
            known = " and ".join(f"`{each}`" for each in _CHOICES)
            hint = f"did you mean `{near}`?" if near else f"known are {known}"
            raise SignalDefinitionError(f"there is no option `{name}` for a receiver: {hint}")
        if not any(value is each for each in _CHOICES[name]):
            choices = " or ".join(map(str, _CHOICES[name]))
            raise SignalDefinitionError(
                f"`{name}` must be {choices}, not {kind_of(value)}: write `{name}=True` to turn "
                "it on"
            )


def connect_all(
    signals: Sequence[BaseSignal], receiver: Callable[..., Any], options: ConnectOptions
) -> SignalDefinitionError | None:
    """Connect a receiver to all of the signals, or to none.

    Args:
        signals: The signals; typically one signal of several models.
        receiver: The receiver.
        options: How it is called.

    Returns:
        ``None`` when it was connected, otherwise the error that the caller is to raise.
    """
    check_options(options)
    error, tolerated = validate(signals, receiver)
    error = error or _contradiction(signals, receiver, options)
    if error:
        return error
    for text in tolerated:
        warn(text, SignalDefinitionWarning)
    key = identity(receiver)
    for signal in signals:
        state = state_of(signal)
        if options.get("on_commit"):
            backend_of(state).watch_commits()
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
    """Check a receiver by the contracts of several signals, without connecting it.

    Args:
        signals: The signals.
        receiver: The receiver.

    Returns:
        The error with which it is refused; or ``None``, and the texts of warnings.
    """
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
    """Put several refusals into one error.

    Args:
        errors: The refusals.
        kind: The class of the error.

    Returns:
        The error with all of their texts and faults.
    """
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
