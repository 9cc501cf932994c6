"""The test tools: muting, capturing and isolation, with pytest and without."""

import asyncio
import contextlib
import gc
import linecache
import sys
import textwrap
import threading
from collections.abc import Awaitable
from typing import Any, Protocol

import hypothesis.strategies  # noqa: F401 - or a pytest inside loads, and unloads, half of it
import pytest

from typed_signals import ModelSignals, PreSaveReceiver, Signal, SignalDefinitionError, _middleware
from typed_signals._emitter import SignalEmitter, bind_emitter
from typed_signals._registry import change_listeners, state_of
from typed_signals.testing import capture_signals, connected_to, isolated, muted, only

pytest_plugins = ["pytester"]


class OrderPaid(Protocol):
    """Called for an order that was paid.

    Sent by: ``Shop.settle()``
    """

    def __call__(
        self, sender: type["Shop"], *, order_id: int, **kwargs: object
    ) -> Awaitable[object]: ...


class ShopSignals(SignalEmitter["Shop"]):
    order_paid: Signal[OrderPaid]


class Shop:
    signals: ShopSignals = ShopSignals()


class Album:
    signals: ModelSignals["Album"] = ModelSignals()


class Track:
    signals: ModelSignals["Track"] = ModelSignals()


@pytest.fixture(autouse=True)
def no_receivers_and_no_middleware():
    """Every test starts with no receivers, and leaves no middleware."""
    for emitter in (Shop.signals, Album.signals, Track.signals):
        vars(emitter).clear()
    yield
    assert not _middleware.applying(state_of(Signal()))
    assert not change_listeners


@pytest.fixture
def received() -> list[str]:
    return []


def receiver_of(received: list[str], name: str) -> Any:
    async def receiver(sender, **kwargs):
        received.append(name)

    return receiver


@pytest.fixture
def three(received) -> list[Any]:
    """Three receivers of Album's pre_save, connected with different options."""
    receivers = [receiver_of(received, name) for name in "abc"]
    options: list[Any] = [{}, {"sequential": True}, {"on_commit": True}]
    for receiver, flags in zip(receivers, options, strict=True):
        Album.signals.pre_save.connect(receiver, **flags)
    return receivers


async def save(model: Any = Album) -> None:
    await model.signals.pre_save.send(sender=model, instance=model())


# --- muted, only, connected_to -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "quiet"),
    [
        ((), {"Album.pre_save", "Album.post_save", "Track.pre_save"}),
        ((Album,), {"Album.pre_save", "Album.post_save"}),
        ((Album.signals,), {"Album.pre_save", "Album.post_save"}),
        ((Track,), {"Track.pre_save"}),
        ((Album, Track), {"Album.pre_save", "Album.post_save", "Track.pre_save"}),
    ],
)
async def test_muted_calls_no_receiver_of_its_targets(received, targets, quiet):
    signals = {
        "Album.pre_save": Album.signals.pre_save,
        "Album.post_save": Album.signals.post_save,
        "Track.pre_save": Track.signals.pre_save,
    }
    for name, signal in signals.items():
        signal.connect(receiver_of(received, name))

    async def send_all():
        received.clear()
        for signal in signals.values():
            await signal.send(sender=Album, instance=Album())
        return set(received)

    with muted(*targets):
        assert await send_all() == set(signals) - quiet
    assert await send_all() == set(signals)


async def test_muted_accepts_one_signal(received):
    for signal in (Album.signals.pre_save, Album.signals.post_save):
        signal.connect(receiver_of(received, signal.name))
    with muted(Album.signals.pre_save):
        await save()
        await Album.signals.post_save.send(sender=Album, instance=Album())
    assert received == ["post_save"]


async def test_muted_accepts_a_signal_without_emitter(received):
    loose, other = Signal(), Signal()
    for name, signal in {"loose": loose, "other": other}.items():
        signal.connect(receiver_of(received, name))
    with muted(loose):
        await loose.send(sender=None)
        await other.send(sender=None)
    assert received == ["other"]


