"""A durable receiver is checked by what arrives at work time."""

from collections.abc import Awaitable
from typing import Any, Protocol

import pydantic
from shop import Album, Track, any_album

from typed_signals import ModelSignals, Signal, get_signals
from typed_signals.durable import Durable, Job
from typed_signals.ormar import (
    post_bulk_update,
    post_delete,
    post_relation_add,
    post_save,
    post_update,
    pre_save,
    receiver,
)


class Receipt(pydantic.BaseModel):
    id: int


made = Durable("made", payload=Receipt, retries=3, key=lambda: "all")
reloaded = Durable("reloaded")


@post_save(Album, durable=made)
async def gets_payload(sender: type[Album], instance: Receipt, job: Job, **kwargs: object) -> int:
    return instance.id


@post_save(Album, durable=reloaded)
async def gets_model(
    sender: type[Album], instance: Album | None, job: Job, **kwargs: object
) -> None: ...


@post_save([Album, Track], durable=Durable("inline", payload=Receipt))
async def gets_less(sender: type[Any], **kwargs: object) -> None: ...


@post_save(Album, on_commit=True)
async def not_durable(sender: type[Album], instance: Album, **kwargs: object) -> None: ...


async def call(album: Album, receipt: Receipt, job: Job) -> None:
    number: int = await gets_payload(Album, receipt, job)
    print(number)


@post_save(Album, durable=made)  # E[durable-wrong-payload] all
async def wrong_payload(
    sender: type[Album], instance: Album, job: Job, **kwargs: object
) -> None: ...


@post_save(Album, durable=reloaded)  # E[durable-model-may-be-gone] all
async def may_be_gone(sender: type[Album], instance: Album, job: Job, **kwargs: object) -> None: ...


@post_save(Album, durable=made)  # E[durable-misspelt] all
async def misspelt(sender: type[Album], instnace: Receipt, **kwargs: object) -> None: ...


@post_save(Album, durable=made)  # E[durable-wrong-job] all
async def wrong_job(sender: type[Album], instance: Receipt, job: int, **kwargs: object) -> None: ...


@post_save(Album, durable=made, on_commit=True)  # E[durable-with-other-options] all
async def both(sender: type[Album], instance: Receipt, job: Job, **kwargs: object) -> None: ...


@post_save(Album)  # E[job-without-durable] all
async def no_job(sender: type[Album], instance: Album, job: Job, **kwargs: object) -> None: ...


Durable("a", paylaod=Receipt)  # E[durable-misspelt-option] all


# --- other signals of a model --------------------------------------------------------------------


@post_delete(Album, durable=made)
async def deleted(sender: type[Album], instance: Receipt, **kwargs: object) -> None: ...


@post_delete(Album, durable=reloaded)  # E[durable-delete-without-payload] all
async def deleted_without(sender: type[Album], **kwargs: object) -> None: ...


@pre_save(Album, durable=made)  # E[durable-before] all
async def before(sender: type[Album], **kwargs: object) -> None: ...


@post_bulk_update(Album, durable=reloaded)
async def many(sender: type[Album], instances: list[Album], job: Job, **kwargs: object) -> None: ...


@post_bulk_update(Album, durable=made)
async def many_made(
    sender: type[Album], instances: list[Receipt], job: Job, **kwargs: object
) -> None: ...


@post_bulk_update(Album, durable=made)  # E[durable-wrong-payload] all
async def many_wrong(
    sender: type[Album], instances: list[Album], job: Job, **kwargs: object
) -> None: ...


@post_relation_add(Album, durable=made)
async def added(
    sender: type[Album], instance: Receipt, child: Track | None, job: Job, **kwargs: object
) -> None: ...


@post_relation_add(Album, durable=made)  # E[durable-lacks-passed-args] all
async def added_with(
    sender: type[Album], instance: Receipt, passed_args: dict[str, Any], **kwargs: object
) -> None: ...


@post_save([Album, Track], durable=reloaded)  # F[mixed-list] mypy
async def either(
    sender: type[Album] | type[Track], instance: Album | Track | None, job: Job, **kwargs: object
) -> int:
    return 1


@post_save(Album, durable=Durable("inline"))
@post_update(Album, durable=reloaded)
async def stacked(sender: type[Album], instance: Album | None, job: Job, **kwargs: object) -> int:
    return 1


async def call_stacked(job: Job) -> None:
    number: int = await stacked(Album, None, job)
    await stacked(Album)  # E[receiver-called-wrongly] all
    print(number)


# --- by name, and with connect() -----------------------------------------------------------------

signals = any_album().signals


@receiver("post_save", Album, durable=made)
async def by_name(sender: type[Album], instance: Receipt, job: Job, **kwargs: object) -> None: ...


@receiver("post_save", Album, durable=made)  # E[durable-by-name] plugin: `instance` is annotated
async def by_name_wrong(sender: type[Album], instance: Album, **kwargs: object) -> None: ...


@receiver("post_save", Album, durable=made)  # E[durable-by-name] plugin: `job` is annotated
async def by_name_job(
    sender: type[Album], instance: Receipt, job: int, **kwargs: object
) -> None: ...


@signals.post_save.connect(durable=made)
async def connected(sender: type[Album], instance: Receipt, job: Job, **kwargs: object) -> int:
    return instance.id


signals.post_update.connect(connected, durable=made)


@signals.post_save.connect(durable=reloaded)  # E[durable-by-connect] plugin: `instance` is annot
async def connected_wrong(
    sender: type[Album], instance: Album, job: Job, **kwargs: object
) -> None: ...


signals.post_save.connect(connected, durable=reloaded)  # E[durable-by-connect] plugin
signals.pre_save.connect(connected, durable=made)  # E[durable-by-connect] plugin: it runs
signals.post_save.connect(
    connected, durable=made, on_commit=True
)  # E[durable-with-other-options] all
signals.post_save.connect(connected, durable=True)  # E[durable-of-another-type] all


async def call_connected(receipt: Receipt, job: Job) -> None:
    number: int = await connected(Album, receipt, job)
    await connected(Album)  # E[receiver-called-wrongly] all but mypy
    print(number)


# --- declared signals ----------------------------------------------------------------------------


class Played(Protocol):
    def __call__(
        self, sender: type[Album], *, listener: str, seconds: int = 0, **kwargs: object
    ) -> Awaitable[object]: ...


class AlbumSignals(ModelSignals[Album]):
    played: Signal[Played]


declared = get_signals(Album, AlbumSignals)


@declared.played.connect(durable=reloaded)
async def heard(sender: type[Album], listener: str, job: Job, **kwargs: object) -> str:
    return listener


declared.played.connect(heard, durable=reloaded)


@declared.played.connect(durable=reloaded)  # E[durable-by-connect] plugin: it requires `listner`
async def misheard(sender: type[Album], listner: str, job: Job, **kwargs: object) -> None: ...


@declared.played.connect(durable=reloaded)  # E[durable-by-connect] plugin: `job` is annotated
async def heard_job(sender: type[Album], listener: str, job: str, **kwargs: object) -> None: ...


@declared.played.connect(durable=reloaded)  # E[not-async] all
def heard_sync(sender: type[Album], listener: str, job: Job, **kwargs: object) -> None: ...


@declared.played.connect(durable=made)  # E[durable-by-connect] plugin: leave `payload` out
async def heard_made(sender: type[Album], job: Job, **kwargs: object) -> None: ...


@declared.played.connect  # E[job-without-durable] all
async def heard_now(sender: type[Album], listener: str, job: Job, **kwargs: object) -> None: ...
