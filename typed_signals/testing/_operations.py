"""Find the operation that sent a signal, and the line of the user's code that called it."""

from __future__ import annotations

import inspect
from types import FrameType
from typing import Final, NamedTuple

from typed_signals._annotations import ContractSource
from typed_signals._cache import cached_by_source
from typed_signals._describe import shorten_path
from typed_signals._docstring import read_docstring

__all__ = ["Operation", "find_operation"]


_ORMS: Final = ("ormar", "sqlalchemy", "sqlmodel")


class Operation(NamedTuple):
    """The call that sent a signal.

    Attributes:
        name: The operation, such as ``"Model.save()"``, as the signal's Protocol names it if it
            does; ``"send()"`` if the signal was sent by hand.
        where: File and line of the call; empty if it cannot be known, as in a task of an ORM's.
    """

    name: str
    where: str


def find_operation(protocol: ContractSource) -> Operation:
    """Find the operation from inside a send.

    Args:
        protocol: The Protocol of the signal that is being sent.

    Returns:
        The operation.
    """
    frame: FrameType | None = inspect.currentframe()
    operation = "send()"
    while frame is not None and (package := _package(frame)) in ("typed_signals", *_ORMS):
        if package in _ORMS:
            method = frame.f_code.co_name
            operation = _written_operations(protocol).get(method, f"{frame.f_code.co_qualname}()")
        frame = frame.f_back
    if frame is None or _package(frame) == "asyncio":
        return Operation(operation, "")
    return Operation(operation, f"{shorten_path(frame.f_code.co_filename)}:{frame.f_lineno}")


def _package(frame: FrameType) -> str:
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


@cached_by_source
def _written_operations(protocol: ContractSource) -> dict[str, str]:
    """The operations after "Sent by:" in a Protocol's docstring, by the method's name."""
    calls = read_docstring(protocol).operations
    return {call.rpartition(".")[2].removesuffix("()"): call for call in calls}
