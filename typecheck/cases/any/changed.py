"""Which fields an update changes: `changed` is payload, and `fields` an option."""

from collections.abc import Mapping
from typing import Any

from shop import Album, any_album

from typed_signals import Change
from typed_signals.ormar import post_save, post_update, pre_update

signals = any_album().signals


@pre_update(Album)
async def before(
    sender: type[Album],
    instance: Album,
    passed_args: dict[str, Any],
    changed: Mapping[str, Change],
    **kwargs: object,
) -> int:
    for name, change in changed.items():
        print(name, change.old, change.new)
    old, new = changed["name"]
    return len([old, new])


@post_update(Album, fields={"name"})
async def after(
    sender: type[Album], instance: Album, changed: Mapping[str, Change], **kwargs: object
) -> None: ...


@post_update(Album, fields=frozenset({"name", "play_count"}), on_commit=True)
async def unnamed(sender: type[Album], instance: Album, **kwargs: object) -> None: ...


signals.post_update.connect(unnamed, fields=None)


@post_update(Album)  # E[changed-of-another-type] all: `changed` is annotated
async def of_another_type(
    sender: type[Album], instance: Album, changed: set[str], **kwargs: object
) -> None: ...


@post_update(Album)  # E[misspelt-payload] all: write `changed`
async def misspelt(
    sender: type[Album], instance: Album, chagned: Mapping[str, Change], **kwargs: object
) -> None: ...


@post_save(Album)  # E[changed-of-another-signal] all
async def elsewhere(
    sender: type[Album], instance: Album, changed: Mapping[str, Change], **kwargs: object
) -> None: ...


@post_update(Album, fields="name")  # E[option-of-another-type] all
async def one_string(sender: type[Album], instance: Album, **kwargs: object) -> None: ...


@post_update(Album, fields=["name"])  # E[option-of-another-type] all
async def a_list(sender: type[Album], instance: Album, **kwargs: object) -> None: ...


@post_update(Album, field={"name"})  # E[misspelt-option] all
async def misspelt_option(sender: type[Album], instance: Album, **kwargs: object) -> None: ...


async def call(album: Album) -> None:
    one: int = await before(Album, album, {}, {"name": Change("a", "b")})
    await after(Album, album)  # E[receiver-called-wrongly] all
    print(one)
