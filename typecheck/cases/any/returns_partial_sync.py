"""A partial of a function that is not async itself, in a file of its own."""

from collections.abc import Awaitable
from functools import partial
from typing import Protocol

from typed_signals import Signal


class Paid(Protocol):
    async def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...


async def logged(log: str, sender: type[object], amount: int, **kwargs: object) -> int:
    return amount


def hands_on(log: str, sender: type[object], amount: int, **kwargs: object) -> Awaitable[int]:
    return logged(log, sender, amount)


paid = Signal[Paid]()
paid.connect(partial(hands_on, "audit"))
