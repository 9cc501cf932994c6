"""The decorators that connect a receiver to the signals of a model's lifecycle.

Only the ``post_`` decorators accept ``durable=``: a durable receiver runs after the commit, too
late for a ``pre_`` signal.
"""

from typing import Any, Unpack, overload

from typing_extensions import TypeVar

from typed_signals._connection import ConnectOptions
from typed_signals._decorators import Senders, make_connector
from typed_signals._durable import (
    DurableBulkReceiver,
    DurableOption,
    DurableReceiver,
    DurableRelationReceiver,
    PayloadModel,
)
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

__all__ = [
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

Model = TypeVar("Model", default=Any)
Payload = TypeVar("Payload", bound=PayloadModel, default=Any)


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


@overload
def post_bulk_update(
    senders: Senders[Model], *, durable: DurableOption[None]
) -> Connector[DurableBulkReceiver[Model, Model]]: ...
@overload
def post_bulk_update(
    senders: Senders[Model], *, durable: DurableOption[Payload]
) -> Connector[DurableBulkReceiver[Model, Payload]]: ...
@overload
def post_bulk_update(
    senders: Senders[Model], **options: Unpack[ConnectOptions]
) -> Connector[PostBulkUpdateReceiver[Model]]: ...
def post_bulk_update(senders: Senders[Any], **options: Any) -> Connector[Any]:
    """Connect a :class:`PostBulkUpdateReceiver` to ``post_bulk_update``."""
    return make_connector("post_bulk_update", senders, **options)
