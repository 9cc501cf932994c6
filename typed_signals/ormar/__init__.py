"""Typed signals for ormar's models: ``install()``, and the decorators to connect receivers."""

from typed_signals._decorators import receiver
from typed_signals._emitter import get_signals
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
from typed_signals.lifecycle import ModelSignals
from typed_signals.ormar._backend import OrmarBackend
from typed_signals.ormar._errors import SignalDefinitionError, UnknownSignalError
from typed_signals.ormar._install import install, uninstall

__all__ = [
    "ModelSignals",
    "OrmarBackend",
    "SignalDefinitionError",
    "UnknownSignalError",
    "get_signals",
    "install",
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
    "uninstall",
]
