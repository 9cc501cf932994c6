"""Cancel receivers that take longer than their ``timeout``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from typed_signals._connection import Connection
from typed_signals._describe import describe
from typed_signals._registry import SignalState

__all__ = ["limited"]


def limited(state: SignalState, connection: Connection) -> Connection:
    """Make a connection that enforces the ``timeout`` of its receiver."""
    if connection.timeout is None:
        return connection
    return replace(connection, call=_limited(state, connection, connection.timeout))


def _limited(
    state: SignalState, connection: Connection, seconds: float
) -> Callable[..., Coroutine[Any, Any, object]]:
    async def call(sender: object, **payload: Any) -> object:
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                result = await connection.call(sender=sender, **payload)
        except TimeoutError as error:
            if deadline.expired():
                raise _exceeded(state, connection) from error.__cause__
            raise  # the receiver's own
        if deadline.expired():  # the receiver caught its cancellation and went on
            raise _exceeded(state, connection)
        return result

    return call


def _exceeded(state: SignalState, connection: Connection) -> TimeoutError:
    receiver = describe(connection.receiver)
    return TimeoutError(
        f"receiver {receiver} of {state.title} took longer than its {connection.timeout:g} s"
    )
