"""``Durable``: how a receiver is connected to run at least once after the commit."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Generic

import pydantic
from typing_extensions import TypeVar

from typed_signals.durable._core import (
    LIFECYCLE,
    Contract,
    Signal,
    SignalDefinitionError,
    format_type,
    get_emitter,
    owner_of,
    read_contract,
)
from typed_signals.durable._errors import NoTransactionError
from typed_signals.durable._outbox import Registered, TableOutbox, outbox_of
from typed_signals.durable._payload import KEY_LENGTH, encoded, fields_of, key_of
from typed_signals.durable._seam import (
    DurableBulkReceiver,
    DurableReceiver,
    DurableRelationReceiver,
    T_contra,
)
from typed_signals.durable._store import Store
from typed_signals.durable._telemetry import tracing

__all__ = ["Durable", "Upgrade"]

T_co = TypeVar("T_co", covariant=True, default=None)

Upgrade = Callable[[dict[str, Any], int], Mapping[str, Any]]
"""Turns the JSON values of an older version, the second argument, into those of the newest."""

_METHODS = ("save", "update", "delete")
"""The methods of a model that can be given a transaction."""


@dataclass(frozen=True, eq=False)
class Durable(Generic[T_co]):
    """How a receiver is connected to run at least once after the commit, whatever dies.

    Attributes:
        name: The name that its rows are kept under. Renaming the function does not matter;
            renaming this strands the rows that are pending.
        payload: A pydantic model that is made of the instance's attributes during the send, and
            that the receiver then gets. Without it only the primary key travels.
        version: The version of the payload. Workers that know only older ones leave a row pending.
        upgrade: Makes the values of an older version those of this one.
        key: Events of equal keys are handled in the order in which they were sent. Called with
            those payloads that it names.
        retries: How often it is tried again.
        timeout: How many seconds an attempt may take.
        backoff: About how many seconds to wait before the first retry; twice as many each time.
        longest_backoff: The most seconds to wait before a retry.
        atomic: Whether an operation outside a transaction is given one, instead of being refused.
        outbox: The outbox; that of the model's database when left out.

    Raises:
        SignalDefinitionError: An argument cannot be.
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
    outbox: TableOutbox | None = None

    def __post_init__(self) -> None:
        payload: Any = self.payload
        is_model = isinstance(payload, type) and issubclass(payload, pydantic.BaseModel)
        seconds = self.timeout, self.backoff, self.longest_backoff
        faults = [
            (not 1 <= len(self.name) <= KEY_LENGTH, f"`name` has 1 to {KEY_LENGTH} characters"),
            (payload is not None and not is_model, "`payload` must be a pydantic model"),
            (self.version < 1, "`version` counts from 1"),
            (self.version > 1 and self.upgrade is None, "`version` above 1 needs `upgrade`"),
            (self.retries < 0, "`retries` cannot be negative"),
            (min(seconds) <= 0, "`timeout` and the backoffs must be more than 0 seconds"),
        ]
        if wrong := [fault for given, fault in faults if given]:
            raise SignalDefinitionError(f"`Durable({self.name!r})` cannot be: {'; '.join(wrong)}")

    # --- the seam for the core -------------------------------------------------------------------

    def contract(self, contract: Contract, signal_name: str) -> Contract:
        """The contract of a durable receiver: what arrives at work time.

        Args:
            contract: The contract of the signal's other receivers.
            signal_name: The signal's name.

        Returns:
            The contract.

        Raises:
            SignalDefinitionError: No receiver of this signal can be durable, or not so.
        """
        self._check_signal(contract, signal_name)
        if signal_name not in LIFECYCLE:
            head, stars, tail = contract.signature.rpartition("**")
            head = head if "*" in head or not stars else f"{head}*, "
            signature = f"{head}job: Job, {stars}{tail}" if stars else f"{tail}, job: Job"
            return replace(
                contract, payload={**contract.payload, "job": False}, signature=signature
            )
        protocol: type = DurableReceiver
        if "child" in contract.payload:
            protocol = DurableRelationReceiver
        if "instances" in contract.payload:
            protocol = DurableBulkReceiver
        own = read_contract(protocol)
        reloaded = "{model}" if protocol is DurableBulkReceiver else "{model} | None"
        made = reloaded if self.payload is None else format_type(self.payload)
        signature = own.signature.replace(f": {T_contra.__name__}", f": {made}")
        return replace(own, signature=signature.replace("list[T]", f"list[{made}]"))

    def bind(
        self, signal: Signal[Any], receiver: Callable[..., Awaitable[object]]
    ) -> Callable[..., Awaitable[None]]:
        """Make what is connected in a durable receiver's place: it writes the row.

        Args:
            signal: The signal.
            receiver: The receiver, which keeps :meth:`contract`.

        Returns:
            An async callable that keeps the contract of the signal.

        Raises:
            SignalDefinitionError: The payload cannot travel, there is no outbox for it, or its
                name is another's.
        """
        contract = self.contract(signal.contract, signal.name)
        owner = owner_of(signal)
        outbox = self._outbox_for(owner, signal)
        names = [name for name in contract.payload if name != "job"]
        fields = fields_of(signal, names, owner, self.payload, what=f"`{self.name}`")
        key = key_of(self.key, fields, what=f"the `key` of `{self.name}`")
        outbox.register(Registered(self, receiver, fields))

        async def write(sender: type, **payload: Any) -> None:
            if not outbox.store.in_transaction:
                raise self._no_transaction(signal, sender, done=True)
            await outbox.rows.write(
                event_id=uuid.uuid4().hex,
                receiver=self.name,
                version=self.version,
                sender=outbox.store.name_of(sender),
                key=key(payload),
                payload=encoded(fields, sender, payload),
                trace=tracing().carried(),
            )

        write.__name__ = getattr(receiver, "__name__", self.name)
        write.__qualname__ = getattr(receiver, "__qualname__", self.name)
        write.__module__ = getattr(receiver, "__module__", __name__)
        if owner is not None and signal.name in LIFECYCLE:
            self._guard(signal, owner, outbox, (receiver, write))
        return write

    # --- inside ----------------------------------------------------------------------------------

    def _check_signal(self, contract: Contract, signal_name: str) -> None:
        what = f"a receiver of `{signal_name}` cannot be durable"
        reason = ""
        if signal_name in LIFECYCLE:
            if signal_name.startswith("pre_"):
                after = f"post_{signal_name.removeprefix('pre_')}"
                reason = f"it runs after the commit, so connect it to `{after}`"
            elif signal_name == "post_delete" and self.payload is None:
                what += " without a payload"
                reason = (
                    "the instance cannot be reloaded once it is deleted; write "
                    "`Durable(..., payload=...)`"
                )
        elif contract.accepts_any_payload:
            reason = (
                "its payload is not declared, and nothing says how it travels; declare the signal "
                "with a Protocol (`Signal[MyReceiver]`)"
            )
        elif self.payload is not None:
            what += " with a payload of its own"
            reason = "the signal's Protocol declares what travels; leave `payload` out"
        elif "job" in contract.payload:
            reason = (
                "its payload has a `job`, which is what a durable receiver is given about its "
                "work; give it another name"
            )
        if reason:
            raise SignalDefinitionError(f"{what} (`{self.name}`): {reason}")

    def _outbox_for(self, owner: type | None, signal: Signal[Any]) -> TableOutbox:
        database = Store.database_of(owner)
        outbox = self.outbox or outbox_of(database)
        what = f"`{self.name}` cannot be durable on {signal.title}"
        if outbox is None and database is None:
            raise SignalDefinitionError(
                f"{what}: no outbox is known for it; name one: `Durable(..., outbox=outbox)`"
            )
        if outbox is None:
            raise SignalDefinitionError(
                f"{what}: there is no outbox in its database; make one before receivers connect: "
                "`outbox = TableOutbox(base)`"
            )
        if database is not None and database is not outbox.store.database:
            raise SignalDefinitionError(
                f"{what}: its outbox is in another database than the model, and no transaction "
                "spans both; leave `outbox` out"
            )
        return outbox

    def _guard(
        self,
        signal: Signal[Any],
        owner: type,
        outbox: TableOutbox,
        connected: tuple[Callable[..., Awaitable[object]], ...],
    ) -> None:
        """Have an operation outside a transaction refused before it writes anything."""
        operation = signal.name.removeprefix("post_")
        if self.atomic and operation in _METHODS:
            outbox.store.give_transactions(owner, operation)
            return
        if self.atomic:
            raise SignalDefinitionError(
                f"`{self.name}` cannot be `atomic` on {signal.title}: only "
                f"`{'()`, `'.join(_METHODS)}()` can be given a transaction; leave `atomic` out and "
                "open the transaction around the operation"
            )
        before = f"pre_{operation}"
        if before not in LIFECYCLE:
            return

        async def requires_transaction(sender: type, **kwargs: object) -> None:
            is_connected = any(each in connected for each in signal.receivers)
            if is_connected and not outbox.store.in_transaction:
                raise self._no_transaction(signal, sender, done=False)

        get_emitter(owner)[before].connect(requires_transaction)

    def _no_transaction(self, signal: Signal[Any], sender: type, *, done: bool) -> Exception:
        model = signal.name in LIFECYCLE
        operation = signal.name.removeprefix("post_") if model else "send"
        hint = " or connect the receiver with `atomic=True`" if operation in _METHODS else ""
        written = " What the operation wrote is written." if model and done else ""
        return NoTransactionError(
            f"the receiver `{self.name}` of {signal.name or 'a signal'} of {sender.__name__} is "
            "durable, and there is no open transaction to write its event in: write `async with "
            f"database.transaction():` around the {operation}{hint}.{written}"
        )
