"""One send, as tests see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from typed_signals._registry import BaseSignal

__all__ = ["Sent"]


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """One send.

    Attributes:
        name: The signal's name; empty for a signal that belongs to no emitter.
        sender: The signal's sender.
        payload: The payload by name. The values are not copies, so later changes show in them.
        operation: The call that sent it, such as ``"Model.save()"`` or ``"objects.create()"``;
            ``"send()"`` if it was sent by hand.
        where: File and line of that call; empty if it cannot be known.
        receivers: The receivers that it reached, in the order of connection.
        signal: The signal itself.
    """

    name: str
    sender: object
    payload: Mapping[str, Any]
    operation: str
    where: str
    receivers: tuple[Callable[..., Awaitable[object]], ...]
    signal: BaseSignal

    def value(self, name: str) -> Any:
        """A value of the payload, by its name or by an alias in the contract.

        Raises:
            KeyError: Nothing was sent under that name.
        """
        return self.payload[self._sent_as(name)]

    def has(self, name: str, *value: object) -> bool:
        """Whether a name was sent, and with the value if one is given."""
        if self._sent_as(name) not in self.payload:
            return False
        return not value or _is_equal(self.value(name), value[0])

    def _sent_as(self, name: str) -> str:
        return name if name in self.payload else self.signal.contract.aliases.get(name, name)


def _is_equal(sent: Any, wanted: Any) -> bool:
    """Compare two values, whose own comparison may fail."""
    if sent is wanted:
        return True
    try:
        return bool(sent == wanted)
    except Exception:  # relations send weak proxies, whose referents may be gone
        return _is_equal_array(sent, wanted)


def _is_equal_array(sent: Any, wanted: Any) -> bool:
    """Compare arrays, whose ``==`` compares each of their elements."""
    try:
        equal = wanted == sent
        return equal is True or (sent.shape == wanted.shape and bool(equal.all()))
    except Exception:
        return False
