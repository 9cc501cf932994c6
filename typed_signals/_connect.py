"""Check a receiver against several signals' contracts, and connect it to all or to none."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence, Set as AbstractSet
from contextlib import contextmanager
from typing import Any

from typed_signals._backend import Backend, find_backend
from typed_signals._connection import Connection, ConnectOptions, make_connection
from typed_signals._contract import CHANGED, Contract, Fault
from typed_signals._describe import describe, identity, suggest
from typed_signals._durable import DurableOption, wrong_durable
from typed_signals._errors import SignalDefinitionError, SignalDefinitionWarning, warn
from typed_signals._inspect import find_faults
from typed_signals._options import wrong_option
from typed_signals._registry import BaseSignal, SignalState, lock, state_of

__all__ = [
    "backend_of",
    "check_options",
    "connect_all",
    "join_errors",
    "validate",
    "validate_connected",
]


def backend_of(state: SignalState) -> Backend:
    """Find the backend of a signal's sender."""
    return find_backend(state.owner)


def check_options(
    signal: BaseSignal, receiver: object, options: ConnectOptions, *, also: Sequence[str] = ()
) -> None:
    """Refuse unknown options and wrong values; the error may suggest the names in ``also``."""
    wrong = wrong_option(options, also=also)
    fields = options.get("fields")
    if wrong is None and fields is not None:
        wrong = _wrong_fields(signal, fields)
    _refuse(signal, receiver, wrong)


def _refuse(signal: BaseSignal, receiver: object, wrong: str | None) -> None:
    if wrong:
        text = f"{describe(receiver)} cannot be connected to {signal.title}: {wrong}"
        raise backend_of(state_of(signal)).definition_error(text)


def _wrong_fields(signal: BaseSignal, fields: AbstractSet[str]) -> str | None:
    """Find the first of the fields that no operation of the signal's sender can change."""
    owner = state_of(signal).owner
    if not signal.contract.changed_since:
        return f"`fields` is for signals with `{CHANGED}` in their contract, and it has none"
    known = find_backend(owner).field_names(owner)
    for name in sorted(fields):
        if known is not None and name not in known:
            near = suggest(name, known)
            hint = f"did you mean `{near}`?" if near else f"known are `{'`, `'.join(known)}`"
            return f"`{name}` in `fields` is no field that an update writes: {hint}"
    return None


def connect_all(
    signals: Sequence[BaseSignal],
    receiver: Callable[..., Any],
    options: ConnectOptions,
    durable: DurableOption[object] | None = None,
) -> SignalDefinitionError | None:
    """Connect a receiver to all of the signals, or to none."""
    for signal in signals:
        check_options(signal, receiver, options, also=["durable"])
    if durable is not None:
        _refuse(signals[0], receiver, wrong_durable(durable, options))
    error, tolerated = validate(signals, receiver, durable)
    error = error or _contradiction(signals, receiver, options, durable)
    if error:
        return error
    for text in tolerated:
        warn(text, SignalDefinitionWarning)
    key = identity(receiver)
    made: list[tuple[SignalState, Connection]] = []
    for signal in signals:  # before the first is connected: a durable one may be refused here
        state = state_of(signal)
        if key not in state.connections:
            with _errors_of_backend(signal):
                connection = make_connection(signal, receiver, options, durable=durable)
            made.append((state, connection))
    for state, connection in made:
        with lock:
            if key not in state.connections:
                state.replace({**state.connections, key: connection})
    return None


def _contradiction(
    signals: Sequence[BaseSignal],
    receiver: Callable[..., Any],
    options: ConnectOptions,
    durable: DurableOption[object] | None,
) -> SignalDefinitionError | None:
    """The error for a receiver that is connected already, with other options."""
    wanted = Connection(receiver, receiver, 0, durable=durable, **options).options
    for signal in signals:
        state = state_of(signal)
        connected = state.connections.get(identity(receiver))
        if connected is None or (connected.options, connected.durable) == (wanted, durable):
            continue
        given = ", ".join(
            f"{name}={value}"
            for name, value in connected.options.items()
            if durable is not None or value != wanted.get(name)
        )
        if connected.durable is not None:
            same = durable is not None and durable.name == connected.durable.name
            given = f"durable={connected.durable!r}{' and other settings' * same}"
        return backend_of(state).definition_error(
            f"{describe(receiver)} is connected to {signal.title} already, with {given}: "
            "disconnect it first"
        )
    return None


def validate(
    signals: Sequence[BaseSignal],
    receiver: object,
    durable: DurableOption[object] | None = None,
) -> tuple[SignalDefinitionError | None, list[str]]:
    """Check a receiver against the contracts of several signals, without connecting it."""
    refusing: list[BaseSignal] = []
    faults: dict[Fault, None] = {}
    tolerated: list[str] = []
    for signal in signals:
        found = find_faults(_contract_of(signal, durable), receiver, signal=signal.name)
        lenient = state_of(signal).effective_mode == "lenient"
        if any(fault.fatal or not lenient for fault in found):
            refusing.append(signal)
            faults |= dict.fromkeys(found)
        elif found:
            tolerated.append(_refusal([signal], receiver, found, "breaks the contract of", durable))
    if not refusing:
        return None, tolerated
    text = _refusal(refusing, receiver, list(faults), "cannot be connected to", durable)
    error_type = backend_of(state_of(refusing[0])).definition_error
    return error_type(text, list(faults)), []


def validate_connected(
    signal: BaseSignal, connection: Connection
) -> tuple[SignalDefinitionError | None, list[str]]:
    """Check a connected receiver and its options against a contract that was set later."""
    try:
        check_options(signal, connection.receiver, connection.options)
        return validate([signal], connection.receiver, connection.durable)
    except SignalDefinitionError as error:
        return error, []


def _contract_of(signal: BaseSignal, durable: DurableOption[object] | None) -> Contract:
    """The contract of a signal, or of its durable receivers, which get another payload."""
    if durable is None:
        return signal.contract
    with _errors_of_backend(signal):
        return durable.contract(signal.contract, signal.name)


@contextmanager
def _errors_of_backend(signal: BaseSignal) -> Generator[None]:
    """Raise definition errors of durable options as the error class of the signal's ORM."""
    try:
        yield
    except SignalDefinitionError as error:
        kind = backend_of(state_of(signal)).definition_error
        raise kind(str(error), error.faults) from error.__cause__


def join_errors(
    errors: Sequence[SignalDefinitionError], kind: type[SignalDefinitionError]
) -> SignalDefinitionError:
    """Join several errors into one."""
    faults = [fault for error in errors for fault in error.faults]
    return kind("\n".join(map(str, errors)), faults)


def _refusal(
    signals: Sequence[BaseSignal],
    receiver: object,
    faults: Sequence[Fault],
    verdict: str,
    durable: DurableOption[object] | None,
) -> str:
    title = signals[0].title
    for signal in signals[1:]:
        registry = state_of(signal).registry
        title += f", {registry.label if registry else 'another'}"
    title += ", durably" if durable else ""
    lines = [f"{describe(receiver)} {verdict} {title}:"]
    lines += [f"  - {fault}" for fault in faults]
    contract = _contract_of(signals[0], durable)
    lines.append(f"  expected: {contract.expected(state_of(signals[0]).owner)}")
    return "\n".join(lines)
