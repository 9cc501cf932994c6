"""An album shop whose models send typed signals: run it with `make demo`.

What it prints is told by the receivers themselves, while it happens.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any, Protocol

import ormar
import sqlalchemy
from ormar import post_relation_add, post_relation_remove, pre_update  # as in any ormar code
from timeline import Operation, Witness, compare, did, heading, try_mistakes, watch

import typed_signals.ormar
from typed_signals import Signal
from typed_signals.ormar import ModelSignals, get_signals, post_bulk_update, post_save, pre_delete

typed_signals.ormar.install()  # once; models defined before and after both get typed signals

# --- models --------------------------------------------------------------------------------------

folder = tempfile.TemporaryDirectory(prefix="album-shop-")
database = ormar.DatabaseConnection(f"sqlite+aiosqlite:///{Path(folder.name, 'shop.sqlite')}")
base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=database)


class ShopModel(ormar.Model):
    ormar_config = base.copy(abstract=True)

    id: int = ormar.Integer(primary_key=True)
    revision: int = ormar.Integer(default=1)


class Artist(ShopModel):
    ormar_config = base.copy(tablename="artists")

    name: str = ormar.String(max_length=100)


class Tag(ShopModel):
    ormar_config = base.copy(tablename="tags")

    name: str = ormar.String(max_length=100)


class Album(ShopModel):
    ormar_config = base.copy(tablename="albums")

    name: str = ormar.String(max_length=100)
    artist: Artist | None = ormar.ForeignKey(Artist)
    tags: list[Tag] = ormar.ManyToMany(Tag)
    tag_count: int = ormar.Integer(default=0)
    play_count: int = ormar.Integer(default=0)
    stock: int = ormar.Integer(default=0)
    is_best_seller: bool = ormar.Boolean(default=False)


class Track(ShopModel):
    ormar_config = base.copy(tablename="tracks")

    title: str = ormar.String(max_length=100)
    album: Album | None = ormar.ForeignKey(Album, related_name="tracks")
    play_count: int = ormar.Integer(default=0)


class AuditEntry(ormar.Model):
    ormar_config = base.copy(tablename="audit")

    id: int = ormar.Integer(primary_key=True)
    text: str = ormar.String(max_length=100)


# --- a signal of our own: a Protocol says what its receivers are told ----------------------------


class SoldReceiver(Protocol):
    async def __call__(
        self, sender: type[Album], *, instance: Album, copies: int, **kwargs: object
    ) -> None: ...


class AlbumSignals(ModelSignals[Album]):
    sold: Signal[SoldReceiver]


typed_signals.ormar.install(Album, signals=AlbumSignals)
album_signals = get_signals(Album, AlbumSignals)

# --- receivers -----------------------------------------------------------------------------------

watch(ShopModel)  # prints every signal of every model, before the receivers below hear it
album_signals.sold.connect(Witness("sold"))


class Audit:
    """The methods of one object, connected to several signals of several models."""

    async def saved(self, sender: type[ShopModel], instance: ShopModel, **kwargs: object) -> None:
        did("writes it down")
        await AuditEntry.objects.create(text=f"{sender.__name__} {instance.pk} saved")

    async def deleted(self, sender: type[ShopModel], instance: ShopModel, **kwargs: object) -> None:
        did("writes it down")
        await AuditEntry.objects.create(text=f"{sender.__name__} {instance.pk} deleted")

    async def sold(self, sender: type[Album], copies: int, **kwargs: object) -> None:
        did("writes it down")
        await AuditEntry.objects.create(text=f"{copies} copies sold")


audit = Audit()
post_save([Artist, Album])(audit.saved)
pre_delete([Artist, Album, Track])(audit.deleted)
album_signals.sold.connect(audit.sold)


@pre_update(ShopModel)  # an abstract model stands for every model below it
async def count_revision(sender: type[ShopModel], instance: ShopModel, **kwargs: object) -> None:
    instance.revision += 1
    did(f"revision {instance.revision} of {sender.__name__} {instance.pk}")


@pre_update(Album)
async def promote(sender: type[Album], instance: Album, **kwargs: object) -> None:
    if instance.play_count > 50 and not instance.is_best_seller:
        instance.is_best_seller = True
        did(f"{instance.name} becomes a best seller")


@post_relation_add(Album)
@post_relation_remove(Album)
async def count_tags(
    sender: type[Album], instance: Album, child: Any, relation_name: str, **kwargs: object
) -> None:
    if relation_name == "tags":
        count = await instance.tags.count()
        did(f"{child.name!r} came or went, that makes {count}")
        with Operation():
            await instance.update(tag_count=count)


@post_bulk_update(Track)
async def add_up_plays(sender: type[Track], instances: list[Track], **kwargs: object) -> None:
    did(f"{sum(track.play_count for track in instances)} plays of {len(instances)} tracks")


@album_signals.sold.connect
async def take_from_stock(
    sender: type[Album], instance: Album, copies: int, **kwargs: object
) -> None:
    did(f"{copies} copies of {instance.name} leave the shop")
    with Operation():
        await instance.update(stock=instance.stock - copies)


# --- a day in the shop ---------------------------------------------------------------------------


async def a_day() -> None:
    patti = Artist(name="Patti Smith")
    with Operation():
        await patti.save()
    with Operation():
        horses = await Album.objects.create(name="Horses", artist=patti, stock=5)
    with Operation():
        await horses.update(play_count=60)

    with Operation():
        punk, debut = await Tag(name="punk").save(), await Tag(name="debut").save()
    with Operation():
        await horses.tags.add(punk)
    with Operation():
        await horses.tags.add(debut)
    with Operation():
        await horses.tags.remove(punk)

    tracks = [Track(title="Gloria"), Track(title="Kimberly")]
    with Operation():
        await Track.objects.bulk_create(tracks)
    gloria, kimberly = await Track.objects.order_by("id").all()
    with Operation():
        await horses.tracks.add(gloria)
    gloria.play_count, kimberly.play_count = 7, 5
    with Operation():
        await Track.objects.bulk_update([gloria, kimberly], columns=["play_count"])

    with Operation():
        await album_signals.sold.send(sender=Album, instance=horses, copies=2)
    with Operation():
        await kimberly.delete()


async def evening() -> bool:
    """Read back from the database what the receivers have made of it."""
    horses = await Album.objects.get(name="Horses")
    audit = [entry.text for entry in await AuditEntry.objects.order_by("id").all()]
    return compare(
        {
            f"best seller: {horses.is_best_seller}": horses.is_best_seller,
            f"tags: {horses.tag_count}": horses.tag_count == 1,
            f"in stock: {horses.stock}": horses.stock == 3,
            f"revision: {horses.revision}": horses.revision == 6,
            f"audit: {', '.join(audit)}": len(audit) == 4,
        }
    )


async def main() -> bool:
    with folder:
        await database.connect()
        async with database.engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        heading("A day in the shop: > operation, Model.signal(payload), receiver")
        await a_day()
        heading("Read back from the database")
        right = await evening()
        await database.disconnect()
    heading("Mistakes, and what one sees where the receiver is connected")
    return try_mistakes(Path(__file__).with_name("mistakes.py")) and right


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