async def test_muted_applies_to_send_robust(received, three):
    with muted(Album):
        assert await Album.signals.pre_save.send_robust(sender=Album, instance=Album()) == []
    assert received == []
    assert len(await Album.signals.pre_save.send_robust(sender=Album, instance=Album())) == 2


@pytest.mark.parametrize("target", [int, "pre_save", None])
def test_tools_refuse_what_sends_no_signals(target):
    with pytest.raises(SignalDefinitionError, match="sends no signals"):
        muted(target)


async def test_only_calls_no_other_receiver(received, three):
    with only(three[1]):
        await save()
    assert received == ["b"]


@pytest.mark.parametrize("of", [Track, [Track], (Track,)])
async def test_only_with_targets_leaves_other_signals_alone(received, three, of):
    Track.signals.pre_save.connect(receiver_of(received, "track"))
    with only(three[0], of=of):
        await save()
        await save(Track)
    assert received == ["a", "b", "c"]


async def test_only_accepts_a_bound_method(received):
    class Audit:
        async def receive(self, sender, **kwargs):
            received.append("audit")

    audit, other = Audit(), Audit()
    Album.signals.pre_save.connect(audit.receive)
    with only(other.receive):
        await save()
    assert received == []
    with only(audit.receive):
        await save()
    assert received == ["audit"]


async def test_connected_to_adds_a_receiver_that_runs_last_with_its_options(received, three):
    guest = receiver_of(received, "guest")
    with connected_to(Album.signals.pre_save, guest):
        await save()
        await save(Track)
    assert received == ["a", "b", "guest", "c"]
    assert Album.signals.pre_save.receivers == tuple(three)


async def test_connected_to_leaves_a_connected_receiver_in_its_place(received, three):
    with connected_to(Album.signals.pre_save, three[0]):
        await save()
    await save()
    assert received == ["a", "b", "c"] * 2


async def test_connected_to_refuses_at_once_what_connect_refuses():
    def sync(sender, **kwargs): ...

    with pytest.raises(SignalDefinitionError, match="must be async"):
        connected_to(Album.signals.pre_save, sync)


async def test_nested_blocks_let_the_inner_one_decide(received, three):
    guest = receiver_of(received, "guest")
    with only(), connected_to(Album.signals.pre_save, guest):
        await save()
    assert received == ["guest"]
    with connected_to(Album.signals.pre_save, guest), muted(Album):
        await save()
    assert received == ["guest"]


async def test_block_that_fails_leaves_nothing_behind(received, three):
    with contextlib.suppress(ZeroDivisionError), muted(), only():
        _ = 1 / 0
    await save()
    assert received == ["a", "b", "c"]


async def test_block_leaves_order_and_options_unchanged(three):
    before = dict(state_of(Album.signals.pre_save).connections)
    with muted(Album), only(three[2]), connected_to(Album.signals.pre_save, three[1]):
        await save()
    assert state_of(Album.signals.pre_save).connections == before
    assert list(state_of(Album.signals.pre_save).connections) == list(before)


async def test_receiver_connected_inside_a_block_stays_connected(received):
    with muted():
        Album.signals.pre_save.connect(receiver_of(received, "new"))
        await save()
    assert received == []
    await save()
    assert received == ["new"]


# --- tasks and threads ---------------------------------------------------------------------------


async def test_block_applies_to_its_task_and_those_started_inside(received, three):
    inside = asyncio.Event()
    done = asyncio.Event()

    async def other():
        await inside.wait()
        await save()  # not inside the block: receives
        done.set()

    task = asyncio.create_task(other())
    with muted(Album):
        inside.set()
        await done.wait()
        assert received == ["a", "b", "c"]
        received.clear()
        await asyncio.create_task(save())
        await asyncio.to_thread(lambda: asyncio.run(save()))
        assert received == []
    await task


