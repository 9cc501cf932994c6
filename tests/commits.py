"""What the tests of commits share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy

from tests import lanes
from typed_signals import get_emitter

if TYPE_CHECKING:
    from tests.shop import Shop, Store

__all__ = ["UndoneError", "committed", "execute", "receive", "signals"]


class UndoneError(Exception):
    """What rolls a transaction or a savepoint back."""


def signals(model: Any) -> Any:
    """A model's signals."""
    return (
        getattr(model, lanes.CONFIG).signals if hasattr(model, lanes.CONFIG) else get_emitter(model)
    )


def receive(signal: Any) -> list[str]:
    """Connect an on-commit receiver that notes the names of the instances, to see them."""
    names: list[str] = []

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        names.append(instance.name)

    signal.connect(note, on_commit=True)
    return names


async def committed(shop: Shop) -> list[str]:
    """The albums that another connection sees."""
    return await shop.store.names(shop.Album)


async def execute(store: Store, statement: str) -> None:
    """Run SQL, inside the open transaction if there is one."""
    if lanes.ENGINES:
        await store.execute(sqlalchemy.text(statement))
    else:
        await store.database.execute(statement)
