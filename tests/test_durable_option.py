"""The core's side of ``durable=``: what stands behind it is reported of a receiver, and called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pytest

from typed_signals import (
    Change,
    CustomReceiver,
    ModelSignals,
    PostDeleteReceiver,
    PostSaveReceiver,
    PreSaveReceiver,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    post_save,
    pre_save,
    receiver,
)
from typed_signals._contract import Contract
from typed_signals._describe import describe
from typed_signals._durable import durable_receiver, why_not_durable
from typed_signals._read_contract import read_contract
from typed_signals.introspection import inspect_emitter
from typed_signals.testing import isolated, muted, only


@dataclass
class Noted:
    """Notes each send; a ``DurableOption`` with no engine behind it."""

    name: str
    payload: None = None
    bound: list[object] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[object] = field(default_factory=list)
    refuses: bool = False

    def contract(self, contract: Contract, signal_name: str) -> Contract:
        return replace(contract, payload={**contract.payload, "job": False}, signature="with job")

    def bind(
        self, signal: Any, receiver: Callable[..., Awaitable[object]]
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        if self.refuses and signal.name == "post_update":
            raise SignalDefinitionError("not this one")
        self.bound.append((signal.title, receiver))

        async def note(sender: object, **payload: Any) -> None:
            self.sent.append(payload)
            self.tasks.append(asyncio.current_task())

        return note

    def facts(self) -> dict[str, object]:
        return {"name": self.name}


class Shop:
    signals: ModelSignals[Any]


@pytest.fixture(autouse=True)
def new_shop() -> None:
    Shop.signals = ModelSignals()
    Shop.signals.__set_name__(Shop, "signals")


async def later(sender: Any, instance: Any, job: Any, **kwargs: Any) -> None:
    raise AssertionError("a durable receiver is not called when its signal is sent")


async def now(sender: Any, instance: Any, **kwargs: Any) -> None: ...


CONNECT: dict[str, Callable[[Any], object]] = {
    "decorator": lambda durable: post_save(Shop, durable=durable)(later),
    "receiver": lambda durable: receiver("post_save", Shop, durable=durable)(later),
    "connect": lambda durable: Shop.signals.post_save.connect(later, durable=durable),
    "connect as decorator": lambda durable: Shop.signals.post_save.connect(durable=durable)(later),
}


@pytest.mark.parametrize("connect", CONNECT.values(), ids=CONNECT)
async def test_receiver_is_connected_and_what_is_bound_is_called(connect: Any) -> None:
    noted = Noted("later")
    assert connect(noted) is later
    assert noted.bound == [("signal `post_save` of Shop", later)]
    assert Shop.signals.post_save.receivers == (later,)
    await Shop.signals.post_save.send(sender=Shop, instance=3)
    assert noted.sent == [{"instance": 3}]
    assert Shop.signals.post_save.disconnect(later)
    await Shop.signals.post_save.send(sender=Shop, instance=4)
    assert len(noted.sent) == 1


def test_receiver_is_checked_by_the_contract_of_the_option() -> None:
    with pytest.raises(SignalDefinitionError) as caught:
        post_save(Shop)(later)
    assert "it requires `job`" in str(caught.value)

    async def wrong(sender: Any, jbo: Any, **kwargs: Any) -> None: ...

    with pytest.raises(SignalDefinitionError) as caught:
        post_save(Shop, durable=Noted("a"))(wrong)
    text = str(caught.value)
    assert "to signal `post_save` of Shop, durably:\n" in text
    assert "it requires `jbo`, which `post_save` never sends" in text
    assert text.endswith("expected: async def receiver(with job)")
    assert not Shop.signals.post_save.has_receivers


def test_receiver_that_works_is_connected_durably_with_a_warning() -> None:
    async def keyword_only(*, sender: Any, **kwargs: Any) -> None: ...

    with pytest.warns(SignalDefinitionWarning, match="contract of a signal, durably") as caught:
        Signal(mode="lenient").connect(keyword_only, durable=Noted("a"))
    assert str(caught[0].message).endswith("expected: async def receiver(with job)")


def test_what_is_no_option_is_refused_with_the_receiver() -> None:
    wrong: Any = "later"
    with pytest.raises(SignalDefinitionError) as caught:
        Shop.signals.post_save.connect(now, durable=wrong)
    assert str(caught.value).startswith(
        f"{describe(now)} cannot be connected to signal `post_save` of Shop: `durable` must be"
    )


ALREADY = {
    "another name": (Noted("b"), "durable={0!r}"),
    "another setting": (Noted("a", refuses=True), "durable={0!r} and other settings"),
    "not durable": (None, "durable={0!r}"),
}


@pytest.mark.parametrize(("durable", "given"), ALREADY.values(), ids=ALREADY)
def test_receiver_that_is_durable_otherwise_is_refused(durable: Any, given: str) -> None:
    signal, first = Shop.signals.post_save, Noted("a")
    signal.connect(now, durable=first)
    signal.connect(now, durable=first)
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(now, durable=durable)
    assert str(caught.value).endswith(
        f"of Shop already, with {given.format(first)}: disconnect it first"
    )
    assert first.bound == [("signal `post_save` of Shop", now)]


async def test_receiver_is_bound_alone_in_the_callers_task() -> None:
    noted, signal = Noted("later"), Shop.signals.post_save
    signal.connect(later, durable=noted)
    signal.connect(now)
    await signal.send(sender=Shop, instance=3)
    assert noted.tasks == [asyncio.current_task()]


async def test_receiver_gets_no_changes_that_another_one_asks_for() -> None:
    async def asks(sender: Any, instance: Any, changed: Any, **kwargs: Any) -> None: ...

    noted, signal = Noted("later"), Shop.signals.post_update
    signal.connect(later, durable=noted)
    signal.connect(asks)
    await signal.send(sender=Shop, instance=3, changed={"title": Change(1, 2)})
    assert noted.sent == [{"instance": 3}]


def test_option_that_refuses_one_signal_leaves_all_unconnected() -> None:
    from typed_signals._connect import connect_all

    signals = [Shop.signals.post_save, Shop.signals.post_update]
    with pytest.raises(SignalDefinitionError, match="not this one"):
        connect_all(signals, later, {}, Noted("a", refuses=True))
    assert not any(signal.has_receivers for signal in signals)


WRONG_OPTIONS = {
    ("on_commit",): "cannot be combined with `on_commit`, which says how a receiver is called in "
    "this process: leave it out",
    ("sequential", "timeout"): "cannot be combined with `sequential` and `timeout`, which say how "
    "a receiver is called in this process: leave them out, and write `Durable(..., timeout=...)`",
}


@pytest.mark.parametrize(("names", "text"), WRONG_OPTIONS.items(), ids=map(str, WRONG_OPTIONS))
def test_options_of_receivers_in_this_process_are_refused(names: Sequence[str], text: str) -> None:
    options: Any = {"on_commit": True, "sequential": True, "timeout": 3.0}
    with pytest.raises(SignalDefinitionError) as caught:
        post_save(Shop, durable=Noted("a"), **{name: options[name] for name in names})(later)
    assert str(caught.value).endswith(f"to signal `post_save` of Shop: `durable` {text}")
    assert str(caught.value).startswith("`tests.test_durable_option.later` (")
    assert not Shop.signals.post_save.has_receivers


class Sold(Protocol):
    def __call__(self, sender: type[Any], *, price: int, **kwargs: object) -> Awaitable[object]: ...


class Work(Protocol):
    def __call__(self, sender: type[Any], *, job: int, **kwargs: object) -> Awaitable[object]: ...


NOT_DURABLE: list[tuple[Any, str, bool, bool, str | None]] = [
    (
        PreSaveReceiver,
        "pre_save",
        True,
        False,
        "a receiver of `pre_save` cannot be durable: it runs after the commit, so connect it to "
        "`post_save`",
    ),
    (PostSaveReceiver, "post_save", True, False, None),
    (PostDeleteReceiver, "post_delete", True, True, None),
    (
        PostDeleteReceiver,
        "post_delete",
        True,
        False,
        "a receiver of `post_delete` cannot be durable without a payload: the instance cannot be "
        "reloaded once it is deleted; write `Durable(..., payload=...)`",
    ),
    (
        CustomReceiver,
        "",
        False,
        False,
        "a receiver of the signal cannot be durable: its payload is not declared, and nothing says "
        "how it travels; declare the signal with a Protocol (`Signal[MyReceiver]`)",
    ),
    (Sold, "pre_sold", False, False, None),
    (
        Sold,
        "sold",
        False,
        True,
        "a receiver of `sold` cannot be durable with a payload of its own: the signal's Protocol "
        "declares what travels; leave `payload` out",
    ),
    (
        Work,
        "",
        False,
        False,
        "a receiver of the signal cannot be durable: its payload has a `job`, which is what a "
        "durable receiver is given about its work; give it another name",
    ),
]


@pytest.mark.parametrize(("protocol", "name", "lifecycle", "has_payload", "why"), NOT_DURABLE)
def test_signals_say_why_they_cannot_have_a_durable_receiver(
    protocol: Any, name: str, lifecycle: bool, has_payload: bool, why: str | None
) -> None:
    contract = read_contract(protocol)
    assert why_not_durable(contract, name, lifecycle=lifecycle, has_payload=has_payload) == why


LIFECYCLE = {
    ("instance",): "sender: type[{model}], *, instance: T_contra, job: Job, **kwargs: object",
    ("instance", "child", "relation_name"): "sender: type[{model}], *, instance: T_contra, "
    "child: Any, relation_name: str, job: Job, **kwargs: object",
    ("instances",): "sender: type[{model}], *, instances: list[T], job: Job, **kwargs: object",
}


@pytest.mark.parametrize(("payload", "signature"), LIFECYCLE.items(), ids=map(str, LIFECYCLE))
def test_durable_receivers_of_the_lifecycle_are_sent_the_payload_and_the_job(
    payload: Sequence[str], signature: str
) -> None:
    contract = read_contract(durable_receiver(payload))
    assert contract.signature == signature
    assert contract.payload.keys() == {*payload, "job"}


async def test_signal_that_moves_to_an_emitter_binds_its_receivers_again() -> None:
    class Sold(Protocol):
        def __call__(
            self, sender: type[Any], *, instance: int, **kwargs: object
        ) -> Awaitable[object]: ...

    noted, signal = Noted("later"), Signal[Sold]()
    signal.connect(later, durable=noted)
    Shop.signals.sold = signal
    assert [title for title, _ in noted.bound] == ["a signal", "signal `sold` of Shop"]
    await signal.send(sender=Shop, instance=3)
    assert noted.sent == [{"instance": 3}]


async def test_blocks_of_tests_choose_among_durable_receivers() -> None:
    noted, signal = Noted("later"), Shop.signals.post_save
    signal.connect(later, durable=noted)
    signal.connect(now)
    for block in (muted(signal), only(now)):
        with block:
            await signal.send(sender=Shop, instance=1)
    assert noted.sent == []
    with isolated():
        signal.disconnect(later)
    with only(later):
        await signal.send(sender=Shop, instance=2)
    assert noted.sent == [{"instance": 2}]


def test_introspection_has_the_option() -> None:
    noted = Noted("later")
    post_save(Shop, durable=noted)(later)
    infos = [each for info in inspect_emitter(Shop.signals) for each in info.receivers]
    assert [(each.receiver, each.durable) for each in infos] == [(later, noted)]


def test_run_time_takes_the_option_where_checkers_do_not_so_that_it_can_say_why() -> None:
    with_durable: Any = pre_save
    with_durable(Shop, durable=Noted("a"))(later)
    assert Shop.signals.pre_save.receivers == (later,)
