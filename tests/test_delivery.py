"""Delivery: concurrent and sequential receivers, failures, cancellation and outcomes."""

import asyncio
import contextlib
import contextvars
import dataclasses
import functools
import gc
import inspect
import sys
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from typed_signals import (
    Change,
    ConnectOptions,
    Outcome,
    PostUpdateReceiver,
    PreSaveReceiver,
    SentSignal,
    Signal,
    SignalDefinitionError,
    SignalLoopError,
    add_middleware,
    remove_middleware,
)

variable = contextvars.ContextVar("variable", default="caller's")

Observations = list[Any]
AsyncReceiver = Callable[..., Awaitable[object]]

SEQUENTIAL_OR_NOT = pytest.mark.parametrize(
    "sequential", [None, True], ids=["concurrent", "sequential"]
)


def other_receivers(count: int) -> list[AsyncReceiver]:
    """Receivers that try to disturb others: by their context, by waiting, by a timeout."""

    async def changes_context(sender: object, **kwargs: object) -> None:
        variable.set("another receiver's")

    async def waits(sender: object, **kwargs: object) -> None:
        variable.set("another receiver's")
        await asyncio.sleep(0.001)

    async def times_out_inside(sender: object, **kwargs: object) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(10)

    return [changes_context, waits, times_out_inside][:count]


# --- what a receiver observes --------------------------------------------------------------------


async def reads_context(seen: Observations) -> None:
    seen.append(variable.get())
    variable.set("mine")
    await asyncio.sleep(0)
    seen.append(variable.get())


async def reads_its_task(seen: Observations) -> None:
    task = asyncio.current_task()
    assert isinstance(task, asyncio.Task)
    assert task in asyncio.all_tasks()
    seen.append(task.cancelling())
    await asyncio.sleep(0)
    seen.append(asyncio.current_task() is task)


async def times_out(seen: Observations) -> None:
    try:
        async with asyncio.timeout(0.005):
            await asyncio.sleep(10)
    except TimeoutError:
        seen.append("timed out")
    await asyncio.sleep(0)
    task = asyncio.current_task()
    seen.append(task and task.cancelling())


async def times_out_at_once(seen: Observations) -> None:
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(10)
    except TimeoutError:
        seen.append("timed out")


async def has_a_task_group(seen: Observations) -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await asyncio.sleep(10)
    except* ValueError:
        seen.append("failed")
    task = asyncio.current_task()
    seen.append(task and task.cancelling())


async def names_its_task(seen: Observations) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.set_name("mine")
    await asyncio.sleep(0)
    seen.append(task.get_name())


