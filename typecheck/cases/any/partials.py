"""Partials: what one has filled is no longer asked of the sender."""

from functools import partial
from typing import Any

from ormar import pre_save
from shop import Album, Track, any_album

signal = any_album().signals.pre_save


async def tagged(sender: type[Album], instance: Album, tag: str = "", **kwargs: Any) -> None: ...


async def required(sender: type[Album], instance: Album, tag: str, **kwargs: Any) -> None: ...


async def keyword_only(
    sender: type[Album], *, instance: Album, tag: str, **kwargs: Any
) -> None: ...


async def log_first(log: str, sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


async def misspelt(sender: type[Album], instnace: Album, tag: str, **kwargs: Any) -> None: ...


async def other_model(sender: type[Album], instance: Track, tag: str, **kwargs: Any) -> None: ...


async def no_kwargs(sender: type[Album], instance: Album, tag: str) -> None: ...


def sync(sender: type[Album], instance: Album, tag: str, **kwargs: Any) -> None: ...


class Receivers:
    async def method(
        self, sender: type[Album], instance: Album, tag: str, **kwargs: Any
    ) -> None: ...


signal.connect(partial(required, tag="a"))
signal.connect(partial(tagged, tag="a"), on_commit=True)
signal.connect(partial(keyword_only, tag="a"))
signal.connect(partial(log_first, "audit"))
signal.connect(partial(Receivers().method, tag="a"))
signal.connect(partial(partial(required, tag="a")))
pre_save(Album)(partial(required, tag="a"))
signal.disconnect(partial(required, tag="a"))

signal.connect(partial(misspelt, tag="a"))  # E[partial-of-a-wrong-receiver] plugin: `instance`
signal.connect(partial(other_model, tag="a"))  # E[partial-of-a-wrong-receiver] plugin: `Track`
signal.connect(partial(no_kwargs, tag="a"))  # E[partial-of-a-wrong-receiver] plugin: `**kwargs`
signal.connect(partial(required))  # E[partial-of-a-wrong-receiver] plugin: it requires `tag`
pre_save(Album)(partial(misspelt, tag="a"))  # E[partial-of-a-wrong-receiver] plugin: `instance`
signal.connect(partial(required, Album))  # E[filled-by-position] plugin
signal.connect(partial(sync, tag="a"))  # E[partial-of-a-sync-function] all but ty: it must be async
