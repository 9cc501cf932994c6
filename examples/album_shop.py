"""An album shop whose models send typed signals: run it with `make demo`.

The receivers themselves print what they do, while it happens.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import ormar
import sqlalchemy
from ormar import post_relation_add, post_relation_remove, pre_update  # as in any ormar code
from timeline import (
    Operation,
    Witness,
    compare,
    did,
    heading,
    next_steps,
    watch,
    watch_transactions,
)
from who_finds_it import try_mistakes

import typed_signals.ormar
from typed_signals import signal
from typed_signals.durable import Durable, Job, TableOutbox
from typed_signals.ormar import post_save

# --- models --------------------------------------------------------------------------------------

folder = tempfile.TemporaryDirectory(prefix="album-shop-")
database = ormar.DatabaseConnection(f"sqlite+aiosqlite:///{Path(folder.name, 'shop.sqlite')}")
base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=database)
outbox = TableOutbox(base)  # a table of this database: what durable receivers have yet to do

typed_signals.ormar.install()  # once; models defined before and after both get typed signals


class ShopModel(ormar.Model):
    ormar_config = base.copy(abstract=True)

    id: int = ormar.Integer(primary_key=True)
    revision: int = ormar.Integer(default=1)


class Tag(ShopModel):
    ormar_config = base.copy(tablename="tags")

    name: str = ormar.String(max_length=100)


class Album(ShopModel):
    ormar_config = base.copy(tablename="albums")

    name: str = ormar.String(max_length=100)
    tags: list[Tag] = ormar.ManyToMany(Tag)
    tag_count: int = ormar.Integer(default=0)
    play_count: int = ormar.Integer(default=0)
    stock: int = ormar.Integer(default=0)
    is_best_seller: bool = ormar.Boolean(default=False)


class AuditEntry(ormar.Model):
    ormar_config = base.copy(tablename="audit")

    id: int = ormar.Integer(primary_key=True)
    text: str = ormar.String(max_length=100)


# --- a signal of our own: its signature declares what receivers get -------------------------------


@signal
async def album_sold(
    sender: type[Album], *, instance: Album, copies: int, **kwargs: object
) -> None:
    """Sent when copies of an album were sold."""


# --- receivers -----------------------------------------------------------------------------------

watch(ShopModel)  # prints every signal of every model, before the receivers below run
album_sold.connect(Witness("album_sold"))
mails: list[str] = []


class Audit:
    """A method of one object, connected to a signal of several models."""

    async def saved(self, sender: type[ShopModel], instance: ShopModel, **kwargs: object) -> None:
        did(f"writes into the audit: {sender.__name__} {instance.pk} saved")
        await AuditEntry.objects.create(text=f"{sender.__name__} {instance.pk} saved")


audit = Audit()
post_save([Tag, Album])(audit.saved)


@pre_update(ShopModel)  # an abstract model stands for every model that inherits from it
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
    count = await instance.tags.count()
    did(f"{child.name!r} came or went, so there are {count}")
    with Operation():
        await instance.update(tag_count=count)


@album_sold.connect
async def take_from_stock(
    sender: type[Album], instance: Album, copies: int, **kwargs: object
) -> None:
    did(f"{copies} copies of {instance.name} leave the shop")
    await Album.objects.filter(id=instance.pk).update(stock=instance.stock - copies)


async def mail_receipt(sender: type[Album], copies: int, **kwargs: object) -> None:
    did(f"after the commit: mails the receipt for {copies} copies")
    mails.append(f"receipt for {copies}")


album_sold.connect(mail_receipt, on_commit=True)


@post_save(Album, durable=Durable("mail.newsletter"))
async def mail_fans(
    sender: type[Album], instance: Album | None, job: Job, **kwargs: object
) -> None:
    if instance is not None:  # it might be gone by now
        did(f"durable, so perhaps on another machine: mails the fans, attempt {job.attempt}")
        mails.append(f"{instance.name} is new")


# --- a day in the shop ---------------------------------------------------------------------------


async def a_day() -> None:
    with Operation():
        horses = await buy("Horses", copies=5)
    with Operation():
        await horses.update(play_count=60)
    with Operation():
        await horses.tags.add(await Tag(name="punk").save())
    with Operation():
        await Tag.objects.bulk_create([Tag(name="debut"), Tag(name="live")])

    with Operation():
        await sell(horses, copies=2)
    with Operation():
        await sell(horses, copies=9)
    with Operation():
        await outbox.drain()  # in production: `typed-signals worker album_shop:outbox`


async def buy(name: str, copies: int) -> Album:
    """Put an album on the shelf; what is durable is written in the same transaction."""
    async with database.transaction():
        return await Album.objects.create(name=name, stock=copies)


async def sell(album: Album, copies: int) -> None:
    """Sell some copies; if there are not so many, the transaction is rolled back."""
    try:
        async with database.transaction():
            await album.load()
            await album_sold.send(sender=Album, instance=album, copies=copies)
            if (await Album.objects.get(id=album.pk)).stock < 0:
                raise LookupError(f"there are not {copies} copies")
    except LookupError as error:
        did(f"{error}, so no receipt is mailed")


async def evening() -> bool:
    """Read back from the database what the receivers did to it."""
    horses = await Album.objects.get(name="Horses")
    audit = [entry.text for entry in await AuditEntry.objects.order_by("id").all()]
    return compare(
        {
            f"best seller: {horses.is_best_seller}": horses.is_best_seller,
            f"tags: {horses.tag_count}": horses.tag_count == 1,
            f"in stock: {horses.stock}": horses.stock == 3,
            f"revision: {horses.revision}": horses.revision == 3,
            f"audit: {', '.join(audit)}": audit == ["Album 1 saved", "Tag 1 saved"],
            f"mails: {', '.join(mails)}": mails == ["receipt for 2", "Horses is new"],
        }
    )


async def main() -> bool:
    with folder:
        await database.connect()
        async with database.engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        watch_transactions(database)
        heading("A day in the shop: > operation, Model.signal(payload), receiver")
        await a_day()
        heading("Read back from the database")
        right = await evening()
        await database.disconnect()
    return right


def demo() -> bool:
    right = asyncio.run(main())
    heading("One mistake of each kind, and who finds it")
    right = try_mistakes(Path(__file__).with_name("three_mistakes.py")) and right
    next_steps()
    return right


if __name__ == "__main__":
    sys.exit(0 if demo() else 1)
