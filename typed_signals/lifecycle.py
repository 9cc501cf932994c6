"""The signals of a model's lifecycle: the one place where each of them is written.

A signal is three things: a receiver Protocol, which is its contract; an attribute of
:class:`ModelSignals`; and a decorator. Each Protocol is generic in the model ``M`` that sends the
signal. Type checkers read it as it stands; ``connect()`` reads the same lines by inspection.
"""

from collections.abc import Awaitable
from typing import Annotated, Any, Protocol, Unpack

from typing_extensions import TypeVar

from typed_signals._connection import ConnectOptions
from typed_signals._decorators import Senders, make_connector
from typed_signals._emitter import SignalEmitter
from typed_signals._protocols import Alias
from typed_signals._signal import Connector, Signal

__all__ = [
    "ModelSignals",
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
]

M = TypeVar("M", contravariant=True)
M_inv = TypeVar("M_inv")
Model = TypeVar("Model", default=Any)


class PreSaveReceiver(Protocol[M]):
    """Receives an instance about to be inserted; what it changes on ``instance`` is saved.

    Sent by: ``Model.save()``, ``objects.create()``

    Args:
        instance: The model about to be saved; its primary key may still be ``None``.
    """

    def __call__(self, sender: type[M], *, instance: M, **kwargs: object) -> Awaitable[object]: ...


class PostSaveReceiver(Protocol[M]):
    """Receives an instance that was inserted.

    Sent by: ``Model.save()``, ``objects.create()``

    Args:
        instance: The saved model, with its primary key.
    """

    def __call__(self, sender: type[M], *, instance: M, **kwargs: object) -> Awaitable[object]: ...


class PreUpdateReceiver(Protocol[M]):
    """Receives an instance about to be updated; what it changes on ``instance`` is written.

    Sent by: ``Model.update()``

    Args:
        instance: The model about to be updated, with the new values already set.
        passed_args: The keyword arguments given to ``update()``; every supported ormar sends it,
            though ormar's documentation leaves it out.
    """

    def __call__(
        self, sender: type[M], *, instance: M, passed_args: dict[str, Any], **kwargs: object
    ) -> Awaitable[object]: ...


class PostUpdateReceiver(Protocol[M]):
    """Receives an instance that was updated.

    Sent by: ``Model.update()``

    Args:
        instance: The updated model.
    """

    def __call__(self, sender: type[M], *, instance: M, **kwargs: object) -> Awaitable[object]: ...


class PreDeleteReceiver(Protocol[M]):
    """Receives an instance about to be deleted.

    Sent by: ``Model.delete()``

    Args:
        instance: The model about to be deleted.
    """

    def __call__(self, sender: type[M], *, instance: M, **kwargs: object) -> Awaitable[object]: ...


class PostDeleteReceiver(Protocol[M]):
    """Receives an instance whose row was deleted.

    Sent by: ``Model.delete()``

    Args:
        instance: The model that was deleted; the Python object lives on.
    """

    def __call__(self, sender: type[M], *, instance: M, **kwargs: object) -> Awaitable[object]: ...


