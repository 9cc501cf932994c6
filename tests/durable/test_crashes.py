"""Processes that die: nothing that was committed is lost, nothing that was rolled back is handled.

With ``TYPED_SIGNALS_SOAK=1`` each database sees ten thousand operations.
"""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SERVER_URLS
from tests.durable.crashes import Crashes, database_of_its_own
from tests.durable.servers import server_of_its_own

FULL = os.environ.get("TYPED_SIGNALS_SOAK", "") not in {"", "0"}

pytestmark = pytest.mark.slow

REPORTED = (
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
    "workers ended",
    "connections ended",
    "broker killed",
)


async def test_every_committed_event_is_handled_whatever_is_killed(
    place: tuple[str, str], tmp_path: Path
):
    orm, database = place
    async with AsyncExitStack() as stack:
        url, terminate = f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", None
        if database in SERVER_URLS:
            own = database_of_its_own(SERVER_URLS[database])
            url, terminate = await stack.enter_async_context(own)
        # Of 40, too, some are rolled back, some die before the commit and some after it.
        few = 60 if orm == "ormar" else 40
        run = crashes(url, tmp_path, few, terminate=terminate, orm=orm)
        await run.run()
    report(f"{orm} on {database}", run)
    assert run.counts["keys out of order"] == 0
    assert run.counts["rows dead"] == run.counts["rows pending"] == 0


@pytest.mark.ormar_only
@pytest.mark.postgresql
async def test_every_committed_event_is_handled_by_procrastinate(tmp_path: Path):
    async with database_of_its_own(SERVER_URLS["postgresql"]) as (url, terminate):
        # Its workers start anew each time, and a key waits until its lost job is taken back.
        run = crashes(
            url, tmp_path, terminate=terminate, calm=15.0 if FULL else 3.0, engine="procrastinate"
        )
        await run.run()
    report("procrastinate", run)
    assert run.counts["keys out of order"] == 0
    assert run.counts["rows dead"] == run.counts["rows pending"] == 0


@pytest.mark.ormar_only
@pytest.mark.postgresql
@pytest.mark.parametrize("broker", ["nats", "rabbitmq"])
async def test_every_committed_event_is_handled_through_a_broker(broker: str, tmp_path: Path):
    folder = tmp_path / "broker"
    folder.mkdir()
    async with (
        server_of_its_own(broker, folder) as server,
        database_of_its_own(SERVER_URLS["postgresql"]) as (url, terminate),
    ):
        run = crashes(
            url,
            tmp_path,
            terminate=terminate,
            broker=(broker, "orders"),
            server=server,
            restarts=10 if FULL else 1,
        )
        await run.run()
    report(f"postgresql and {broker}", run)
    assert run.counts["broker killed"] > 0


def crashes(url: str, folder: Path, few: int = 60, **more: Any) -> Crashes:
    return Crashes(
        url,
        folder,
        operations=5_000 if FULL else few,
        workers=3 if FULL else 2,
        kills=30 if FULL else 2,
        crashes=0.004 if FULL else 0.03,
        **more,
    )


def report(what: str, run: Crashes) -> None:
    """Print the counts, and look whether they are right."""
    counts = run.counts
    print(f"\n{what}:", ", ".join(f"{name} {counts[name]}" for name in REPORTED))
    assert counts["lost"] == counts["never committed but handled"] == 0
    assert counts["committed"] == counts["handled"] == counts["rows done"]
    assert counts["workers killed"] > 0
    assert counts["senders killed"] > 0
    assert counts["handled"] > run.operations
