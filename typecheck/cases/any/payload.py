"""The types of what is sent."""

from typing import Any

from ormar import post_bulk_update, pre_relation_add, pre_save, pre_update
from shop import Album, Track


@post_bulk_update(Album)  # E[instances-not-a-list] all: `instances` is annotated `Album`
async def one_instance(sender: type[Album], instances: Album, **kwargs: Any) -> None: ...


@post_bulk_update(Album)  # E[wrong-model] all: `instances` is annotated `list[Track]`
async def other_instances(sender: type[Album], instances: list[Track], **kwargs: Any) -> None: ...


@pre_update(Album)  # E[payload-of-another-type] all: `passed_args` is annotated `list[str]`
async def args_as_list(sender: type[Album], passed_args: list[str], **kwargs: Any) -> None: ...


@pre_relation_add(Album)  # E[payload-of-another-type] all: `relation_name` is annotated `int`
async def numbered(sender: type[Album], relation_name: int, **kwargs: Any) -> None: ...


@pre_relation_add(Album)
async def child_of_any_type(sender: type[Album], child: Track, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[typed-kwargs] all: `**kwargs` is annotated `str`
async def typed_kwargs(sender: type[Album], **kwargs: str) -> None: ...


@pre_save(Album)
async def objects(sender: type[Album], **kwargs: object) -> None: ...


@pre_save(Album)  # F[default-of-its-own] mypy, pyright, basedpyright, ty
async def with_default(sender: type[Album], dry_run: bool = False, **kwargs: Any) -> None: ...


@pre_save(Album)
async def with_any_default(sender: type[Album], dry_run: Any = False, **kwargs: Any) -> None: ...
