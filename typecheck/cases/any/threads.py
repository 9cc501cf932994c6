"""A sync function that runs in a thread is checked by its own parameters."""

import asyncio
from typing import Any

from shop import Album, Track, any_album

from typed_signals import in_thread
from typed_signals.ormar import post_save, pre_update

signals = any_album().signals


@post_save(Album, on_commit=True)
@in_thread
def printed(sender: type[Album], instance: Album, **kwargs: Any) -> int:
    return 1


@pre_update(Album, timeout=5)
@in_thread(limiter=asyncio.Semaphore(2))
def limited(
    sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: object
) -> None: ...


def plain(sender: type[Album], instance: Album, **kwargs: object) -> str:
    return "plain"


threaded = in_thread(plain)
signals.post_save.connect(threaded, timeout=0.5)
signals.post_save.connect(in_thread(plain), timeout=None)  # F[thread-within-connect] mypy


class Press:
    def print_now(self, sender: type[Album], instance: Album, **kwargs: object) -> None: ...


print_now = in_thread(Press().print_now, limiter=asyncio.Semaphore(2))
signals.post_save.connect(print_now)


@post_save(Album)  # E[not-async] all: it must be async, but
def without(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_save(Album)  # E[misspelt-payload] all: write `instance`
@in_thread
def misspelt(sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


@post_save(Album)  # E[wrong-model] all
@in_thread
def for_another(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@post_save(Album)  # E[no-kwargs] all
@in_thread
def closed(sender: type[Album], instance: Album) -> None: ...


@post_save(Album)  # E[wrong-model] all
@in_thread(limiter=asyncio.Semaphore(2))
def limited_for_another(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


in_thread(plain, limiter=3)  # E[limiter-of-another-type] all
in_thread(3)  # E[in-thread-of-no-function] all


@post_save(Album, timeout="5")  # E[option-of-another-type] all
async def in_words(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


async def call(album: Album) -> None:
    one: int = await printed(Album, album)
    two: str = await in_thread(plain)(Album, album)
    await printed(Album)  # E[receiver-called-wrongly] all
    await limited(Album, album)  # E[receiver-called-wrongly] all
    print(one, two)
