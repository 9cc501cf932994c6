"""The shapes that receivers have in public code: right unless they are marked."""

import datetime
import logging
from collections.abc import Iterable
from typing import Any, Dict, List, Type

import ormar
from ormar import post_save, pre_save
from ormar.decorators.signals import receiver
from shop import Album, Dated, Track, any_album

log = logging.getLogger(__name__)


# Untyped, as most are.
@post_save(Album)
async def create_task(sender, instance, **kwargs):
    await instance.update(play_count=instance.play_count + 1)


# Only the instance has a type, and two signals share the receiver.
@ormar.pre_update(Track)
@ormar.pre_save(Track)
async def before_update_and_save(sender, instance: Track, **kwargs):
    instance.title = instance.title.strip()


# Typed the old way.
@ormar.pre_update(Album)
async def update_modified_time(sender: Type[Album], instance: Album, **kwargs):
    instance.name = str(datetime.datetime.now())


@ormar.post_relation_add(Album)
async def count_tracks(
    sender: Type[Album],
    instance: Album,
    child: Track,
    relation_name: str,
    passed_args: Dict[str, Any],
    **kwargs: Any,
) -> None:
    instance.play_count += 1


# Two models, distinguished inside.
@ormar.pre_update([Album, Track])
async def before_update(sender, instance, **kwargs):
    if sender == Album and "passed_args" in kwargs and "name" in kwargs["passed_args"]:
        return
    instance.updated = datetime.datetime.now()


# An abstract base, for all its models.
@ormar.pre_update(Dated)
async def stamp(sender, instance, **kwargs):
    instance.updated = datetime.datetime.now()


# A class that listens, connected by hand, in every spelling.
class Auditor:
    def __init__(self) -> None:
        self.entries: List[str] = []

    async def before_save(
        self,
        sender: Type["Album"],
        instance: "Album",
        **kwargs: Any,
    ) -> None:
        self.entries.append(instance.name)


auditor = Auditor()
album = any_album()
pre_save(Album)(auditor.before_save)
pre_save([Album, Track])(auditor.before_save)  # E[one-model-of-several] all
album.signals.pre_save.connect(auditor.before_save)
album.signals.pre_save.disconnect(auditor.before_save)


# For each model of a list.
async def on_any(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None:
    log.info("%s", sender.__name__)


def watch(models: Iterable[type[ormar.Model]]) -> None:
    for model in models:
        pre_save(model)(on_any)


# Inside a test, with a list that remembers, and a custom signal.
async def check(album: Album) -> None:
    seen: List[str] = []

    @post_save(Album)
    async def after_save(sender: Type[Album], instance: Album, **kwargs: Any) -> None:
        seen.append(instance.name)

    async def after_custom(sender, instance, **kwargs):
        instance.play_count += 5

    album.signals.custom.connect(after_custom)
    await album.signals.custom.send(sender=Album, instance=album)
    album.signals.post_save.disconnect(after_save)
    album.signals.custom.disconnect(after_custom)


# By the signal's name.
@receiver("pre_save", Album)
async def by_name(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@receiver("post_delete", [Album, Track])
async def by_name_untyped(sender, instance, **kwargs): ...


@receiver("pre_save", Album)  # E[wrong-model] all but ty
async def by_name_other_model(sender: type[Track], instance: Track, **kwargs: Any) -> None: ...


@receiver("pre_save", Album)  # E[receiver-by-name] plugin: it requires `child`
async def by_name_wrong(sender: type[Album], child: Track, **kwargs: Any) -> None: ...


# What public code gets wrong.
@ormar.pre_update(Album)  # E[sender-renamed] all: its first parameter is `_`, not `sender`
async def reset_confirmation(_, instance: Album, **kwargs):
    instance.name = ""


@ormar.pre_update([Album, Track])  # E[no-sender] all: it has no `sender` parameter
async def without_sender(instance, **kwargs):
    instance.updated = datetime.datetime.now()


@post_save(Album)  # E[untyped-and-not-async] all but mypy, ty: it must be async
def send_mail(sender, instance, **kwargs):
    log.info("%s", instance)


@post_save(Album)  # E[no-kwargs] all: add `**kwargs: object`
async def notify(sender: type[Album], instance: Album) -> None: ...
