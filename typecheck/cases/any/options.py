"""The options of `connect` are checked."""

from typing import Any

import ormar
from shop import Album, Track, any_album

from typed_signals.ormar import post_bulk_update, post_save

signals = any_album().signals


@post_save(Album, on_commit=True)
async def after_commit(sender: type[Album], instance: Album, **kwargs: Any) -> int:
    return 1


@post_save([Album, Track], sequential=True)
@post_bulk_update(Album, on_commit=False, sequential=None)
async def in_turn(sender, **kwargs): ...


signals.post_save.connect(after_commit, on_commit=True)


@signals.post_save.connect
async def plain(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_save(Album, on_comit=True)  # E[misspelt-option] all
async def misspelt(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_save(Album, on_commit="yes")  # E[option-of-another-type] all
async def in_words(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@post_save(Album, on_commit=True)  # E[misspelt-payload] all: write `instance`
async def wrong(sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


@ormar.post_save(Album, on_commit=True)  # E[option-that-ormar-lacks] all
async def from_ormar(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


signals.post_save.connect(after_commit, on_commit=1)  # E[option-of-another-type] all
signals.post_save.connect(after_commit, later=True)  # E[misspelt-option] all


async def call(album: Album) -> None:
    one: int = await after_commit(Album, album)
    await after_commit(Album)  # E[receiver-called-wrongly] all
    print(one)


# --- a decorator with options --------------------------------------------------------------------


@signals.post_save.connect(on_commit=True)
async def decorated(sender: type[Album], instance: Album, **kwargs: Any) -> int:
    return 1


@signals.pre_save.connect()
@signals.post_save.connect(sequential=True)
@signals.post_update.connect
async def stacked(sender: type[Album], instance: Album, **kwargs: Any) -> int:
    return 1


@signals.played.connect(on_commit=True)
async def on_a_custom_signal(sender: type[Album], listener: str, **kwargs: Any) -> int:
    return 1


later = signals.post_save.connect(on_commit=True)
later(decorated)


@signals.post_save.connect(on_comit=True)  # E[misspelt-option] all
async def decorated_misspelt(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@signals.post_save.connect(on_commit="yes")  # E[option-of-another-type] all
async def decorated_in_words(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@signals.post_save.connect(on_commit=True)  # E[misspelt-payload] all: write `instance`
async def decorated_wrong(sender: type[Album], instnace: Album, **kwargs: Any) -> None: ...


@signals.post_save.connect(on_commit=True)  # E[wrong-model] all: `instance` is annotated `Track`
async def decorated_for_another(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@signals.post_save.connect(on_commit=True)  # E[not-async] all: it must be async, but
def decorated_sync(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


signals.post_save.connect(decorated, True)  # E[option-by-position] all


async def call_decorated(album: Album) -> None:
    one: int = await decorated(Album, album)
    two: int = await stacked(Album, album)
    await decorated(Album)  # E[receiver-called-wrongly] all
    await stacked(Album)  # E[receiver-called-wrongly] all
    print(one, two)
