"""Typed signals: each signal's contract written once, as a Protocol, and kept everywhere."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typed_signals.contract import Contract, Fault
    from typed_signals.decorators import (
        post_bulk_update,
        post_delete,
        post_relation_add,
        post_relation_remove,
        post_save,
        post_update,
        pre_delete,
        pre_relation_add,
        pre_relation_remove,
        pre_save,
        pre_update,
        receiver,
    )
    from typed_signals.delivery.connection import Options, Outcome
    from typed_signals.delivery.later import Failure, set_error_hook
    from typed_signals.delivery.shield import set_commit_grace
    from typed_signals.emitter import ModelSignals, SignalEmitter, emitter_of, signals_of
    from typed_signals.errors import (
        CommitOutcomeUnknownError,
        SignalDefinitionError,
        SignalDefinitionWarning,
        SignalLoopError,
        SignalNameWarning,
        TransactionRolledBackError,
        UnknownSignalError,
    )
    from typed_signals.inspection import returns_awaitable
    from typed_signals.receivers import (
        CustomReceiver,
        PostBulkUpdateReceiver,
        PostDeleteReceiver,
        PostRelationAddReceiver,
        PostRelationRemoveReceiver,
        PostSaveReceiver,
        PostUpdateReceiver,
        PreDeleteReceiver,
        PreRelationAddReceiver,
        PreRelationRemoveReceiver,
        PreSaveReceiver,
        PreUpdateReceiver,
        SentAs,
    )
    from typed_signals.signal import Mode, Signal

__all__ = [
    "CommitOutcomeUnknownError",
    "Contract",
    "CustomReceiver",
    "Failure",
    "Fault",
    "Mode",
    "ModelSignals",
    "Options",
    "Outcome",
    "PostBulkUpdateReceiver",
    "PostDeleteReceiver",
    "PostRelationAddReceiver",
    "PostRelationRemoveReceiver",
    "PostSaveReceiver",
    "PostUpdateReceiver",
    "PreDeleteReceiver",
    "PreRelationAddReceiver",
    "PreRelationRemoveReceiver",
    "PreSaveReceiver",
    "PreUpdateReceiver",
    "SentAs",
    "Signal",
    "SignalDefinitionError",
    "SignalDefinitionWarning",
    "SignalEmitter",
    "SignalLoopError",
    "SignalNameWarning",
    "TransactionRolledBackError",
    "UnknownSignalError",
    "emitter_of",
    "post_bulk_update",
    "post_delete",
    "post_relation_add",
    "post_relation_remove",
    "post_save",
    "post_update",
    "pre_delete",
    "pre_relation_add",
    "pre_relation_remove",
    "pre_save",
    "pre_update",
    "receiver",
    "returns_awaitable",
    "set_commit_grace",
    "set_error_hook",
    "signals_of",
]

_ROOMS = (
    "contract",
    "decorators",
    "delivery.connection",
    "delivery.later",
    "delivery.shield",
    "emitter",
    "errors",
    "inspection",
    "receivers",
    "signal",
)


def __getattr__(name: str) -> object:
    # Loaded when first asked for: mypy comes through here at every start to load the plugin, asks
    # for none of these, and should not wait for asyncio.
    for room in _ROOMS if name in __all__ else ():
        module = import_module(f"{__name__}.{room}")
        if name in module.__all__:
            value: object = getattr(module, name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