async def test_blocks_of_several_tasks_can_finish_in_any_order(received, three):
    async def block(receiver, enter, leave):
        await enter.wait()
        with only(receiver):
            await save()
            await leave.wait()
            await save()
        await save()

    events = [asyncio.Event() for _ in range(4)]
    one = asyncio.create_task(block(three[0], events[0], events[1]))
    two = asyncio.create_task(block(three[1], events[2], events[3]))
    for index in (0, 2, 1, 3):  # enter one, enter two, leave one, leave two
        events[index].set()
        await asyncio.sleep(0.01)
    await asyncio.gather(one, two)
    assert received == ["a", "b", "a", "a", "b", "c", "b", "a", "b", "c"]
    assert Album.signals.pre_save.receivers == tuple(three)


async def test_task_that_outlives_the_block_receives_again(received, three):
    go = asyncio.Event()

    async def late():
        await go.wait()
        await save()

    with muted(Album):
        task = asyncio.create_task(late())
        await asyncio.sleep(0)
    go.set()
    await task
    assert received == ["a", "b", "c"]


@pytest.mark.parametrize(("everywhere", "expected"), [(False, ["a", "b", "c"]), (True, [])])
async def test_everywhere_reaches_threads_started_before(received, three, everywhere, expected):
    go = threading.Event()

    def work():
        go.wait()
        asyncio.run(save())

    thread = threading.Thread(target=work)
    thread.start()
    with muted(Album, everywhere=everywhere):
        go.set()
        await asyncio.to_thread(thread.join)
    assert received == expected


async def test_block_in_a_generator_can_be_closed_in_another_context(received, three):
    async def fixture():
        with muted(Album):
            yield

    generator = fixture()
    await asyncio.create_task(generator.__anext__())
    with pytest.raises(StopAsyncIteration):
        await asyncio.create_task(generator.__anext__())
    await save()
    assert received == ["a", "b", "c"]


# --- what was sent -------------------------------------------------------------------------------


async def test_sends_are_captured_in_order_with_or_without_receivers(received, three):
    instance = Album()
    with capture_signals() as sent:
        await Album.signals.pre_save.send(sender=Album, instance=instance)
        await Album.signals.post_save.send(sender=Album, instance=instance)
        with muted():
            await Album.signals.pre_save.send_robust(sender=Track, instance=instance)
        await Shop.signals.order_paid.send(sender=Shop, order_id=7)
    await save()

    assert sent.names == ["pre_save", "post_save", "pre_save", "order_paid"]
    assert [each.sender for each in sent] == [Album, Album, Track, Shop]
    assert [each.receivers for each in sent] == [tuple(three), (), (), ()]
    assert sent[0].payload == {"instance": instance}
    assert sent[-1].signal is Shop.signals.order_paid
    assert sent[-1].operation == "send()"
    assert sent[1:3] == [sent[1], sent[2]]


async def test_captured_send_has_the_line_that_sent_it():
    with capture_signals() as sent:
        await save()
        assert "test_testing_tools.py:" in sent[0].where
        line = int(sent[0].where.rpartition(":")[2])
    assert ".pre_save.send(sender=model" in linecache.getline(__file__, line)


async def test_only_targets_are_captured():
    with capture_signals(Track, Album.signals.post_save) as sent:
        for model in (Album, Track):
            await save(model)
        await Album.signals.post_save.send(sender=Album, instance=Album())
    assert [(each.name, each.sender) for each in sent] == [
        ("pre_save", Track),
        ("post_save", Album),
    ]


async def test_every_task_and_thread_is_captured():
    with capture_signals() as sent:
        await asyncio.gather(save(), save())
        thread = threading.Thread(target=lambda: asyncio.run(save()))
        thread.start()
        await asyncio.to_thread(thread.join)
    assert sent.names == ["pre_save"] * 3


