"""The decorators of `typed_signals` itself on mapped classes: what a session sends is what counts.

Nothing here imports `typed_signals.sqlalchemy`: a verdict does not depend on who does.
"""

from collections.abc import Mapping
from typing import Any

from orders import Item, Order

from typed_signals import Change, post_relation_remove, pre_save, pre_update, receiver


@pre_save(Order)
async def same_payload(sender: type[Order], instance: Order, **kwargs: Any) -> None: ...


@pre_update(Order)
async def changed_payload(
    sender: type[Order], instance: Order, changed: Mapping[str, Change], **kwargs: Any
) -> None: ...


@pre_update(Order)  # E[decorator-of-another-orm] plugin: it requires `passed_args`
async def other_payload(
    sender: type[Order], instance: Order, passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@pre_update([Item, Order])  # E[decorator-of-another-orm] plugin: it requires `passed_args`
async def of_two(
    sender: type[Item] | type[Order], passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@post_relation_remove(Item)  # E[decorator-of-another-orm] plugin: it requires `passed_args`
async def of_a_relation(
    sender: type[Item], child: Any, passed_args: dict[str, Any], **kwargs: Any
) -> None: ...


@receiver("pre_update", Item)  # E[receiver-by-name] plugin: it requires `passed_args`
async def by_name(sender: type[Item], passed_args: dict[str, Any], **kwargs: Any) -> None: ...
