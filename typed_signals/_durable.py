"""How durable receivers are connected and checked; how they run is left to their outbox.

A durable receiver is not called when its signal is sent. In its place, the callable that
:class:`DurableOption` binds writes an event, and a worker calls the receiver later, perhaps on
another machine. So its contract differs from that of the signal's other receivers: it describes
what arrives at work time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from typing_extensions import ParamSpec

from typed_signals._contract import Contract
from typed_signals._describe import kind_of

__all__ = [
    "CustomDurableReceiver",
    "DurableBulkReceiver",
    "DurableOption",
    "DurableOutbox",
    "DurableReceiver",
    "DurableRelationReceiver",
    "Job",
    "PayloadModel",
    "durable_receiver",
    "why_not_durable",
    "wrong_durable",
    "wrong_outbox",
]

M_contra = TypeVar("M_contra", contravariant=True)
P_co = TypeVar("P_co", covariant=True)
Payload = ParamSpec("Payload", default=...)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Job:
    """One event for one durable receiver, as it arrives at work time.

    Attributes:
        id: The number of its row; ``typed-signals outbox retry`` takes it.
        event_id: The same on every attempt, and different for every receiver: an idempotency key.
        receiver: The receiver's durable name.
        key: Events with the same key run in the order of their sends; ``None`` for no order.
        attempt: Which attempt this is, from 1.
        created: When the row was written, by the database's clock, in UTC.
        version: The version of the payload as it was written.
    """

    id: int
    event_id: str
    receiver: str
    key: str | None
    attempt: int
    created: datetime
    version: int


@runtime_checkable
class DurableOption(Protocol[T_co]):
    """The ``durable`` option, as ``connect()`` and the decorators use it."""

    @property
    def name(self) -> str:
        """The name that its events are kept under."""
        ...

    @property
    def payload(self) -> type[T_co] | None:
        """The payload model; ``None`` if the instance is reloaded instead."""
        ...

    def contract(self, contract: Contract, signal_name: str) -> Contract:
        """The contract of a durable receiver of a signal.

        Args:
            contract: The contract of the signal's other receivers.
            signal_name: The signal's name.

        Returns:
            The contract.

        Raises:
            SignalDefinitionError: A receiver of this signal cannot be durable, or not with this
                option.
        """
        ...

    def bind(
        self, signal: Any, receiver: Callable[..., Awaitable[object]]
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        """Make the callable that replaces a durable receiver; binding it again changes nothing.

        Args:
            signal: The signal. Its class cannot be named here: it imports this module.
            receiver: The receiver, which keeps :meth:`contract`.

        Returns:
            An async callable that keeps the contract of the signal.

        Raises:
            SignalDefinitionError: The receiver cannot be durable on this signal.
        """
        ...

    def facts(self) -> Mapping[str, object]:
        """The settings that the command line shows, as JSON values."""
        ...


@runtime_checkable
class DurableOutbox(Protocol):
    """Keeps the events of durable receivers, and runs the receivers."""

    def register(self, new: Any) -> None:
        """Register a durable receiver."""
        ...

    async def drain(self) -> int:
        """Handle every event that is due, here and now."""
        ...


class PayloadModel(Protocol):
    """A class whose instances can be written as JSON: a pydantic model."""

    def model_dump_json(self) -> str:
        """The instance as JSON text."""
        ...


def wrong_durable(durable: object, options: Collection[str]) -> str | None:
    """Explain what is wrong with a value of ``durable=``, or with other options beside it.

    Args:
        durable: What was given.
        options: The names of the other options that were given.

    Returns:
        What is wrong, and what to write; ``None`` if nothing is.
    """
    if isinstance(durable, type) or not isinstance(durable, DurableOption):
        given = f"{'the class ' * isinstance(durable, type)}{kind_of(durable)}"
        return f'`durable` must be a `Durable`, not {given}: write `durable=Durable("a.name")`'
    if options:
        given = " and ".join(f"`{name}`" for name in options)
        them = "it" if len(options) == 1 else "them"
        own = ", and write `Durable(..., timeout=...)`" if "timeout" in options else ""
        return (
            f"`durable` cannot be combined with {given}, which say{'s' * (len(options) == 1)} how "
            f"a receiver is called in this process: leave {them} out{own}"
        )
    return None


def wrong_outbox(outbox: object, example: str) -> str | None:
    """Explain what is wrong with a value of ``outbox=`` in ``install()``.

    Args:
        outbox: What was given.
        example: What to write instead.

    Returns:
        What is wrong, and what to write; ``None`` if nothing is.
    """
    if not isinstance(outbox, type) and isinstance(outbox, DurableOutbox | None):
        return None
    given = f"{'the class ' * isinstance(outbox, type)}{kind_of(outbox)}"
    return f"`outbox` must be an outbox, not {given}: write `{example}`"


def why_not_durable(
    contract: Contract, signal_name: str, *, lifecycle: bool, has_payload: bool
) -> str | None:
    """Explain why a signal cannot have a durable receiver.

    Args:
        contract: The contract of the signal's other receivers.
        signal_name: The signal's name; empty if it has none.
        lifecycle: Whether it is one of a model's lifecycle.
        has_payload: Whether the option has a payload model.

    Returns:
        Why not, and what to do; ``None`` if it can.
    """
    what = f"a receiver of {f'`{signal_name}`' if signal_name else 'the signal'} cannot be durable"
    if lifecycle and signal_name.startswith("pre_"):
        after = f"post_{signal_name.removeprefix('pre_')}"
        return f"{what}: it runs after the commit, so connect it to `{after}`"
    if lifecycle:
        if signal_name != "post_delete" or has_payload:
            return None
        return (
            f"{what} without a payload: the instance cannot be reloaded once it is deleted; write "
            "`Durable(..., payload=...)`"
        )
    if contract.accepts_any_payload:
        return (
            f"{what}: its payload is not declared, and nothing says how it travels; declare the "
            "signal with a Protocol (`Signal[MyReceiver]`)"
        )
    if has_payload:
        return (
            f"{what} with a payload of its own: the signal's Protocol declares what travels; leave "
            "`payload` out"
        )
    if "job" in contract.payload:
        return (
            f"{what}: its payload has a `job`, which is what a durable receiver is given about its "
            "work; give it another name"
        )
    return None


# --- what arrives at work time -------------------------------------------------------------------


class DurableReceiver(Protocol[M_contra, T_contra]):
    """Receives an event of one instance after its commit, on any machine, at least once.

    Args:
        sender: The model class.
        instance: The payload model that was made from the instance. Without a payload model: the
            instance as it is at work time, or ``None`` if it is gone by then.
        job: The event's ids, its key and the number of the attempt.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: T_contra, job: Job, **kwargs: object
    ) -> Awaitable[object]: ...


