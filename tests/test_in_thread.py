"""`in_thread()`: sync functions as receivers, in threads."""

import asyncio
import functools
import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import anyio
import pytest

from typed_signals import Signal, SignalDefinitionError, in_thread
from typed_signals._describe import describe

needs_threads = pytest.mark.skipif(
    sys.platform == "emscripten", reason="WebAssembly has no threads"
)
request: ContextVar[str] = ContextVar("request", default="none")


class Gate:
    """A blocking function that waits until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go = threading.Event()
        self.ended = False

    def __call__(self, sender: object, **kwargs: object) -> str:
        self.began.set()
        assert self.go.wait(10)
        self.ended = True
        return "done"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.go.set()


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


# --- as a receiver -------------------------------------------------------------------------------


async def test_function_is_called_in_another_thread_with_the_payload_and_context() -> None:
    signal = Signal()
    seen: list[object] = []

    @signal.connect
    @in_thread
    def note(sender: object, number: int, **kwargs: object) -> None:
        seen.extend([sender, number, kwargs, request.get(), threading.current_thread()])
        request.set("changed")

    request.set("seven")
    await signal.send(sender=Gate, number=7, more="x")
    assert seen[:4] == [Gate, 7, {"more": "x"}, "seven"]
    assert seen[4] is not threading.current_thread()
    assert request.get() == "seven"


async def test_event_loop_goes_on_meanwhile(gate: Gate) -> None:
    signal = Signal()
    signal.connect(in_thread(gate))
    sending = asyncio.create_task(signal.send(sender=None))
    await until(gate.began)
    assert not sending.done()
    gate.go.set()
    await sending
    assert gate.ended


@needs_threads
async def test_what_it_returns_and_raises_is_the_receivers() -> None:
    signal = Signal()

    @signal.connect
    @in_thread
    def answer(sender: object, **kwargs: object) -> int:
        return 42

    @signal.connect
    @in_thread
    def fail(sender: object, **kwargs: object) -> None:
        raise LookupError("gone")

    first, second = await signal.send_robust(sender=None)
    assert (first.result, first.exception) == (42, None)
    assert isinstance(second.exception, LookupError)
    with pytest.raises(LookupError, match="gone"):
        await signal.send(sender=None)


async def test_stop_iteration_does_not_hang() -> None:
    def stop() -> None:
        raise StopIteration

    with pytest.raises(RuntimeError, match=r"stop` .* raised StopIteration"):
        await asyncio.wait_for(in_thread(stop)(), 20)


async def test_function_that_returns_an_awaitable_fails() -> None:
    made = asyncio.get_running_loop().create_future()

    def later() -> object:
        return made

    with pytest.raises(TypeError) as caught:
        await in_thread(later)()
    assert str(caught.value) == f"{describe(later)} returned an awaitable: connect it as it is"


def test_it_is_checked_and_named_like_the_function() -> None:
    signal = Signal()

    def wrong(instance: object) -> None: ...

    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(in_thread(wrong))
    assert [fault.code for fault in caught.value.faults] == ["sender-not-first", "no-kwargs"]
    assert describe(wrong) in str(caught.value)
    assert in_thread(wrong).__name__ == "wrong"


class Press:
    def __init__(self, name: str) -> None:
        self.name = name

    def print_now(self, sender: object, **kwargs: object) -> str:
        return f"{self.name} now"

    @in_thread
    def print_later(self, sender: object, **kwargs: object) -> str:
        return f"{self.name} later"


@needs_threads
async def test_methods_partials_and_callable_objects_are_called() -> None:
    signal = Signal()
    press = Press("big")
    signal.connect(in_thread(press.print_now))
    signal.connect(press.print_later)
    signal.connect(in_thread(functools.partial(Press.print_now, Press("small"))))
    outcomes = await signal.send_robust(sender=None)
    assert [each.result for each in outcomes] == ["big now", "big later", "small now"]
    assert signal.disconnect(press.print_later)


@needs_threads
async def test_payload_may_have_any_name() -> None:
    calls: list[object] = []

    def note(sender: object, function: object, **kwargs: object) -> None:
        calls.append((function, kwargs))

    signal = Signal()
    signal.connect(in_thread(note))
    await signal.send(sender=None, function="f", args=1, context=2)
    assert calls == [("f", {"args": 1, "context": 2})]


async def test_error_about_a_sync_receiver_names_in_thread() -> None:
    connect: Any = Signal().connect
    with pytest.raises(SignalDefinitionError, match=r"it blocks, .* `typed_signals\.in_thread`"):
        connect(blocking)


def blocking(sender: object, **kwargs: object) -> None: ...


# --- what is refused -----------------------------------------------------------------------------


async def already(sender: object, **kwargs: object) -> None: ...


async def streaming(sender: object, **kwargs: object) -> Any:
    yield


def generating(sender: object, **kwargs: object) -> Any:
    yield


class AsyncCall:
    async def __call__(self, sender: object, **kwargs: object) -> None: ...


class GeneratingCall:
    def __call__(self, sender: object, **kwargs: object) -> Any:
        yield


REFUSED: dict[str, tuple[Any, str]] = {
    "an async function": (already, "is async: connect it as it is"),
    "a partial of one": (functools.partial(already), "is async: connect it as it is"),
    "an async object": (AsyncCall(), "is async: connect it as it is"),
    "an async generator": (streaming, "is async: connect it as it is"),
    "a generator": (generating, "is a generator: remove its `yield`"),
    "a generating object": (GeneratingCall(), "is a generator: remove its `yield`"),
}


@pytest.mark.parametrize(("given", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_sync_function_is_refused(given: Any, problem: str) -> None:
    with pytest.raises(SignalDefinitionError) as caught:
        in_thread(given)
    expected = f"in_thread() expects a sync function, and {describe(given)} {problem}"
    assert str(caught.value) == expected


def test_what_cannot_be_called_is_refused() -> None:
    given: Any = 3
    with pytest.raises(SignalDefinitionError) as caught:
        in_thread(given)
    assert str(caught.value) == "in_thread() expects a sync function, not an `int`"


# --- cancellation --------------------------------------------------------------------------------


async def test_cancelled_send_waits_for_the_thread(gate: Gate) -> None:
    signal = Signal()
    signal.connect(in_thread(gate))
    sending = asyncio.create_task(signal.send(sender=None))
    await until(gate.began)
    for _ in range(3):
        sending.cancel()
        await asyncio.sleep(0.01)
        assert not sending.done()
    gate.go.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert gate.ended


async def test_failure_after_a_cancellation_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    began, go = threading.Event(), threading.Event()

    def fail() -> None:
        began.set()
        assert go.wait(10)
        raise LookupError

    running = asyncio.create_task(in_thread(fail)())
    await until(began)
    running.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    [record] = caplog.records
    assert (record.name, record.getMessage()) == (
        "typed_signals",
        f"the receiver {describe(fail)} was cancelled, and then its function failed: LookupError",
    )
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError
    assert "was cancelled, and then its function failed: LookupError" in record.getMessage()


async def test_function_that_has_not_begun_is_not_called_after_a_cancellation(gate: Gate) -> None:
    limiter, called = asyncio.Semaphore(1), False

    @in_thread(limiter=limiter)
    def second() -> None:
        nonlocal called
        called = True

    first = asyncio.create_task(in_thread(gate, limiter=limiter)(None))
    await until(gate.began)
    waiting = asyncio.create_task(second())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.go.set()
    assert await first == "done"
    assert not called


async def test_function_that_waits_for_a_thread_is_not_called_after_a_cancellation() -> None:
    called: list[int] = []
    with ThreadPoolExecutor(1) as executor:
        asyncio.get_running_loop().set_default_executor(executor)
        busy = asyncio.create_task(asyncio.to_thread(time.sleep, 0.05))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(in_thread(called.append)(1))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await busy
    assert called == []


# --- limiters ------------------------------------------------------------------------------------


class Counter:
    """Counts how many of its calls run at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = self.most = 0

    def __call__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.01)
        with self._lock:
            self._now -= 1


def capacity_limiter() -> Any:
    return anyio.CapacityLimiter(2)


@pytest.mark.parametrize(
    "make", [lambda: asyncio.Semaphore(2), capacity_limiter], ids=["asyncio", "anyio"]
)
async def test_functions_that_share_a_limiter_do_not_exceed_it(make: Callable[[], Any]) -> None:
    counter, limiter = Counter(), make()
    calls = [in_thread(counter, limiter=limiter), in_thread(limiter=limiter)(counter)] * 2
    await asyncio.gather(*(call() for call in calls for _ in range(3)))
    assert counter.most == 2


async def test_default_limiter_leaves_threads_to_the_program() -> None:
    counter = Counter()
    await asyncio.gather(*(in_thread(counter)() for _ in range(60)))
    assert counter.most <= (min(32, (os.cpu_count() or 1) + 4) + 1) // 2


def test_each_event_loop_has_a_default_limiter_and_is_not_kept_by_it() -> None:
    counter = Counter()
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def run() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await asyncio.gather(*(in_thread(counter)() for _ in range(20)))

    asyncio.run(run())
    asyncio.run(run())
    gc.collect()
    assert len(loops) == 2
    assert not any(loop() for loop in loops)
