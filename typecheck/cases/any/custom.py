"""Custom signals, undeclared and declared."""

from collections.abc import Awaitable
from typing import Any, Protocol

from shop import Album, Track, any_album

from typed_signals import ModelSignals, Signal, SignalEmitter, get_signals

signals = any_album().signals


@signals.played.connect
async def any_payload(sender: type[Album], listener: str, **kwargs: Any) -> None: ...


@signals.played.connect
async def like_the_contract(sender: type[Album], *args: Any, **kwargs: Any) -> None: ...


@signals.played.connect
async def no_payload(sender: type[Album], **kwargs: object) -> None: ...


@signals.played.connect
async def untyped(sender, listener, **kwargs): ...


@signals.played.connect  # E[wrong-model] all but ty: `sender` is annotated `type[Track]`
async def wrong_sender(sender: type[Track], listener: str, **kwargs: Any) -> None: ...


@signals.played.connect  # E[not-async] all: it must be async, but it is a sync function
def sync(sender: type[Album], **kwargs: Any) -> None: ...


class Played(Protocol):
    def __call__(
        self, sender: type[Album], *, listener: str, seconds: int = 0, **kwargs: object
    ) -> Awaitable[object]: ...


class AlbumSignals(ModelSignals[Album]):
    played: Signal[Played]


declared = get_signals(Album, AlbumSignals)


@declared.played.connect
async def heard(sender: type[Album], listener: str, seconds: int = 0, **kwargs: Any) -> None: ...


@declared.played.connect  # E[never-sent] all: it requires `instance`, which `played` never sends
async def with_instance(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@declared.played.connect  # E[payload-may-be-missing] all: it requires `seconds`
async def always_seconds(
    sender: type[Album], listener: str, seconds: int, **kwargs: Any
) -> None: ...


@declared.pre_save.connect  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong_instance(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


async def send() -> None:
    await alone.send(sender=object, amount=1)
    await alone.send(sender=object, amount="1")  # E[sending-another-type] all
    await signals.played.send(sender=Album, listener="a", anything=1)
    await declared.played.send(sender=Album, listener="a")
    await declared.played.send(sender=Album, listener="a", seconds=3)
    await declared.played.send(sender=Album, listener=1)  # E[sending-another-type] all
    await declared.played.send(sender=Album, seconds=3)  # E[missing-payload] all


# --- without any model ---------------------------------------------------------------------------


class Paid(Protocol):
    """A contract that is spelled like the receivers it is for."""

    async def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...


class ShopSignals(SignalEmitter[Any]):
    paid: Signal[Paid]


shop = ShopSignals()
alone = Signal[Paid]()


@shop.paid.connect
@alone.connect
async def on_paid(sender: type[object], amount: int, **kwargs: object) -> None: ...


@alone.connect  # E[payload-of-another-type] all: `amount` is annotated `str`
async def paid_in_words(sender: type[object], amount: str, **kwargs: object) -> None: ...


class Closed(Protocol):
    """A contract whose payload never grows: receivers need no `**kwargs`."""

    def __call__(self, sender: type[object], *, total: int) -> Awaitable[object]: ...


closed = Signal[Closed]()


@closed.connect
async def on_closed(sender: type[object], total: int) -> None: ...


@closed.connect  # E[payload-not-accepted] all: it does not accept `total`, which
async def without_total(sender: type[object]) -> None: ...


# --- assigned ------------------------------------------------------------------------------------

mine = any_album().signals
mine.paid = Signal[Paid]()
mine.played = Signal()


async def send_assigned() -> None:
    await mine.paid.send(sender=Album, amount=1)
    await mine.paid.send(sender=Album, amount="1")  # E[assigned-contract] plugin
