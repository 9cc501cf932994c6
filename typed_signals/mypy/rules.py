"""What the plugin uses of the core: the rules of a contract, and their words."""

from typed_signals import _contract
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

__all__ = [
    "FILE",
    "NOT_CALLABLE",
    "SENDER",
    "CallableKind",
    "Contract",
    "Fault",
    "check_signature",
    "incompatible",
    "misspelt",
    "mistyped",
    "suggest",
]

FILE = _contract.__file__
