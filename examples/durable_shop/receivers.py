"""What happens after an order, in another process than the one that took it."""

from decimal import Decimal

import pydantic

from examples.durable_shop.models import Order, Receipt, outbox
from typed_signals.durable import Durable, Job
from typed_signals.ormar import post_save

__all__ = ["outbox"]  # `typed-signals worker examples.durable_shop.receivers:outbox`


class Bought(pydantic.BaseModel):
    """What travels of an order."""

    id: int
    customer: str
    total: Decimal


@post_save(
    Order,
    durable=Durable(
        "receipt",
        payload=Bought,
        key=lambda instance: instance.customer,
        retries=2,
        backoff=0.2,
        timeout=10,
    ),
)
async def send_receipt(sender: type[Order], instance: Bought, job: Job, **kwargs: object) -> None:
    if "@" not in instance.customer:
        raise ValueError("no such address")  # tried again, and then it is dead
    text = f"{instance.customer} paid {instance.total}"
    await Receipt.objects.get_or_create(
        event_id=job.event_id, _defaults={"order": instance.id, "text": text}
    )
