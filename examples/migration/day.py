"""A day of the application: `python day.py before`, with the receivers of `before.py`."""

import asyncio
import importlib
import sys
from collections.abc import Awaitable

import sqlalchemy
from models import Album, LogEntry, Tag, database, metadata


async def attempt(what: str, operation: Awaitable[object]) -> None:
    try:
        await operation
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")
    else:
        print(f"{what}: done")


async def day() -> None:
    album, tag = Album(name="Horses"), Tag(name="punk")
    await attempt("save", album.save())
    await attempt("save", tag.save())
    await attempt("update", album.update(play_count=60))
    await attempt("add a tag", album.tags.add(tag))
    await attempt("bulk update", Album.objects.bulk_update([album], columns=["name"]))
    album = await Album.objects.get(name="Horses")
    await attempt("delete", album.delete())

    print(f"best seller: {album.is_best_seller}, tags: {album.tag_count}")
    print(f"revision: {album.revision}")
    print("log:", ", ".join([entry.text for entry in await LogEntry.objects.all()]))


async def main() -> None:
    engine = sqlalchemy.create_engine(str(database.url))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    async with database:
        await day()


if __name__ == "__main__":
    importlib.import_module(sys.argv[1])  # its receivers connect themselves
    asyncio.run(main())
