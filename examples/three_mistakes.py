"""One mistake of each kind; the album shop has mypy read this file, and runs it cell by cell."""

import asyncio

from typed_signals import signal


class Album: ...


@signal
async def album_sold(sender: type[Album], *, copies: int, **kwargs: object) -> None: ...


# %% A type: only a type checker knows it
@album_sold.connect
async def mail_receipt(sender: type[Album], copies: str, **kwargs: object) -> None: ...


# %% A receiver: `connect()` refuses it, so the program does not start
@album_sold.connect
async def take_from_stock(sender: type[Album], coppies: int, **kwargs: object) -> None: ...


# %% A payload: `send()` refuses it, naming what is missing
asyncio.run(album_sold.send(sender=Album))
