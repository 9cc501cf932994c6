"""Payloads checked by pydantic when they are sent, and their JSON schema.

Needs the extra ``validation``; pydantic 1.10 and 2 both do.
"""

from typed_signals.validation.errors import Mistake, SignalPayloadError
from typed_signals.validation.payload import payload_schema
from typed_signals.validation.signal import ValidatedSignal

__all__ = ["Mistake", "SignalPayloadError", "ValidatedSignal", "payload_schema"]
