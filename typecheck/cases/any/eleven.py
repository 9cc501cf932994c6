"""Each of the eleven signals: a receiver that names all of its payload, and a wrong one."""

from typing import Any

from ormar import (
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
)
from shop import Album, Track


@pre_save(Album)
async def on_pre_save(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[never-sent] all: it requires `child`, which `pre_save` never sends
async def not_pre_save(sender: type[Album], child: Track, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[never-sent-of-any-type] all but pyright, basedpyright: it requires `child`
async def not_pre_save_with_any(
    sender: type[Album], instance: Album, child: Any, **kwargs: Any
) -> None: ...


@pre_save(Album)  # E[never-sent-of-any-type] all but pyright, basedpyright: it requires `child`
async def not_pre_save_untyped(sender, instance, child, **kwargs): ...


@post_save(Album)
async def on_post_save(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_save(Album)  # E[never-sent] all: it requires `passed_args`, which `post_save` never sends
async def not_post_save(
    sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@pre_update(Album)
async def on_pre_update(
    sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@pre_update(Album)  # E[never-sent] all: it requires `instances`, which `pre_update` never sends
async def not_pre_update(sender: type[Album], instances: list[Album], **kwargs: Any) -> None: ...


@post_update(Album)
async def on_post_update(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_update(Album)  # E[never-sent] all: it requires `passed_args`, which `post_update` never sends
async def not_post_update(
    sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@pre_delete(Album)
async def on_pre_delete(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_delete(Album)  # E[never-sent] all: it requires `relation_name`, which `pre_delete` never sends
async def not_pre_delete(
    sender: type[Album], instance: Album, relation_name: str, **kwargs: Any
) -> None: ...


@post_delete(Album)
async def on_post_delete(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_delete(Album)  # E[never-sent] all: it requires `pk`, which `post_delete` never sends
async def not_post_delete(sender: type[Album], pk: int, **kwargs: Any) -> None: ...


@pre_relation_add(Album)
async def on_pre_relation_add(
    sender: type[Album],
    instance: Album,
    child: Track,
    relation_name: str,
    passed_kwargs: dict[str, Any],
    **kwargs: Any,
) -> None: ...


@pre_relation_add(Album)  # E[never-sent] all: it requires `children`
async def not_pre_relation_add(
    sender: type[Album], instance: Album, children: list[Track], **kwargs: Any
) -> None: ...


@post_relation_add(Album)
async def on_post_relation_add(
    sender: type[Album],
    instance: Album,
    child: Track,
    relation_name: str,
    passed_args: dict[str, Any],
    **kwargs: Any,
) -> None: ...


@post_relation_add(Album)  # E[never-sent] all: it requires `relation`
async def not_post_relation_add(
    sender: type[Album], instance: Album, relation: str, **kwargs: Any
) -> None: ...


@pre_relation_remove(Album)
async def on_pre_relation_remove(
    sender: type[Album], instance: Album, child: Track, relation_name: str, **kwargs: Any
) -> None: ...


@pre_relation_remove(Album)  # E[never-sent] all: it requires `passed_args`
async def not_pre_relation_remove(
    sender: type[Album], instance: Album, child: Track, passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@post_relation_remove(Album)
async def on_post_relation_remove(
    sender: type[Album],
    instance: Album,
    child: Track,
    relation_name: str,
    passed_args: dict[str, Any],
    **kwargs: Any,
) -> None: ...


@post_relation_remove(Album)  # E[never-sent] all: it requires `instances`
async def not_post_relation_remove(
    sender: type[Album], instances: list[Album], **kwargs: Any
) -> None: ...


@post_bulk_update(Album)
async def on_post_bulk_update(
    sender: type[Album], instances: list[Album], **kwargs: Any
) -> None: ...


@post_bulk_update(Album)  # E[never-sent] all: it requires `instance`
async def not_post_bulk_update(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...
