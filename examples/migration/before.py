"""Receivers as they were written, with their mistakes."""

from models import Album, Named, Tag, log
from ormar import post_delete, post_relation_add, post_save, pre_update


@pre_update(Album)
async def promote(sender, instance, **kwargs):
    if instance.play_count > 50:
        instance.is_best_seller = True


@pre_update(Named)
async def count_revision(sender, instance, **kwargs):
    instance.revision += 1


@post_save([Album, Tag])
async def log_saved(instance, **kwargs):
    await log(f"{instance.name} saved")


@post_relation_add(Album)
async def count_tags(_, instance, child, **kwargs):
    await instance.update(tag_count=await instance.tags.count())


@post_delete(Album)
def log_deleted(sender, instance, **kwargs):
    print(f"{instance.name} deleted")


@Album.Meta.signals.bulk_post_update.connect
async def log_bulk_update(sender, instances, **kwargs):
    await log(f"{len(instances)} updated at once")
