"""What the plugin uses of the core: the rules of a contract, and their words."""

from typed_signals import _misuse, contract
from typed_signals.contract import (
    NOT_CALLABLE,
    SENDER,
    Answer as CallableKind,
    Contract,
    Fault,
    incompatible,
    judge as check_signature,
    misspelt,
    mistyped,
    near_miss as suggest,
    no_signals,
)

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

FILES = (contract.__file__, _misuse.__file__)
