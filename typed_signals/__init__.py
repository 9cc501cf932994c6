"""Typed signals: each signal's contract written once, as a Protocol, and kept everywhere."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typed_signals._autodiscover import autodiscover
    from typed_signals._connection import (
        Connection,
        ConnectOptions,
    )
    from typed_signals._contract import (
        Contract,
        Fault,
        Mistake,
    )
    from typed_signals._decorators import (
        receiver,
    )
    from typed_signals._dispatch.nesting import (
        set_loop_limits,
    )
    from typed_signals._dispatch.on_commit import (
        Failure,
        set_exception_handler,
    )
    from typed_signals._dispatch.plan import (
        Outcome,
    )
    from typed_signals._dispatch.shield import set_commit_grace
    from typed_signals._emitter import (
        SignalEmitter,
        get_emitter,
        get_signals,
    )
    from typed_signals._errors import (
        CommitOutcomeUnknownError,
        SignalDefinitionError,
        SignalDefinitionWarning,
        SignalError,
        SignalLoopError,
        SignalNameWarning,
        SignalPayloadError,
        TransactionRolledBackError,
        UnknownSignalError,
    )
    from typed_signals._function_signal import (
        signal,
    )
    from typed_signals._in_thread import in_thread
    from typed_signals._inspect import (
        mark_async,
    )
    from typed_signals._middleware import (
        CallNext,
        Middleware,
        SentSignal,
    )
    from typed_signals._model_decorators import (
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
    )
    from typed_signals._protocols import (
        Alias,
        Change,
        ChangedSince,
        CustomReceiver,
    )
    from typed_signals._registry import (
        Mode,
    )
    from typed_signals._signal import (
        Signal,
    )
    from typed_signals._targets import (
        add_middleware,
        remove_middleware,
    )
    from typed_signals.lifecycle import (
        ModelSignals,
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
    )

__all__ = [
    "Alias",
    "CallNext",
    "Change",
    "ChangedSince",
    "CommitOutcomeUnknownError",
    "ConnectOptions",
    "Connection",
    "Contract",
    "CustomReceiver",
    "Failure",
    "Fault",
    "Middleware",
    "Mistake",
    "Mode",
    "ModelSignals",
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
    "SentSignal",
    "Signal",
    "SignalDefinitionError",
    "SignalDefinitionWarning",
    "SignalEmitter",
    "SignalError",
    "SignalLoopError",
    "SignalNameWarning",
    "SignalPayloadError",
    "TransactionRolledBackError",
    "UnknownSignalError",
    "add_middleware",
    "autodiscover",
    "get_emitter",
    "get_signals",
    "in_thread",
    "mark_async",
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
    "remove_middleware",
    "set_commit_grace",
    "set_exception_handler",
    "set_loop_limits",
    "signal",
]

__version__: Final = "0.1.0"

_MODULES: Final = (
    "_autodiscover",
    "_connection",
    "_contract",
    "_decorators",
    "_dispatch.nesting",
    "_dispatch.on_commit",
    "_dispatch.plan",
    "_dispatch.shield",
    "_emitter",
    "_errors",
    "_function_signal",
    "_in_thread",
    "_inspect",
    "_middleware",
    "_model_decorators",
    "_protocols",
    "_registry",
    "_signal",
    "_targets",
    "lifecycle",
)


def __getattr__(name: str) -> object:
    # Loaded when first asked for: mypy comes through here at every start to load the plugin, asks
    # for none of these, and should not wait for asyncio.
    for each in _MODULES if name in __all__ else ():
        module = import_module(f"{__name__}.{each}")
        if name in module.__all__:
            value: object = getattr(module, name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
