"""The core's side of ``durable=``: what stands behind it is told of a receiver, and called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pytest

from typed_signals import ModelSignals, Signal, SignalDefinitionError, post_save, pre_save, receiver
from typed_signals._contract import Contract
from typed_signals.introspection import inspect_emitter
from typed_signals.testing import isolated, muted, only


@dataclass
class Noted:
    """Notes each send; a ``DurableOption`` with no engine behind it."""

    name: str
    payload: None = None
    bound: list[object] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
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


def test_option_that_refuses_one_signal_leaves_all_unconnected() -> None:
    from typed_signals._connect import connect_all

    signals = [Shop.signals.post_save, Shop.signals.post_update]
    with pytest.raises(SignalDefinitionError, match="not this one"):
        connect_all(signals, later, {}, Noted("a", refuses=True))
    assert not any(signal.has_receivers for signal in signals)


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
