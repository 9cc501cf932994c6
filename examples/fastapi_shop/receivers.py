"""Side effects of every change: the audit log, the counter, the cache."""

from fastapi_shop import pages
from fastapi_shop.models import Album, Audited, AuditEntry
from typed_signals.ormar import (
    post_delete,
    post_relation_add,
    post_relation_remove,
    post_save,
    post_update,
)

# The log is written in the same transaction as the change, and is undone with it. `Audited` is
# abstract: it stands for every model that derives from it.


@post_save(Audited)
async def log_saved(sender: type[Audited], instance: Audited, **kwargs: object) -> None:
    await AuditEntry.objects.create(model=sender.__name__, key=instance.id, happened="saved")


@post_update(Audited)
async def log_updated(sender: type[Audited], instance: Audited, **kwargs: object) -> None:
    await AuditEntry.objects.create(model=sender.__name__, key=instance.id, happened="updated")


@post_delete(Audited)
async def log_deleted(sender: type[Audited], instance: Audited, **kwargs: object) -> None:
    await AuditEntry.objects.create(model=sender.__name__, key=instance.id, happened="deleted")


@post_relation_add(Album)
@post_relation_remove(Album)
async def count_tags(sender: type[Album], instance: Album, **kwargs: object) -> None:
    await instance.update(tag_count=await instance.tags.count())


# Before the commit it would be too early: a request in between would read and keep the old album.


@post_update(Album, on_commit=True)
@post_delete(Album, on_commit=True)
async def forget_page(sender: type[Album], instance: Album, **kwargs: object) -> None:
    pages.forget(instance.id)
