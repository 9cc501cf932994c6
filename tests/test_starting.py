"""When receivers start: at once where Python can, and never too deep on one stack."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from typed_signals import Signal

DEEPEST = 40

eager_only = pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly since 3.12")


async def deferred_depths(*, sequential: bool) -> list[int]:
    """The depths of nested sends at which the event loop ran before the receiver did."""
    signal: Any = Signal(sequential=sequential)
    turned: set[int] = set()
    deferred: list[int] = []

    async def sends_again(sender: Any, depth: int, **kwargs: object) -> None:
        if depth in turned:
            deferred.append(depth)
        if depth < DEEPEST:
            asyncio.get_running_loop().call_soon(turned.add, depth + 1)
            await signal.send(int, depth=depth + 1)

    signal.connect(sends_again)
    asyncio.get_running_loop().call_soon(turned.add, 0)
    await signal.send(int, depth=0)
    return deferred


@eager_only
async def test_concurrent_receivers_start_at_once_except_at_every_sixteenth_nested_send():
    assert await deferred_depths(sequential=False) == [16, 32]


async def test_sequential_receivers_start_at_once_except_at_every_sixteenth_nested_send():
    assert await deferred_depths(sequential=True) == [16, 32]


async def test_receivers_are_left_to_a_task_factory_to_start():
    made: list[str] = []

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
        made.append(coroutine.__qualname__.rpartition(".")[2])
        return asyncio.Task(coroutine, loop=loop, **options)

    signal: Any = Signal()

    @signal.connect
    async def receives(sender: Any, **kwargs: object) -> None: ...

    asyncio.get_running_loop().set_task_factory(factory)
    try:
        await signal.send(int)
    finally:
        asyncio.get_running_loop().set_task_factory(None)
    assert made == ["receives"]


async def test_caller_that_is_cancelled_again_and_again_leaves_no_callbacks_behind():
    signal: Any = Signal()
    tasks: list[Any] = []

    @signal.connect
    async def cleans_up(sender: Any, **kwargs: object) -> None:
        tasks.append(asyncio.current_task())
        for _ in range(20):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                tasks[0].uncancel()

    caller = asyncio.create_task(signal.send(int))
    await asyncio.sleep(0)
    most = 0
    while not caller.done():
        caller.cancel()
        await asyncio.sleep(0)
        most = max(most, len(tasks[0]._callbacks or ()))  # asyncio has no public name for them
    assert caller.cancelled()
    assert most == 1
