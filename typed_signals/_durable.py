"""Durable receivers, as far as connecting and checking them goes; who runs them is not known here.

A durable receiver is not called when its signal is sent: what :class:`DurableOption` binds in its
place writes the send down, and a worker calls it later, perhaps on another machine. So it keeps
another contract than the signal's other receivers: that of what arrives at work time.
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
        key: What it is ordered by; ``None`` if it may run at any time.
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
    """How a receiver is durable, as ``connect()`` and the decorators use it."""

    @property
    def name(self) -> str:
        """The name that its events are kept under."""
        ...

    @property
    def payload(self) -> type[T_co] | None:
        """What is made of the instance; ``None`` when it is reloaded."""
        ...

    def contract(self, contract: Contract, signal_name: str) -> Contract:
        """The contract of a durable receiver of a signal.

        Args:
            contract: The contract of the signal's other receivers.
            signal_name: The signal's name.

        Returns:
            The contract.

        Raises:
            SignalDefinitionError: No receiver of this signal can be durable, or not so.
        """
        ...

    def bind(
        self, signal: Any, receiver: Callable[..., Awaitable[object]]
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        """Make what is called in a durable receiver's place; the same again changes nothing.

        Args:
            signal: The signal; of any class, since those of the core are built on this.
            receiver: The receiver, which keeps :meth:`contract`.

        Returns:
            An async callable that keeps the contract of the signal.

        Raises:
            SignalDefinitionError: It cannot be durable on this very signal.
        """
        ...

    def facts(self) -> Mapping[str, object]:
        """What people want to know of it, as JSON has it."""
        ...


@runtime_checkable
class DurableOutbox(Protocol):
    """Keeps the events of durable receivers, and runs these."""

    def register(self, new: Any) -> None:
        """Take a durable receiver."""
        ...

    async def drain(self) -> int:
        """Handle every event that is due, here and now."""
        ...


class PayloadModel(Protocol):
    """A class whose instances can travel: a model of pydantic's."""

    def model_dump_json(self) -> str:
        """The instance as JSON text."""
        ...


def wrong_durable(durable: object, options: Collection[str]) -> str | None:
    """Say why ``durable=`` cannot be what was given, or not beside other options.

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
    """Say why ``outbox=`` of an ``install()`` cannot be what was given.

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
    """Say why a signal cannot have a durable receiver.

    Args:
        contract: The contract of the signal's other receivers.
        signal_name: The signal's name; empty if it has none.
        lifecycle: Whether it is one of a model's lifecycle.
        has_payload: Whether something is made of the instance.

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
        instance: What the payload's model made of the instance; without one the model as it is at
            work time, or ``None`` if it is gone by then.
        job: What is known of the work itself.
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
        child: The other model as it is at work time, or ``None`` if it is gone by then.
        relation_name: The relation's name on ``sender``.
        job: What is known of the work itself.
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
        instances: What the payload's model made of each; without one the models as they are at
            work time, without those that are gone by then.
        job: What is known of the work itself.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instances: list[T], job: Job, **kwargs: object
    ) -> Awaitable[object]: ...


class CustomDurableReceiver(Protocol[P_co, T_co, Payload]):
    """Receives what the Protocol ``P`` of its signal declares, and ``job``.

    No type can add a keyword to those of another Protocol, so type checkers accept any payload by
    this; ``connect()`` and the mypy plugin check it.

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
        The Protocol, which is generic in the model and in what is made of an instance.
    """
    if "child" in payload:
        return DurableRelationReceiver
    return DurableBulkReceiver if "instances" in payload else DurableReceiver
