"""Processes that die: nothing that was committed is lost, nothing that was rolled back is handled.

With ``TYPED_SIGNALS_SOAK=1`` each database sees ten thousand operations.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import DATABASES
from tests.durable.crashes import Crashes, database_of_its_own
from tests.shop import SERVER_URLS

FULL = os.environ.get("TYPED_SIGNALS_SOAK", "") not in {"", "0"}

TOLD = (
    "operations",
    "committed",
    "handled",
    "handled more than once",
    "lost",
    "never committed but handled",
    "keys",
    "keys out of order",
    "senders killed",
    "workers killed",
    "connections ended",
)


@pytest.mark.slow
@pytest.mark.parametrize("database", DATABASES)
async def test_every_committed_event_is_handled_whatever_is_killed(database: str, tmp_path: Path):
    async with AsyncExitStack() as stack:
        url, terminate = f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", None
        if database in SERVER_URLS:
            own = database_of_its_own(SERVER_URLS[database])
            url, terminate = await stack.enter_async_context(own)
        run = Crashes(
            url,
            tmp_path,
            operations=5_000 if FULL else 60,
            workers=3 if FULL else 2,
            kills=30 if FULL else 2,
            crashes=0.004 if FULL else 0.03,
            terminate=terminate,
        )
        await run.run()
    counts = run.counts
    print(f"\n{database}:", ", ".join(f"{what} {counts[what]}" for what in TOLD))
    expected = {"lost": 0, "never committed but handled": 0, "keys out of order": 0}
    assert {name: counts[name] for name in expected} == expected, Counter(counts)
    assert counts["committed"] == counts["handled"] == counts["rows done"]
    assert counts["rows dead"] == counts["rows pending"] == 0
    assert counts["workers killed"] > 0
    assert counts["senders killed"] > 0
    assert counts["handled"] > run.operations