@pytest.fixture
async def sent():
    """Three sends to make assertions about."""
    with capture_signals() as sent:
        await Album.signals.pre_save.send(sender=Album, instance=1)
        await Album.signals.pre_save.send(sender=Album, instance=2)
        await Track.signals.pre_relation_add.send(
            sender=Track, instance=1, child=2, relation_name="tags", passed_kwargs={"a": 1}
        )
    return sent


def test_assertions_pass_when_they_hold(sent):
    assert sent.assert_sent("pre_save") is sent[0]
    assert sent.assert_sent("pre_save", Album, times=2) is sent[0]
    assert sent.assert_sent("pre_save", times=1, instance=2) is sent[1]
    assert sent.assert_sent(Album.signals.pre_save, Album, instance=2) is sent[1]
    sent.assert_sent("pre_relation_add", child=2, passed_kwargs={"a": 1})
    sent.assert_sent("pre_relation_add", passed_args={"a": 1})  # the same under its alias
    sent.assert_not_sent("post_save")
    sent.assert_not_sent("pre_save", Track)
    sent.assert_not_sent("pre_save", instance=3)
    sent.assert_not_sent(Track.signals.pre_save)
    sent.assert_order("pre_save", "pre_relation_add")
    sent.assert_order("pre_save", ("pre_save", Album), (Track.signals.pre_relation_add, Track))
    sent.assert_order()
    assert sent.of(None, Track) == [sent[2]]
    sent.clear()
    assert not sent
    sent.assert_not_sent("pre_save")


@pytest.mark.parametrize(
    ("check", "lines"),
    [
        (
            lambda sent: sent.assert_sent("pre_save", Album, times=1),
            [
                "expected `pre_save` of Album to be sent once, but it was sent 2 times",
                "sent, in order (3):",
                ">  1. pre_save of Album",
                ">  2. pre_save of Album",
                "   3. pre_relation_add of Track",
                "instance=1, child=2, relation_name='tags', passed_kwargs={'a': 1}",
                "by send() at ",
            ],
        ),
        (
            lambda sent: sent.assert_sent("pre_save", Track),
            [
                "expected `pre_save` of Track to be sent at least once, but it never was",
                "1. was of Album, not Track",
            ],
        ),
        (
            lambda sent: sent.assert_sent("pre_save", Album, times=3),
            ["to be sent 3 times, but it was sent 2 times"],
        ),
        (
            lambda sent: sent.assert_sent("pre_save", Album, instance=3),
            ["with instance=3 to be", "1. had instance=1, not 3", "2. had instance=2, not 3"],
        ),
        (
            lambda sent: sent.assert_sent("pre_save", Album, instances=3),
            ["1. had no `instances`, only instance"],
        ),
        (
            lambda sent: sent.assert_not_sent("pre_save", instance=2),
            ["expected `pre_save` with instance=2 not to be sent, but it was sent once", ">  2."],
        ),
        (
            lambda sent: sent.assert_order("pre_relation_add", "pre_save"),
            [
                "expected these signals in this order:",
                "`pre_save`  <- not sent after those before it",
                "   3. pre_relation_add",
            ],
        ),
    ],
)
def test_failed_assertion_lists_what_was_sent_instead(sent, check, lines):
    with pytest.raises(AssertionError) as failed:
        check(sent)
    for each in lines:
        assert each in str(failed.value)


def test_failed_assertion_says_that_nothing_was_sent():
    with capture_signals() as sent, pytest.raises(AssertionError, match="nothing was sent"):
        sent.assert_sent("pre_save")


@pytest.mark.parametrize("check", ["assert_sent", "assert_not_sent", "assert_order"])
def test_misspelt_name_never_passes(sent, check):
    with pytest.raises(LookupError, match="no signal `pre_svae`: did you mean `pre_save`"):
        getattr(sent, check)("pre_svae")


