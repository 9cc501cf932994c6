"""The pages of the albums, kept in memory until an album changes."""

import ormar
from pydantic import BaseModel

from fastapi_shop.models import Album


class AlbumPage(BaseModel):
    id: int
    name: str
    stock: int
    tags: list[str]
    tag_count: int


_kept: dict[int, list[AlbumPage]] = {}


async def page_of(album_id: int) -> AlbumPage:
    """Show an album as it was last committed; raises `ormar.NoMatch` if there is none."""
    # The place is made before reading. If it is forgotten meanwhile, what was read is not kept.
    place = _kept.setdefault(album_id, [])
    if not place:
        try:
            place.append(await _read(album_id))
        except ormar.NoMatch:
            forget(album_id)
            raise
    return place[0]


def forget(album_id: int) -> None:
    """Read the album again when it is shown next."""
    _kept.pop(album_id, None)


async def _read(album_id: int) -> AlbumPage:
    album = await Album.objects.select_related("tags").get(id=album_id)
    return AlbumPage(
        id=album.id,
        name=album.name,
        stock=album.stock,
        tags=[tag.name for tag in album.tags],
        tag_count=album.tag_count,
    )
