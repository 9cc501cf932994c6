"""What the tests of commits share."""

from __future__ import annotations

from typing import Any

import sqlalchemy

from tests import lanes
from tests.shop import CONFIG, Shop, Store

__all__ = ["UndoneError", "committed", "execute", "receive", "signals"]


class UndoneError(Exception):
    """What rolls a transaction or a savepoint back."""


def signals(model: Any) -> Any:
    """A model's signals."""
    return getattr(model, CONFIG).signals


def receive(signal: Any) -> list[str]:
    """Connect an on-commit receiver that notes the names of the instances, to see them."""
    names: list[str] = []

    async def note(sender: Any, instance: Any, **kwargs: Any) -> None:
        names.append(instance.name)

    signal.connect(note, on_commit=True)
    return names


async def committed(shop: Shop) -> list[str]:
    """The albums that another connection sees."""
    other = Store(shop.store._url)
    async with other.database:
        query = shop.Album.objects.build_select_expression()
        if lanes.CURRENT:
            async with other.database.get_query_executor() as executor:
                rows = await executor.fetch_all(query)
        else:
            rows = await other.database.fetch_all(query)
    return sorted([dict(row)["name"] if "name" in dict(row) else row[1] for row in rows])


async def execute(store: Store, statement: str) -> None:
    """Run SQL, inside the open transaction if there is one."""
    if lanes.CURRENT:
        await store.execute(sqlalchemy.text(statement))
    else:
        await store.database.execute(statement)
