"""The decorators that connect a receiver to a signal of one or more senders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Unpack

from typing_extensions import TypeVar

from typed_signals.delivery.connection import Options
from typed_signals.emitter import emitter_of
from typed_signals.errors import SignalDefinitionError
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
)
from typed_signals.signal import Connector, Signal

__all__ = [
    "Connector",
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
]

M = TypeVar("M")

Senders = type[M] | Iterable[type[M]]


def _connector(
    signal: str, senders: type | Iterable[type], **options: Unpack[Options]
) -> Connector[Any]:
    """What the decorators below give: call it with a receiver to connect that.

    Args:
        signal: The signal's name.
        senders: The model class, or several.
        options: How the receiver is told; see :class:`~typed_signals.Options`.

    Returns:
        The decorator.

    Raises:
        SignalDefinitionError: A sender has no signals, or there is no sender at all.
    """
    every = [senders] if isinstance(senders, type) else _several(signal, senders)
    try:
        signals: list[Signal[Any]] = [emitter_of(each)[signal] for each in every]
    except SignalDefinitionError as error:
        raise error.with_traceback(None) from None  # where it was found tells nobody anything
    return Connector(signals, **options)


def _several(signal: str, senders: object) -> list[object]:
    kind = type(senders).__qualname__
    given = f"a `{kind}`"
    if isinstance(senders, Collection | Iterator) and not isinstance(senders, str | bytes):
        every: list[object] = [*senders]
        if every:
            return every
        given = f"an empty `{kind}`"
    raise SignalDefinitionError(
        f"`{signal}` expects a model class or a list of model classes, not {given}: "
        f"write `@{signal}(Album)` or `@{signal}([Album, Track])`"
    )


def receiver(
    signal: str, senders: Senders[M], **options: Unpack[Options]
) -> Connector[CustomReceiver[M]]:
    """Connect the decorated receiver to the named signal of one or more senders.

    Args:
        signal: The signal's name: one of a model's lifecycle, a declared or any custom one.
        senders: The model class, or several; an abstract model stands for every model below it.
        options: ``on_commit`` and ``sequential``; see :class:`~typed_signals.Options`.

    Returns:
        A decorator that gives the receiver back unchanged.

    Raises:
        SignalDefinitionError: A sender has no signals.
    """
    return _connector(signal, senders, **options)


def pre_save(senders: Senders[M], **options: Unpack[Options]) -> Connector[PreSaveReceiver[M]]:
    """Connect the decorated receiver to ``pre_save``.

    It hears of an instance about to be inserted; what it changes on ``instance`` is saved.

    Sent by: ``Model.save()``, ``objects.create()``

    The receiver gets:
        sender: The model class.
        instance: The model about to be saved; its primary key may still be ``None``.
        kwargs: Payload that later versions may add.
    """
    return _connector("pre_save", senders, **options)


def post_save(senders: Senders[M], **options: Unpack[Options]) -> Connector[PostSaveReceiver[M]]:
    """Connect the decorated receiver to ``post_save``.

    It hears of an instance that was inserted.

    Sent by: ``Model.save()``, ``objects.create()``

    The receiver gets:
        sender: The model class.
        instance: The saved model, with its primary key.
        kwargs: Payload that later versions may add.
    """
    return _connector("post_save", senders, **options)


def pre_update(senders: Senders[M], **options: Unpack[Options]) -> Connector[PreUpdateReceiver[M]]:
    """Connect the decorated receiver to ``pre_update``.

    It hears of an instance about to be updated; what it changes on ``instance`` is written.

    Sent by: ``Model.update()``

    The receiver gets:
        sender: The model class.
        instance: The model about to be updated, with the new values already set.
        passed_args: The keyword arguments given to ``update()``; all supported ormars send
            it, though ormar's documentation leaves it out.
        kwargs: Payload that later versions may add.
    """
    return _connector("pre_update", senders, **options)


def post_update(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PostUpdateReceiver[M]]:
    """Connect the decorated receiver to ``post_update``.

    It hears of an instance that was updated.

    Sent by: ``Model.update()``

    The receiver gets:
        sender: The model class.
        instance: The updated model.
        kwargs: Payload that later versions may add.
    """
    return _connector("post_update", senders, **options)


def pre_delete(senders: Senders[M], **options: Unpack[Options]) -> Connector[PreDeleteReceiver[M]]:
    """Connect the decorated receiver to ``pre_delete``.

    It hears of an instance about to be deleted.

    Sent by: ``Model.delete()``

    The receiver gets:
        sender: The model class.
        instance: The model about to be deleted.
        kwargs: Payload that later versions may add.
    """
    return _connector("pre_delete", senders, **options)


def post_delete(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PostDeleteReceiver[M]]:
    """Connect the decorated receiver to ``post_delete``.

    It hears of an instance whose row was deleted.

    Sent by: ``Model.delete()``

    The receiver gets:
        sender: The model class.
        instance: The model that was deleted; the Python object lives on.
        kwargs: Payload that later versions may add.
    """
    return _connector("post_delete", senders, **options)


def pre_relation_add(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PreRelationAddReceiver[M]]:
    """Connect the decorated receiver to ``pre_relation_add``.

    It hears of a child about to be added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class that owns the relation.
        instance: The model to which the child is added.
        child: The model being added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``. Changing this dict changes
            the through model that is made.
        passed_args: The same dict under the name that ormar's documentation gives it.
        kwargs: Payload that later versions may add.
    """
    return _connector("pre_relation_add", senders, **options)


def post_relation_add(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PostRelationAddReceiver[M]]:
    """Connect the decorated receiver to ``post_relation_add``.

    It hears of a child that was added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class that owns the relation.
        instance: The model to which the child was added.
        child: The model that was added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``.
        passed_args: The same dict under the name that ormar's documentation gives it.
        kwargs: Payload that later versions may add.
    """
    return _connector("post_relation_add", senders, **options)


def pre_relation_remove(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PreRelationRemoveReceiver[M]]:
    """Connect the decorated receiver to ``pre_relation_remove``.

    It hears of a child about to be removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class that owns the relation.
        instance: The model from which the child is removed.
        child: The model being removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        kwargs: Payload that later versions may add.
    """
    return _connector("pre_relation_remove", senders, **options)


def post_relation_remove(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PostRelationRemoveReceiver[M]]:
    """Connect the decorated receiver to ``post_relation_remove``.

    It hears of a child that was removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    The receiver gets:
        sender: The model class that owns the relation.
        instance: The model from which the child was removed.
        child: The model that was removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_args: ormar's documentation promises it and no ormar sends it; here it is an
            empty dict.
        kwargs: Payload that later versions may add.
    """
    return _connector("post_relation_remove", senders, **options)


def post_bulk_update(
    senders: Senders[M], **options: Unpack[Options]
) -> Connector[PostBulkUpdateReceiver[M]]:
    """Connect the decorated receiver to ``post_bulk_update``.

    It hears of instances that were updated in bulk.

    Sent by: ``objects.bulk_update()``

    The receiver gets:
        sender: The model class.
        instances: The list given to ``bulk_update()``.
        kwargs: Payload that later versions may add.
    """
    return _connector("post_bulk_update", senders, **options)
