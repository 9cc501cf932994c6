"""The signals of a model's lifecycle: the one place where each of them is written.

A signal is a receiver Protocol, which is its contract, and an attribute of :class:`ModelSignals`.
Its decorator stands in :mod:`typed_signals._model_decorators`. Each Protocol is generic in the
model ``M`` that sends the signal. Type checkers read it as it stands; ``connect()`` reads the same
lines by inspection.
"""

from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, Protocol

from typing_extensions import TypeVar

from typed_signals._emitter import SignalEmitter
from typed_signals._protocols import Alias, Change, ChangedSince
from typed_signals._signal import Signal

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
]

M = TypeVar("M", contravariant=True)
M_inv = TypeVar("M_inv")
Changed = Annotated[Mapping[str, Change], ChangedSince("pre_update")]
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
        passed_args: The keyword arguments given to ``update()``.
        changed: The fields that are about to change, each with its old and new value.
    """

    def __call__(
        self,
        sender: type[M],
        *,
        instance: M,
        passed_args: dict[str, Any],
        changed: Changed,
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostUpdateReceiver(Protocol[M]):
    """Receives an instance that was updated.

    Sent by: ``Model.update()``

    Args:
        instance: The updated model.
        changed: The fields that have changed, each with its old and new value.
    """

    def __call__(
        self, sender: type[M], *, instance: M, changed: Changed, **kwargs: object
    ) -> Awaitable[object]: ...


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
        passed_kwargs: The keyword arguments given to ``add()``; changes go to the through model.
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