SCENES = [
    reads_context,
    reads_its_task,
    times_out,
    times_out_at_once,
    has_a_task_group,
    names_its_task,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", [0, 3])
async def test_single_concurrent_receiver_observes_the_same_as_many(
    scene: Callable[[Observations], Awaitable[None]], before: int, after: int
) -> None:
    async def observe(before: int, after: int) -> Observations:
        signal = Signal()
        seen: Observations = []

        async def observer(sender: object, **kwargs: object) -> None:
            await scene(seen)

        for receiver in [*other_receivers(before), observer, *other_receivers(after)]:
            signal.connect(receiver)
        await signal.send(sender=int)
        return seen

    alone = await observe(0, 0)
    assert alone
    assert await observe(before, after) == alone
    assert variable.get() == "caller's"


async def test_sequential_receivers_are_plainly_awaited() -> None:
    """In the caller's task and context, as if written one after the other."""
    signal = Signal(sequential=True)
    caller = asyncio.current_task()

    @signal.connect
    async def sets(sender: object, **kwargs: object) -> None:
        assert asyncio.current_task() is caller
        variable.set("first receiver's")

    @signal.connect
    async def reads(sender: object, **kwargs: object) -> None:
        assert asyncio.current_task() is caller
        assert variable.get() == "first receiver's"
        variable.set("second receiver's")

    await signal.send(sender=int)
    assert variable.get() == "second receiver's"


@pytest.mark.parametrize("waits", [False, True], ids=["ready", "waits"])
async def test_sequential_receiver_handles_its_own_task_group(waits: bool) -> None:
    """On Python 3.11 and 3.12 ``cancelling()`` stays at 1 after a handled TaskGroup failure."""
    signal = Signal(sequential=True)
    seen: Observations = []

    @signal.connect
    async def receiver(sender: object, **kwargs: object) -> None:
        await has_a_task_group(seen)
        if waits:
            await asyncio.sleep(0)

    await signal.send(sender=int)
    await asyncio.sleep(0)
    assert seen[0] == "failed"


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("waits", [False, True], ids=["ready", "waits"])
async def test_concurrent_receivers_each_have_a_task_of_their_own(
    count: int, waits: bool, debug: bool
) -> None:
    asyncio.get_running_loop().set_debug(debug)
    signal = Signal()
    tasks: list[object] = []

    async def receiver(sender: object, **kwargs: object) -> None:
        tasks.append(asyncio.current_task())
        if waits:
            await asyncio.sleep(0)

    for receivers in [*other_receivers(count), receiver, functools.partial(receiver)]:
        signal.connect(receivers)
    await signal.send(sender=int)
    assert len({*tasks, asyncio.current_task()}) == 3


async def test_concurrent_receiver_without_async_in_its_own_code_has_its_own_context() -> None:
    signal = Signal()

    async def inner() -> None:
        assert variable.get() == "mine"

    def sync(sender: object, **kwargs: object) -> Awaitable[None]:
        variable.set("mine")
        return inner()

    signal.connect(sync)
    await signal.send(sender=int)
    assert variable.get() == "caller's"


# --- order and completeness ----------------------------------------------------------------------


async def test_concurrent_receivers_overlap_and_start_in_the_order_of_connection() -> None:
    signal = Signal()
    seen: list[str] = []
    all_started = asyncio.Event()

    def named(name: str) -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            seen.append(name)
            if len(seen) == 3:
                all_started.set()
            await asyncio.wait_for(all_started.wait(), 20)

        return receiver

    for name in "abc":
        signal.connect(named(name))
    await signal.send(sender=int)
    assert seen == ["a", "b", "c"]


async def test_sequential_receiver_finishes_before_the_next_starts() -> None:
    signal = Signal(sequential=True)
    seen: list[str] = []

    def named(name: str) -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            seen.append(f"{name} starts")
            await asyncio.sleep(0)
            seen.append(f"{name} finishes")

        return receiver

    for name in "ab":
        signal.connect(named(name))
    await signal.send(sender=int)
    assert seen == ["a starts", "a finishes", "b starts", "b finishes"]


async def test_sequential_receiver_among_others_runs_alone() -> None:
    signal = Signal()
    running: set[str] = set()
    seen: list[set[str]] = []

    def named(name: str) -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            running.add(name)
            await asyncio.sleep(0.001)
            seen.append(set(running))
            running.discard(name)

        return receiver

    for name in ("a", "b"):
        signal.connect(named(name))
    signal.connect(named("alone"), sequential=True)
    for name in ("c", "d"):
        signal.connect(named(name))
    await signal.send(sender=int)
    assert seen == [{"a", "b"}, {"b"}, {"alone"}, {"c", "d"}, {"d"}]


async def test_receivers_of_a_sequential_signal_can_be_connected_to_run_concurrently() -> None:
    signal = Signal(sequential=True)
    met = asyncio.Event()

    async def first(sender: object, **kwargs: object) -> None:
        await asyncio.wait_for(met.wait(), 20)

    async def second(sender: object, **kwargs: object) -> None:
        met.set()

    signal.connect(first, sequential=False)
    signal.connect(second, sequential=False)
    await signal.send(sender=int)


async def test_sequential_can_be_changed_after_receivers_are_connected() -> None:
    signal = Signal()
    tasks: list[object] = []
    chosen: list[bool | None] = []

    async def receiver(sender: object, **kwargs: object) -> None:
        tasks.append(asyncio.current_task())

    signal.connect(receiver)
    for signal.sequential in (True, False, None):
        await signal.send(sender=int)
        chosen.append(signal.sequential)
    assert [task is asyncio.current_task() for task in tasks] == [True, False, False]
    assert chosen == [True, False, None]


@SEQUENTIAL_OR_NOT
async def test_connecting_and_disconnecting_during_a_send_counts_from_the_next(
    sequential: bool | None,
) -> None:
    signal = Signal(sequential=sequential)
    seen: list[str] = []

    async def changes(sender: object, **kwargs: object) -> None:
        seen.append("changes")
        signal.disconnect(goes)
        signal.connect(comes)
        await asyncio.sleep(0)

    async def goes(sender: object, **kwargs: object) -> None:
        seen.append("goes")

    async def comes(sender: object, **kwargs: object) -> None:
        seen.append("comes")

    signal.connect(changes)
    signal.connect(goes)
    await signal.send(sender=int)
    assert seen == ["changes", "goes"]
    seen.clear()
    await signal.send(sender=int)
    assert seen == ["changes", "comes"]


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_send_returns_a_coroutine_with_any_number_of_receivers(count: int) -> None:
    signal = Signal()
    for receiver in other_receivers(count):
        signal.connect(receiver)
    for send in (signal.send, signal.send_robust):
        coroutine = send(sender=int)
        assert inspect.iscoroutine(coroutine)
        await asyncio.create_task(coroutine)
    # An event loop of another thread can run it, too.
    assert await asyncio.to_thread(lambda: asyncio.run(signal.send(sender=int))) is None


# --- failures ------------------------------------------------------------------------------------


def failing(error: BaseException, *, after: int = 0) -> AsyncReceiver:
    async def receiver(sender: object, **kwargs: object) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        raise error

    return receiver


@pytest.mark.parametrize("waits", [(0, 0, 0), (2, 1, 0), (0, 1, 2), (1, 0, 1)])
async def test_first_failure_in_the_order_of_connection_is_raised_and_others_are_noted(
    waits: tuple[int, int, int], caplog: pytest.LogCaptureFixture
) -> None:
    signal = Signal()
    finished: list[str] = []

    async def fine(sender: object, **kwargs: object) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        finished.append("fine")

    errors = [ValueError("secret"), KeyError("secret"), TypeError("secret")]
    for error, after in zip(errors, waits, strict=True):
        signal.connect(failing(error, after=after))
    signal.connect(fine)
    with pytest.raises(ValueError, match="secret") as caught:
        await signal.send(sender=int)
    assert caught.value is errors[0]
    assert finished == ["fine"]
    assert [note.rpartition(": ")[2] for note in errors[0].__notes__] == ["KeyError", "TypeError"]
    assert caplog.messages == errors[0].__notes__
    assert "secret" not in str(caplog.messages)
    logged = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert logged == errors[1:]
    assert all("failing.<locals>.receiver" in message for message in caplog.messages)


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("after", [0, 1], ids=["ready", "waits"])
async def test_single_failure_is_raised_unchanged(sequential: bool | None, after: int) -> None:
    signal = Signal(sequential=sequential)
    error = ValueError("wrong")
    signal.connect(failing(error, after=after))
    with pytest.raises(ValueError, match="wrong") as caught:
        await signal.send(sender=int)
    assert caught.value is error
    assert not hasattr(error, "__notes__")
    assert error.__context__ is None
    assert caught.traceback[-1].name == "receiver"


async def test_receiver_that_cancels_itself_is_an_outcome_although_its_caller_was_cancelled_once():
    async def cancels_itself(sender: object, **kwargs: object) -> None:
        raise asyncio.CancelledError

    signal = Signal(sequential=True)
    signal.connect(cancels_itself)

    async def work() -> list[Outcome]:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(10)  # what cancels it is survived, and stays counted
        return await signal.send_robust(sender=int)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    (outcome,) = await task
    assert isinstance(outcome.exception, asyncio.CancelledError)


async def test_loop_error_is_not_noted_among_other_failures() -> None:
    signal = Signal()
    for error in (ValueError(), SignalLoopError(), KeyError()):
        signal.connect(failing(error))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no words
        await signal.send(sender=int)
    assert [note.rpartition(": ")[2] for note in caught.value.__notes__] == ["KeyError"]


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("pause", [False, True], ids=["at once", "waits"])
@pytest.mark.parametrize("others", [0, 2])
async def test_handled_failure_is_freed_without_garbage_collection(
    sequential: bool | None, pause: bool, others: int
) -> None:
    signal = Signal(sequential=sequential)

    class UnusualError(Exception): ...

    async def fails(sender: object, **kwargs: object) -> None:
        if pause:
            await asyncio.sleep(0)
        raise UnusualError

    signal.connect(fails)
    for receiver in other_receivers(others):
        signal.connect(receiver)
    gone: list[weakref.ref[UnusualError]] = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            try:
                await signal.send(sender=int)
            except UnusualError as error:
                gone.append(weakref.ref(error))
        await asyncio.sleep(0)  # the loop still holds the callback that woke the caller
        assert [each() for each in gone] == [None, None, None]
    finally:
        gc.enable()


@SEQUENTIAL_OR_NOT
async def test_recursion_error_of_a_receiver_is_raised_unchanged(
    sequential: bool | None,
) -> None:
    error = RecursionError("of its own")
    signal = Signal(sequential=sequential)
    signal.connect(failing(error))
    with pytest.raises(RecursionError) as caught:
        await signal.send(sender=int)
    assert caught.value is error
    (outcome,) = await signal.send_robust(sender=int)
    assert outcome.exception is error


async def test_first_failure_of_sequential_receivers_stops_the_send() -> None:
    signal = Signal(sequential=True)
    seen: list[str] = []

    async def later(sender: object, **kwargs: object) -> None:
        seen.append("later")

    signal.connect(failing(ValueError("wrong")))
    signal.connect(later)
    with pytest.raises(ValueError, match="wrong"):
        await signal.send(sender=int)
    assert not seen


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("others", [0, 2])
async def test_payload_that_does_not_fit_fails_that_receiver_only(
    others: int, sequential: bool | None
) -> None:
    signal = Signal(mode="lenient", sequential=sequential)
    finished: list[str] = []

    async def needs(sender: object, needed: int, **kwargs: object) -> None: ...

    async def fine(sender: object, **kwargs: object) -> None:
        await asyncio.sleep(0)
        finished.append("fine")

    signal.connect(fine)
    signal.connect(needs)
    for receiver in other_receivers(others):
        signal.connect(receiver)
    with pytest.raises(TypeError, match="needed"):
        await signal.send(sender=int)
    assert finished == ["fine"]


@pytest.mark.parametrize("after", [0, 1], ids=["ready", "waits"])
async def test_receiver_that_ends_the_program_leaves_no_other_running(after: int) -> None:
    """As far as the event loop allows: it raises at once what a waiting task raises."""
    signal = Signal()
    finished: list[str] = []

    class End(BaseException): ...

    async def waits(sender: object, **kwargs: object) -> None:
        try:
            await asyncio.sleep(0.01)
        finally:
            finished.append("waits")

    signal.connect(waits)
    signal.connect(failing(End(), after=after))
    with pytest.raises(End):
        await signal.send(sender=int)
    assert finished == ["waits"]


def test_keyboard_interrupt_cancels_the_other_receivers() -> None:
    signal = Signal()
    finished: list[str] = []

    async def waits(sender: object, **kwargs: object) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            finished.append("cancelled")
            raise

    signal.connect(waits)
    signal.connect(failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(signal.send(sender=int))
    assert finished == ["cancelled"]


# --- cancellation --------------------------------------------------------------------------------


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("count", [1, 3])
async def test_cancelling_a_send_cancels_its_receivers_and_waits_for_them(
    sequential: bool | None, count: int
) -> None:
    signal = Signal(sequential=sequential)
    finished: list[int] = []

    def numbered(number: int) -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                await asyncio.sleep(0.002)
                finished.append(number)
                raise

        return receiver

    for number in range(count):
        signal.connect(numbered(number))
    send = asyncio.create_task(signal.send(sender=int))
    await asyncio.sleep(0.001)
    send.cancel("shutting down")
    with pytest.raises(asyncio.CancelledError) as caught:
        await send
    assert caught.value.args == ("shutting down",)
    assert finished == ([0] if sequential else list(range(count)))


@SEQUENTIAL_OR_NOT
async def test_sender_that_handled_a_cancellation_is_not_cancelled_again(
    sequential: bool | None,
) -> None:
    signal = Signal(sequential=sequential)

    @signal.connect
    async def receiver(sender: object, **kwargs: object) -> None:
        inner = asyncio.create_task(asyncio.sleep(10))
        asyncio.get_running_loop().call_soon(inner.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await inner

    async def work() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
        await signal.send(sender=int)
        return "sent"

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "sent"


async def test_cancellation_reaches_all_concurrent_receivers_at_once() -> None:
    """The first receiver finishes only once the last one was cancelled."""
    signal = Signal()
    last_was_cancelled = asyncio.Event()
    messages: list[object] = []

    async def first(sender: object, **kwargs: object) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.wait_for(last_was_cancelled.wait(), 20)

    async def last(sender: object, **kwargs: object) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            messages.extend(error.args)
            last_was_cancelled.set()
            raise

    signal.connect(first)
    signal.connect(last)
    send = asyncio.create_task(signal.send(sender=int))
    await asyncio.sleep(0)
    send.cancel("enough")
    with pytest.raises(asyncio.CancelledError):
        await send
    assert messages == ["enough"]


@pytest.mark.parametrize("count", [1, 3])
async def test_receiver_that_suppresses_its_cancellation_does_not_suppress_the_callers(
    count: int,
) -> None:
    signal = Signal()
    started: list[int] = []

    def numbered(number: int) -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            started.append(number)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(10)

        return receiver

    for number in range(count):
        signal.connect(numbered(number))
    send = asyncio.create_task(signal.send(sender=int))
    await asyncio.sleep(0.001)
    send.cancel()
    with pytest.raises(asyncio.CancelledError):
        await send
    assert started == list(range(count))


@pytest.mark.parametrize("count", [1, 3])
async def test_failure_after_the_cancellation_is_logged(
    count: int, caplog: pytest.LogCaptureFixture
) -> None:
    signal = Signal()

    async def fails(sender: object, **kwargs: object) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError("secret")

    for receiver in [fails, *other_receivers(count - 1)]:
        signal.connect(receiver)
    send = asyncio.create_task(signal.send(sender=int))
    await asyncio.sleep(0)
    send.cancel()
    with pytest.raises(asyncio.CancelledError):
        await send
    [message] = caplog.messages
    assert message.endswith("ValueError")


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("after", [0, 1], ids=["ready", "waits"])
async def test_receiver_that_cancels_itself_cancels_no_other(count: int, after: int) -> None:
    signal = Signal()
    finished: list[str] = []

    async def cancels_itself(sender: object, **kwargs: object) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(10)

    async def fine(sender: object, **kwargs: object) -> None:
        await asyncio.sleep(0.002)
        finished.append("fine")

    for receiver in [cancels_itself, *[fine] * bool(count), *other_receivers(count)]:
        signal.connect(receiver)
    with pytest.raises(asyncio.CancelledError):
        await signal.send(sender=int)
    caller = asyncio.current_task()
    assert caller is not None
    assert caller.cancelling() == 0
    assert finished == ["fine"] * bool(count)


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("count", [1, 3])
async def test_timeout_around_a_send_stops_it(sequential: bool | None, count: int) -> None:
    signal = Signal(sequential=sequential)

    def slow() -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            await asyncio.sleep(10)

        return receiver

    for _ in range(count):
        signal.connect(slow())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await signal.send(sender=int)
    caller = asyncio.current_task()
    assert caller is not None
    assert caller.cancelling() == 0


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("count", [1, 2, 3])
async def test_send_cancelled_at_any_step_leaves_nothing_running(
    sequential: bool | None, count: int
) -> None:
    """Cancel after 0, 1, 2 … turns of the loop, until the send finishes by itself."""
    signal = Signal(sequential=sequential)
    started: list[int] = []
    finished: list[int] = []

    def numbered(number: int) -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            started.append(number)
            try:
                for _ in range(3):
                    await asyncio.sleep(0)
                await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))
            finally:
                finished.append(number)

        return receiver

    for number in range(count):
        signal.connect(numbered(number))
    for turns in range(100):
        started.clear()
        finished.clear()
        send = asyncio.create_task(signal.send(sender=int))
        for _ in range(turns):
            await asyncio.sleep(0)
        asked = send.cancel()
        await asyncio.wait([send])
        assert sorted(finished) == sorted(started)
        assert send.cancelled() == asked
        assert asyncio.all_tasks() == {asyncio.current_task()}
        if not asked:
            break
    else:
        pytest.fail("it never finished")
    assert finished == list(range(count))


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("count", [1, 3])
async def test_closing_a_send_closes_its_receivers(sequential: bool | None, count: int) -> None:
    signal = Signal(sequential=sequential)
    finished: list[str] = []

    def slow() -> AsyncReceiver:
        async def receiver(sender: object, **kwargs: object) -> None:
            try:
                await asyncio.sleep(10)
            finally:
                finished.append("receiver")

        return receiver

    for _ in range(count):
        signal.connect(slow())
    send = signal.send(sender=int)
    send.send(None)
    await asyncio.sleep(0)  # before Python 3.12 the event loop starts the tasks
    send.close()
    await asyncio.sleep(0.001)
    assert finished == ["receiver"] * (1 if sequential else count)


# --- send_robust ---------------------------------------------------------------------------------


@SEQUENTIAL_OR_NOT
async def test_send_robust_raises_nothing_and_returns_an_outcome_for_each_receiver(
    sequential: bool | None,
) -> None:
    signal = Signal(sequential=sequential)
    error = ValueError()

    async def cancels_itself(sender: object, **kwargs: object) -> None:
        raise asyncio.CancelledError

    async def fine(sender: object, *, answer: int, **kwargs: object) -> int:
        await asyncio.sleep(0)
        return answer

    fails = signal.connect(failing(error))
    signal.connect(fine)
    signal.connect(cancels_itself)
    outcomes = await signal.send_robust(sender=int, answer=42)
    assert outcomes[:2] == [Outcome(fails, None, error), Outcome(fine, 42, None)]
    assert outcomes[2].receiver is cancels_itself
    assert isinstance(outcomes[2].exception, asyncio.CancelledError)


@pytest.mark.parametrize("with_middleware", [False, True])
@pytest.mark.parametrize("send", ["send", "send_robust"])
@pytest.mark.parametrize(
    "options",
    [
        [{}],
        [{"sequential": True}],
        [{}, {"sequential": True}],
        [{"sequential": True}, {}, {}],
        [{}, {"on_commit": True}],
        [{}, {"sequential": True}, {"on_commit": True}, {"on_commit": True}],
    ],
    ids=str,
)
async def test_every_receiver_gets_sender_and_payload_with_any_options(
    options: list[ConnectOptions], send: str, with_middleware: bool
) -> None:
    signal = Signal()
    received: list[tuple[int, object, object]] = []

    def numbered(number: int) -> AsyncReceiver:
        async def receiver(sender: object, **payload: object) -> None:
            received.append((number, sender, payload))

        return receiver

    for number, each in enumerate(options):
        signal.connect(numbered(number), **each)
    with middleware_installed() if with_middleware else contextlib.nullcontext():
        await getattr(signal, send)(sender=int, answer=42)
    assert received == [(number, int, {"answer": 42}) for number in range(len(options))]


@contextlib.contextmanager
def middleware_installed() -> Iterator[None]:
    def pass_on(sent: SentSignal, call_next: Any) -> Any:
        return call_next(sent)

    add_middleware(pass_on)
    yield
    remove_middleware(pass_on)


async def test_send_robust_without_receivers_returns_no_outcomes() -> None:
    assert await Signal().send_robust(sender=int) == []
    misfit: Any = Signal[PreSaveReceiver[Any]]()
    assert await misfit.send_robust(sender=int, unknown=1) == []


async def test_send_robust_accepts_a_receiver_without_hash():
    @dataclasses.dataclass
    class Counter:
        count: int = 0

        async def __call__(self, sender, **kwargs):
            self.count += 1
            return self.count

    counter = Counter()
    signal = Signal()
    signal.connect(counter)
    assert await signal.send_robust(sender=int) == [Outcome(counter, 1, None)]


@SEQUENTIAL_OR_NOT
async def test_send_robust_can_be_cancelled(sequential: bool | None) -> None:
    signal = Signal(sequential=sequential)

    async def slow(sender: object, **kwargs: object) -> None:
        await asyncio.sleep(10)

    signal.connect(slow)
    send = asyncio.create_task(signal.send_robust(sender=int))
    await asyncio.sleep(0)
    send.cancel()
    with pytest.raises(asyncio.CancelledError):
        await send


# --- options -------------------------------------------------------------------------------------


async def test_connected_receiver_cannot_be_connected_again_with_other_options() -> None:
    signal = Signal()

    async def receiver(sender: object, **kwargs: object) -> None: ...

    signal.connect(receiver, sequential=True, timeout=5)
    signal.connect(receiver, sequential=True, timeout=5)
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(receiver)
    assert str(caught.value) == (
        f"`tests.test_delivery.{receiver.__qualname__}` "
        f"(tests/test_delivery.py:{receiver.__code__.co_firstlineno}) is connected to a signal "
        "already, with sequential=True, timeout=5: disconnect it first"
    )
    assert signal.receivers == (receiver,)
    assert signal.disconnect(receiver)
    signal.connect(receiver)


async def test_receiver_with_fields_is_called_when_one_of_them_changes() -> None:
    signal, received, fields = Signal[PostUpdateReceiver[Any]](), list[object](), {"title"}

    async def receiver(sender: object, instance: object, **kwargs: object) -> None:
        received.append(instance)

    signal.connect(receiver, fields=fields)
    fields.add("price")  # which changes nothing for the receiver
    for instance, name in enumerate(["title", "price"]):
        await signal.send(sender=int, instance=instance, changed={name: Change(1, 2)})
    assert received == [0]


# --- loops and task factories --------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
async def test_task_factory_of_the_loop_makes_the_tasks(count: int) -> None:
    signal = Signal()
    made: list[object] = []

    def factory(loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        made.append(task)
        return task

    for receiver in other_receivers(count):
        signal.connect(receiver)
    asyncio.get_running_loop().set_task_factory(factory)
    await signal.send(sender=int)
    assert len(made) == count


@SEQUENTIAL_OR_NOT
@pytest.mark.parametrize("count", [1, 3])
async def test_tasks_that_are_written_in_python_can_send(
    count: int, sequential: bool | None
) -> None:
    """As in a debugger, or where asyncio's accelerator is missing."""
    signal = Signal(sequential=sequential)
    # Since Python 3.14 `asyncio.timeout` fails in such a task, whoever made it.
    times_out = not sequential or sys.version_info < (3, 14)
    for receiver in other_receivers(count if times_out else min(count, 2)):
        signal.connect(receiver)
    caller = asyncio.tasks._PyTask(signal.send(sender=int), loop=asyncio.get_running_loop())
    await caller
    slow = signal.connect(_slow)
    caller = asyncio.tasks._PyTask(signal.send(sender=int), loop=asyncio.get_running_loop())
    await asyncio.sleep(0.002)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert signal.disconnect(slow)


async def _slow(sender: object, **kwargs: object) -> None:
    await asyncio.sleep(10)
