"""Options of models, spelled as in public code: what ormar's own types accept stays accepted."""

from typing import Any, Final

import ormar
import sqlalchemy
from ormar.models.ormar_config import OrmarConfig
from shop import base

own = OrmarConfig(metadata=sqlalchemy.MetaData())
FINAL: Final = OrmarConfig(metadata=sqlalchemy.MetaData())


class Base(ormar.Model):
    ormar_config = own.copy(abstract=True)

    id: int = ormar.Integer(primary_key=True)


class Copied(Base):
    ormar_config = FINAL.copy(tablename="copied")


class Made(ormar.Model):
    ormar_config = OrmarConfig(tablename="made", metadata=sqlalchemy.MetaData())

    id: int = ormar.Integer(primary_key=True)


class Annotated(ormar.Model):
    ormar_config: OrmarConfig = own.copy(tablename="annotated")

    id: int = ormar.Integer(primary_key=True)


def table_of(config: OrmarConfig) -> sqlalchemy.Table:
    return config.table


def front(config: ormar.OrmarConfig, model: type[ormar.Model]) -> str:
    config.signals = model.ormar_config.signals
    model.ormar_config = config
    return config.tablename


table_of(base)
table_of(Copied.ormar_config)
table_of(Made(id=1).ormar_config)
front(own, Annotated)
front(Copied.ormar_config.copy(), Made)
Made.ormar_config.database = FINAL.database
Made.ormar_config.metadata = sqlalchemy.MetaData()
names: list[str] = [field.name for field in Copied.ormar_config.model_fields.values()]


@Copied.ormar_config.signals.pre_save.connect
async def right(sender: type[Copied], instance: Copied, **kwargs: Any) -> None: ...


@Made.ormar_config.signals.pre_save.connect  # E[wrong-model] all: `instance` is annotated `Copied`
async def wrong(sender: type[Made], instance: Copied, **kwargs: Any) -> None: ...


OrmarConfig(tablename=3)  # E[types-of-ormar-itself] all
own.copy(tablenmae="x")  # E[types-of-ormar-itself] all


# --- a class of one's own ------------------------------------------------------------------------


class Audited(ormar.OrmarConfig):
    metadata = sqlalchemy.MetaData()
    audited: bool = True

    def audit(self) -> str:
        return self.tablename


class Item(ormar.Model):
    ormar_config = Audited(tablename="items")

    id: int = ormar.Integer(primary_key=True)


Item.ormar_config.audit()  # F[config-of-ones-own] pyright, basedpyright, ty, pyrefly


@ormar.pre_save(Item)  # E[wrong-model] all: `instance` is annotated `Made`
async def other_item(sender: type[Item], instance: Made, **kwargs: Any) -> None: ...
