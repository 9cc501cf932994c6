"""A durable receiver of a mapped class is checked by what arrives at work time."""

import pydantic
from orders import Customer, Order

import typed_signals.sqlalchemy as signals
from typed_signals.durable import Durable, Job


class Receipt(pydantic.BaseModel):
    id: int


made = Durable("made", payload=Receipt)
reloaded = Durable("reloaded")


@signals.post_save(Order, durable=made)
async def gets_payload(
    sender: type[Order], instance: Receipt, job: Job, **kwargs: object
) -> None: ...


@signals.post_update(Order, durable=reloaded)
async def gets_model(
    sender: type[Order], instance: Order | None, job: Job, **kwargs: object
) -> None: ...


@signals.post_delete(Order, durable=made)
async def deleted(sender: type[Order], instance: Receipt, **kwargs: object) -> None: ...


@signals.post_relation_add(Customer, durable=reloaded)
async def added(
    sender: type[Customer],
    instance: Customer | None,
    child: Order | None,
    relation_name: str,
    **kwargs: object,
) -> None: ...


@signals.post_save(Order, durable=made)  # E[durable-wrong-payload] all
async def wrong(sender: type[Order], instance: Order, job: Job, **kwargs: object) -> None: ...


@signals.post_save(Order, durable=reloaded)  # E[durable-model-may-be-gone] all
async def may_be_gone(sender: type[Order], instance: Order, job: Job, **kwargs: object) -> None: ...


@signals.post_delete(Order, durable=reloaded)  # E[durable-delete-without-payload] all
async def deleted_without(sender: type[Order], **kwargs: object) -> None: ...


@signals.pre_save(Order, durable=made)  # E[durable-before] all
async def before(sender: type[Order], **kwargs: object) -> None: ...


signals.get_signals(Order).post_save.connect(gets_payload, durable=made)
signals.get_signals(Order).post_save.connect(wrong, durable=made)  # E[durable-by-connect] plugin
signals.get_signals(Order).pre_save.connect(  # E[durable-by-connect] plugin: it runs after
    gets_payload, durable=made
)
