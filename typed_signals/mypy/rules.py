"""What the plugin uses of the core: the rules of a contract, and their words."""

from typed_signals import _contract, _describe, _misuse
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
    no_signals,
)
from typed_signals._describe import suggest

__all__ = [
    "FILES",
    "NOT_CALLABLE",
    "SENDER",
    "CallableKind",
    "Contract",
    "Fault",
    "check_signature",
    "incompatible",
    "misspelt",
    "mistyped",
    "no_signals",
    "suggest",
]

FILES = tuple(str(each.__file__) for each in (_contract, _describe, _misuse))