async def test_misspelt_name_of_a_declared_signal_never_passes():
    with capture_signals() as sent:
        await Shop.signals.order_paid.send(sender=Shop, order_id=7)
    with pytest.raises(LookupError, match="did you mean `order_paid`"):
        sent.assert_not_sent("order_piad")


def test_assert_not_sent_is_used_instead_of_times_zero(sent):
    with pytest.raises(ValueError, match="assert_not_sent"):
        sent.assert_sent("pre_save", times=0)


async def test_value_without_repr_does_not_hide_the_failure():
    class Broken:
        def __repr__(self):
            raise RuntimeError("no")

    with capture_signals() as sent:
        await Album.signals.pre_save.send(sender=Album, instance=Broken())
    with pytest.raises(AssertionError, match="instance=<Broken instance at"):
        sent.assert_sent("post_save")


async def test_captured_payload_is_freed_with_the_capture():
    class Big: ...

    with capture_signals() as sent:
        await Album.signals.pre_save.send(sender=Album, instance=Big())
    assert any(type(each) is Big for each in gc.get_objects())
    del sent
    gc.collect()
    assert not any(type(each) is Big for each in gc.get_objects())


# --- ormar's operations --------------------------------------------------------------------------


async def test_operation_is_named_as_in_the_protocol(shop):
    from tests.shop import LIFECYCLE

    with capture_signals(shop.Album, shop.Track, shop.Tag) as sent:
        album = await shop.Album.objects.create(name="one")
        tag = await shop.Tag(name="new").save()
        await album.tags.add(tag)
        await album.tags.remove(tag)
        await album.update(name="two")
        await shop.Album.objects.bulk_update([album])
        await album.delete()
    operations = {(each.name, each.sender.__name__): each.operation for each in sent}
    assert operations == {
        ("pre_save", "Album"): "objects.create()",
        ("post_save", "Album"): "objects.create()",
        ("pre_save", "Tag"): "Model.save()",
        ("post_save", "Tag"): "Model.save()",
        ("pre_relation_add", "Album"): ".add()",
        ("post_relation_add", "Album"): ".add()",
        ("pre_relation_remove", "Album"): ".remove()",
        ("post_relation_remove", "Album"): ".remove()",
        ("pre_update", "Album"): "Model.update()",
        ("post_update", "Album"): "Model.update()",
        ("post_bulk_update", "Album"): "objects.bulk_update()",
        ("pre_delete", "Album"): "Model.delete()",
        ("post_delete", "Album"): "Model.delete()",
    }
    assert {name for name, _ in operations} == set(LIFECYCLE)
    assert all("test_testing_tools.py" in each.where for each in sent)
    sent.assert_sent("pre_relation_add", shop.Album, instance=album, child=tag, passed_args={})


async def test_muted_send_calls_no_receiver_after_the_commit(shop, received):
    from tests.shop import CONFIG

    signal = getattr(shop.Album, CONFIG).signals.post_save
    signal.connect(receiver_of(received, "late"), on_commit=True)
    async with shop.store.database.transaction():
        with muted(shop.Album):
            await shop.Album.objects.create(name="muted")
        assert received == []
    assert received == []
    async with shop.store.database.transaction():
        await shop.Album.objects.create(name="received")
        with muted(shop.Album):
            pass
        assert received == []
    assert received == ["late"]


# --- isolation -----------------------------------------------------------------------------------


async def test_isolated_restores_receivers_with_order_and_options(received, three):
    signal = Album.signals.pre_save
    before = dict(state_of(signal).connections)
    with isolated():
        signal.disconnect(three[1])
        signal.connect(receiver_of(received, "new"))
        signal.disconnect(three[0])
        signal.connect(three[0])
        Track.signals.pre_save.connect(three[0])
    assert state_of(signal).connections == before
    assert list(state_of(signal).connections) == list(before)
    assert Track.signals.pre_save.receivers == ()
    await save()
    await save(Track)
    assert received == ["a", "b", "c"]


