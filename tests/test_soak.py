"""Long runs: memory stays flat, and nothing is lost or received twice.

``make soak`` runs them in full; without it they are scaled down.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
import tracemalloc
from collections import Counter
from typing import Any

import pytest

from tests.lanes import CONFIG
from typed_signals import Signal

FULL = os.environ.get("TYPED_SIGNALS_SOAK", "") not in {"", "0"}
SENDS = 1_000_000 if FULL else 30_000
SAVES = 10_000 if FULL else 200

pytestmark = pytest.mark.slow


async def test_memory_stays_flat_over_many_sends_and_connections(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "typed_signals")  # pytest would keep every record
    signals = [Signal(), Signal(sequential=True)]
    chance = random.Random(4)
    received = failed = 0

    def new_receiver(kind: int) -> Any:
        async def receiver(sender: object, **kwargs: object) -> None:
            nonlocal received
            received += 1
            if kind == 1:
                await asyncio.sleep(0)
            if kind == 2:
                raise ValueError

        return receiver

    async def round_of(sends: int) -> None:
        nonlocal failed
        for number in range(sends):
            signal = signals[number % 2]
            if number % 7 == 0:
                signal.connect(new_receiver(chance.randrange(3)), on_commit=number % 35 == 0)
            if len(signal.receivers) > 3:
                assert signal.disconnect(chance.choice(signal.receivers))
            try:
                await signal.send(sender=int, instance=number, extra=[number])
            except ValueError:
                failed += 1

    await round_of(SENDS // 5)
    gc.collect()
    tracemalloc.start()
    await round_of(100)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    await round_of(SENDS - SENDS // 5 - 100)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert received > SENDS
    assert failed > 0
    assert after - before < 50_000


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in transactions"])
async def test_every_save_is_audited_exactly_once(shop, inside):
    database = shop.store.database
    counted: Counter[str] = Counter()

    async def audits(sender: Any, instance: Any, **kwargs: Any) -> None:
        async with database.transaction():
            await shop.AuditLog(event=instance.name).save()

    async def counts(sender: Any, instance: Any, **kwargs: Any) -> None:
        counted[instance.name] += 1

    signals = getattr(shop.Album, CONFIG).signals
    signals.post_save.connect(audits)
    signals.post_save.connect(counts, on_commit=True)
    # SQLite has one writer at a time, and refuses the others with "locked".
    gate = asyncio.Semaphore(1) if "sqlite" in shop.store._url else contextlib.nullcontext()
    everyone = asyncio.Barrier(SAVES)

    async def save(number: int) -> None:
        await everyone.wait()
        async with gate, contextlib.AsyncExitStack() as stack:
            if inside:
                await stack.enter_async_context(database.transaction())
            await shop.Album(name=str(number)).save()

    await asyncio.gather(*map(save, range(SAVES)))
    expected = Counter(map(str, range(SAVES)))
    assert Counter([row.event for row in await shop.AuditLog.objects.all()]) == expected
    assert counted == expected
