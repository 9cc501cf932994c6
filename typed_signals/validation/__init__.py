"""Payloads checked by pydantic when they are sent, and their JSON schema.

Needs the extra ``validation``, and works with pydantic 1.10 and 2.
"""

from typed_signals._contract import Mistake
from typed_signals._errors import SignalPayloadError
from typed_signals.validation._middleware import PayloadValidation, validate_payloads
from typed_signals.validation._payload import payload_schema

__all__ = [
    "Mistake",
    "PayloadValidation",
    "SignalPayloadError",
    "payload_schema",
    "validate_payloads",
]
