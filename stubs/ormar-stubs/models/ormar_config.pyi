# A model's options, whose signals know the model. Nothing of ormar's own class can be inherited,
# because this stub takes its place: the parameters and attributes are ormar's, written again, and
# tests/static/test_stubs.py compares them with every ormar. Models of ormar before 0.20 have none.
from typing import Any, Generic, Protocol, Self, overload

import sqlalchemy
from ormar.databases.connection import DatabaseConnection  # ormar before 0.22 has none: anything
from ormar.fields import BaseField, ForeignKeyField, ManyToManyField
from ormar.models.utils import Extra
from ormar.queryset.queryset import QuerySet
from ormar.relations import AliasManager
from pydantic_core import PydanticUndefinedType
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.schema import ColumnCollectionConstraint
from typing_extensions import TypeVar

from typed_signals import ModelSignals

_M = TypeVar("_M")
_Sender = TypeVar("_Sender", default=Any)

class _Box(Generic[_M]):
    content: _M

class _Plain(Protocol):
    @property
    def _exactly(self) -> _Box[OrmarConfig]: ...

class _Options:
    # What a model of any ormar is made of; in ormar 0.12 it stands in `ModelMeta`.
    abstract: bool
    alias_manager: AliasManager
    columns: list[sqlalchemy.Column[Any]]
    constraints: list[ColumnCollectionConstraint]
    exclude_parent_fields: list[str]
    extra: Extra
    metadata: sqlalchemy.MetaData
    model_fields: dict[str, BaseField | ForeignKeyField | ManyToManyField]
    orders_by: list[str]
    pkname: str
    property_fields: set[Any]
    queryset_class: type[QuerySet[Any]]
    requires_ref_update: bool
    table: sqlalchemy.Table
    tablename: str

class OrmarConfig(_Options, Generic[_Sender]):
    comment: str | None
    database: DatabaseConnection
    emit_parent_signals: bool
    engine: AsyncEngine
    order_by: list[str]
    proxy: bool
    schema: str | None
    @property
    def signals(self) -> ModelSignals[_Sender]: ...
    @signals.setter
    def signals(self, emitter: ModelSignals[Any]) -> None: ...
    def __init__(
        self,
        metadata: sqlalchemy.MetaData | None = None,
        database: DatabaseConnection | None = None,
        engine: AsyncEngine | None = None,
        tablename: str | None = None,
        schema: str | None = None,
        comment: str | None = None,
        order_by: list[str] | None = None,
        abstract: bool = False,
        proxy: bool = False,
        emit_parent_signals: bool = False,
        queryset_class: type[QuerySet[Any]] = ...,
        extra: Extra = ...,
        constraints: list[ColumnCollectionConstraint] | None = None,
    ) -> None: ...
    def copy(
        self,
        metadata: sqlalchemy.MetaData | None = None,
        database: DatabaseConnection | None = None,
        engine: AsyncEngine | None = None,
        tablename: str | None = None,
        schema: str | PydanticUndefinedType | None = ...,
        comment: str | PydanticUndefinedType | None = ...,
        order_by: list[str] | None = None,
        abstract: bool | None = None,
        proxy: bool | None = None,
        emit_parent_signals: bool | None = None,
        queryset_class: type[QuerySet[Any]] | None = None,
        extra: Extra | None = None,
        constraints: list[ColumnCollectionConstraint] | None = None,
    ) -> OrmarConfig: ...
    @property
    def _exactly(self) -> _Box[Self]: ...
    @overload
    def __get__(self: _Plain, instance: object, owner: type[_M]) -> OrmarConfig[_M]: ...
    @overload
    def __get__(self, instance: object, owner: object) -> Self: ...
    # pydantic's mypy plugin takes `ormar_config` for a field and looks this type up in the module
    # of each model, where only builtin names are sure to be found.
    def __set__(self, instance: object, value: object) -> None: ...
