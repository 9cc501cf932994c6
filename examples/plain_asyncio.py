"""Signals without an ORM: a ferry and its journeys. Run it: `python plain_asyncio.py`."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from typed_signals import Signal, SignalDefinitionError, SignalEmitter

# --- who sends what ------------------------------------------------------------------------------


class Boarded(Protocol):
    """What receivers of `boarded` get: `sender` first, the payload by keyword."""

    def __call__(self, sender: "Ferry", *, name: str, **kwargs: object) -> Awaitable[object]: ...


class Departed(Protocol):
    def __call__(
        self, sender: "Ferry", *, harbour: str, passengers: int, **kwargs: object
    ) -> Awaitable[object]: ...


class FerrySignals(SignalEmitter["Ferry"]):
    boarded: Signal[Boarded]
    departed: Signal[Departed]


class Ferry:
    signals = FerrySignals()  # one emitter for all ferries; the sender is the ferry

    def __init__(self, name: str) -> None:
        self.name = name
        self.passengers: list[str] = []

    async def board(self, name: str) -> None:
        self.passengers.append(name)
        await self.signals.boarded.send(sender=self, name=name)

    async def depart(self, harbour: str) -> None:
        passengers = len(self.passengers)
        await self.signals.departed.send(sender=self, harbour=harbour, passengers=passengers)


# --- receivers -----------------------------------------------------------------------------------


@Ferry.signals.boarded.connect
async def greet(sender: Ferry, name: str, **kwargs: object) -> None:
    print(f"  welcome aboard the {sender.name}, {name}")


@Ferry.signals.departed.connect
async def load_luggage(sender: Ferry, **kwargs: object) -> None:  # names only what it needs
    print("  loading the luggage ...")
    await asyncio.sleep(0.01)
    print("  ... the luggage is loaded")


@Ferry.signals.departed.connect
async def blow_horn(sender: Ferry, harbour: str, **kwargs: object) -> None:
    print(f"  tooot! to {harbour}")


# --- a journey -----------------------------------------------------------------------------------


async def main() -> None:
    ferry, departed = Ferry("Lady Jane"), Ferry.signals.departed

    print("Sent to everyone who is connected:")
    await ferry.board("Ada")

    print("Receivers run concurrently:")
    await ferry.depart("Dover")

    print("One after another, if the signal is sequential:")
    departed.sequential = True
    await ferry.depart("Calais")

    print("After disconnect(), a receiver does not run:")
    departed.disconnect(load_luggage)
    await ferry.depart("Ostend")

    @departed.connect
    async def count_lifejackets(sender: Ferry, passengers: int, **kwargs: object) -> None:
        raise RuntimeError(f"no lifejackets for {passengers}")

    print("What a receiver raises, send() raises:")
    try:
        await ferry.depart("Dover")
    except RuntimeError as error:
        print(f"  stopped: {error}")

    print("send_robust() returns it instead, for each receiver:")
    for outcome in await departed.send_robust(sender=ferry, harbour="Calais", passengers=1):
        print(f"  {outcome.receiver.__name__}: {outcome.exception or 'went well'}")

    print("A receiver that cannot be called is refused when it connects:")

    async def wave(sender: Ferry, harbor: str, **kwargs: object) -> None: ...

    try:
        departed.connect(wave)  # type: ignore[signal-receiver] # pyright: ignore[reportArgumentType] - on purpose
    except SignalDefinitionError as error:
        print(f"  {error}")


if __name__ == "__main__":
    asyncio.run(main())