def test_isolated_blocks_can_be_nested(three, received):
    with isolated():
        Album.signals.pre_save.disconnect(three[0])
        with isolated():
            Album.signals.pre_save.connect(receiver_of(received, "new"))
        assert Album.signals.pre_save.receivers == tuple(three[1:])
    assert Album.signals.pre_save.receivers == tuple(three)


async def test_isolated_restores_receivers_of_an_abstract_model(received):
    base, child = ModelSignals(), ModelSignals()
    bind_emitter(base, Album)
    bind_emitter(child, Track, (base,))
    with isolated():
        base.pre_save.connect(receiver_of(received, "base"))
        await child.pre_save.send(sender=Track, instance=Track())
    await child.pre_save.send(sender=Track, instance=Track())
    assert received == ["base"]


async def test_tools_apply_to_children_of_an_abstract_model(received):
    base, child = ModelSignals(), ModelSignals()
    bind_emitter(base, Album)
    bind_emitter(child, Track, (base,))
    base.pre_save.connect(receiver_of(received, "base"))

    async def send():
        await child.pre_save.send(sender=Track, instance=Track())
        await child.pre_update.send(sender=Track, instance=Track(), passed_args={})

    with capture_signals(base.pre_save) as sent, muted(base):
        await send()
    assert sent.names == ["pre_save"]
    assert received == []
    with connected_to(base.pre_save, receiver_of(received, "guest")):
        await send()
    assert received == ["base", "guest"]


