"""A signal handed on: annotated as ormar's own code and public code do."""

from typing import Any

import ormar
from ormar import Signal
from ormar.signals import SignalEmitter
from ormar.signals.signal import Signal as InItsOwnModule, SignalEmitter as EmitterInItsOwnModule
from shop import Album, Track, any_album

from typed_signals import PreSaveReceiver, Signal as Typed


async def receive(sender: type[ormar.Model], **kwargs: Any) -> None: ...


def take(signal: ormar.Signal) -> bool:
    signal.connect(receive)
    return signal.disconnect(receive)


def take_from_its_own_module(signal: InItsOwnModule) -> None: ...


def take_ours(signal: Typed) -> None: ...


def take_an_emitter(emitter: SignalEmitter, same: EmitterInItsOwnModule) -> None:
    take(emitter.pre_save)
    take(emitter.mine)


def take_for_albums(signal: Typed[PreSaveReceiver[Album]]) -> None: ...


def take_an_object(value: object) -> None:
    if isinstance(value, ormar.Signal):
        take(value)


signals = any_album().signals
take(signals.pre_save)
take(signals.mine)
take(ormar.Signal())
take(Typed())
take(Typed[PreSaveReceiver[Album]]())
take_from_its_own_module(signals.post_save)
take_from_its_own_module(ormar.Signal())
take_ours(signals.post_bulk_update)
take_ours(ormar.Signal())
take_ours(InItsOwnModule())
take_an_emitter(signals, SignalEmitter())
take_for_albums(signals.pre_save)
take_for_albums(ormar.Signal())
declared: ormar.Signal = signals.post_save
by_name: dict[str, Signal] = {"a": signals.pre_save, "b": Signal()}
many: list[InItsOwnModule] = [signals.pre_relation_add, ormar.Signal()]
emitter = SignalEmitter()
emitter.mine = Signal()
emitter.mine.connect(receive)
signals.mine = InItsOwnModule()
take(3)  # E[not-a-signal] all
take_for_albums(signals.pre_update)  # E[signal-of-another-contract] all


def other_model(track: Track) -> None:
    take_for_albums(track.signals.pre_save)  # E[signal-of-another-contract] all


async def send(signal: Signal, sender: type[ormar.Model]) -> None:
    await signal.send(sender=sender, instance=1)
    await signal.send(sender)
    await signals.mine.send(sender=Album, anything=1)


class Loud(ormar.Signal):
    async def send(  # F[signal-class-of-ones-own] pyright, basedpyright, ty
        self, sender: type[ormar.Model], **kwargs: Any
    ) -> None:
        await super().send(sender, **kwargs)


take(Loud())
