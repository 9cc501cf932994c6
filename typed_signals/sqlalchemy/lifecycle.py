"""The signals of a session's unit of work: the one place where each of them is written.

As in :mod:`typed_signals.lifecycle`, a signal is a receiver Protocol, an attribute of
:class:`ModelSignals`, and a decorator. A Protocol that has the payload of another one derives from
that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, Unpack, overload

from typing_extensions import TypeVar

from typed_signals import lifecycle
from typed_signals._connection import ConnectOptions
from typed_signals._decorators import Senders, make_connector
from typed_signals._durable import (
    DurableOption,
    DurableReceiver,
    DurableRelationReceiver,
    PayloadModel,
)
from typed_signals._emitter import SignalEmitter
from typed_signals._protocols import Change
from typed_signals._signal import Connector, Signal

__all__ = [
    "ModelSignals",
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
]

M = TypeVar("M", contravariant=True)
Model = TypeVar("Model", default=Any)
Payload = TypeVar("Payload", bound=PayloadModel, default=Any)


class PreSaveReceiver(lifecycle.PreSaveReceiver[M], Protocol[M]):
    """Receives an instance about to be inserted; what it changes on ``instance`` is inserted.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model about to be inserted; a key that the database makes is ``None``.
    """


class PostSaveReceiver(lifecycle.PostSaveReceiver[M], Protocol[M]):
    """Receives an instance that was inserted, in the session's transaction.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model, with its primary key.
    """


class PreUpdateReceiver(Protocol[M]):
    """Receives an instance about to be updated; what it changes on ``instance`` is written.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model about to be updated, with the new values already set.
        changed: The attributes that have changed, by name: columns, and the relationships that
            have one value.
    """

    def __call__(
        self, sender: type[M], *, instance: M, changed: Mapping[str, Change], **kwargs: object
    ) -> Awaitable[object]: ...


class PostUpdateReceiver(PreUpdateReceiver[M], Protocol[M]):
    """Receives an instance that was updated, in the session's transaction.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model.
        changed: The attributes that have changed, by name: columns, and the relationships that
            have one value.
    """


class PreDeleteReceiver(lifecycle.PreDeleteReceiver[M], Protocol[M]):
    """Receives an instance about to be deleted.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model about to be deleted.
    """


class PostDeleteReceiver(lifecycle.PostDeleteReceiver[M], Protocol[M]):
    """Receives an instance whose row was deleted, in the session's transaction.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model that was deleted; the Python object lives on.
    """


class PreRelationAddReceiver(lifecycle.PreRelationRemoveReceiver[M], Protocol[M]):
    """Receives a child about to be added to a collection.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model whose collection it is.
        child: The model being added; annotate it with the model your relationship holds.
        relation_name: The relationship's name on ``sender``.
    """


class PostRelationAddReceiver(PreRelationAddReceiver[M], Protocol[M]):
    """Receives a child that was added to a collection, in the session's transaction.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model whose collection it is.
        child: The model that was added; annotate it with the model your relationship holds.
        relation_name: The relationship's name on ``sender``.
    """


class PreRelationRemoveReceiver(lifecycle.PreRelationRemoveReceiver[M], Protocol[M]):
    """Receives a child about to be removed from a collection.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model whose collection it is.
        child: The model being removed; annotate it with the model your relationship holds.
        relation_name: The relationship's name on ``sender``.
    """


class PostRelationRemoveReceiver(PreRelationRemoveReceiver[M], Protocol[M]):
    """Receives a child that was removed from a collection, in the session's transaction.

    Sent by: ``AsyncSession.flush()``, ``AsyncSession.commit()``

    Args:
        instance: The model whose collection it is.
        child: The model that was removed; annotate it with the model your relationship holds.
        relation_name: The relationship's name on ``sender``.
    """


class ModelSignals(SignalEmitter[Model]):
    """The signals of a model's lifecycle, declared like any others.

    Subclass it to declare signals of your own beside them::

        class OrderSignals(ModelSignals[Order]):
            paid: Signal[PaidReceiver]
    """

    pre_save: Signal[PreSaveReceiver[Model]]
    """Receives an instance about to be inserted; what it changes on ``instance`` is inserted."""
    post_save: Signal[PostSaveReceiver[Model]]
    """Receives an instance that was inserted, in the session's transaction."""
    pre_update: Signal[PreUpdateReceiver[Model]]
    """Receives an instance about to be updated; what it changes on ``instance`` is written."""
    post_update: Signal[PostUpdateReceiver[Model]]
    """Receives an instance that was updated, in the session's transaction."""
    pre_delete: Signal[PreDeleteReceiver[Model]]
    """Receives an instance about to be deleted."""
    post_delete: Signal[PostDeleteReceiver[Model]]
    """Receives an instance whose row was deleted, in the session's transaction."""
    pre_relation_add: Signal[PreRelationAddReceiver[Model]]
    """Receives a child about to be added to a collection."""
    post_relation_add: Signal[PostRelationAddReceiver[Model]]
    """Receives a child that was added to a collection, in the session's transaction."""
    pre_relation_remove: Signal[PreRelationRemoveReceiver[Model]]
    """Receives a child about to be removed from a collection."""
    post_relation_remove: Signal[PostRelationRemoveReceiver[Model]]
    """Receives a child that was removed from a collection, in the session's transaction."""


