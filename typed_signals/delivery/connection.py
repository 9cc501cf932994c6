"""A connected receiver, and how to call it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from typed_signals.delivery.nesting import current

__all__ = ["Callee", "Connection", "Kept", "Options", "Outcome"]


class Options(TypedDict, total=False, closed=True):  # closed: ty takes others too, if not told
    """How a receiver is told, if not as its signal tells everyone.

    Attributes:
        on_commit: Run only once the surrounding transaction has committed, never when it, or the
            savepoint that the signal was sent in, is rolled back; at once when there is no
            transaction. The receiver then runs outside the transaction, after the others. If it
            fails, nothing is raised: the failure is logged and handed to the error hook (see
            :func:`~typed_signals.set_error_hook`).
        sequential: ``True``: run alone, in the caller's task, when those connected before have
            ended without failure. ``False``: run together with others, also inside a transaction,
            where receivers that use its connection disturb one another.
    """

    on_commit: bool
    sequential: bool | None


@dataclass(frozen=True, slots=True, eq=False)  # a receiver may have no hash
class Connection:
    """A connected receiver and how to call it.

    Attributes:
        receiver: The receiver as it was connected.
        order: When it was connected, as a number that only grows.
        aliases: Payload names the receiver uses, each with the name under which it is sent.
        sequential: Whether it runs alone; ``None`` leaves it to its signal.
        on_commit: Whether it runs only once the surrounding transaction has committed.
        begin: Makes the coroutine that runs the receiver; nothing of the receiver runs yet.
    """

    receiver: Callable[..., Awaitable[object]]
    order: int
    aliases: tuple[tuple[str, str], ...] = ()
    sequential: bool | None = None
    on_commit: bool = False
    begin: Callable[..., Coroutine[Any, Any, Any]] = field(init=False)

    def __post_init__(self) -> None:
        plain = not self.aliases and _is_plain(self.receiver)
        object.__setattr__(self, "begin", self.receiver if plain else self.run)

    @property
    def options(self) -> Options:
        """How the receiver was asked to be told."""
        return {"on_commit": self.on_commit, "sequential": self.sequential}

    async def run(self, /, sender: object, **payload: Any) -> object:
        """Call the receiver with the payload it asks for, and await it."""
        named: dict[str, Any] = {
            name: payload.get(source, {}) for name, source in self.aliases if name not in payload
        }
        return await self.receiver(sender=sender, **payload, **named)


def _is_plain(receiver: object) -> bool:
    """Whether calling a receiver runs none of its code yet, as with every ``async def``."""
    while isinstance(receiver, functools.partial | staticmethod):
        receiver = receiver.func if isinstance(receiver, functools.partial) else receiver.__func__
    if not isinstance(receiver, FunctionType | MethodType):
        receiver = getattr(type(receiver), "__call__", None)  # noqa: B004 - the method itself
    function = receiver.__func__ if isinstance(receiver, MethodType) else receiver
    return isinstance(function, FunctionType) and bool(
        function.__code__.co_flags & inspect.CO_COROUTINE
    )


class Outcome(NamedTuple):
    """How one receiver ended.

    Attributes:
        receiver: The receiver as it was connected.
        result: What it returned; ``None`` if it failed.
        failure: What it raised; ``None`` if it did not.
    """

    receiver: Callable[..., Awaitable[object]]
    result: object
    failure: BaseException | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A connection whose receiver's end is kept, whatever it is, and not raised."""

    connection: Connection
    outcomes: dict[Connection, Outcome]

    @property
    def receiver(self) -> Callable[..., Awaitable[object]]:
        """The receiver as it was connected."""
        return self.connection.receiver

    async def begin(self, sender: object, **payload: Any) -> None:
        """Run the receiver and keep how it ends."""
        result: object = None
        failure: BaseException | None = None
        try:
            result = await self.connection.begin(sender=sender, **payload)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise  # these end the program, or this coroutine
        except BaseException as error:
            failure = error
            place = current.get()
            if isinstance(error, RecursionError) and place is not None:
                failure = place[0].error_of(error)
        self.outcomes[self.connection] = Outcome(self.receiver, result, failure)


Callee = Connection | Kept
