"""Message brokers of a test's own, as child processes that it may kill."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STARTS_WITHIN = 90.0


@dataclass
class Server:
    """A broker: its program, and what it says on its port once it is ready."""

    url: str
    port: int
    command: list[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    hello: bytes = b""

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, with what it has stored, and wait until it answers."""
        self._process = process = self._start()
        async with asyncio.timeout(STARTS_WITHIN):
            while not await self._answers():
                assert process.poll() is None, (self.folder / "output").read_text()
                await asyncio.sleep(0.1)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdout=output,
                stderr=output,
                start_new_session=True,  # a script and its program are killed together
            )

    async def kill(self) -> None:
        """Kill it, by its process group."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)
        self._process = None

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(self.hello)
            async with asyncio.timeout(5):
                return bool(await reader.read(4))
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()


def nats(folder: Path) -> Server:
    program = _program("nats-server")
    port = _free_port()
    command = [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    return Server(f"nats://127.0.0.1:{port}", port, command, folder)


def rabbitmq(folder: Path) -> Server:
    _program("rabbitmq-server")
    # The program of that name changes the user, and so does not know these variables.
    command = ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
    if not Path(command[0]).exists():
        pytest.skip("rabbitmq-server is not where Debian has it")
    port = _free_port()
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"ts_{os.getpid()}_{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(_free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }
    url = f"amqp://guest:guest@127.0.0.1:{port}/"
    return Server(url, port, command, folder, environment, b"AMQP\x00\x00\x09\x01")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed, so no broker can be killed")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVERS = {"nats": nats, "rabbitmq": rabbitmq}


@asynccontextmanager
async def server_of_its_own(kind: str, folder: Path) -> AsyncIterator[Server]:
    """A broker that runs until the block ends, in a folder that is there."""
    server = SERVERS[kind](folder)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
