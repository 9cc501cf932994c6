"""Check payloads with pydantic before they reach a receiver."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from typed_signals._dispatch.run import payload_error
from typed_signals._middleware import CallNext, SentSignal
from typed_signals._targets import Target, add_middleware, remove_middleware
from typed_signals.validation._payload import payload_of

__all__ = ["PayloadValidation", "validate_payloads"]

T = TypeVar("T")

_PRIORITY = -10  # before everything that looks at payloads


class PayloadValidation:
    """The middleware that :func:`validate_payloads` adds.

    Call :meth:`remove` to stop it.
    """

    def __call__(self, sent: SentSignal, call_next: CallNext[T], /) -> Coroutine[Any, Any, T]:
        """Check the payload of one send, then pass it on."""
        mistakes = payload_of(sent.signal.protocol).mistakes(sent.sender, sent.payload)
        if mistakes:
            raise payload_error(sent.signal, mistakes)
        return call_next(sent)

    def remove(self) -> None:
        """Stop checking."""
        remove_middleware(self)


def validate_payloads(*targets: Target) -> PayloadValidation:
    """Check the payload of every send with pydantic, before any receiver runs.

    The payload must fit the types in the signal's Protocol, including constraints that pydantic
    reads from ``Annotated``. With ``sender: type[Order]``, the sender must be ``Order`` or a
    subclass of it. Nothing is converted: ``"3"`` is not an ``int``, and receivers get the same
    objects that were sent. A wrong payload raises :class:`~typed_signals.SignalPayloadError` even
    if no receiver is connected.

    Args:
        targets: Signals; models or emitters, which stand for all their signals. Without targets,
            every signal.

    Returns:
        The middleware, to remove it again.

    Raises:
        SignalDefinitionError: A target is not a signal, model or emitter.
    """
    validation = PayloadValidation()
    add_middleware(validation, *targets, priority=_PRIORITY)
    return validation
