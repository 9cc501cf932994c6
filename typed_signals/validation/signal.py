"""A signal that refuses to send what breaks its contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import TypeVar

from typed_signals.delivery.connection import Outcome
from typed_signals.receivers import CustomReceiver
from typed_signals.signal import Signal
from typed_signals.validation.errors import SignalPayloadError
from typed_signals.validation.payload import payload_of

__all__ = ["ValidatedSignal"]

P = TypeVar("P", bound=Callable[..., Awaitable[object]], default=CustomReceiver[Any])


class ValidatedSignal(Signal[P]):
    """A signal whose payload is checked by pydantic at every send, before any receiver runs.

    Make one as ``ValidatedSignal[OrderPaid]()``, or declare it in an emitter::

        class ShopSignals(SignalEmitter[Shop]):
            order_paid: ValidatedSignal[OrderPaid]

    What is checked are the types that the Protocol ``OrderPaid`` gives to its payload, including
    constraints that pydantic reads from ``Annotated``. Nothing is converted: ``"3"`` is no
    ``int``, and receivers get the very objects that were sent. A wrong payload raises
    :class:`SignalPayloadError` even when nobody listens.
    """

    if not TYPE_CHECKING:

        def send(self, /, sender: object, **payload: object) -> Coroutine[Any, Any, None]:
            """Check the payload, then tell every receiver; see :meth:`Signal.send`."""
            self._check(payload)
            return super().send(sender, **payload)

        def send_robust(
            self, /, sender: object, **payload: object
        ) -> Coroutine[Any, Any, list[Outcome]]:
            """Check the payload, then tell every receiver; see :meth:`Signal.send_robust`."""
            self._check(payload)
            return super().send_robust(sender, **payload)

    def _check(self, payload: Mapping[str, Any]) -> None:
        mistakes = payload_of(self.protocol).mistakes(payload)
        if mistakes:
            owner = self._home.owner if self._home else None
            model = owner.__name__ if owner else "Model"
            expected = self.contract.signature.replace("{model}", model)
            lines = [f"{self.title} cannot be sent with this payload:"]
            lines += [f"  - {each}" for each in mistakes]
            lines.append(f"  expected: send({expected})")
            raise SignalPayloadError("\n".join(lines), mistakes)
