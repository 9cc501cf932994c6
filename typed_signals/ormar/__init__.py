"""Typed signals for ormar's models: ``install()``, and the decorators to connect receivers."""

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
from typed_signals.emitter import signals_of
from typed_signals.ormar.errors import SignalDefinitionError, UnknownSignalError
from typed_signals.ormar.install import install, uninstall
from typed_signals.ormar.signals import OrmarSignal, OrmarSignals

__all__ = [
    "OrmarSignal",
    "OrmarSignals",
    "SignalDefinitionError",
    "UnknownSignalError",
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
    "signals_of",
    "uninstall",
]
