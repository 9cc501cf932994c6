"""The mypy plugin says of wrong usage what the program says when it runs."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import pytest

from typed_signals import (
    ModelSignals,
    Signal,
    SignalDefinitionError,
    SignalEmitter,
    _misuse,
    get_signals,
    pre_save,
    signal,
)
from typed_signals.ormar import install


class Sync(Protocol):
    def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...


class Unannotated(Protocol):
    def __call__(self, sender, *, amount, **kwargs): ...


class Positional(Protocol):
    async def __call__(self, sender: type[object], amount: int, **kwargs: object) -> None: ...


class NoSender(Protocol):
    async def __call__(self, model: type[object], *, amount: int, **kwargs: object) -> None: ...


class Slash(Protocol):
    async def __call__(self, sender: type[object], /, *, amount: int) -> None: ...


class NoProtocol:
    async def __call__(self, sender: type[object], *, amount: int) -> None: ...


class AlbumSignals(ModelSignals[Any]): ...


def said(use: Callable[[], object]) -> str:
    with pytest.raises(SignalDefinitionError) as caught:
        use()
    return str(caught.value)


@pytest.mark.parametrize(
    ("protocol", "reason"),
    [
        (Sync, _misuse.BY_PROTOCOL.not_awaitable),
        (Unannotated, _misuse.BY_PROTOCOL.not_awaitable),
        (Positional, _misuse.positional_payload("amount")),
        (NoSender, _misuse.BY_PROTOCOL.no_sender),
        (Slash, _misuse.BY_PROTOCOL.no_sender),
        (NoProtocol, _misuse.NO_PROTOCOL),
    ],
)
def test_a_contract_that_cannot_be_one_reads_alike(protocol: Any, reason: str) -> None:
    name = f"`{protocol.__name__}`"
    expected = f"{_misuse.bad_contract(name, reason)}.\n  {_misuse.BY_PROTOCOL.expected}"
    assert said(lambda: Signal[protocol]().contract) == expected


def by_sync(sender: type[object], *, amount: int, **kwargs: object) -> None: ...


async def by_position(sender: type[object], amount: int, **kwargs: object) -> None: ...


async def by_another_name(model: type[object], *, amount: int, **kwargs: object) -> None: ...


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (by_sync, _misuse.BY_FUNCTION.not_awaitable),
        (by_position, _misuse.positional_payload("amount")),
        (by_another_name, _misuse.BY_FUNCTION.no_sender),
    ],
)
def test_a_function_that_cannot_be_a_contract_reads_alike(function: Any, reason: str) -> None:
    reported = _misuse.bad_contract(f"`{function.__name__}`", reason)
    assert said(lambda: signal(function)) == f"{reported}.\n  {_misuse.BY_FUNCTION.expected}"


def test_a_callable_as_contract_reads_alike() -> None:
    made = Signal[Callable[..., Awaitable[object]]]()
    reported = _misuse.bad_contract("`Callable`", _misuse.NO_PROTOCOL)
    assert said(lambda: made.contract).splitlines()[0] == f"{reported}."


def test_a_value_in_an_emitter_class_reads_alike() -> None:
    reported = said(lambda: type("Shop", (SignalEmitter,), {"sold": Signal()}))
    assert reported == _misuse.shared_value("Shop", "sold")


def test_a_declaration_of_something_else_reads_alike() -> None:
    shop: Any = type("Shop", (SignalEmitter,), {"__annotations__": {"sold": int}})
    assert said(lambda: shop().sold) == _misuse.not_a_signal("Shop", "sold")


def test_a_decorator_without_its_call_reads_alike() -> None:
    async def save(sender: Any, **kwargs: object) -> None: ...

    given: Any = save
    assert said(lambda: pre_save(given)) == _misuse.no_sender("pre_save", "a `function`")


def test_an_emitter_class_as_a_target_reads_alike() -> None:
    assert said(lambda: install(AlbumSignals)) == _misuse.no_target("`AlbumSignals`")


def test_other_signals_read_alike() -> None:
    album: Any = type("Album", (), {"signals": ModelSignals()})
    assert said(lambda: get_signals(album, AlbumSignals)) == _misuse.other_signals(
        "Album", "ModelSignals", "AlbumSignals"
    )
