"""What the plugin uses of the core: the rules of a contract, and their words."""

from typed_signals import _contract, _describe, _durable, _misuse
from typed_signals._contract import (
    NOT_CALLABLE,
    SENDER,
    CallableKind,
    Contract,
    Fault,
    check_receiver as check_signature,
    incompatible,
    misspelt,
    mistyped,
)
from typed_signals._describe import suggest
from typed_signals._durable import durable_receiver, why_not_durable
from typed_signals._misuse import unrelated

__all__ = [
    "FILES",
    "NOT_CALLABLE",
    "SENDER",
    "CallableKind",
    "Contract",
    "Fault",
    "check_signature",
    "durable_receiver",
    "incompatible",
    "misspelt",
    "mistyped",
    "suggest",
    "unrelated",
    "why_not_durable",
]

FILES = tuple(str(each.__file__) for each in (_contract, _describe, _durable, _misuse))
