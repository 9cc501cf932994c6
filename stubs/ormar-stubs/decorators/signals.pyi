# ormar's decorators take the senders alone; those of `typed_signals.ormar` take options, too. The
# docstrings are written by scripts/decorator_docs.py.
# ruff: noqa: PYI021 - editors show the docstrings

from typing import Any

from typing_extensions import TypeVar

from typed_signals._decorators import Senders
from typed_signals._protocols import CustomReceiver
from typed_signals._signal import Connector
from typed_signals.lifecycle import (
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

_M = TypeVar("_M", default=Any)

def receiver(signal: str, senders: Senders[_M]) -> Connector[CustomReceiver[_M]]: ...
def pre_save(senders: Senders[_M]) -> Connector[PreSaveReceiver[_M]]:
    """Connect the decorated receiver to ``pre_save``.

    It receives an instance about to be inserted; what it changes on ``instance`` is saved.

    Sent by: ``Model.save()``, ``objects.create()``

    The receiver gets:
        sender: The model class.
        instance: The model about to be saved; its primary key may still be ``None``.
        kwargs: Payload that later versions may add.
    """

def post_save(senders: Senders[_M]) -> Connector[PostSaveReceiver[_M]]:
    """Connect the decorated receiver to ``post_save``.

    It receives an instance that was inserted.

    Sent by: ``Model.save()``, ``objects.create()``

    The receiver gets:
        sender: The model class.
        instance: The saved model, with its primary key.
        kwargs: Payload that later versions may add.
    """

def pre_update(senders: Senders[_M]) -> Connector[PreUpdateReceiver[_M]]:
    """Connect the decorated receiver to ``pre_update``.

    It receives an instance about to be updated; what it changes on ``instance`` is written.

    Sent by: ``Model.update()``

    The receiver gets:
        sender: The model class.
        instance: The model about to be updated, with the new values already set.
        passed_args: The keyword arguments given to ``update()``.
        changed: The fields that are about to change, each with its old and new value.
        kwargs: Payload that later versions may add.
    """

def post_update(senders: Senders[_M]) -> Connector[PostUpdateReceiver[_M]]:
    """Connect the decorated receiver to ``post_update``.

    It receives an instance that was updated.

    Sent by: ``Model.update()``

    The receiver gets:
        sender: The model class.
        instance: The updated model.
        changed: The fields that have changed, each with its old and new value.
        kwargs: Payload that later versions may add.
    """

def pre_delete(senders: Senders[_M]) -> Connector[PreDeleteReceiver[_M]]:
    """Connect the decorated receiver to ``pre_delete``.

    It receives an instance about to be deleted.

    Sent by: ``Model.delete()``

    The receiver gets:
        sender: The model class.
        instance: The model about to be deleted.
        kwargs: Payload that later versions may add.
    """

def post_delete(senders: Senders[_M]) -> Connector[PostDeleteReceiver[_M]]:
    """Connect the decorated receiver to ``post_delete``.

    It receives an instance whose row was deleted.

    Sent by: ``Model.delete()``

    The receiver gets:
        sender: The model class.
        instance: The model that was deleted; the Python object lives on.
        kwargs: Payload that later versions may add.
    """

def pre_relation_add(senders: Senders[_M]) -> Connector[PreRelationAddReceiver[_M]]:
    """Connect the decorated receiver to ``pre_relation_add``.

    It receives a child about to be added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class.
        instance: The model to which the child is added.
        child: The model being added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``; changes go to the through
            model.
        passed_args: The same dict under the name that ormar's documentation gives it.
        kwargs: Payload that later versions may add.
    """

def post_relation_add(senders: Senders[_M]) -> Connector[PostRelationAddReceiver[_M]]:
    """Connect the decorated receiver to ``post_relation_add``.

    It receives a child that was added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class.
        instance: The model to which the child was added.
        child: The model that was added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``.
        passed_args: The same dict under the name that ormar's documentation gives it.
        kwargs: Payload that later versions may add.
    """

def pre_relation_remove(senders: Senders[_M]) -> Connector[PreRelationRemoveReceiver[_M]]:
    """Connect the decorated receiver to ``pre_relation_remove``.

    It receives a child about to be removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class.
        instance: The model from which the child is removed.
        child: The model being removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        kwargs: Payload that later versions may add.
    """

def post_relation_remove(senders: Senders[_M]) -> Connector[PostRelationRemoveReceiver[_M]]:
    """Connect the decorated receiver to ``post_relation_remove``.

    It receives a child that was removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class.
        instance: The model from which the child was removed.
        child: The model that was removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_args: ormar's documentation promises it and no ormar sends it; here it is an
            empty dict.
        kwargs: Payload that later versions may add.
    """

def post_bulk_update(senders: Senders[_M]) -> Connector[PostBulkUpdateReceiver[_M]]:
    """Connect the decorated receiver to ``post_bulk_update``.

    It receives instances that were updated in bulk.

    Sent by: ``objects.bulk_update()``

    The receiver gets:
        sender: The model class.
        instances: The list given to ``bulk_update()``.
        kwargs: Payload that later versions may add.
    """
