"""The contract of a signal that declares none, and marks for payload that is filled in."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from typing_extensions import ParamSpec

__all__ = ["Alias", "Change", "ChangedSince", "CustomReceiver"]

M_contra = TypeVar("M_contra", contravariant=True)
Payload = ParamSpec("Payload", default=...)


@dataclass(frozen=True, slots=True)
class Alias:
    """Marks a payload parameter that is filled from one sent under another name.

    With ``passed_args: Annotated[dict[str, Any], Alias("passed_kwargs")]`` a receiver that names
    ``passed_args`` gets the very object that was sent as ``passed_kwargs``, or a new empty dict
    when nothing was. Receivers that do not name it do not get it.

    Attributes:
        name: The name under which the value is sent.
    """

    name: str


class Change(NamedTuple):
    """One field that an operation changes.

    Attributes:
        old: The value in the database before the operation.
        new: The value that the operation writes.
    """

    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """Marks the payload ``changed``, which is filled with the fields that an operation changes.

    Write ``changed: Annotated[Mapping[str, Change], ChangedSince("pre_update")]`` in the contract
    of ``pre_update``, or of a signal that is sent for the same operation. What changed is found
    only if a receiver names ``changed`` or is connected with ``fields``. Receivers that do not
    name ``changed`` do not get it.

    Attributes:
        signal: The name of the signal at whose send the old values are read.
    """

    signal: str


class CustomReceiver(Protocol[M_contra, Payload]):
    """Receives a signal that declares no payload: any keywords may be sent.

    Sent by: ``signals.your_name.send(sender=..., ...)``

    Args:
        args: Payload is sent by keyword; these two stand for "any further parameters" (``...``),
            which ``*args: Any, **kwargs: Any`` does not say to every type checker.
        kwargs: The payload.
    """

    def __call__(
        self, sender: type[M_contra], *args: Payload.args, **kwargs: Payload.kwargs
    ) -> Awaitable[object]: ...
