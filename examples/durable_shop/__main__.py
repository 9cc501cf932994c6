"""Starts the shop: `python -m examples.durable_shop`, and Ctrl-C ends it.

That is the application on http://127.0.0.1:8000/docs and a worker. With the URL of a NATS server
in ``SHOP_BROKER`` the worker is a relay, and a consumer runs the receivers. What dies is started
again.
"""

import asyncio
import os
import signal
import sys

from examples.durable_shop.models import create_tables

HERE = "examples.durable_shop"

APPLICATION = ["uvicorn", f"{HERE}.app:app", "--port", os.environ.get("SHOP_PORT", "8000")]
WORKER = ["typed_signals", "worker", f"{HERE}.receivers:outbox", "--poll", "0.1"]


def processes() -> dict[str, list[str]]:
    """What runs, each a module with its arguments."""
    if not os.environ.get("SHOP_BROKER"):
        return {"application": APPLICATION, "worker": WORKER}
    return {
        "application": APPLICATION,
        "relay": [f"{HERE}.events", "relay"],
        "consumer": [f"{HERE}.events", "consume"],
    }


async def keep_running(name: str, command: list[str]) -> None:
    """Run a process until this task is cancelled, and start it again if it dies."""
    while True:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *command)
        print(f"{name} is process {process.pid}", flush=True)
        try:
            status = await process.wait()
            print(f"{name} ended with status {status}", flush=True)
            await asyncio.sleep(0.5)
        except asyncio.CancelledError:
            if process.returncode is None:
                process.terminate()
                await process.wait()
            raise


async def main() -> None:
    await create_tables()
    running = [asyncio.create_task(keep_running(*each)) for each in processes().items()]
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    for task in running:
        task.cancel()
    await asyncio.wait(running)


if __name__ == "__main__":
    asyncio.run(main())
