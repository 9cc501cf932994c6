"""Receivers at the end: they keep their contracts, and a type checker can see it."""

from models import Album, Named, Tag, log

import typed_signals.ormar
from typed_signals.ormar import (
    post_bulk_update,
    post_delete,
    post_relation_add,
    post_save,
    pre_update,
)

typed_signals.ormar.install()


@pre_update(Album)
async def promote(sender: type[Album], instance: Album, **kwargs: object) -> None:
    if instance.play_count > 50:
        instance.is_best_seller = True


@pre_update(Named)
async def count_revision(sender: type[Named], instance: Named, **kwargs: object) -> None:
    instance.revision += 1


@post_save([Album, Tag])
async def log_saved(sender: type[Named], instance: Named, **kwargs: object) -> None:
    await log(f"{instance.name} saved")


@post_relation_add(Album)
async def count_tags(sender: type[Album], instance: Album, child: Tag, **kwargs: object) -> None:
    await instance.update(tag_count=await Tag.objects.filter(albums__id=instance.id).count())


@post_delete(Album)
async def log_deleted(sender: type[Album], instance: Album, **kwargs: object) -> None:
    await log(f"{instance.name} deleted")


@post_bulk_update(Album)
async def log_bulk_update(sender: type[Album], instances: list[Album], **kwargs: object) -> None:
    await log(f"{len(instances)} updated at once")
