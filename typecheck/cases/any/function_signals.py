"""Signals whose contract is the signature of a function."""

from __future__ import annotations

from typing import Any

from shop import Album, Track

from typed_signals import Signal, signal


@signal
async def sold(sender: type[Album], *, copies: int, buyer: str = "", **kwargs: object) -> None:
    """Sent when copies of an album were sold."""


@signal(mode="strict", sequential=True)
async def reviewed(sender: type[Album], *, stars: int) -> None: ...


@signal(mode="strit")  # E[option-of-another-type] all
async def misspelt_mode(sender: type[Album], *, stars: int) -> None: ...


# --- receivers -----------------------------------------------------------------------------------


@sold.connect
async def restock(sender: type[Album], copies: int, **kwargs: object) -> None: ...


@sold.connect(on_commit=True)
@reviewed.connect(sequential=True)
async def both(sender: type[Album], **kwargs: object) -> None: ...


@sold.connect
async def everything(*args: Any, **kwargs: Any) -> None: ...


@sold.connect
async def any_model(sender: type[Any], copies: float, **kwargs: object) -> int:
    return 1


@reviewed.connect
async def closed(sender: type[Album], *, stars: int) -> None: ...


@sold.connect  # E[misspelt-payload] all: write `copies`
async def misspelt(sender: type[Album], copeis: int, **kwargs: object) -> None: ...


@sold.connect(on_commit=True)  # E[misspelt-payload] all: which `sold` never sends: write `copies`
async def misspelt_too(sender: type[Album], copeis: int, **kwargs: object) -> None: ...


@sold.connect  # E[payload-of-another-type] all: `copies` is annotated `str`
async def another_type(sender: type[Album], copies: str, **kwargs: object) -> None: ...


@sold.connect  # E[wrong-model] all: `sender` is annotated `type[Track]`
async def another_model(sender: type[Track], **kwargs: object) -> None: ...


@sold.connect  # E[not-async] all: it must be async
def sync(sender: type[Album], **kwargs: object) -> None: ...


@sold.connect  # E[no-kwargs] all: add `**kwargs: object`
async def without_kwargs(sender: type[Album], copies: int, buyer: str) -> None: ...


@sold.connect  # E[payload-may-be-missing] all: it requires `buyer`
async def always_buyer(sender: type[Album], buyer: str, **kwargs: object) -> None: ...


# --- sending -------------------------------------------------------------------------------------


async def send() -> None:
    await sold.send(sender=Album, copies=1)
    await sold.send(Album, copies=1, buyer="a", more=1)
    await sold.send(sender=Album, copies="1")  # E[sending-another-type] all
    await sold.send(sender=Album, buyer="a")  # E[missing-payload] all
    await sold.send(sender=Track, copies=1)  # E[sending-another-type] all
    await reviewed.send_robust(sender=Album, stars=4)
    await reviewed.send_robust(sender=Album, stras=4)  # E[missing-payload] all


def exact_type_is_kept() -> None:
    plain: Signal = sold
    plain.disconnect(restock)


# --- what cannot be a contract -------------------------------------------------------------------


@signal  # E[contract-not-async] all
def sync_contract(sender: type[Album], *, copies: int) -> None: ...


@signal  # E[contract-without-sender] plugin: its first parameter is not `sender`
async def without_sender(album: type[Album], *, copies: int) -> None: ...


@signal  # E[contract-by-position] plugin: its payload `copies` is not keyword-only
async def by_position(sender: type[Album], copies: int) -> None: ...