class DurableRelationReceiver(Protocol[M_contra, T_contra]):
    """Receives an event of a relation after its commit, on any machine, at least once.

    Args:
        sender: The model class that owns the relation.
        instance: As in :class:`DurableReceiver`.
        child: The other instance as it is at work time, or ``None`` if it is gone by then.
        relation_name: The relation's name on ``sender``.
        job: As in :class:`DurableReceiver`.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: T_contra,
        child: Any,
        relation_name: str,
        job: Job,
        **kwargs: object,
    ) -> Awaitable[object]: ...


class DurableBulkReceiver(Protocol[M_contra, T]):
    """Receives an event of several instances after its commit, on any machine, at least once.

    Args:
        sender: The model class.
        instances: The payload models that were made from the instances. Without a payload model:
            the instances as they are at work time, without those that are gone by then.
        job: As in :class:`DurableReceiver`.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instances: list[T], job: Job, **kwargs: object
    ) -> Awaitable[object]: ...


class CustomDurableReceiver(Protocol[P_co, T_co, Payload]):
    """Receives the payload that its signal's Protocol ``P`` declares, and ``job``.

    No type can add a keyword to another Protocol's, so type checkers accept any payload here.
    ``connect()`` and the mypy plugin check it.

    Args:
        sender: The signal's sender.
        args: Payload comes by keyword; see :class:`~typed_signals.CustomReceiver`.
        kwargs: The payload, and ``job``.
    """

    def __call__(
        self, sender: Any, *args: Payload.args, **kwargs: Payload.kwargs
    ) -> Awaitable[object]: ...


def durable_receiver(payload: Collection[str]) -> type:
    """Find the Protocol of durable receivers of a model's lifecycle.

    Args:
        payload: What the signal sends, by name.

    Returns:
        The Protocol, which is generic in the model and in what the receiver gets for an instance.
    """
    if "child" in payload:
        return DurableRelationReceiver
    return DurableBulkReceiver if "instances" in payload else DurableReceiver
