"""Runs an application whose processes are killed all the time, and counts what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.durable.servers import Server

APP = Path(__file__).with_name("crash_app.py")
ROOT = APP.parents[2]


@dataclass
class Crashes:
    """One run.

    Attributes:
        url: The database.
        folder: Where the processes log to.
        operations: How many operations each sender makes.
        senders: How many senders there are.
        workers: How many workers there are.
        kills: How many workers are killed, each soon after it has begun to work.
        crashes: Of how many operations a sender dies.
        terminate: Ends the database's connections; ``None`` if they cannot be.
        calm: The least seconds between two times that connections are ended.
        orm: Whose models the senders save: ``ormar`` or ``sqlalchemy``.
        engine: What keeps the events: ``table`` or ``procrastinate``.
        broker: The message broker and a name in it; ``None`` if workers run the receivers.
        server: The broker's server, which is killed and started again; ``None`` without a broker.
        restarts: How often.
    """

    url: str
    folder: Path
    operations: int
    senders: int = 2
    workers: int = 2
    kills: int = 5
    crashes: float = 0.0
    terminate: Any = None
    calm: float = 0.5
    orm: str = "ormar"
    engine: str = "table"
    broker: tuple[str, str] | None = None
    server: Server | None = None
    restarts: int = 1
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **os.environ,
            "CRASH_URL": self.url,
            "CRASH_LOG": str(self.folder),
            "CRASH_ORM": self.orm,
            "CRASH_ENGINE": self.engine,
            "CRASH_BROKER_URL": self.server.url if self.server else "",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        }

    async def run(self) -> None:
        """Run until everything that was committed is settled."""
        await self._create_tables()
        sent, done = asyncio.Event(), asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.workers):
                    group.create_task(self._work(done))
                terminating = group.create_task(self._terminate(sent))
                restarting = group.create_task(self._restart())
                async with asyncio.TaskGroup() as sending:
                    for number in range(self.senders):
                        sending.create_task(self._send(number))
                sent.set()
                await asyncio.wait((restarting, terminating))
                # From here on nothing dies any more, except workers, and everything must settle.
                await self._settled(120 + self.operations / 20)
                done.set()
        finally:
            for process in self._processes:
                process.kill()
                process.wait()
        await self._count()

    # --- processes -------------------------------------------------------------------------------

    async def _send(self, sender: int) -> None:
        start = 0
        while start < self.operations:
            arguments = (sender, start, self.operations, self.crashes)
            process = self._start(sys.executable, str(APP), *map(str, arguments))
            status = await asyncio.to_thread(process.wait)
            if status == -signal.SIGKILL:
                self.counts["senders killed"] += 1
            else:
                assert status == 0, self._errors()
            begun = (self.folder / f"begun-{sender}").read_text().split()
            start = int(begun[-1]) + 1

    async def _work(self, done: asyncio.Event) -> None:
        program = Path(sys.executable).with_name("typed-signals")
        options = ["--lease", "3", "--poll", "0.05", "--concurrency", "8", "--grace", "20"]
        while True:
            command = [str(program), "worker", f"{APP}:outbox", *options]
            if self.broker is not None:
                command = [sys.executable, str(APP), "relay", *self.broker]
            process = self._start(*command)
            ended = asyncio.create_task(asyncio.to_thread(process.wait))
            finished = asyncio.create_task(done.wait())
            works = asyncio.create_task(self._works(process.pid))
            kill = self.counts["workers killed"] < self.kills
            waiting = (ended, finished, works) if kill else (ended, finished)
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            works.cancel()
            if finished.done():
                process.send_signal(signal.SIGTERM)
                # One that was only just started has no handler yet.
                if await ended not in (0, -signal.SIGTERM):
                    self._check_end(process.pid)
                return
            finished.cancel()
            if ended.done():
                self._check_end(process.pid)
                await asyncio.sleep(0.2)
            else:
                process.kill()
                await ended
                self.counts["workers killed"] += 1

    def _check_end(self, worker: int) -> None:
        """A worker may end if it began while its broker or its database was away, only then."""
        assert not self._has_worked(worker), self._errors()
        self.counts["workers ended"] += 1

    def _has_worked(self, worker: int) -> bool:
        return (self.folder / f"works-{worker}").exists()

    async def _works(self, worker: int) -> None:
        """Wait until a worker has begun to work, and a moment longer."""
        while not self._has_worked(worker):
            await asyncio.sleep(0.02)
        await asyncio.sleep(random.random() / 20)

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        errors = open(self.folder / "stderr", "ab")  # noqa: SIM115 - handed to the process
        with errors:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=errors, stderr=errors
            )
        self._processes.append(process)
        return process

    def _errors(self) -> str:
        """The last lines that the processes wrote to stderr."""
        file = self.folder / "stderr"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""

    async def _terminate(self, sent: asyncio.Event) -> None:
        while self.terminate is not None and not sent.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.calm + random.random() * 2):
                    await sent.wait()
            with contextlib.suppress(sa.exc.DBAPIError, OSError):  # it has too many clients
                self.counts["connections ended"] += await self.terminate()

    async def _restart(self) -> None:
        while self.server is not None and self.counts["broker killed"] < self.restarts:
            await asyncio.sleep(1.5 + random.random() * 2)
            await self.server.kill()
            self.counts["broker killed"] += 1
            await asyncio.sleep(random.random())
            await self.server.start()

    # --- the database ----------------------------------------------------------------------------

    async def _create_tables(self) -> None:
        command = [sys.executable, str(APP), "create"]
        await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=self.environment, check=True, timeout=60
        )

    async def _query(self, text: str) -> Any:
        engine = create_async_engine(self.url, poolclass=sa.NullPool)
        for left in reversed(range(60)):  # the server may have too many clients, or end this one
            try:
                async with engine.connect() as connection:
                    return (await connection.execute(sa.text(text))).all()
            except (sa.exc.DBAPIError, OSError):
                if not left:
                    raise
                await asyncio.sleep(0.5)
        raise AssertionError

    async def _states(self) -> dict[str, int]:
        text = "select state, count(*) from typed_signals_outbox group by 1"
        if self.engine == "procrastinate":
            text = (
                "select case status::text when 'succeeded' then 'done' when 'todo' then 'pending' "
                "when 'doing' then 'pending' else 'dead' end, count(*) "
                "from procrastinate_jobs group by 1"
            )
        return {state: int(count) for state, count in await self._query(text)}

    async def _settled(self, seconds: float) -> None:
        """Wait until everything that was committed is handled."""
        stop = time.monotonic() + seconds
        while await self._pending() or await self._unhandled():
            assert time.monotonic() < stop, f"{await self._states()}\n{self._errors()}"
            await asyncio.sleep(0.2)

    async def _pending(self) -> int:
        return (await self._states()).get("pending", 0)

    async def _unhandled(self) -> bool:
        if self.broker is None:
            return False
        found = await self._query("select sender, number from orders")
        handled = {tuple(line.split()[:2]) for line in self._handled()}
        return any((str(row.sender), str(row.number)) not in handled for row in found)

    def _handled(self) -> list[str]:
        file = self.folder / "handled"
        return file.read_text().splitlines() if file.exists() else []

    async def _count(self) -> None:
        saved = {(row.sender, row.number) for row in await self._query("select * from orders")}
        states = await self._states()
        lines = [line.split() for line in self._handled()]
        handled = [(int(sender), int(number)) for sender, number, _ in lines]
        keys: dict[tuple[int, int], list[int]] = {}
        for sender, number in handled:
            keys.setdefault((sender, number % 5), []).append(number)
        self.counts |= Counter(
            {
                "operations": self.senders * self.operations,
                "committed": len(saved),
                "handled": len(set(handled)),
                "handled more than once": len(handled) - len(set(handled)),
                "lost": len(saved - set(handled)),
                "never committed but handled": len(set(handled) - saved),
                "keys": len(keys),
                "keys out of order": sum(each != sorted(each) for each in keys.values()),
                **{f"rows {state}": count for state, count in states.items()},
            }
        )


@asynccontextmanager
async def database_of_its_own(server: str) -> AsyncIterator[tuple[str, Any]]:
    """A database of its own on a server, and what ends all connections to it."""
    name = f"ts_crashes_{os.getpid()}_{time.monotonic_ns() % 10_000}"
    url = sa.make_url(server)
    postgres = url.drivername.startswith("postgresql")
    engine = create_async_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    async def execute(text: str) -> Any:
        async with engine.connect() as connection:
            done = await connection.execute(sa.text(text))
            return done.all() if done.returns_rows else []

    async def terminate() -> int:
        if postgres:
            return len(
                await execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    f"where datname = '{name}'"
                )
            )
        found = await execute(f"select id from information_schema.processlist where db = '{name}'")
        ended = 0
        for (number,) in found:
            try:
                await execute(f"kill {number}")
                ended += 1
            except sa.exc.DBAPIError:  # it has gone by itself
                continue
        return ended

    await execute(f"create database {name}")
    try:
        yield url.set(database=name).render_as_string(), terminate
    finally:
        await execute(f"drop database {name}{' with (force)' if postgres else ''}")
        await engine.dispose()
