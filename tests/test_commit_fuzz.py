"""Random programs: on-commit receivers are called for exactly the rows that others can see."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests import lanes
from tests.commits import UndoneError, execute, receive, signals

if TYPE_CHECKING:
    from tests.shop import Shop

SOAK = os.environ.get("TYPED_SIGNALS_SOAK", "") not in {"", "0"}
PROGRAMS = 700 if SOAK else 34
"""How many programs run on each database."""

DEPTH = 3

Steps = list[Any]

pytestmark = pytest.mark.both_backends


@dataclass
class Program:
    """What a program does, made from a number.

    Args:
        seed: The number.

    Attributes:
        cancelled: The awaits at which the program is cancelled.
        blocks: Its transactions, each with its steps.
        saved: How many albums it has saved.
        lost: Whether the database has rolled its transaction back.
    """

    seed: int
    cancelled: frozenset[int] = field(init=False)
    blocks: Steps = field(init=False)
    saved: int = 0
    lost: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.blocks = [self._block(0) for _ in range(self.random.randint(1, 2))]
        first = self.random.randint(0, 100)
        times = self.random.choice([0, 1, 1, 1, 2, 40])  # anyio repeats it until the end
        if not lanes.ENGINES:  # `databases` then leaves transactions open, with no signals involved
            times = 0
        self.cancelled = frozenset(range(first, first + times))

    def _block(self, depth: int) -> Steps:
        """A transaction or savepoint: how it ends, what is caught around it, and its steps."""
        kinds = ["save"] * 4 + ["child", "fail", "lose", "sleep"]
        kinds += ["block"] * (4 if depth < DEPTH else 0)
        steps: Steps = []
        for _ in range(self.random.randint(1, 4)):
            kind = self.random.choice(kinds)
            if kind in {"fail", "lose"} and self.random.random() < 0.6:
                kind = "save"  # or few programs would commit anything
            steps.append(self._block(depth + 1) if kind == "block" else kind)
        end = self.random.choice(["commit"] * 4 + ["raise", "force"])
        caught = self.random.choice(["all", "all", "failures", "undone"])
        return [end, caught, steps]

    async def run(self, shop: Shop) -> None:
        for block in self.blocks:
            self.lost = False
            await self._run_block(shop, block, 0)

    async def _run_block(self, shop: Shop, block: Steps, depth: int) -> None:
        end, caught, steps = block
        kinds: dict[str, tuple[type[BaseException], ...]] = {
            "undone": (UndoneError,),
            "failures": (Exception,),
            # A driver that is cancelled drops its connection; `databases` then has none to go on
            # with. Around the whole transaction there is nothing to go on with.
            "all": (Exception, asyncio.CancelledError),
        }
        with contextlib.suppress(*kinds[caught]):
            async with shop.store.database.transaction(force_rollback=end == "force"):
                for step in steps:
                    if isinstance(step, list):
                        if self.lost and "sqlite" in shop.store._url:
                            continue  # outside a transaction SQLite commits savepoints, one by one
                        await self._run_block(shop, step, depth + 1)
                    else:
                        await self._run_step(shop, step)
                if end == "raise":
                    raise UndoneError

    async def _run_step(self, shop: Shop, step: str) -> None:
        if step == "save":
            await self._save(shop)
        elif step == "child":
            # In databases 0.9 a task has a connection of its own, which would wait for ours.
            await (self._save(shop) if lanes.DATABASES else asyncio.create_task(self._save(shop)))
        elif step == "sleep":
            await asyncio.sleep(0)
        else:  # and it is caught, in the same transaction
            self.lost |= step == "lose"
            with contextlib.suppress(Exception):
                await execute(shop.store, statement(shop, step))

    async def _save(self, shop: Shop) -> None:
        self.saved += 1
        await shop.Album(name=f"{self.seed}.{self.saved}").save()


def statement(shop: Shop, step: str) -> str:
    """SQL that fails, or with which the database rolls back the whole transaction."""
    table = shop.store.table(shop.AuditLog)
    twice = f"INTO {table} (id, event) VALUES (9, 'x'), (9, 'x')"
    if step == "lose" and "sqlite" in shop.store._url:
        return f"INSERT OR ROLLBACK {twice}"
    if step == "lose" and "mysql" in shop.store._url:
        return "ROLLBACK"  # as for the victim of a deadlock
    return f"INSERT {twice}"  # PostgreSQL loses the transaction by this


class Cancelling(Awaitable[None]):
    """Cancels the task that awaits it at the awaits with the given numbers."""

    def __init__(self, work: Coroutine[Any, Any, None], numbers: frozenset[int]) -> None:
        self.work = work
        self.numbers = numbers

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self.work.__await__()
        count = 0
        raised: BaseException | None = None
        while True:
            try:
                awaited = next(steps) if raised is None else steps.throw(raised)
            except StopIteration:
                return
            if count in self.numbers:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            count += 1
            raised = None
            try:
                yield awaited
            except BaseException as error:
                raised = error


@pytest.fixture
async def visible(shop) -> AsyncIterator[Callable[[int], Awaitable[list[str]]]]:
    """Names the albums of a program that another connection sees."""
    other = type(shop.store)(shop.store._url)
    table = shop.store.table(shop.Album)

    async def names(seed: int) -> list[str]:
        query = f"SELECT name FROM {table} WHERE SUBSTR(name, 1, {len(f'{seed}.')}) = '{seed}.'"
        if lanes.ENGINES:
            async with other.database.engine.connect() as connection:
                rows = (await connection.exec_driver_sql(query)).all()
        else:
            rows = await other.database.fetch_all(query)
        return [row[0] for row in rows]

    async with other.database:
        yield names


# Cancelled while it connects, aiosqlite drops the connection; Python 3.13 warns.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
# SQLAlchemy about savepoints that the database has rolled back with the whole.
@pytest.mark.filterwarnings("ignore:.*already deassociated:sqlalchemy.exc.SAWarning")
# SQLAlchemy about an id that the database gives out again, as it has rolled the first row back. As
# an error it would leave the session with an instance without a key, and SQLAlchemy's own assertion
# in `InstanceState._cleanup` would fail once that is collected; so it does without us.
@pytest.mark.filterwarnings("ignore:Identity map already had:sqlalchemy.exc.SAWarning")
@pytest.mark.slow
async def test_on_commit_receivers_are_called_for_exactly_the_rows_that_others_see(shop, visible):
    called = receive(signals(shop.Album).post_save)
    seen = {"committed": 0, "nothing": 0, "cancelled": 0, "rolled back": 0}
    for seed in range(PROGRAMS):
        called.clear()
        program = Program(seed)

        async def run(program: Program = program) -> None:
            await Cancelling(program.run(shop), program.cancelled)

        task = asyncio.create_task(run())
        await asyncio.wait([task])
        ended = None if task.cancelled() else task.exception()
        # Cancelled again and again, SQLAlchemy closes its connection instead of rolling back, with
        # or without us. sqlite3 keeps the lock until the last cursor goes, and one may be part of a
        # cycle: SQLAlchemy 2.0 keeps that of a statement that has failed.
        gc.collect()
        rows = await visible(seed)
        reported = f"program {seed} ended with {ended!r}: {program.blocks}, {program.cancelled}"
        assert sorted(called) == sorted(rows), reported
        assert len(set(called)) == len(called), reported
        if lanes.ENGINES:
            assert shop.store.database.engine.pool.checkedout() == 0, reported
        seen["committed" if rows else "nothing"] += 1
        seen["cancelled"] += task.cancelled()
        seen["rolled back"] += type(ended).__name__ == "TransactionRolledBackError"
    assert bool(seen.pop("cancelled")) == lanes.ENGINES
    assert min(seen.values()) > 0, seen
