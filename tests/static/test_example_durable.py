"""The example shop with durable receivers: real processes, asked over HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
NATS = ("127.0.0.1", 4222)

pytestmark = pytest.mark.slow


class Shop:
    """The shop, and the processes that its command started."""

    def __init__(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> None:
        self.process = process
        self.client = client
        self.lines: list[str] = []

    async def read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            self.lines.append(line.decode())

    def number(self, name: str) -> int:
        """The number of the process that was started last under a name."""
        found = re.findall(rf"^{name} is process (\d+)$", "".join(self.lines), re.MULTILINE)
        return int(found[-1])

    async def order(self, customer: str, total: str = "12.30") -> int:
        answer = await self.client.post("/orders", json={"customer": customer, "total": total})
        return answer.status_code

    async def get(self, path: str) -> Any:
        return (await self.client.get(path)).json()

    async def until(self, path: str, condition: Any) -> Any:
        try:
            async with asyncio.timeout(40):
                while not condition(found := await self.get(path)):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError("".join(self.lines)) from None
        return found


@pytest.fixture(params=["worker", "nats"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "SHOP_DATABASE": f"sqlite+aiosqlite:///{tmp_path / 'shop.sqlite'}",
        "SHOP_PORT": str(port),
        "SHOP_BROKER": "",
    }
    stream = f"ts_{uuid.uuid4().hex[:8]}"
    if request.param == "nats":
        try:
            socket.create_connection(NATS, 2).close()
        except OSError:
            pytest.skip("no NATS server on 127.0.0.1:4222")
        environment |= {"SHOP_BROKER": "nats://{}:{}".format(*NATS), "SHOP_STREAM": stream}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "examples.durable_shop",
        cwd=tmp_path, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        made = Shop(process, client)
        reading = asyncio.create_task(made.read())
        try:
            async with asyncio.timeout(60):
                while not await answers(client):
                    assert process.returncode is None, "".join(made.lines)
                    await asyncio.sleep(0.1)
            yield made
        finally:
            if process.returncode is None:
                process.terminate()
            status = await process.wait()
            await reading
            if request.param == "nats":
                await delete_stream(stream)
    assert status == 0, "".join(made.lines)
    for name in ("application", "worker" if request.param == "worker" else "consumer"):
        with pytest.raises(ProcessLookupError):  # its processes ended with it
            os.kill(made.number(name), 0)


async def answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/outbox")).status_code == 200
    except httpx.TransportError:
        return False


async def delete_stream(name: str) -> None:
    from nats import connect

    client = await connect("nats://{}:{}".format(*NATS))
    await client.jetstream().delete_stream(name)
    await client.close()


async def test_receipts_are_sent_by_another_process(shop: Shop, request: pytest.FixtureRequest):
    for customer, total in (("ada@example.com", "12.30"), ("bob@example.com", "7.00")):
        assert await shop.order(customer, total) == 201
    assert await shop.order("ada@example.com", "990.00") == 409  # rolled back, with its event
    receipts = await shop.until("/receipts", lambda found: len(found) == 2)
    assert sorted(receipts) == ["ada@example.com paid 12.30", "bob@example.com paid 7.00"]

    # What dies is started again, and finds what waits.
    nats = "consumer is process" in "".join(shop.lines)
    name = "consumer" if nats else "worker"
    before = shop.number(name)
    os.kill(before, signal.SIGKILL)
    assert await shop.order("cyd@example.com", "1.00") == 201
    receipts = await shop.until("/receipts", lambda found: len(found) == 3)
    assert receipts[-1] == "cyd@example.com paid 1.00"
    assert shop.number(name) != before

    # What fails is tried again, and then is dead: here in the outbox, with NATS in its stream.
    assert await shop.order("nobody") == 201
    settled = {"dead": 0, "done": 4} if nats else {"dead": 1, "done": 3}
    [status] = await shop.until(
        "/outbox", lambda found: found[0]["done"] + found[0]["dead"] == sum(settled.values())
    )
    assert {name: status[name] for name in settled} == settled
    assert len(await shop.get("/receipts")) == 3
