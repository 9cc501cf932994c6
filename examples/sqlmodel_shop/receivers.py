"""What happens beside the orders: stock, an audit trail, and letters after the commit."""

from collections.abc import Mapping

import typed_signals.sqlalchemy as signals
from sqlmodel_shop.models import AuditEntry, Item, Order, ran_out
from typed_signals import Change


class SoldOutError(Exception):
    """There are fewer copies than were ordered."""


letters: list[str] = []
"""What was sent to customers and suppliers; a real shop has a mail server."""


@signals.pre_save(Order)
async def take_from_stock(sender: type[Order], instance: Order, **kwargs: object) -> None:
    item = await signals.get_session(instance).get(Item, instance.item_id)
    if item is None or item.stock < instance.copies:
        raise SoldOutError
    item.stock -= instance.copies  # written by the same flush
    if item.stock == 0:
        await ran_out.send(sender=Item, item=item)


@signals.post_update(Order)
async def audit(
    sender: type[Order], instance: Order, changed: Mapping[str, Change], **kwargs: object
) -> None:
    for name, (old, new) in changed.items():
        entry = AuditEntry(event=f"order {instance.id}: {name} {old} -> {new}")
        signals.get_session(instance).add(entry)


@signals.post_save(Order, on_commit=True)
async def thank(sender: type[Order], instance: Order, **kwargs: object) -> None:
    letters.append(f"Thank you for order {instance.id}")


@ran_out.connect(on_commit=True)
async def restock(sender: type[Item], item: Item, **kwargs: object) -> None:
    letters.append(f"Please send more of {item.name}")
