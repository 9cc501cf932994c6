"""``Durable``: how a receiver is connected to run at least once after the commit."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, overload

import pydantic
from typing_extensions import TypeVar, get_type_hints

from typed_signals.durable import _tracing as tracing
from typed_signals.durable._core import (
    LIFECYCLE,
    Contract,
    Signal,
    SignalDefinitionError,
    contract_of,
    get_emitter,
    owner_of,
    suggest,
    unresolved,
    written_type,
)
from typed_signals.durable._errors import NoTransactionError
from typed_signals.durable._job import Job
from typed_signals.durable._outbox import Registered, TableOutbox, outbox_of
from typed_signals.durable._payload import ByValue, Field, Many, Reference, encoded, field_of
from typed_signals.durable._store import Store
from typed_signals.durable._table import KEY_LENGTH

__all__ = ["Durable", "DurableReceiver", "Upgrade"]

M_contra = TypeVar("M_contra", contravariant=True)
T_contra = TypeVar("T_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True, default=None)

Upgrade = Callable[[dict[str, Any], int], Mapping[str, Any]]
"""Turns the JSON values of an older version, which it is told, into those of the newest."""

_OPERATIONS = ("save", "update", "delete")
"""The methods of a model that can be given a transaction."""


class DurableReceiver(Protocol[M_contra, T_contra]):
    """Receives an event of one model after its commit, on any machine, at least once.

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


