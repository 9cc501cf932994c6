"""Each of the ten signals of a flush: a receiver that names all of its payload, and a wrong one."""

from collections.abc import Mapping
from typing import Any

from orders import Customer, Order

import typed_signals.sqlalchemy as signals
from typed_signals import Change


@signals.pre_save(Order)
async def on_pre_save(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.pre_save(Order)  # E[never-sent] all: it requires `changed`, which `pre_save` never sends
async def not_pre_save(
    sender: type[Order], instance: Order, changed: Mapping[str, Change], **kwargs: object
) -> None: ...


@signals.post_save(Order)
async def on_post_save(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.post_save(Order)  # E[never-sent] all: it requires `created`
async def not_post_save(
    sender: type[Order], instance: Order, created: bool, **kwargs: object
) -> None: ...


@signals.pre_update(Order)
async def on_pre_update(
    sender: type[Order], instance: Order, changed: Mapping[str, Change], **kwargs: object
) -> None:
    if "total" in changed:
        old, new = changed["total"]
        print(changed["total"].old, old, new)


@signals.pre_update(Order)
async def leaves_changed(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.pre_update(Order)  # E[never-sent] all: it requires `passed_args`
async def as_in_ormar(
    sender: type[Order], instance: Order, passed_args: dict[str, Any], **kwargs: object
) -> None: ...


@signals.pre_update(Order)  # E[payload-of-another-type] all: `changed` is annotated
async def as_a_dict(
    sender: type[Order], instance: Order, changed: dict[str, Change], **kwargs: object
) -> None: ...


@signals.post_update(Order)
async def on_post_update(
    sender: type[Order], instance: Order, changed: Mapping[str, tuple[Any, Any]], **kwargs: object
) -> None: ...


@signals.post_update(Order)  # E[payload-of-another-type] all: `changed` is annotated
async def of_names(
    sender: type[Order], instance: Order, changed: list[str], **kwargs: object
) -> None: ...


@signals.pre_delete(Order)
async def on_pre_delete(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.pre_delete(Order)  # E[never-sent] all: it requires `session`
async def not_pre_delete(sender: type[Order], session: str, **kwargs: object) -> None: ...


@signals.post_delete(Order)
async def on_post_delete(sender: type[Order], instance: Order, **kwargs: object) -> None: ...


@signals.post_delete(Order)  # E[misspelt-payload] all: write `instance`
async def not_post_delete(sender: type[Order], instnace: Order, **kwargs: object) -> None: ...


@signals.pre_relation_add(Customer)
@signals.post_relation_add(Customer)
@signals.pre_relation_remove(Customer)
@signals.post_relation_remove(Customer)
async def on_relations(
    sender: type[Customer], instance: Customer, child: Order, relation_name: str, **kwargs: object
) -> None: ...


@signals.pre_relation_add(Customer)  # E[never-sent] all: it requires `passed_kwargs`
async def not_pre_relation_add(
    sender: type[Customer], instance: Customer, passed_kwargs: dict[str, Any], **kwargs: object
) -> None: ...


@signals.post_relation_add(Customer)  # E[never-sent] all: it requires `children`
async def not_post_relation_add(
    sender: type[Customer], instance: Customer, children: list[Order], **kwargs: object
) -> None: ...


@signals.pre_relation_remove(Customer)  # E[payload-of-another-type] all: `relation_name` is
async def not_pre_relation_remove(
    sender: type[Customer], instance: Customer, relation_name: int, **kwargs: object
) -> None: ...


@signals.post_relation_remove(Customer)  # E[wrong-model] all: `instance` is annotated `Order`
async def not_post_relation_remove(
    sender: type[Customer], instance: Order, **kwargs: object
) -> None: ...