def test_isolated_keeps_receivers_of_modules_first_imported_inside(tmp_path, monkeypatch):
    (tmp_path / "late_receivers.py").write_text(
        textwrap.dedent("""
            import functools

            async def receiver(sender, **kwargs): ...

            async def bound(first, sender, **kwargs): ...

            partial = functools.partial(bound, 1)
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    signal: Signal[PreSaveReceiver[Album]] = Album.signals.pre_save

    async def here(sender, **kwargs): ...

    with isolated():
        import late_receivers

        for receiver in (late_receivers.receiver, here, late_receivers.partial):
            signal.connect(receiver)
    monkeypatch.delitem(__import__("sys").modules, "late_receivers")
    assert signal.receivers == (late_receivers.receiver, late_receivers.partial)


# --- the pytest plugin, in runs of its own -------------------------------------------------------

CONFTEST = """
import pytest
from typed_signals import ModelSignals

class Album:
    signals = ModelSignals()

async def always(sender, **kwargs): ...

Album.signals.pre_save.connect(always)

async def save():
    await Album.signals.pre_save.send(sender=Album, instance=Album())
"""

CONNECTING = """
from conftest import Album, always

def test_one():
    async def mine(sender, **kwargs): ...
    Album.signals.pre_save.connect(mine)

def test_two():
    assert Album.signals.pre_save.receivers == (always,)
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Any:
    """Run pytest on a test module."""

    def run(module: str, *arguments: str, ini: str = "") -> pytest.RunResult:
        if "-n" in arguments and sys.platform == "emscripten":
            pytest.skip("Python in WebAssembly cannot start a process")
        options = "asyncio_default_fixture_loop_scope = function\n"
        pytester.makeini(f"[pytest]\npythonpath = .\n{options}{ini}")
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(test_it=module)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)

    return run


ASYNC_TEST = """
import asyncio

import pytest
from conftest import Album, always, save
from typed_signals.testing import muted

{decorated}

@pytest.fixture
def quiet():
    with muted(Album, everywhere=True):
        yield

{mark}
async def test_records(sent_signals):
    await save()
    sent_signals.assert_sent("pre_save", Album, times=1)
    assert sent_signals[0].receivers == (always,)

{mark}
async def test_knows_nothing_of_the_test_before(sent_signals):
    assert not sent_signals

{mark}
async def test_a_fixture_can_mute(quiet, sent_signals):
    await asyncio.gather(save(), save())
    assert [each.receivers for each in sent_signals] == [(), ()]

{mark}
async def test_a_block_mutes(sent_signals):
    with muted(Album):
        await save()
    await save()
    assert [each.receivers for each in sent_signals] == [(), (always,)]
"""


@pytest.mark.parametrize(
    ("decorated", "mark", "arguments"),
    [
        ("", "@pytest.mark.asyncio", ()),
        ("", "", ("-o", "asyncio_mode=auto")),
        ("", "@pytest.mark.asyncio", ("-n", "2")),
        (
            "@pytest.fixture\ndef anyio_backend(): return 'asyncio'",
            "@pytest.mark.anyio",
            ("-p", "no:asyncio"),
        ),
    ],
    ids=["pytest-asyncio", "auto", "xdist", "anyio"],
)
def test_fixtures_work_in_async_tests(run, decorated, mark, arguments):
    module = ASYNC_TEST.format(decorated=decorated, mark=mark)
    run(module, *arguments).assert_outcomes(passed=4)


def test_receivers_of_one_test_stay_for_the_next_by_default(run):
    result = run(CONNECTING)
    result.assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize("arguments", [(), ("-n", "2", "--dist", "loadfile")])
def test_every_test_is_isolated_if_the_project_asks(run, arguments):
    result = run(CONNECTING, *arguments, ini="typed_signals_isolation = true")
    result.assert_outcomes(passed=2)


def test_fixture_isolates_one_test(run):
    module = "import pytest\npytestmark = pytest.mark.usefixtures('isolated_signals')\n"
    run(module + CONNECTING).assert_outcomes(passed=2)


def test_isolation_keeps_receivers_of_a_wider_fixture(run):
    module = """
        import pytest
        from conftest import Album, always

        async def shared(sender, **kwargs): ...

        @pytest.fixture(scope="module", autouse=True)
        def connected():
            Album.signals.pre_save.connect(shared)
            yield
            Album.signals.pre_save.disconnect(shared)

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(n):
            assert Album.signals.pre_save.receivers == (always, shared)
    """
    result = run(textwrap.dedent(module), ini="typed_signals_isolation = true")
    result.assert_outcomes(passed=2)


def test_unittest_cases_are_isolated(run):
    module = """
        import unittest
        from conftest import Album, always

        async def mine(sender, **kwargs): ...

        class TestIt(unittest.TestCase):
            def test_one(self):
                Album.signals.pre_save.connect(mine)

            def test_two(self):
                assert Album.signals.pre_save.receivers == (always,)
    """
    result = run(textwrap.dedent(module), ini="typed_signals_isolation = true")
    result.assert_outcomes(passed=2)


def test_failed_assertion_shows_the_test_and_hides_the_package(run):
    module = """
        import asyncio
        from conftest import Album, save

        def test_it(sent_signals):
            asyncio.run(save())
            sent_signals.assert_sent("post_save", Album, times=1)
    """
    result = run(textwrap.dedent(module))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>*sent_signals.assert_sent("post_save", Album, times=1)',
            "E*AssertionError: expected `post_save` of Album to be sent once, but it never was",
            "E*sent, in order (1):",
            "E*1. pre_save of Album  by send() at conftest.py:*instance=<conftest.Album object at*",
        ]
    )
    result.stdout.no_fnmatch_line("*recording.py*")


def test_plugin_imports_nothing_until_it_is_used(pytester):
    module = """
        import sys

        def test_it():
            assert "pytest_typed_signals" in sys.modules
            assert not [name for name in sys.modules if name.startswith("typed_signals")]
            assert "ormar" not in sys.modules
    """
    pytester.makepyfile(test_it=textwrap.dedent(module))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_fixtures_are_listed_by_pytest(run):
    result = run("", "--fixtures")
    result.stdout.fnmatch_lines(["*sent_signals*", "*What the test sends, in order*"])
