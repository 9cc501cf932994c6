"""A send that is over keeps nothing alive, without the help of the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import weakref
from collections.abc import Awaitable, Generator
from functools import partial
from typing import Any, Protocol

import pytest

from typed_signals import ModelSignals, Signal, SignalEmitter, SignalError, set_commit_grace


class Instance:
    """Stands for a model's instance, which is heavy."""


class BrokenError(Exception):
    pass


@pytest.fixture(autouse=True)
def _no_garbage_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    logging.disable(logging.CRITICAL)  # pytest keeps what is logged, and so its exceptions
    yield
    logging.disable(logging.NOTSET)
    gc.enable()


def receiver(ending: str, *, waits: bool) -> Any:
    async def receive(sender: type, instance: object, **kwargs: object) -> object:
        local = instance
        if waits:
            await asyncio.sleep(0)
        if ending == "fails":
            raise BrokenError
        if ending == "is cancelled":
            raise asyncio.CancelledError
        if ending == "fails in a nested send":
            await nested.send(sender=sender, instance=local)
        if ending == "cannot be called":
            await closed.send(sender=sender)
        return local

    return receive


async def fail(sender: type, instance: object, **kwargs: object) -> None:
    raise BrokenError


nested: Signal = Signal()
nested.connect(fail)


class Closed(Protocol):
    def __call__(self, sender: type, *, instance: object) -> Awaitable[object]: ...


closed = Signal[Closed]()


async def take(sender: type, instance: object) -> None: ...


closed.connect(take)

ENDINGS = ["returns", "fails", "is cancelled", "fails in a nested send", "cannot be called"]


@pytest.mark.parametrize("robust", [False, True], ids=["send", "send_robust"])
@pytest.mark.parametrize("options", [{}, {"sequential": True}, {"on_commit": True}], ids=str)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("waits", [False, True], ids=["at once", "waits"])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_payload_is_freed_after_a_send(
    ending: str, waits: bool, count: int, options: Any, robust: bool
):
    signal: Signal = Signal()
    for _ in range(count):
        signal.connect(receiver(ending, waits=waits), **options)
    instance = Instance()
    freed = weakref.ref(instance)
    try:
        if robust:
            await signal.send_robust(sender=int, instance=instance)
        else:
            await signal.send(sender=int, instance=instance)
    except (BrokenError, SignalError, asyncio.CancelledError):
        pass
    del instance
    assert freed() is None


@pytest.mark.parametrize("options", [{}, {"sequential": True}, {"on_commit": True}], ids=str)
async def test_payload_is_freed_after_a_cancelled_send(
    options: Any, request: pytest.FixtureRequest
):
    request.addfinalizer(partial(set_commit_grace, set_commit_grace(0)))
    signal: Signal = Signal()

    async def wait(sender: type, instance: object, **kwargs: object) -> None:
        await asyncio.sleep(60)

    signal.connect(wait, **options)
    signal.connect(wait, **options)
    instance = Instance()
    freed = weakref.ref(instance)
    task = asyncio.create_task(signal.send(sender=int, instance=instance))
    del instance
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    await asyncio.sleep(0)
    assert freed() is None


async def test_outcome_keeps_only_the_frames_of_the_receiver():
    signal: Signal = Signal()
    signal.connect(fail)
    instance = Instance()
    freed = weakref.ref(instance)
    (outcome,) = await signal.send_robust(sender=int, instance=instance)
    del instance
    assert freed() is not None  # whoever keeps the exception keeps its frames
    frames = outcome.exception.__traceback__ if outcome.exception else None
    assert frames is not None
    assert frames.tb_frame.f_code is fail.__code__
    del outcome, frames
    assert freed() is None


# --- classes that are made at run time -----------------------------------------------------------


@pytest.mark.parametrize("base", [SignalEmitter, ModelSignals])
def test_emitter_class_made_at_run_time_is_freed(base: Any):
    made = type("Made", (base,), {"__annotations__": {"paid": Signal}, "__module__": __name__})
    freed = weakref.ref(made)
    emitter = made()
    emitter.paid.connect(fail)
    repr(emitter)
    list(emitter)
    del emitter, made
    gc.collect()  # a class is a cycle by itself
    assert freed() is None


@pytest.mark.parametrize("names_sender", [False, True])
async def test_contract_and_sender_made_at_run_time_are_freed(names_sender):
    class Paid(Protocol):
        def __call__(
            self, sender: type, *, instance: object, **kwargs: object
        ) -> Awaitable[object]: ...

    class Signals(SignalEmitter[Any]):
        __annotations__ = {"paid": Signal[Paid]}

    class Sender:
        signals = Signals()

    if names_sender:  # so the contract leads to the emitter class, and back
        Paid.__call__.__annotations__["sender"] = type[Sender]
    references = [weakref.ref(each) for each in (Paid, Signals, Sender)]
    Sender.signals.paid.connect(fail)
    with pytest.raises(BrokenError):
        await Sender.signals.paid.send(sender=Sender, instance=1)
    Sender.signals.paid.contract.expected(None)
    del Paid, Signals, Sender
    clear_caches_of_typing()
    gc.collect()
    gc.collect()  # what was known of the first classes held the contract
    assert [each() for each in references] == [None, None, None]


def clear_caches_of_typing() -> None:
    """`typing` itself keeps the last arguments of `Signal[...]`."""
    import typing

    for clear in typing._cleanups:
        clear()
    if sys.version_info >= (3, 13):
        sys._clear_internal_caches()
    else:
        sys._clear_type_cache()