class PreRelationAddReceiver(Protocol[M]):
    """Receives a child about to be added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        instance: The model to which the child is added.
        child: The model being added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``. Changing this dict changes the
            through model that is made.
        passed_args: The same dict under the name that ormar's documentation gives it.
    """

    def __call__(
        self,
        sender: type[M],
        *,
        instance: M,
        child: Any,
        relation_name: str,
        passed_kwargs: dict[str, Any],
        passed_args: Annotated[dict[str, Any], Alias("passed_kwargs")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostRelationAddReceiver(Protocol[M]):
    """Receives a child that was added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        instance: The model to which the child was added.
        child: The model that was added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``.
        passed_args: The same dict under the name that ormar's documentation gives it.
    """

    def __call__(
        self,
        sender: type[M],
        *,
        instance: M,
        child: Any,
        relation_name: str,
        passed_kwargs: dict[str, Any],
        passed_args: Annotated[dict[str, Any], Alias("passed_kwargs")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PreRelationRemoveReceiver(Protocol[M]):
    """Receives a child about to be removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        instance: The model from which the child is removed.
        child: The model being removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
    """

    def __call__(
        self, sender: type[M], *, instance: M, child: Any, relation_name: str, **kwargs: object
    ) -> Awaitable[object]: ...


class PostRelationRemoveReceiver(Protocol[M]):
    """Receives a child that was removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        instance: The model from which the child was removed.
        child: The model that was removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_args: ormar's documentation promises it and no ormar sends it; here it is an empty
            dict.
    """

    def __call__(
        self,
        sender: type[M],
        *,
        instance: M,
        child: Any,
        relation_name: str,
        passed_args: Annotated[dict[str, Any], Alias("passed_kwargs")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostBulkUpdateReceiver(Protocol[M_inv]):
    """Receives instances that were updated in bulk.

    Sent by: ``objects.bulk_update()``

    Args:
        instances: The list given to ``bulk_update()``.
    """

    def __call__(
        self, sender: type[M_inv], *, instances: list[M_inv], **kwargs: object
    ) -> Awaitable[object]: ...


class ModelSignals(SignalEmitter[Model]):
    """The signals of a model's lifecycle, declared like any others.

    Subclass it to declare signals of your own beside them::

        class AlbumSignals(ModelSignals[Album]):
            sold_out: Signal[SoldOutReceiver]
    """

    pre_save: Signal[PreSaveReceiver[Model]]
    """Receives an instance about to be inserted; what it changes on ``instance`` is saved."""
    post_save: Signal[PostSaveReceiver[Model]]
    """Receives an instance that was inserted."""
    pre_update: Signal[PreUpdateReceiver[Model]]
    """Receives an instance about to be updated; what it changes on ``instance`` is written."""
    post_update: Signal[PostUpdateReceiver[Model]]
    """Receives an instance that was updated."""
    pre_delete: Signal[PreDeleteReceiver[Model]]
    """Receives an instance about to be deleted."""
    post_delete: Signal[PostDeleteReceiver[Model]]
    """Receives an instance whose row was deleted."""
    pre_relation_add: Signal[PreRelationAddReceiver[Model]]
    """Receives a child about to be added to a relation."""
    post_relation_add: Signal[PostRelationAddReceiver[Model]]
    """Receives a child that was added to a relation."""
    pre_relation_remove: Signal[PreRelationRemoveReceiver[Model]]
    """Receives a child about to be removed from a relation."""
    post_relation_remove: Signal[PostRelationRemoveReceiver[Model]]
    """Receives a child that was removed from a relation."""
    post_bulk_update: Signal[PostBulkUpdateReceiver[Model]]
    """Receives instances that were updated in bulk."""


# --- decorators ----------------------------------------------------------------------------------


def pre_save(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreSaveReceiver[Model]]:
    """Connect a :class:`PreSaveReceiver` to ``pre_save``."""
    return make_connector("pre_save", senders, **options)


def post_save(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostSaveReceiver[Model]]:
    """Connect a :class:`PostSaveReceiver` to ``post_save``."""
    return make_connector("post_save", senders, **options)


def pre_update(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreUpdateReceiver[Model]]:
    """Connect a :class:`PreUpdateReceiver` to ``pre_update``."""
    return make_connector("pre_update", senders, **options)


def post_update(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostUpdateReceiver[Model]]:
    """Connect a :class:`PostUpdateReceiver` to ``post_update``."""
    return make_connector("post_update", senders, **options)


def pre_delete(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreDeleteReceiver[Model]]:
    """Connect a :class:`PreDeleteReceiver` to ``pre_delete``."""
    return make_connector("pre_delete", senders, **options)


def post_delete(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostDeleteReceiver[Model]]:
    """Connect a :class:`PostDeleteReceiver` to ``post_delete``."""
    return make_connector("post_delete", senders, **options)


def pre_relation_add(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreRelationAddReceiver[Model]]:
    """Connect a :class:`PreRelationAddReceiver` to ``pre_relation_add``."""
    return make_connector("pre_relation_add", senders, **options)


def post_relation_add(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostRelationAddReceiver[Model]]:
    """Connect a :class:`PostRelationAddReceiver` to ``post_relation_add``."""
    return make_connector("post_relation_add", senders, **options)


def pre_relation_remove(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PreRelationRemoveReceiver[Model]]:
    """Connect a :class:`PreRelationRemoveReceiver` to ``pre_relation_remove``."""
    return make_connector("pre_relation_remove", senders, **options)


def post_relation_remove(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostRelationRemoveReceiver[Model]]:
    """Connect a :class:`PostRelationRemoveReceiver` to ``post_relation_remove``."""
    return make_connector("post_relation_remove", senders, **options)


def post_bulk_update(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostBulkUpdateReceiver[Model]]:
    """Connect a :class:`PostBulkUpdateReceiver` to ``post_bulk_update``."""
    return make_connector("post_bulk_update", senders, **options)
