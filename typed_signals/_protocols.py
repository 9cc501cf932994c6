"""The contract of a signal that declares none, and the mark of a payload's second name."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from typing_extensions import ParamSpec

__all__ = ["Alias", "CustomReceiver"]

M_contra = TypeVar("M_contra", contravariant=True)
Payload = ParamSpec("Payload", default=...)


@dataclass(frozen=True, slots=True)
class Alias:
    """Marks a payload parameter that is filled from one sent under another name.

    With ``passed_args: Annotated[dict[str, Any], Alias("passed_kwargs")]`` a receiver that names
    ``passed_args`` gets the very object that was sent as ``passed_kwargs``, or a new empty dict
    when nothing was. Receivers that do not name it do not get it.

    Attributes:
        name: The name under which the value is really sent.
    """

    name: str


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
