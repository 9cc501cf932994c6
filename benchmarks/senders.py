"""One send in each library: the same receivers, the same payload."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import aiosignal
import blinker
import django.dispatch
import ormar
import psygnal
import pyee.asyncio
import sqlalchemy
from timing import Many

import typed_signals
from typed_signals.ormar import install

Receiver = Callable[..., Coroutine[Any, Any, object]]
EAGERLY: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


class OrderChanged(Protocol):
    """A contract with two keyword arguments beside the sender."""

    async def __call__(
        self, sender: Any, *, instance: Any, passed_args: Any, **kwargs: object
    ) -> object: ...


def receivers(kind: str, count: int) -> list[Receiver]:
    """Receivers, each of them another function."""
    made: list[Receiver] = []
    for _ in range(count):
        if kind == "ready":

            async def receive(sender: Any, instance: Any, passed_args: Any, **_: Any) -> None:
                pass

        else:

            async def receive(sender: Any, instance: Any, passed_args: Any, **_: Any) -> None:
                await asyncio.sleep(0)

        made.append(receive)
    return made


# --- models --------------------------------------------------------------------------------------

folder = tempfile.TemporaryDirectory(prefix="typed-signals-bench-")
database = ormar.DatabaseConnection(f"sqlite+aiosqlite:///{Path(folder.name, 'albums.sqlite')}")
base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=database)


class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums")

    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    plays: int = ormar.Integer(default=0)


# --- senders -------------------------------------------------------------------------------------

SENDER = Album
PAYLOAD: dict[str, Any] = {"plays": 1}
INSTANCE = object()


def sending(send: Callable[..., Awaitable[object]], sender: type = SENDER) -> Many:
    """Send with the payload by keyword, as all of these libraries can."""

    async def many(times: int) -> None:
        for _ in range(times):
            await send(sender, instance=INSTANCE, passed_args=PAYLOAD)

    return many


def plain_ormar(connected: Sequence[Receiver]) -> Many:
    signal = ormar.Signal()
    for each in connected:
        signal.connect(each)
    return sending(signal.send)


def typed(connected: Sequence[Receiver], *, sequential: bool | None = None) -> Many:
    signal = typed_signals.Signal[OrderChanged](sequential=sequential)
    for each in connected:
        signal.connect(each)
    return sending(signal.send)


def typed_sequential(connected: Sequence[Receiver]) -> Many:
    return typed(connected, sequential=True)


def typed_model(connected: Sequence[Receiver]) -> Many:
    """The signal of a model that has typed signals, outside a transaction."""

    class Single(ormar.Model):
        ormar_config = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), database=database)

        id: int = ormar.Integer(primary_key=True)

    install(Single)
    signal = Single.ormar_config.signals.pre_update
    for each in connected:
        signal.connect(each)
    return sending(signal.send, Single)


def bare(connected: Sequence[Receiver]) -> Many:
    """No signal at all: each receiver is called and awaited."""
    connected = tuple(connected)

    async def many(times: int) -> None:
        for _ in range(times):
            for each in connected:
                await each(SENDER, instance=INSTANCE, passed_args=PAYLOAD)

    return many


def task_each(connected: Sequence[Receiver]) -> Many:
    """No signal either, but a task for each receiver, started eagerly where Python can."""
    connected = tuple(connected)

    async def many(times: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(times):
            tasks = [
                asyncio.Task(
                    each(SENDER, instance=INSTANCE, passed_args=PAYLOAD), loop=loop, **EAGERLY
                )
                for each in connected
            ]
            for task in tasks:
                await task

    return many


def least_send(connected: Sequence[Receiver]) -> Many:
    """What no signal with these promises can leave out, and nothing else.

    A coroutine that takes the payload by name, a note of the send for those that are nested in it,
    a task for each receiver, and a look at how each has finished.
    """
    connected = tuple(connected)
    current: ContextVar[object] = ContextVar("current", default=None)

    async def send(sender: type, **payload: object) -> None:
        loop = asyncio.get_running_loop()
        outer = current.get()
        current.set((sender, payload, outer))
        try:
            tasks = [
                asyncio.Task(each(sender, **payload), loop=loop, **EAGERLY) for each in connected
            ]
        finally:
            current.set(outer)
        for task in tasks:
            if not task.done():
                await asyncio.wait((task,))
            if task.cancelled() or task.exception() is not None:
                task.result()

    return sending(send)


def aiosignals(connected: Sequence[Receiver]) -> Many:
    signal = aiosignal.Signal(SENDER)
    signal.extend(connected)
    signal.freeze()
    return sending(signal.send)


def django_asend(connected: Sequence[Receiver]) -> Many:
    signal = django.dispatch.Signal()
    for each in connected:
        signal.connect(each, weak=False)
    return sending(signal.asend)


def blinker_async(connected: Sequence[Receiver]) -> Many:
    signal = blinker.Signal()
    for each in connected:
        signal.connect(each, weak=False)
    return sending(signal.send_async)


def pyee_wait(connected: Sequence[Receiver]) -> Many:
    """pyee makes a task of each receiver; they are awaited here, as elsewhere."""
    emitter = pyee.asyncio.AsyncIOEventEmitter()
    for each in connected:
        emitter.on("changed", each)

    async def many(times: int) -> None:
        for _ in range(times):
            emitter.emit("changed", SENDER, instance=INSTANCE, passed_args=PAYLOAD)
            await emitter.wait_for_complete()

    return many


def psygnal_plain(count: int) -> Many:
    """psygnal calls plain functions, and its send is not awaited."""
    signal = psygnal.SignalInstance((object, object, object))

    def functions() -> Callable[..., None]:
        def receive(sender: Any, instance: Any, passed_args: Any) -> None:
            pass

        return receive

    kept = [functions() for _ in range(count)]
    for each in kept:
        signal.connect(each)

    async def many(times: int) -> None:
        for _ in range(times):
            signal.emit(SENDER, INSTANCE, PAYLOAD)

    many.kept = kept  # psygnal's references are weak
    return many


ORMAR, TYPED, MODEL = "ormar.Signal", "typed_signals", "typed_signals, of a model"
SEQUENTIAL, AIOSIGNAL = "typed_signals, sequential", "aiosignal"
BARE, TASKS, LEAST = "bare await", "bare tasks", "least send"
SENDERS: dict[str, Callable[[Sequence[Receiver]], Many]] = {
    ORMAR: plain_ormar,
    TYPED: typed,
    MODEL: typed_model,
    SEQUENTIAL: typed_sequential,
    AIOSIGNAL: aiosignals,
    BARE: bare,
    TASKS: task_each,
    LEAST: least_send,
    "Django asend": django_asend,
    "blinker send_async": blinker_async,
    "pyee": pyee_wait,
}
