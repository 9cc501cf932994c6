"""What a signal keeps for its next sends: never outdated, and nothing kept alive by it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from tests.lanes import CONFIG
from typed_signals import ModelSignals, Signal, add_middleware, remove_middleware
from typed_signals._emitter import bind_emitter, registry_of
from typed_signals._registry import changes, state_of


class Base:
    signals: Any = ModelSignals()


@pytest.fixture
def received() -> list[str]:
    return []


@pytest.fixture
def named(received: list[str]) -> Any:
    def named(name: str) -> Any:
        async def receiver(sender: object, instance: object, **kwargs: object) -> None:
            received.append(name)

        return receiver

    return named


@pytest.fixture
def parent() -> Any:
    return ModelSignals()


@pytest.fixture
def child(parent: Any) -> Any:
    child: Any = ModelSignals()
    bind_emitter(child, Base, (parent,))
    return child


async def send(signals: Any) -> None:
    await signals.pre_save.send(Base, instance=Base())


async def test_connecting_at_a_parent_counts_from_the_childs_next_send(
    parent: Any, child: Any, named: Any, received: list[str]
) -> None:
    child.pre_save.connect(named("child"))
    await send(child)
    assert received == ["child"]
    inherited = parent.pre_save.connect(named("parent"))
    await send(child)
    assert received[1:] == ["child", "parent"]
    parent.pre_save.disconnect(inherited)
    await send(child)
    assert received[3:] == ["child"]


async def test_child_without_receivers_of_its_own_follows_its_parent(
    parent: Any, child: Any, named: Any, received: list[str]
) -> None:
    await send(child)
    parent.pre_save.connect(named("parent"))
    await send(child)
    assert received == ["parent"]
    assert child.pre_save.has_receivers
    assert parent.pre_save.disconnect_all() == 1
    await send(child)
    assert received == ["parent"]
    assert not child.pre_save.has_receivers


async def test_parent_counts_from_the_next_send_after_it_was_bound(
    parent: Any, named: Any, received: list[str]
) -> None:
    child: Any = ModelSignals()
    child.pre_save.connect(named("child"))
    parent.pre_save.connect(named("parent"))
    await send(child)
    bind_emitter(child, Base, (parent,))
    await send(child)
    bind_emitter(child, Base)
    await send(child)
    assert received == ["child", "child", "parent", "child"]


async def test_signal_assigned_to_a_parent_counts_from_the_childs_next_send(
    parent: Any, child: Any, named: Any, received: list[str]
) -> None:
    other: Any = ModelSignals()
    other.pre_save.connect(named("other"))
    parent.pre_save.connect(named("parent"))
    await send(child)
    parent.pre_save = other.pre_save
    await send(child)
    assert received == ["parent", "other"]


def test_signal_that_moves_to_a_child_keeps_the_order_of_connection(
    parent: Any, child: Any, named: Any
) -> None:
    signal = Signal()
    first, second = signal.connect(named("first")), parent.sold.connect(named("second"))
    child.sold = signal
    assert child.sold.receivers == (first, second)


async def test_disconnect_all_leaves_what_is_inherited(
    parent: Any, child: Any, named: Any, received: list[str]
) -> None:
    inherited = parent.pre_save.connect(named("parent"))
    child.pre_save.connect(named("child"))
    assert child.pre_save.disconnect_all() == 1
    assert child.pre_save.disconnect_all() == 0
    assert child.pre_save.receivers == (inherited,)
    await send(child)
    assert received == ["parent"]


async def test_child_counts_a_receiver_of_both_once(
    parent: Any, child: Any, named: Any, received: list[str]
) -> None:
    both = named("both")
    child.pre_save.connect(both)
    parent.pre_save.connect(both)
    await send(child)
    assert received == ["both"]
    assert child.pre_save.receivers == (both,)
    child.pre_save.disconnect(both)
    await send(child)
    assert received == ["both"] * 2


async def test_abstract_model_reaches_its_children_at_their_next_send(
    store: Any, named: Any, received: list[str]
) -> None:
    from typed_signals.ormar import install

    install()
    base = store.model("Base", config={"abstract": True})
    album = store.model("Album", base)
    signal = getattr(album, CONFIG).signals.pre_save
    signal.connect(named("child"))
    for count in range(3):
        await signal.send(album, instance=None)
        getattr(base, CONFIG).signals.pre_save.connect(named(f"parent {count}"))
    assert received == ["child", "child", "parent 0", "child", "parent 0", "parent 1"]


@pytest.mark.parametrize("change", ["sequential", "middleware", "assignment", "another's"])
async def test_any_change_counts_from_the_next_send(
    change: str, child: Any, parent: Any, named: Any, received: list[str]
) -> None:
    child.pre_save.connect(named("child"))
    await send(child)

    async def middleware(sent: Any, call_next: Any) -> Any:
        received.append("middleware")
        return await call_next(sent)

    expected = ["child"]
    if change == "sequential":
        child.pre_save.sequential = True
    elif change == "middleware":
        add_middleware(middleware, child.pre_save)
        expected = ["middleware", "child"]
    elif change == "assignment":
        child.pre_save = Signal()
        expected = []
    else:
        Signal().connect(named("another's"))
    await send(child)
    remove_middleware(middleware)
    await send(child)
    assert received == ["child", *expected, *expected[-1:]]


@pytest.mark.parametrize("how", ["disconnect", "disconnect_all", "clear"])
@pytest.mark.parametrize("where", ["child", "parent"])
async def test_disconnected_receiver_is_not_kept_alive(
    how: str, where: str, parent: Any, child: Any
) -> None:
    class Receiver:
        async def __call__(self, sender: object, instance: object, **kwargs: object) -> None: ...

    receiver = Receiver()
    gone = weakref.ref(receiver)
    signal = {"child": child, "parent": parent}[where].pre_save
    signal.connect(receiver)
    await send(child)  # from here on the children keep a plan
    await send(parent)
    if how == "disconnect":
        signal.disconnect(receiver)
    elif how == "clear":
        signal._receivers.clear()
    else:
        signal.disconnect_all()
    del receiver
    gc.collect()
    assert gone() is None


async def test_removed_middleware_is_not_kept_alive() -> None:
    class PassOn:
        def __call__(self, sent: Any, call_next: Any) -> Any:
            return call_next(sent)

    middleware, signal = PassOn(), Signal()
    gone = weakref.ref(middleware)
    add_middleware(middleware, signal)
    await signal.send(sender=int)
    remove_middleware(middleware)
    del middleware
    gc.collect()
    assert gone() is None


async def test_signal_is_not_kept_alive_by_its_sends(named: Any) -> None:
    signal = Signal()
    gone = weakref.ref(state_of(signal))
    signal.connect(named("receiver"))
    await signal.send(Base, instance=Base())
    del signal
    gc.collect()
    assert gone() is None


def test_plan_that_was_made_before_a_change_is_not_kept() -> None:
    """Another thread may connect a receiver while a plan is made."""
    signal = Signal[Any]()
    state = state_of(signal)
    versions = [changes.version]
    for _ in range(2):

        @signal.connect
        async def receiver(sender: object, **kwargs: object) -> None: ...

        versions.append(changes.version)
    assert sorted(set(versions)) == versions
    for version in versions[:-1]:
        changes.keep_plan(state, version, "outdated")
        assert state.plan is None
    changes.keep_plan(state, versions[-1], "current")
    assert state.plan == "current"
    signal.disconnect_all()
    assert state.plan is None


def test_connections_to_a_signal_that_was_never_used_are_those_of_the_parents(
    parent: Any, child: Any, named: Any
) -> None:
    registry = registry_of(child)
    assert registry.connections_to("pre_save") == ()
    inherited = parent.pre_save.connect(named("parent"))
    parent.post_save.connect(named("another"))
    assert [each.receiver for each in registry.connections_to("pre_save")] == [inherited]
    assert "pre_save" not in vars(child)
    own = child.pre_save.connect(named("own"))
    assert [each.receiver for each in registry.connections_to("pre_save")] == [inherited, own]
