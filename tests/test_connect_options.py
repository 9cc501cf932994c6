"""`@signal.connect(on_commit=True)`: a decorator with options; several senders at once."""

import pytest

from typed_signals import Signal, SignalDefinitionError, SignalEmitter, receiver


async def notify(sender, **kwargs): ...


def test_connect_with_options_gives_a_decorator_that_returns_the_receiver():
    signal = Signal()
    assert signal.connect(sequential=True)(notify) is notify
    assert signal.receivers == (notify,)
    with pytest.raises(SignalDefinitionError, match="sequential=True"):
        signal.connect(notify, sequential=False)


def test_connect_without_receiver_and_options_gives_a_decorator():
    first, second = Signal(), Signal()

    @first.connect()
    @second.connect(on_commit=True)
    async def stacked(sender, **kwargs): ...

    assert first.receivers == second.receivers == (stacked,)


def test_connect_with_options_connects_nothing_until_it_decorates():
    signal = Signal()
    connector = signal.connect(on_commit=True)
    assert signal.receivers == ()
    assert repr(connector) == "<connects a receiver to a signal>"


def test_connect_with_options_refuses_a_wrong_receiver():
    def sync(sender, **kwargs): ...

    with pytest.raises(SignalDefinitionError, match="async"):
        Signal().connect(on_commit=True)(sync)


@pytest.mark.parametrize("given", [None, True, 3])
def test_connect_refuses_a_receiver_that_cannot_be_called(given):
    with pytest.raises(SignalDefinitionError, match="cannot be called"):
        Signal().connect(given)


class ShopSignals(SignalEmitter): ...


class Shop:
    signals = ShopSignals()


class Branch:
    signals = ShopSignals()


@pytest.mark.parametrize(
    "senders",
    [
        {Shop, Branch},
        (Shop, Branch),
        {"shop": Shop, "branch": Branch}.values(),
        (each for each in (Shop, Branch)),
    ],
    ids=["set", "tuple", "values", "generator"],
)
def test_senders_are_any_iterable_of_classes(senders):
    @receiver("opened", senders)
    async def on_opened(sender, **kwargs): ...

    assert on_opened in Shop.signals.opened.receivers
    assert on_opened in Branch.signals.opened.receivers
