"""What a receiver may return: a contract asks for an awaitable and nothing more."""

from asyncio import Future, Task, ensure_future
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol, overload

from ormar import pre_save
from shop import Album

from typed_signals import PreSaveReceiver, Signal, SignalEmitter


class Paid(Protocol):
    """A contract that is written as the receivers mostly are."""

    async def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...


class ShopSignals(SignalEmitter[Any]):
    paid: Signal[Paid]


shop = ShopSignals()
paid = Signal[Paid]()


@shop.paid.connect
@paid.connect
async def a_result(sender: type[object], amount: int, **kwargs: object) -> int:
    return amount


@shop.paid.connect
@paid.connect
def an_awaitable(sender: type[object], amount: int, **kwargs: object) -> Awaitable[int]:
    return a_result(sender, amount)


@paid.connect
def a_coroutine(sender: type[object], amount: int, **kwargs: object) -> Coroutine[Any, Any, int]:
    return a_result(sender, amount)


@paid.connect
def a_task(sender: type[object], amount: int, **kwargs: object) -> Task[int]:
    return Task(a_result(sender, amount))


@paid.connect
def a_future(sender: type[object], amount: int, **kwargs: object) -> "Future[int]":
    return ensure_future(a_result(sender, amount))


class Job:
    def __await__(self) -> Generator[Any, None, str]:
        raise AssertionError("only type checkers read this")


@paid.connect
def awaitable_by_method(sender: type[object], amount: int, **kwargs: object) -> Job:
    return Job()


class Receivers:
    async def method(self, sender: type[object], amount: int, **kwargs: object) -> int:
        return amount

    def hands_on(self, sender: type[object], amount: int, **kwargs: object) -> Awaitable[int]:
        return a_result(sender, amount)

    @classmethod
    async def of_class(cls, sender: type[object], amount: int, **kwargs: object) -> int:
        return amount

    @staticmethod
    async def static(sender: type[object], amount: int, **kwargs: object) -> int:
        return amount

    async def __call__(self, sender: type[object], amount: int, **kwargs: object) -> int:
        return amount


class HandsOn:
    def __call__(self, sender: type[object], amount: int, **kwargs: object) -> Awaitable[int]:
        return a_result(sender, amount)


class Overloaded:
    @overload
    async def __call__(self, sender: type[object], amount: int, **kwargs: object) -> int: ...
    @overload
    async def __call__(self, sender: type[object], amount: str, **kwargs: object) -> str: ...
    async def __call__(self, sender: type[object], amount: Any, **kwargs: object) -> Any:
        return amount


paid.connect(Receivers().method)
paid.connect(Receivers().hands_on)
paid.connect(Receivers.of_class)
paid.connect(Receivers.static)
paid.connect(Receivers())
paid.connect(HandsOn())
paid.connect(Overloaded())


def by_type(
    receiver: Callable[..., Awaitable[object]],
    coroutine: Callable[..., Coroutine[Any, Any, int]],
    unknown: Callable[..., Any],
    several: "Receivers | HandsOn",
    mixed: "Callable[..., Awaitable[object]] | Receivers",
    contract: Paid,
    saved: PreSaveReceiver[Album],
) -> None:
    paid.connect(receiver)
    shop.paid.connect(receiver)
    paid.connect(coroutine)
    paid.connect(unknown)
    paid.connect(several)
    paid.connect(mixed)
    paid.connect(contract)
    pre_save(Album)(receiver)
    pre_save(Album)(saved)


@paid.connect  # E[not-async] all: it must be async, but it is a sync function
def sync(sender: type[object], amount: int, **kwargs: object) -> int:
    return amount


@paid.connect  # E[payload-of-another-type] all: `amount` is annotated `str`
async def result_and_type(sender: type[object], amount: str, **kwargs: object) -> int:
    return 1


class Sync:
    def __call__(self, sender: type[object], amount: int, **kwargs: object) -> int:
        return amount


def sync_by_type(
    receiver: Callable[..., int], several: "Receivers | Sync", perhaps: "Awaitable[int] | None"
) -> None:
    paid.connect(receiver)  # E[not-async] all: it must be async, but it is a sync function
    paid.connect(
        several
    )  # E[not-async] all: it must be async, but it is an object with a sync `__call__`

    @paid.connect  # E[not-async] all: it must be async, but it is a sync function
    def local(sender: type[object], amount: int, **kwargs: object) -> "Awaitable[int] | None":
        return perhaps
