"""``Durable``: how a receiver is connected to run at least once after the commit."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Generic

import pydantic
from typing_extensions import TypeVar

from typed_signals.durable._core import (
    BaseSignal,
    Contract,
    SignalDefinitionError,
    durable_receiver,
    format_type,
    kind_of,
    read_contract,
    state_of,
    why_not_durable,
)
from typed_signals.durable._engine import Outbox, outbox_of
from typed_signals.durable._fields import fields_of
from typed_signals.durable._key import KEY_LENGTH, key_of
from typed_signals.durable._orms import database_of, fits, installed_outbox, is_lifecycle, is_model
from typed_signals.durable._receivers import Registered
from typed_signals.durable._store import METHODS
from typed_signals.durable._writer import Writer, is_atomic

__all__ = ["Durable", "Upgrade"]

T_co = TypeVar("T_co", covariant=True, default=None)

Upgrade = Callable[[dict[str, Any], int], Mapping[str, Any]]
"""Converts JSON values to the newest version; the second argument is their own version."""


@dataclass(frozen=True, repr=False)
class Durable(Generic[T_co]):
    """Connects a receiver to run at least once after the commit, even after a crash.

    Attributes:
        name: The name that the receiver's rows are kept under. You can rename the function, but
            changing this name strands the rows that are pending.
        payload: A pydantic model that is made from the instance's attributes during the send. The
            receiver gets it. Without one, only the primary key is written, and the receiver gets
            the reloaded instance.
        version: The version of the payload. Workers that know only older ones leave a row pending.
        upgrade: Converts the values of an older version to this one.
        key: Returns the key of an event. It is called during the send, with those of ``sender``
            and the payload that its parameters name. Events with the same key are handled in the
            order in which they were sent.
        retries: How often a failed attempt is repeated.
        timeout: How many seconds an attempt may take.
        backoff: About how many seconds to wait before the first retry; twice as many each time.
        longest_backoff: The most seconds to wait before a retry.
        atomic: Whether an operation outside a transaction is given one, instead of being refused.
        outbox: The outbox; by default that which the model was installed with, or that of its
            database.

    Raises:
        SignalDefinitionError: An argument has a wrong type or value.
    """

    name: str
    _: KW_ONLY
    payload: type[T_co] | None = None
    version: int = 1
    upgrade: Upgrade | None = None
    key: Callable[..., str | None] | None = None
    retries: int = 8
    timeout: float = 30.0
    backoff: float = 1.0
    longest_backoff: float = 3600.0
    atomic: bool = False
    outbox: Outbox | None = None

    def __post_init__(self) -> None:
        payload: Any = self.payload
        kind: object = payload
        is_payload = isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)
        seconds: list[Any] = [self.timeout, self.backoff, self.longest_backoff]
        name: Any = self.name
        named = name if isinstance(name, str) else type(name).__name__
        is_name = isinstance(name, str) and 1 <= len(name) <= KEY_LENGTH
        callables: list[Any] = [self.key, self.upgrade]
        later = _is_number(self.version, int, 2)
        faults = [
            (
                not is_name,
                f"`name` must be a string of 1 to {KEY_LENGTH} characters, not {_shown(name)}",
            ),
            (
                payload is not None and not is_payload,
                f"`payload` must be a pydantic model, not {_shown(payload)}",
            ),
            (
                is_model(payload),
                "`payload` must not be a database model: leave it out, and the model is reloaded",
            ),
            (
                not _is_number(self.version, int, 1),
                f"`version` must be an `int` from 1 on, not {_shown(self.version)}",
            ),
            (later and self.upgrade is None, "`version` above 1 needs `upgrade`"),
            (
                any(each is not None and not callable(each) for each in callables),
                "`key` and `upgrade` must be functions",
            ),
            (
                not _is_number(self.retries, int, 0),
                f"`retries` must be an `int` from 0 on, not {_shown(self.retries)}",
            ),
            (
                not all(_is_number(each, float, 0) and each for each in seconds),
                "`timeout` and the backoffs must be more than 0 seconds, as a number",
            ),
        ]
        if wrong := [fault for given, fault in faults if given]:
            raise SignalDefinitionError(f"`Durable({named!r})` is not valid: {'; '.join(wrong)}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    # --- called by the core ----------------------------------------------------------------------

    def contract(self, contract: Contract, signal_name: str) -> Contract:
        """The contract of a durable receiver: what arrives at work time.

        Args:
            contract: The contract of the signal's other receivers.
            signal_name: The signal's name.

        Returns:
            The contract.

        Raises:
            SignalDefinitionError: A receiver of this signal cannot be durable, or not with this
                option.
        """
        lifecycle = is_lifecycle(contract, signal_name)
        has_payload = self.payload is not None
        why = why_not_durable(contract, signal_name, lifecycle=lifecycle, has_payload=has_payload)
        if why is not None:
            raise SignalDefinitionError(f"`{self.name}`: {why}")
        if not lifecycle:
            head, stars, tail = contract.signature.rpartition("**")
            head = head if "*" in head or not stars else f"{head}*, "
            signature = f"{head}job: Job, {stars}{tail}" if stars else f"{tail}, job: Job"
            return replace(
                contract, payload={**contract.payload, "job": False}, signature=signature
            )
        own = read_contract(durable_receiver(contract.payload))
        made = "{model}" if "instances" in contract.payload else "{model} | None"
        if self.payload is not None:
            made = format_type(self.payload)
        return replace(own, signature=re.sub(r"\bT(_contra)?\b", made, own.signature))

    def bind(
        self, signal: BaseSignal, receiver: Callable[..., Awaitable[object]]
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        """Make the callable that replaces a durable receiver: it writes the event.

        Args:
            signal: The signal.
            receiver: The receiver, which keeps :meth:`contract`.

        Returns:
            An async callable that keeps the contract of the signal.

        Raises:
            SignalDefinitionError: The payload cannot be written as JSON, the receiver has no
                outbox, or another receiver has its name.
        """
        contract = self.contract(signal.contract, signal.name)
        owner = state_of(signal).owner
        outbox = self._outbox_for(owner, signal)
        names = [name for name in contract.payload if name != "job"]
        what = f"`{self.name}`"
        fields = fields_of(signal, names, owner, self.payload, store=outbox.store, what=what)
        lifecycle = is_lifecycle(signal.contract, signal.name)
        writer = Writer(
            receiver,
            self.name,
            self.version,
            atomic=self.atomic,
            outbox=outbox,
            fields=fields,
            key=key_of(self.key, names, what=f"the `key` of `{self.name}`"),
            signal=signal.name,
            lifecycle=lifecycle,
        )
        if self.atomic:
            self._give_transactions(signal, owner, outbox, lifecycle=lifecycle)
        outbox.register(Registered(self, receiver, fields, contract, state_of(signal)))
        return writer

    def facts(self) -> dict[str, object]:
        """The settings that the command line shows, as JSON values."""
        return {
            "name": self.name,
            "payload": self.payload and f"{self.payload.__module__}.{self.payload.__qualname__}",
            "version": self.version,
            "has_key": self.key is not None,
            "retries": self.retries,
            "timeout": self.timeout,
            "atomic": self.atomic,
        }

    def runs_like(self, other: object) -> bool:
        """Whether another one runs its receiver the same way; how rows are written may differ."""
        if not isinstance(other, Durable):
            return False
        another: Durable[Any] = other  # pyright: ignore[reportUnknownVariableType] - of any payload
        return self._run == another._run

    @property
    def _run(self) -> Durable[T_co]:
        return replace(self, key=None, atomic=False, outbox=None)

    # --- inside ----------------------------------------------------------------------------------

    def _outbox_for(self, owner: type | None, signal: BaseSignal) -> Outbox:
        database = database_of(owner)
        every = [self.outbox] if self.outbox else [installed_outbox(owner), outbox_of(database)]
        found: list[Outbox] = [each for each in every if isinstance(each, Outbox)]
        fitting = [each for each in found if fits(each.store, owner)]
        if fitting:
            return fitting[0]
        what = f"`{self.name}` cannot be durable on {signal.title}"
        if found:
            raise SignalDefinitionError(
                f"{what}: its outbox is in another database than the model, and no transaction "
                "spans both; make an outbox in the model's own database"
            )
        if database is None:
            raise SignalDefinitionError(
                f"{what}: no outbox is known for it; name one: `Durable(..., outbox=outbox)`, or "
                "`install(outbox=outbox)` for all"
            )
        raise SignalDefinitionError(
            f"{what}: there is no outbox in its database; make one before receivers connect: "
            "`outbox = TableOutbox(base)`, or `TableOutbox(Base, sessions=async_session)`"
        )

    def _give_transactions(
        self, signal: BaseSignal, owner: type | None, outbox: Outbox, *, lifecycle: bool
    ) -> None:
        """Have an operation outside a transaction run in one."""
        operation = signal.name.removeprefix("post_")
        if not lifecycle or owner is None or operation not in METHODS:
            raise SignalDefinitionError(
                f"`{self.name}` cannot be `atomic` on {signal.title}: only "
                f"`{'()`, `'.join(METHODS)}()` can be given a transaction; leave `atomic` out and "
                "open the transaction around the operation"
            )
        outbox.store.give_transactions(owner, operation, is_atomic)


def _shown(given: object) -> str:
    return repr(given) if isinstance(given, int | float | str) else kind_of(given)


def _is_number(value: Any, kind: type, least: int) -> bool:
    numbers = (int, float) if kind is float else (int,)
    return isinstance(value, numbers) and not isinstance(value, bool) and value >= least
