"""The plugin's error codes.

A code that refines one of mypy's own is a sub-code of it, so that a ``# type: ignore`` written for
mypy alone goes on working when the plugin is turned on.
"""

from mypy.errorcodes import ARG_TYPE, TYPE_VAR, ErrorCode

SIGNAL_RECEIVER = ErrorCode(
    "signal-receiver",
    "Check that a receiver keeps the contract of the signal it is connected to",
    "Signals",
    sub_code_of=ARG_TYPE,
)
SIGNAL_NAME = ErrorCode(
    "signal-name", "Check that a signal's name is no misspelling of a declared one", "Signals"
)
SIGNAL_SENDER = ErrorCode(
    "signal-sender", "Check that a sender has signals", "Signals", sub_code_of=ARG_TYPE
)
SIGNAL_CONTRACT = ErrorCode(
    "signal-contract",
    "Check that a Protocol can be the contract of a signal",
    "Signals",
    sub_code_of=TYPE_VAR,
)
SIGNAL_DECLARATION = ErrorCode(
    "signal-declaration", "Check what an emitter class declares", "Signals"
)
SIGNAL_INSTALL = ErrorCode(
    "signal-install", "Check which models have which emitter class", "Signals"
)
