"""The receivers' Protocols: the single source of every signal's contract.

Each Protocol is generic in the model that sends the signal. Its parameters are the contract:
``sender`` first, the payload by keyword, ``**kwargs`` because payloads may grow, and an awaitable
in return. Type checkers read it as it stands; ``connect()`` reads the same lines by inspection.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

from typing_extensions import ParamSpec

__all__ = [
    "CustomReceiver",
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
    "SentAs",
]

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
Payload = ParamSpec("Payload", default=...)


@dataclass(frozen=True, slots=True)
class SentAs:
    """Says that a payload parameter is filled from one that is sent under another name.

    ``passed_args: Annotated[dict[str, Any], SentAs("passed_kwargs")]`` reads: a receiver that
    names ``passed_args`` gets the very object that was sent as ``passed_kwargs``, or a new empty
    dict when nothing was. Receivers that do not name it are not given it.

    Attributes:
        name: The name under which the value is really sent.
    """

    name: str


class PreSaveReceiver(Protocol[M_contra]):
    """Hears of an instance about to be inserted; what it changes on ``instance`` is saved.

    Sent by: ``Model.save()``, ``objects.create()``

    Args:
        sender: The model class.
        instance: The model about to be saved; its primary key may still be ``None``.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: M_contra, **kwargs: object
    ) -> Awaitable[object]: ...


class PostSaveReceiver(Protocol[M_contra]):
    """Hears of an instance that was inserted.

    Sent by: ``Model.save()``, ``objects.create()``

    Args:
        sender: The model class.
        instance: The saved model, with its primary key.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: M_contra, **kwargs: object
    ) -> Awaitable[object]: ...


class PreUpdateReceiver(Protocol[M_contra]):
    """Hears of an instance about to be updated; what it changes on ``instance`` is written.

    Sent by: ``Model.update()``

    Args:
        sender: The model class.
        instance: The model about to be updated, with the new values already set.
        passed_args: The keyword arguments given to ``update()``; all supported ormars send it,
            though ormar's documentation leaves it out.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: M_contra,
        passed_args: dict[str, Any],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostUpdateReceiver(Protocol[M_contra]):
    """Hears of an instance that was updated.

    Sent by: ``Model.update()``

    Args:
        sender: The model class.
        instance: The updated model.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: M_contra, **kwargs: object
    ) -> Awaitable[object]: ...


class PreDeleteReceiver(Protocol[M_contra]):
    """Hears of an instance about to be deleted.

    Sent by: ``Model.delete()``

    Args:
        sender: The model class.
        instance: The model about to be deleted.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: M_contra, **kwargs: object
    ) -> Awaitable[object]: ...


class PostDeleteReceiver(Protocol[M_contra]):
    """Hears of an instance whose row was deleted.

    Sent by: ``Model.delete()``

    Args:
        sender: The model class.
        instance: The model that was deleted; the Python object lives on.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M_contra], *, instance: M_contra, **kwargs: object
    ) -> Awaitable[object]: ...


class PreRelationAddReceiver(Protocol[M_contra]):
    """Hears of a child about to be added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        sender: The model class that owns the relation.
        instance: The model to which the child is added.
        child: The model being added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``. Changing this dict changes the
            through model that is made.
        passed_args: The same dict under the name that ormar's documentation gives it.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: M_contra,
        child: Any,
        relation_name: str,
        passed_kwargs: dict[str, Any],
        passed_args: Annotated[dict[str, Any], SentAs("passed_kwargs")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostRelationAddReceiver(Protocol[M_contra]):
    """Hears of a child that was added to a relation.

    Sent by: ``.add()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        sender: The model class that owns the relation.
        instance: The model to which the child was added.
        child: The model that was added; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_kwargs: The keyword arguments given to ``add()``.
        passed_args: The same dict under the name that ormar's documentation gives it.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: M_contra,
        child: Any,
        relation_name: str,
        passed_kwargs: dict[str, Any],
        passed_args: Annotated[dict[str, Any], SentAs("passed_kwargs")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PreRelationRemoveReceiver(Protocol[M_contra]):
    """Hears of a child about to be removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        sender: The model class that owns the relation.
        instance: The model from which the child is removed.
        child: The model being removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: M_contra,
        child: Any,
        relation_name: str,
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostRelationRemoveReceiver(Protocol[M_contra]):
    """Hears of a child that was removed from a relation.

    Sent by: ``.remove()`` on a ManyToMany or reverse ForeignKey relation

    Args:
        sender: The model class that owns the relation.
        instance: The model from which the child was removed.
        child: The model that was removed; annotate it with the model your relation holds.
        relation_name: The relation's name on ``sender``.
        passed_args: ormar's documentation promises it and no ormar sends it; here it is an empty
            dict.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self,
        sender: type[M_contra],
        *,
        instance: M_contra,
        child: Any,
        relation_name: str,
        passed_args: Annotated[dict[str, Any], SentAs("passed_kwargs")],
        **kwargs: object,
    ) -> Awaitable[object]: ...


class PostBulkUpdateReceiver(Protocol[M]):
    """Hears of instances that were updated in bulk.

    Sent by: ``objects.bulk_update()``

    Args:
        sender: The model class.
        instances: The list given to ``bulk_update()``.
        kwargs: Payload that later versions may add.
    """

    def __call__(
        self, sender: type[M], *, instances: list[M], **kwargs: object
    ) -> Awaitable[object]: ...


class CustomReceiver(Protocol[M_contra, Payload]):
    """Hears a signal of the user's own that declares no payload: any keywords may be sent.

    Sent by: ``signals.your_name.send(sender=..., ...)``

    Args:
        sender: The model class, or whatever the signal's sender is.
        args: Payload is sent by keyword; these two stand for "any further parameters" (``...``),
            which ``*args: Any, **kwargs: Any`` does not say to every type checker.
        kwargs: The payload.
    """

    def __call__(
        self, sender: type[M_contra], *args: Payload.args, **kwargs: Payload.kwargs
    ) -> Awaitable[object]: ...
