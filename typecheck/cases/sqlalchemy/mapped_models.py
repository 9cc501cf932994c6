# ruff: noqa: B018 - a name alone is what is checked
"""Senders of SQLAlchemy and SQLModel: a model, several, a base class, a mixin."""

from typing import Any, assert_type

from orders import Audited, Base, Customer, Item, Maker, Named, Order, Stamped, make_session
from sqlalchemy.orm import Mapped, mapped_column, registry
from sqlmodel import SQLModel

import typed_signals.sqlalchemy as signals
from typed_signals import CustomReceiver, Signal
from typed_signals.sqlalchemy.lifecycle import PreSaveReceiver

# --- one model -----------------------------------------------------------------------------------


@signals.pre_save(Order)
@signals.pre_update(Order)
async def both(sender: type[Order], instance: Order, **kwargs: Any) -> int:
    instance.total += 1
    return 1


@signals.pre_save(Order)  # E[wrong-model] all: `instance` is annotated `Customer`
async def of_another(sender: type[Order], instance: Customer, **kwargs: Any) -> None: ...


@signals.pre_save(Order)  # E[wrong-model] all: `sender` is annotated `type[Customer]`
async def from_another(sender: type[Customer], **kwargs: Any) -> None: ...


@signals.pre_save(Order)  # E[not-async] all: it must be async, but it is a sync function
def sync(sender: type[Order], instance: Order, **kwargs: Any) -> None: ...


@signals.pre_save(Order)  # E[no-sender] all: it has no `sender` parameter of its own
async def no_sender(*, instance: Order, **kwargs: Any) -> None: ...


@signals.pre_save(Order)  # E[no-kwargs] all: it does not accept `**kwargs`
async def no_kwargs(sender: type[Order], instance: Order) -> None: ...


@signals.pre_save(Order)  # E[mapper-event] all: it does not accept `**kwargs`
async def as_mapper_event(mapper: Any, connection: Any, target: Order) -> None: ...


@signals.pre_save(Item)
async def of_an_item(sender: type[Item], instance: Item, **kwargs: Any) -> None:
    instance.stock = 1


@signals.pre_save(Item)  # E[wrong-model] all: `instance` is annotated `Maker`
async def of_a_maker(sender: type[Item], instance: Maker, **kwargs: Any) -> None: ...


@signals.pre_save(Item)  # E[misspelt-payload] all: write `instance`
async def misspelt(sender: type[Item], instnace: Item, **kwargs: Any) -> None: ...


async def call(order: Order) -> None:
    assert_type(await both(Order, order), int)


# --- several -------------------------------------------------------------------------------------


@signals.pre_save([Order, Customer])  # F[mixed-list] mypy
async def of_two(
    sender: type[Order | Customer], instance: Order | Customer, **kwargs: Any
) -> None: ...


@signals.pre_save({Item, Maker})
async def of_two_items(
    sender: type[Item] | type[Maker], instance: Item | Maker, **kwargs: Any
) -> None: ...


@signals.pre_save([Order, Customer])  # E[one-model-of-several] all
async def of_one(sender: type[Order], instance: Order, **kwargs: Any) -> None: ...


@signals.pre_save([Item, Maker])  # E[one-model-of-several] all but mypy
async def of_one_item(sender: type[Item], instance: Item, **kwargs: Any) -> None: ...


# --- what models derive from ---------------------------------------------------------------------


@signals.post_save(Base)
async def of_all(sender: type[Base], instance: Base, **kwargs: Any) -> None: ...


@signals.post_save(Audited)
async def of_audited(sender: type[Audited], instance: Audited, **kwargs: Any) -> None:
    print(instance.id)


@signals.post_save(Audited)  # E[wrong-model] all: `instance` is annotated `Order`
async def of_a_child(sender: type[Audited], instance: Order, **kwargs: Any) -> None: ...


@signals.pre_update(Stamped)
async def of_a_mixin(sender: type[Stamped], instance: Stamped, **kwargs: Any) -> None:
    print(instance.updated)


@signals.pre_update(Stamped)  # E[wrong-model] all: `instance` is annotated `Order`
async def not_of_a_mixin(sender: type[Stamped], instance: Order, **kwargs: Any) -> None: ...


@signals.post_delete(SQLModel)
async def of_sqlmodel(sender: type[SQLModel], instance: SQLModel, **kwargs: Any) -> None: ...


@signals.post_delete(Named)
async def of_named(sender: type[Named], instance: Named, **kwargs: Any) -> None:
    print(instance.name)


mapped = registry()


@mapped.mapped
class Plain:
    """Mapped by a registry: its class has no metaclass of SQLAlchemy's."""

    name: Mapped[str] = mapped_column(primary_key=True)


@signals.post_save(Plain)
async def of_plain(sender: type[Plain], instance: Plain, **kwargs: Any) -> None: ...


# --- no models -----------------------------------------------------------------------------------

signals.pre_save("Order")  # E[not-a-model] all
signals.pre_save(1)  # E[not-a-model] all
signals.pre_save(make_session)  # E[not-a-model] all

# --- signals by name -----------------------------------------------------------------------------

of_order = signals.get_signals(Order)
assert_type(of_order.pre_save, Signal[PreSaveReceiver[Order]])
assert_type(of_order.my_own, Signal[CustomReceiver[Order]])
assert_type(signals.get_signals(Item).pre_save, Signal[PreSaveReceiver[Item]])


@of_order.pre_save.connect
async def connected(sender: type[Order], instance: Order, **kwargs: Any) -> None: ...


@of_order.pre_save.connect  # E[wrong-model] all: `instance` is annotated `Customer`
async def connected_wrongly(sender: type[Order], instance: Customer, **kwargs: Any) -> None: ...


of_order.pre_svae  # E[misspelt-signal] plugin: did you mean `pre_save`?


@signals.receiver("pre_save", Order)
async def by_name(sender: type[Order], instance: Order, **kwargs: Any) -> None: ...


@signals.receiver("pre_save", Order)  # E[receiver-by-name] plugin: write `instance`
async def misspelt_by_name(sender: type[Order], instnace: Order, **kwargs: Any) -> None: ...


@signals.receiver("pre_update", [Item, Maker])  # E[receiver-by-name] plugin: it requires `pk`
async def of_two_by_name(sender: type[Named], pk: int, **kwargs: Any) -> None: ...


@signals.receiver("pre_svae", Order)  # E[receiver-by-name] plugin: did you mean `pre_save`?
async def misspelt_name(sender: type[Order], **kwargs: Any) -> None: ...
