"""Decorators that connect a function to a signal of one or more senders."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Unpack, overload

from typing_extensions import TypeVar

from typed_signals._backend import has_backend
from typed_signals._connection import ConnectOptions
from typed_signals._describe import kind_of
from typed_signals._durable import CustomDurableReceiver, DurableOption
from typed_signals._emitter import SignalEmitter, get_emitter
from typed_signals._errors import SignalDefinitionError
from typed_signals._misuse import no_sender
from typed_signals._protocols import CustomReceiver
from typed_signals._signal import Connector, Signal

__all__ = ["Senders", "make_connector", "receiver"]

M = TypeVar("M", default=Any)
T = TypeVar("T", default=Any)

Senders = type[M] | Iterable[type[M]]


def make_connector(
    signal: str,
    senders: type | Iterable[type],
    *,
    durable: DurableOption[object] | None = None,
    **options: Unpack[ConnectOptions],
) -> Connector[Any]:
    """Make the decorator that connects a receiver to a signal of one or more senders.

    Args:
        signal: The signal's name.
        senders: The model class, or any iterable of several.
        durable: The durable option; ``None`` if the receiver is called in this process.
        options: How the receiver is called; see :class:`~typed_signals.ConnectOptions`.

    Returns:
        The decorator.

    Raises:
        SignalDefinitionError: A sender has no signals, or there is no sender at all.
    """
    name: Any = signal
    if not isinstance(name, str):
        raise SignalDefinitionError(
            f"`receiver` expects the name of a signal first, not {kind_of(name)}: write "
            '`@receiver("post_save", Album)`, or `@signal.connect`'
        )
    single = isinstance(senders, type) or has_backend(senders)
    every = [senders] if single else _several(signal, senders)
    try:
        signals: list[Signal[Any]] = [get_emitter(each)[signal] for each in every]
    except SignalDefinitionError as error:
        raise error.with_traceback(None) from None  # the inner frames do not help
    return Connector(signals, durable, **options)


def _several(signal: str, senders: Any) -> list[object]:
    given = kind_of(senders)
    if isinstance(senders, Iterable) and not isinstance(senders, str | bytes | SignalEmitter):
        every: list[object] = [*senders]  # pyright: ignore[reportUnknownVariableType] - of anything
        # Not any iterable: instances of pydantic models are iterable, too.
        if every and (isinstance(senders, Collection) or isinstance(every[0], type)):
            return every
        if not every:
            given = f"an empty {given.partition(' ')[2]}"
    raise SignalDefinitionError(no_sender(signal, given))


@overload
def receiver(
    signal: str, senders: Senders[M], *, durable: DurableOption[T]
) -> Connector[CustomDurableReceiver[CustomReceiver[M], T]]: ...
@overload
def receiver(
    signal: str, senders: Senders[M], **options: Unpack[ConnectOptions]
) -> Connector[CustomReceiver[M]]: ...
def receiver(
    signal: str,
    senders: Senders[Any],
    *,
    durable: DurableOption[Any] | None = None,
    **options: Unpack[ConnectOptions],
) -> Connector[Any]:
    """Connect the decorated receiver to the named signal of one or more senders.

    Args:
        signal: The name of a lifecycle signal, a declared signal or a custom one.
        senders: The model class, or several; an abstract model stands for every model that
            derives from it.
        durable: Makes it a durable receiver, which runs at least once after the commit, even
            after a crash; see :class:`typed_signals.durable.Durable`.
        options: How the receiver is called; see :class:`~typed_signals.ConnectOptions`.

    Returns:
        A decorator that returns the receiver unchanged.

    Raises:
        SignalDefinitionError: A sender has no signals, or ``signal`` is not a name.
    """
    return make_connector(signal, senders, durable=durable, **options)
