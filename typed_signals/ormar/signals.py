"""Signals and emitters that ormar takes for its own."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from typing_extensions import TypeVar

from typed_signals import errors
from typed_signals.delivery.audience import Audience, Deliver, audience
from typed_signals.delivery.connection import Options
from typed_signals.emitter import ModelSignals, both, declared_signals, signal_class
from typed_signals.ormar.eras import ormar
from typed_signals.ormar.errors import SignalDefinitionError, UnknownSignalError, joined
from typed_signals.ormar.transactions import transaction_of
from typed_signals.receivers import CustomReceiver
from typed_signals.signal import Signal, connect_all, refusal

__all__ = ["OrmarSignal", "OrmarSignals", "adopt", "release"]

M = TypeVar("M", default=Any)
T = TypeVar("T")
P = TypeVar("P", bound=Callable[..., Any], default=CustomReceiver[Any])


if TYPE_CHECKING:

    class _PlainSignal: ...

else:
    _PlainSignal = ormar.Signal


class OrmarSignal(Signal[P], _PlainSignal):
    """A typed signal that also is an ``ormar.Signal``."""

    _error: ClassVar[type[errors.SignalDefinitionError]] = SignalDefinitionError

    def _deliver(
        self, deliver: Deliver[T], heard: Audience, sender: object, payload: Mapping[str, object]
    ) -> Coroutine[Any, Any, T]:
        inherits = self._home is not None and self._home.above
        if inherits and not self._heard_above(sender, payload):
            heard = audience(tuple(self._connections.values()), sequential=self._sequential)
        return deliver(self, heard, sender, payload, transaction_of(sender))

    def _heard_above(self, sender: object, payload: Mapping[str, object]) -> bool:
        # With `emit_parent_signals` (ormar 0.25) a child's operation is sent by its parent as
        # well. Receivers of an abstract model above both have then heard it from the child.
        instance = payload.get("instance")
        return not (
            isinstance(sender, type)
            and isinstance(instance, sender)
            and instance.__class__ is not sender  # relations send a weak proxy of the instance
        )


class OrmarSignals(ModelSignals[M]):
    """The signals of an ormar model.

    Subclass it to declare signals of your own::

        class AlbumSignals(OrmarSignals[Album]):
            sold_out: Signal[SoldOutReceiver]


        install(Album, signals=AlbumSignals)
    """

    _signal_class: ClassVar[type[Signal[Any]]] = OrmarSignal
    _error: ClassVar[type[errors.SignalDefinitionError]] = SignalDefinitionError
    _unknown: ClassVar[type[errors.UnknownSignalError]] = UnknownSignalError

    def _adopted(self, name: str, value: Any) -> Signal[Any] | None:
        if not isinstance(value, Signal | ormar.Signal):
            return None
        error = None if isinstance(value, OrmarSignal) else adopt(self, {name: value})
        if error:
            raise error
        signal: Signal[Any] = value
        return signal


def adopt(
    emitter: OrmarSignals[Any], signals: Mapping[str, Any]
) -> errors.SignalDefinitionError | None:
    """Move signals with their receivers into an emitter; the signals keep their identity.

    Args:
        emitter: The emitter.
        signals: Signals by name: ormar's, typed ones, or of a subclass of either.

    Returns:
        ``None`` when all were moved; otherwise, with nothing changed, the error that names every
        receiver which breaks the contract of its signal.
    """
    refused: list[errors.SignalDefinitionError] = []
    twins: dict[str, Signal[Any]] = {}
    for name, signal in signals.items():
        own: object = getattr(signal, "__orig_class__", None)
        twin = twins[name] = signal_class(type(emitter), name)()
        if isinstance(signal, Signal):
            twin._mode, twin._sequential = signal._mode, signal._sequential
        if own is not None:
            twin.__orig_class__ = own  # type: ignore[attr-defined] # set by `Signal[P]()`
        twin._settle(emitter._home, name, declared_signals(type(emitter)).get(name))
        for receiver, _ in _receivers(signal):
            error, _ = refusal([twin], receiver)
            refused += [error] if error else []
    if error := joined(refused):
        return error
    for name, twin in twins.items():
        signal = signals[name]
        if isinstance(signal, Signal) and signal.protocol is twin.protocol:
            twin._connections = signal._connections
        else:
            for receiver, options in _receivers(signal):
                connect_all([twin], receiver, **options)
        if not isinstance(signal, OrmarSignal):
            vars(signal)["_was"] = signal.__class__
        signal.__class__ = both(signal.__class__, type(twin))
        vars(signal).pop("_receivers", None)  # ormar's; what a subclass added stays
        vars(signal).update(vars(twin))
        emitter._home.signals[name] = signal
    return None


def release(emitter: OrmarSignals[Any]) -> dict[str, Any]:
    """Turn an emitter back into ormar's own; the signals keep their identity and receivers."""
    plain: dict[str, Any] = ormar.signals.SignalEmitter()
    signals: dict[str, Any] = emitter._home.signals
    for name, signal in list(signals.items()):
        plain[name] = signal
        made_here = type(signal) is signal_class(type(emitter), name)
        before = vars(signal).pop("_was", Signal if made_here else type(signal))
        if issubclass(before, Signal) and before is not Signal:  # a subclass of the user's own
            signal._home = None
            signal._forget()
            continue
        receivers = _receivers(signal)
        signal.__class__ = ormar.Signal if before is Signal else before
        for attribute in vars(OrmarSignal()):
            del vars(signal)[attribute]
        make_id = ormar.signals.signal.make_id
        signal._receivers = {make_id(receiver): receiver for receiver, _ in receivers}
        _released[signal] = {make_id(receiver): (receiver, kept) for receiver, kept in receivers}
    return plain


_released: WeakKeyDictionary[Any, dict[Any, tuple[Any, Options]]] = WeakKeyDictionary()
"""How receivers of signals that were turned back are told, for when they become ours again."""


def _receivers(signal: Any) -> list[tuple[Callable[..., Any], Options]]:
    """The receivers connected to a signal itself, whosever it is, and how each is told."""
    if isinstance(signal, Signal):
        return [(each.receiver, each.options) for each in signal._connections.values()]
    kept = _released.get(signal, {})
    return [kept.get(key, (receiver, {})) for key, receiver in signal._receivers.items()]