class Durable(Generic[T_co]):
    """How a receiver is connected to run at least once after the commit, whatever dies.

    Args:
        name: The name that its rows are kept under. Renaming the function does not matter;
            renaming this strands the rows that are pending.
        payload: A pydantic model that is made of the instance's attributes during the
            send, and that the receiver then gets. Without it only the primary key travels.
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

    @overload
    def __init__(
        self: Durable[None],
        name: str,
        *,
        payload: None = None,
        version: int = 1,
        upgrade: Upgrade | None = None,
        key: Callable[..., str | None] | None = None,
        retries: int = 8,
        timeout: float = 30.0,
        backoff: float = 1.0,
        longest_backoff: float = 3600.0,
        atomic: bool = False,
        outbox: TableOutbox | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        payload: type[T_co],
        version: int = 1,
        upgrade: Upgrade | None = None,
        key: Callable[..., str | None] | None = None,
        retries: int = 8,
        timeout: float = 30.0,
        backoff: float = 1.0,
        longest_backoff: float = 3600.0,
        atomic: bool = False,
        outbox: TableOutbox | None = None,
    ) -> None: ...

    def __init__(
        self,
        name: str,
        *,
        payload: type[Any] | None = None,
        version: int = 1,
        upgrade: Upgrade | None = None,
        key: Callable[..., str | None] | None = None,
        retries: int = 8,
        timeout: float = 30.0,
        backoff: float = 1.0,
        longest_backoff: float = 3600.0,
        atomic: bool = False,
        outbox: TableOutbox | None = None,
    ) -> None:
        faults = {
            f"`name` must have 1 to {KEY_LENGTH} characters": not 1 <= len(name) <= KEY_LENGTH,
            "`payload` must be a pydantic model": not (
                payload is None
                or (isinstance(payload, type) and issubclass(payload, pydantic.BaseModel))
            ),
            "`version` counts from 1": version < 1,
            "`version` above 1 needs `upgrade`, for rows of older versions": (
                version > 1 and upgrade is None
            ),
            "`retries` cannot be negative": retries < 0,
            "`timeout` and the backoffs must be more than 0 seconds": (
                min(timeout, backoff, longest_backoff) <= 0
            ),
        }
        if wrong := [fault for fault, given in faults.items() if given]:
            raise SignalDefinitionError(f"`Durable({name!r})` cannot be: {'; '.join(wrong)}")
        self.name = name
        self._payload = payload
        self.version = version
        self.upgrade = upgrade
        self.key = key
        self.retries = retries
        self.timeout = timeout
        self.backoff = backoff
        self.longest_backoff = longest_backoff
        self.atomic = atomic
        self.outbox = outbox

    @property
    def payload(self) -> type[T_co] | None:
        """What is made of the instance; ``None`` when it is reloaded."""
        return self._payload

    def __repr__(self) -> str:
        return f"<durable {self.name}>"

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
        payload = {name: True for name in contract.payload if name not in _DROPPED}
        payload = {name: contract.payload[name] for name in payload}
        written = contract.signature
        if signal_name in LIFECYCLE:
            parts = [f"{name}: {self._hint(name)}" for name in payload]
            written = ", ".join(["sender: type[{model}], *", *parts, "job: Job, **kwargs: object"])
        else:
            head, stars, tail = written.rpartition("**")
            head = head if "*" in head else f"{head}*, "
            written = f"{head}job: Job, {stars}{tail}" if stars else f"{written}, job: Job"
        return replace(contract, payload={**payload, "job": False}, aliases={}, signature=written)

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
        self._check_signal(signal.contract, signal.name)
        owner = owner_of(signal)
        outbox = self._outbox_for(owner, signal)
        fields = self._fields(signal, owner)
        self._check_key(fields)
        outbox.register(Registered(self, receiver, fields))

        async def write(sender: type, **payload: Any) -> None:
            if not outbox.store.in_transaction:
                raise self._no_transaction(signal, sender, done=True)
            await outbox.rows.write(
                event_id=uuid.uuid4().hex,
                receiver=self.name,
                version=self.version,
                sender=outbox.store.name_of(sender),
                key=self._key_of(payload),
                payload=encoded(fields, sender, payload),
                trace=tracing.context_to_carry(),
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
        if signal_name in LIFECYCLE:
            if signal_name.startswith("pre_"):
                raise SignalDefinitionError(
                    f"{what} (`{self.name}`): it runs after the commit, so connect it to "
                    f"`post_{signal_name.removeprefix('pre_')}`"
                )
            if signal_name == "post_delete" and self._payload is None:
                raise SignalDefinitionError(
                    f"{what} without a payload (`{self.name}`): the instance cannot be reloaded "
                    "once it is deleted; write `Durable(..., payload=...)`"
                )
        elif contract.open_payload:
            raise SignalDefinitionError(
                f"{what} (`{self.name}`): its payload is not declared, and nothing says how it "
                "travels; declare the signal with a Protocol (`Signal[MyReceiver]`)"
            )
        elif self._payload is not None:
            raise SignalDefinitionError(
                f"{what} with a payload of its own (`{self.name}`): the signal's Protocol declares "
                "what travels; leave `payload` out"
            )
        elif "job" in contract.payload:
            raise SignalDefinitionError(
                f"{what} (`{self.name}`): its payload has a `job`, which is what a durable "
                "receiver is told of its work by; give it another name"
            )

    def _hint(self, name: str) -> str:
        made = None if self._payload is None else written_type(self._payload)
        return {
            "instance": made or "{model} | None",
            "instances": f"list[{made or '{model}'}]",
            "child": "Any",
        }.get(name, "str")

    def _fields(self, signal: Signal[Any], owner: type | None) -> dict[str, Field]:
        if signal.name in LIFECYCLE:
            instance: Field = (
                Reference()
                if self._payload is None
                else self._by_value("payload", self._payload, attributes=True)
            )
            known: dict[str, Field] = {
                "instance": instance,
                "instances": Many(instance),
                "child": Reference(relation="relation_name"),
                "relation_name": ByValue(str),
            }
            names = signal.contract.payload
            return {name: known[name] for name in names if name not in _DROPPED}
        call: Any = signal.protocol.__call__
        try:
            hints = get_type_hints(call, include_extras=True)
        except NameError as error:
            raise SignalDefinitionError(
                f"the payload of {signal.title} cannot travel (`{self.name}`): its annotations "
                f"{unresolved(error)}"
            ) from error
        return {
            name: self._by_value(name, _of_owner(hints.get(name, Any), owner))
            for name in contract_of(signal.protocol).payload
        }

    def _by_value(self, name: str, hint: Any, *, attributes: bool = False) -> Field:
        try:
            return ByValue(hint, attributes=True) if attributes else field_of(hint)
        except (pydantic.errors.PydanticUserError, TypeError) as error:
            raise SignalDefinitionError(
                f"`{name}: {written_type(hint)}` cannot travel (`{self.name}`): pydantic cannot "
                "write it as JSON and read it again; use a pydantic model, a dataclass or the "
                "types they are made of"
            ) from error

    def _outbox_for(self, owner: type | None, signal: Signal[Any]) -> TableOutbox:
        database = Store.database_of(owner)
        outbox = self.outbox or outbox_of(database)
        if outbox is None:
            where = f"the database of {owner.__name__}" if database is not None else "it"
            remedy = (
                "make one before receivers connect: `outbox = TableOutbox(base)`"
                if database is not None
                else "name one: `Durable(..., outbox=outbox)`"
            )
            raise SignalDefinitionError(
                f"`{self.name}` cannot be durable on {signal.title}: there is no outbox for "
                f"{where}; {remedy}"
            )
        if database is not None and database is not outbox.store.database:
            raise SignalDefinitionError(
                f"`{self.name}` cannot be durable on {signal.title}: its outbox is in another "
                "database than the model, and no transaction spans both; leave `outbox` out"
            )
        return outbox

    def _check_key(self, fields: Mapping[str, Field]) -> None:
        if self.key is None:
            return
        for name in inspect.signature(self.key).parameters:
            if name not in fields:
                near = suggest(name, fields)
                raise SignalDefinitionError(
                    f"the `key` of `{self.name}` asks for `{name}`, which does not travel: write "
                    f"{f'`{near}`' if near else 'one of ' + ', '.join(f'`{n}`' for n in fields)}"
                )

    def _key_of(self, payload: Mapping[str, Any]) -> str | None:
        if self.key is None:
            return None
        key = self.key(**{name: payload[name] for name in inspect.signature(self.key).parameters})
        if key is not None and not (isinstance(key, str) and len(key) <= KEY_LENGTH):
            raise TypeError(
                f"the `key` of `{self.name}` must give a `str` of at most {KEY_LENGTH} characters "
                f"or `None`, and gave a `{type(key).__name__}`"
            )
        return key

    def _guard(
        self,
        signal: Signal[Any],
        owner: type,
        outbox: TableOutbox,
        connected: tuple[Callable[..., Awaitable[object]], ...],
    ) -> None:
        """Have an operation outside a transaction refused before it writes anything."""
        operation = signal.name.removeprefix("post_")
        if self.atomic:
            if operation not in _OPERATIONS:
                raise SignalDefinitionError(
                    f"`{self.name}` cannot be `atomic` on {signal.title}: only "
                    f"`{'()`, `'.join(_OPERATIONS)}()` can be given a transaction; leave `atomic` "
                    "out and open the transaction around the operation"
                )
            outbox.store.give_transactions(owner, operation)
            return
        before = f"pre_{operation}"
        if before not in LIFECYCLE:
            return

        async def requires_transaction(sender: type, **kwargs: object) -> None:
            if not outbox.store.in_transaction and any(
                each in connected for each in signal.receivers
            ):
                raise self._no_transaction(signal, sender, done=False)

        get_emitter(owner)[before].connect(requires_transaction)

    def _no_transaction(self, signal: Signal[Any], sender: type, *, done: bool) -> Exception:
        operation = signal.name.removeprefix("post_")
        model = signal.name in LIFECYCLE
        hint = " or connect the receiver with `atomic=True`" if operation in _OPERATIONS else ""
        written = " What the operation wrote is written." if model and done else ""
        what = f"{signal.name or 'a signal'} of {sender.__name__}"
        return NoTransactionError(
            f"the receiver `{self.name}` of {what} is durable, and there is no open transaction to "
            f"write its event in: write `async with database.transaction():` around the "
            f"{operation if model else 'send'}{hint}.{written}"
        )


_DROPPED = ("passed_args", "passed_kwargs")
"""Payload of the lifecycle that does not travel: it may hold anything."""


def _of_owner(hint: Any, owner: type | None) -> Any:
    """A hint with the owner for the type variable of its Protocol."""
    variables = getattr(hint, "__parameters__", ())
    if isinstance(hint, TypeVar):  # type: ignore[arg-type]
        return owner or Any
    return hint[tuple(owner or Any for _ in variables)] if variables else hint