# --- decorators: those of what has happened take `durable=` ---------------------------------------


def pre_save(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreSaveReceiver[Model]]:
    """Connect a :class:`PreSaveReceiver` to ``pre_save``."""
    return make_connector("pre_save", senders, **options)


@overload
def post_save(
    senders: Senders[Model], *, durable: DurableOption[None]
) -> Connector[DurableReceiver[Model, Model | None]]: ...
@overload
def post_save(
    senders: Senders[Model], *, durable: DurableOption[Payload]
) -> Connector[DurableReceiver[Model, Payload]]: ...
@overload
def post_save(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostSaveReceiver[Model]]: ...
def post_save(senders: Senders[Any], **options: Any) -> Connector[Any]:
    """Connect a :class:`PostSaveReceiver` to ``post_save``."""
    return make_connector("post_save", senders, **options)


def pre_update(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreUpdateReceiver[Model]]:
    """Connect a :class:`PreUpdateReceiver` to ``pre_update``."""
    return make_connector("pre_update", senders, **options)


@overload
def post_update(
    senders: Senders[Model], *, durable: DurableOption[None]
) -> Connector[DurableReceiver[Model, Model | None]]: ...
@overload
def post_update(
    senders: Senders[Model], *, durable: DurableOption[Payload]
) -> Connector[DurableReceiver[Model, Payload]]: ...
@overload
def post_update(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostUpdateReceiver[Model]]: ...
def post_update(senders: Senders[Any], **options: Any) -> Connector[Any]:
    """Connect a :class:`PostUpdateReceiver` to ``post_update``."""
    return make_connector("post_update", senders, **options)


def pre_delete(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreDeleteReceiver[Model]]:
    """Connect a :class:`PreDeleteReceiver` to ``pre_delete``."""
    return make_connector("pre_delete", senders, **options)


@overload
def post_delete(
    senders: Senders[Model], *, durable: DurableOption[Payload]
) -> Connector[DurableReceiver[Model, Payload]]: ...
@overload
def post_delete(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostDeleteReceiver[Model]]: ...
def post_delete(senders: Senders[Any], **options: Any) -> Connector[Any]:
    """Connect a :class:`PostDeleteReceiver` to ``post_delete``."""
    return make_connector("post_delete", senders, **options)


def pre_relation_add(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreRelationAddReceiver[Model]]:
    """Connect a :class:`PreRelationAddReceiver` to ``pre_relation_add``."""
    return make_connector("pre_relation_add", senders, **options)


@overload
def post_relation_add(
    senders: Senders[Model], *, durable: DurableOption[None]
) -> Connector[DurableRelationReceiver[Model, Model | None]]: ...
@overload
def post_relation_add(
    senders: Senders[Model], *, durable: DurableOption[Payload]
) -> Connector[DurableRelationReceiver[Model, Payload]]: ...
@overload
def post_relation_add(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostRelationAddReceiver[Model]]: ...
def post_relation_add(senders: Senders[Any], **options: Any) -> Connector[Any]:
    """Connect a :class:`PostRelationAddReceiver` to ``post_relation_add``."""
    return make_connector("post_relation_add", senders, **options)


def pre_relation_remove(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreRelationRemoveReceiver[Model]]:
    """Connect a :class:`PreRelationRemoveReceiver` to ``pre_relation_remove``."""
    return make_connector("pre_relation_remove", senders, **options)


@overload
def post_relation_remove(
    senders: Senders[Model], *, durable: DurableOption[None]
) -> Connector[DurableRelationReceiver[Model, Model | None]]: ...
@overload
def post_relation_remove(
    senders: Senders[Model], *, durable: DurableOption[Payload]
) -> Connector[DurableRelationReceiver[Model, Payload]]: ...
@overload
def post_relation_remove(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostRelationRemoveReceiver[Model]]: ...
def post_relation_remove(senders: Senders[Any], **options: Any) -> Connector[Any]:
    """Connect a :class:`PostRelationRemoveReceiver` to ``post_relation_remove``."""
    return make_connector("post_relation_remove", senders, **options)
