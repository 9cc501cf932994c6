"""`@signal.connect(on_commit=True)`: a decorator with options."""

import pytest

from typed_signals import Signal, SignalDefinitionError


async def listen(sender, **kwargs): ...


def test_connect_with_options_gives_a_decorator_that_returns_the_receiver():
    signal = Signal()
    assert signal.connect(sequential=True)(listen) is listen
    assert signal.receivers == (listen,)
    with pytest.raises(SignalDefinitionError, match="sequential=True"):
        signal.connect(listen, sequential=False)


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
def test_connect_takes_nothing_else_for_a_missing_receiver(given):
    with pytest.raises(SignalDefinitionError, match="cannot be called"):
        Signal().connect(given)
