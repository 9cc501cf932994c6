"""What `connect()` refuses whatever the models are."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from ormar import pre_save
from shop import Album, any_album

signal = any_album().signals.pre_save


signal.connect("receiver")  # E[not-callable] all: it cannot be called
signal.connect(None)  # E[not-callable] all: it cannot be called


@pre_save(Album)  # E[not-async] all: it must be async, but it is a sync function: write `async def`
def sync(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


signal.connect(lambda sender, **kwargs: None)  # E[not-async] all: it must be async, but


class SyncCall:
    def __call__(self, sender: type[Album], **kwargs: Any) -> None: ...


class AsyncCall:
    async def __call__(self, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


signal.connect(SyncCall())  # E[not-async] all: write `async def __call__`
signal.connect(AsyncCall())
signal.connect(AsyncCall)  # E[a-class] all: a class


@pre_save(Album)  # E[async-generator] all: it must be async, but it is an async generator
async def generator(sender: type[Album], instance: Album, **kwargs: Any) -> AsyncIterator[Album]:
    yield instance


@pre_save(Album)  # E[no-kwargs] all: it does not accept `**kwargs`
async def no_kwargs(sender: type[Album], instance: Album) -> None: ...


@pre_save(Album)  # E[no-sender] all: it has no `sender` parameter
async def no_sender(**kwargs: Any) -> None: ...


@pre_save(Album)  # E[no-sender] all: it has no `sender` parameter
async def payload_first(instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[no-sender] all: it has no
async def nothing() -> None: ...


@pre_save(Album)  # E[sender-renamed] all: its first parameter is `_`, not `sender`
async def renamed(_: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[sender-not-first] all: `sender` is not its first parameter
async def not_first(instance: Album, sender: type[Album], **kwargs: Any) -> None: ...


@pre_save(Album)  # E[sender-not-first] all: `sender` is keyword-only
async def keyword_only(*, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[sender-positional-only] all: `sender` is positional-only
async def positional_only(sender: type[Album], /, instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[payload-positional-only] all: positional-only
async def positional_payload(sender: type[Album], instance: Album, /, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[misspelt-payload] all: write `instance`
async def misspelt(sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


class Receivers:
    async def method(self, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...

    async def wrong(self, sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


signal.connect(Receivers().method)
signal.connect(Receivers.method)  # E[unbound-method] all: connect the bound method
signal.connect(Receivers().wrong)  # E[misspelt-payload] all: write `instance`


async def logged(log: str, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


async def labelled(sender: type[Album], instance: Album, label: str, **kwargs: Any) -> None: ...


signal.connect(partial(logged, "audit"))
signal.connect(partial(labelled, label="new"))
signal.connect(partial(labelled, Album))  # E[filled-by-position] plugin: already bound
signal.connect(labelled)  # E[never-sent] all: it requires `label`, which
