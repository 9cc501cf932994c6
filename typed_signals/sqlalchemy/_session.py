"""The session of an instance, and the signals of a model."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from sqlalchemy.ext.asyncio import AsyncSession, async_object_session
from sqlalchemy.orm.exc import UnmappedInstanceError

from typed_signals import _emitter
from typed_signals._describe import kind_of
from typed_signals.sqlalchemy._commit import committed_session
from typed_signals.sqlalchemy._errors import SessionError
from typed_signals.sqlalchemy.lifecycle import ModelSignals

__all__ = ["get_session", "get_signals"]

M = TypeVar("M")
E = TypeVar("E", bound="_emitter.SignalEmitter[Any]")


def get_session(instance: object) -> AsyncSession:
    """Find the session that an instance is in, to work in the transaction of its flush.

    Args:
        instance: An instance of a mapped class.

    Returns:
        The session.

    Raises:
        SessionError: The instance is in no session, or not of a mapped class. Or the caller is an
            on-commit receiver: nothing would commit what it does in that session.
    """
    try:
        session = async_object_session(instance)
    except UnmappedInstanceError:
        raise SessionError(
            f"`get_session()` expects an instance of a mapped class, not {kind_of(instance)}"
        ) from None
    if session is None:
        raise SessionError(f"{kind_of(instance)} is in no `AsyncSession`: add it to one first")
    if session.sync_session is committed_session.get():
        raise SessionError(
            "an on-commit receiver cannot use the session that has committed: nothing would "
            "commit what it does there. Open a session of its own: `async with "
            "async_session() as session, session.begin(): ...`"
        )
    return session


@overload
def get_signals(model: type[M]) -> ModelSignals[M]: ...
@overload
def get_signals(model: type[Any], kind: type[E]) -> E: ...
def get_signals(model: type[Any], kind: type[Any] = ModelSignals) -> Any:
    """Find the signals of a model.

    Args:
        model: A mapped class, a base class or a mixin.
        kind: The emitter class that was installed for it, if that declares more signals.

    Returns:
        The model's emitter.

    Raises:
        SignalDefinitionError: It has none, or its emitter is not of that class.
    """
    return _emitter.get_signals(model, kind)
