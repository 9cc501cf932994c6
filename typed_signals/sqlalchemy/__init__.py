"""Typed signals for SQLAlchemy and SQLModel: ``install()``, and the decorators."""

from typed_signals._decorators import receiver
from typed_signals.sqlalchemy._backend import SqlalchemyBackend
from typed_signals.sqlalchemy._errors import SessionError
from typed_signals.sqlalchemy._install import install, uninstall
from typed_signals.sqlalchemy._session import get_session, get_signals
from typed_signals.sqlalchemy.lifecycle import (
    ModelSignals,
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

__all__ = [
    "ModelSignals",
    "SessionError",
    "SqlalchemyBackend",
    "get_session",
    "get_signals",
    "install",
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
