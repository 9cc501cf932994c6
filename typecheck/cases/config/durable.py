"""A durable receiver is checked by what arrives at work time.

The decorator below is the overload that the core's `post_save` gets with `durable=`.
"""

from collections.abc import Sequence
from typing import Any, TypeVar, Unpack, overload

import pydantic
from shop import Album, Track

from typed_signals import ConnectOptions, PostSaveReceiver
from typed_signals._signal import Connector
from typed_signals.durable import Durable, DurableOption, DurableReceiver, Job

M = TypeVar("M")
T = TypeVar("T")


@overload
def post_save(
    senders: type[M] | Sequence[type[M]], *, durable: DurableOption[None]
) -> Connector[DurableReceiver[M, M | None]]: ...
@overload
def post_save(
    senders: type[M] | Sequence[type[M]], *, durable: DurableOption[T]
) -> Connector[DurableReceiver[M, T]]: ...
@overload
def post_save(
    senders: type[M] | Sequence[type[M]], **options: Unpack[ConnectOptions]
) -> Connector[PostSaveReceiver[M]]: ...
def post_save(senders: Any, **options: Any) -> Any: ...


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
