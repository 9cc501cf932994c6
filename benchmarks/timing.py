"""Measuring: competitors take turns, and the median of each counts."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

Many = Callable[[int], Awaitable[object]]
"""Does something so many times."""

CHUNK = 0.005
"""How many seconds of processor time a repetition lasts at least."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one time, from several repetitions."""

    seconds: float
    spread: float  # between the quartiles, as a part of the median

    @property
    def micro(self) -> float:
        return self.seconds * 1e6


def timing(samples: list[float]) -> Timing:
    middle = median(samples)
    low, _, high = quantiles(samples, n=4)
    return Timing(middle, (high - low) / middle)


async def race(
    competitors: Mapping[K, Many],
    repeat: int,
    *,
    chunk: float = CHUNK,
    before: Callable[[K], object] = lambda name: None,
) -> dict[K, Timing]:
    """Time competitors, each repetition of one followed by one of the next.

    What counts is the processor time of this process, all its threads included: other programs
    may be running. The garbage collector waits between repetitions.
    """
    times: dict[K, int] = {}
    samples: dict[K, list[float]] = {name: [] for name in competitors}
    for name, many in competitors.items():
        before(name)
        times[name] = 1
        while (spent := await _spent(many, times[name])) < chunk:
            # Twice as much as is needed does no harm; trusting a slow first call does.
            wanted = 1.2 * chunk / max(spent, 1e-7)
            times[name] = int(times[name] * min(max(wanted, 1.5), 10)) + 1
    for _ in range(repeat):
        for name, many in competitors.items():
            before(name)
            samples[name].append(await _spent(many, times[name]) / times[name])
    return {name: timing(each) for name, each in samples.items()}


async def _spent(many: Many, times: int) -> float:
    gc.collect(0)
    gc.disable()
    try:
        began = time.process_time()
        await many(times)
        return time.process_time() - began
    finally:
        gc.enable()


def weight(make: Callable[[], object], count: int = 2000) -> float:
    """How many bytes one of many equal things takes."""
    make()  # what is made once for all
    kept: list[object] = [None] * count
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for index in range(count):
            kept[index] = make()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / count
