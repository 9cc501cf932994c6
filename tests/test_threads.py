"""Signals that are used by several threads and several event loops."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from typed_signals import ModelSignals, Signal

THREADS = 4
ROUNDS = 200


def in_threads(work: Any) -> None:
    """Do the work in several threads that start at the same time."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait(10)
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(run, number) for number in range(THREADS)]:
            done.result(60)


@pytest.mark.parametrize("sequential", [None, True], ids=["concurrent", "sequential"])
def test_event_loops_in_threads_run_their_own_sends(sequential: bool | None) -> None:
    signal = Signal(sequential=sequential)
    received: list[tuple[int, int]] = []

    async def receiver(sender: object, *, thread: int, **kwargs: object) -> None:
        await asyncio.sleep(0)
        assert threading.get_ident() == thread
        received.append((thread, 1))

    async def receiver_too(sender: object, *, thread: int, **kwargs: object) -> None:
        assert threading.get_ident() == thread
        received.append((thread, 2))

    signal.connect(receiver)
    signal.connect(receiver_too)

    async def send() -> None:
        for _ in range(ROUNDS):
            await signal.send(sender=int, thread=threading.get_ident())

    in_threads(lambda number: asyncio.run(send()))
    assert len(received) == 2 * THREADS * ROUNDS


def test_connecting_and_disconnecting_in_threads_loses_nothing() -> None:
    signals: ModelSignals[Any] = ModelSignals()
    stays: list[Any] = []

    def new_receiver() -> Any:
        async def receiver(sender: object, instance: object, **kwargs: object) -> None: ...

        return receiver

    def work(number: int) -> None:
        for _ in range(ROUNDS):
            keep, drop = new_receiver(), new_receiver()
            signals.pre_save.connect(keep)
            signals.pre_save.connect(drop)
            assert signals.pre_save.disconnect(drop)
            stays.append(keep)

    in_threads(work)
    assert set(signals.pre_save.receivers) == set(stays)
    assert len(signals.pre_save.receivers) == THREADS * ROUNDS


def test_sending_while_other_threads_connect_loses_nothing() -> None:
    signal = Signal()
    received = 0
    lock = threading.Lock()

    async def always(sender: object, **kwargs: object) -> None:
        nonlocal received
        with lock:
            received += 1

    def work(number: int) -> None:
        async def send() -> None:
            for _ in range(ROUNDS):
                await signal.send(sender=int)

        if number % 2:
            asyncio.run(send())
            return
        for _ in range(ROUNDS):

            async def comes_and_goes(sender: object, **kwargs: object) -> None: ...

            signal.connect(comes_and_goes)
            assert signal.disconnect(comes_and_goes)

    signal.connect(always)
    in_threads(work)
    assert received == THREADS // 2 * ROUNDS
    assert signal.receivers == (always,)


def test_signals_accessed_in_threads_are_made_once() -> None:
    signals: ModelSignals[Any] = ModelSignals()
    made: list[tuple[str, int]] = []

    def work(number: int) -> None:
        names = [f"custom_{each}" for each in range(ROUNDS)]
        made.extend((name, id(signals[name])) for name in names)

    in_threads(work)
    assert len(set(made)) == ROUNDS
