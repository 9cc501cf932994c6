"""What an ORM supplies to the core: a backend, which is found by the sender."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from typed_signals._describe import kind_of
from typed_signals._errors import SignalDefinitionError, SignalPayloadError, UnknownSignalError
from typed_signals._misuse import no_signals
from typed_signals._protocols import Change
from typed_signals._registry import BaseSignal

__all__ = [
    "Backend",
    "OldRow",
    "Transaction",
    "find_backend",
    "has_backend",
    "register_backend",
    "register_class",
]


class Transaction(Protocol):
    """An open transaction, as delivery sees it."""

    async def run_on_commit(self, deferred: Any) -> None:
        """Run a deferred send once the transaction has committed, not if it is rolled back."""
        ...

    def take_back(self, deferred: Any) -> bool:
        """Cancel a deferred send.

        Returns:
            Whether it was pending: not rolled back, and the transaction is still open.
        """
        ...


class OldRow(Protocol):
    """What an instance's row held before an operation."""

    def is_of(self, instance: Any) -> bool:
        """Tell whether it still is the row that the operation is about."""
        ...

    def compare(self, instance: Any) -> Mapping[str, Change]:
        """Find the fields that the operation writes with another value than the old one."""
        ...


class Backend:
    """The defaults, for senders that belong to no ORM. An ORM's backend overrides them.

    Attributes:
        definition_error: Raised for a receiver, signal or sender that is refused.
        unknown_error: Raised by a strict emitter for a signal that it does not declare.
    """

    definition_error: type[SignalDefinitionError] = SignalDefinitionError
    unknown_error: type[UnknownSignalError] = UnknownSignalError

    def is_model(self, kind: type) -> bool:
        """Tell whether a class is a model, not just a mixin or parent of models.

        Args:
            kind: The class.
        """
        return True

    def find_emitter(self, sender: Any) -> object:
        """Find the emitter of a sender.

        Args:
            sender: A class, or whatever was given as one.

        Returns:
            The emitter, or anything else if the sender has none.

        Raises:
            SignalDefinitionError: The sender has none, and the backend knows why.
        """
        return getattr(sender, "signals", None)

    def find_transaction(self, sender: Any, payload: Mapping[str, Any]) -> Transaction | None:
        """Find the transaction that a send is in.

        Args:
            sender: The signal's sender.
            payload: The payload by name. Some ORMs find the transaction by an instance in it.

        Returns:
            The transaction; ``None`` if there is none.
        """
        return None

    def field_names(self, sender: Any) -> Collection[str] | None:
        """List the fields that an operation may change.

        Args:
            sender: The class that sends the signals.

        Returns:
            Their names; ``None`` if they are not known.
        """
        return None

    async def read_old_row(self, payload: Mapping[str, Any]) -> OldRow | None:
        """Read an instance's row before an operation; called only if a receiver needs it.

        Args:
            payload: The payload by name.

        Returns:
            The old values; ``None`` if they cannot be known.
        """
        return None

    def share_transaction(self, sender: Any, task: asyncio.Task[Any]) -> None:
        """Let a task that the running code waits for use the same transaction.

        Args:
            sender: The signal's sender.
            task: The task; it has not started yet.
        """

    def is_repeat(self, sender: Any, payload: dict[str, Any]) -> bool:
        """Tell whether a child model of the sender has already sent the same operation.

        Args:
            sender: The signal's sender.
            payload: The payload by name.

        Returns:
            Whether the inherited receivers have already received it.
        """
        return False

    def copy_signal(self, value: Any) -> BaseSignal | None:
        """Make a typed signal with the receivers of a signal of the ORM's own.

        Args:
            value: What was assigned to an emitter's attribute.

        Returns:
            The copy, whose receivers are not checked yet; ``None`` if the value is no signal.
        """
        return None

    def convert_signal(self, value: Any, copy: BaseSignal) -> BaseSignal:
        """Turn the ORM's own signal into the typed copy of it, in place.

        Args:
            value: The ORM's signal.
            copy: What :meth:`copy_signal` made of it.

        Returns:
            ``value``, which is a typed signal now.
        """
        return copy

    def put_back_receivers(
        self, value: Any, receivers: Sequence[object], is_kept: Callable[[object], bool]
    ) -> None:
        """Give a signal of the ORM's own its former receivers back.

        Args:
            value: The ORM's signal.
            receivers: The receivers.
            is_kept: Returns whether another receiver of the signal stays connected.
        """

    def no_signals(self, sender: object) -> SignalDefinitionError:
        """Make the error for a sender that has no emitter.

        Args:
            sender: What was given.

        Returns:
            The error to raise.
        """
        return self.definition_error(no_signals(kind_of(sender)))


class _InstanceBackend(Backend):
    """Refuses an instance of an ORM's model as a sender.

    Args:
        backend: The backend of its class.
    """

    def __init__(self, backend: Backend) -> None:
        self.definition_error = backend.definition_error

    def find_emitter(self, sender: Any) -> object:
        model = type(sender).__qualname__
        raise self.definition_error(
            f"{kind_of(sender)} sends no signals, its class does: write `{model}`"
        )

    def find_transaction(self, sender: Any, payload: Mapping[str, Any]) -> Transaction | None:
        model = type(sender).__qualname__
        raise SignalPayloadError(
            f"`sender` must be a model class, not {kind_of(sender)}: write `sender={model}`"
        )


_none: Final = Backend()
_kinds: Final[dict[type, Backend]] = {}
_found: Final[dict[type, Backend]] = {}
"""By the metaclass of a sender; metaclasses are few, so nothing is ever dropped."""
_classes: Final[MutableMapping[type, Backend]] = WeakKeyDictionary()
"""By a class, for classes with a plain metaclass."""


def register_backend(kind: type, backend: Backend) -> None:
    """Register the backend of all senders of a kind.

    Args:
        kind: The metaclass of the ORM's models, or another type whose instances it handles.
        backend: The backend.
    """
    _kinds[kind] = backend
    _found.clear()


def register_class(sender: type, backend: Backend) -> None:
    """Register the backend of a class with a plain metaclass, and of its subclasses.

    Args:
        sender: The class.
        backend: The backend.
    """
    _classes[sender] = backend


def find_backend(sender: object) -> Backend:
    """Find the backend of a sender.

    Args:
        sender: A sender, or a value that an ORM may know.

    Returns:
        The backend. For an instance of a model, one that refuses it; for senders that belong to
        no ORM, the default one.
    """
    kind = type(sender)
    found = _found.get(kind)
    if found is None:
        found = next((_kinds[each] for each in kind.__mro__ if each in _kinds), _none)
        if issubclass(kind, type):
            _found[kind] = found
    if found is not _none:
        return found
    # `isinstance()` would believe a proxy that pretends to be a class.
    if not issubclass(kind, type):
        found = find_backend(kind)
        is_refused = found is not _none and found.is_model(kind)
        return _InstanceBackend(found) if is_refused else _none
    if _classes and isinstance(sender, type):
        return next((_classes[each] for each in sender.__mro__ if each in _classes), _none)
    return found


def has_backend(thing: object) -> bool:
    """Tell whether an object belongs to an ORM."""
    return find_backend(thing) is not _none
