# Only here because of pyright: once a partial stub package is installed, it no longer finds the
# `.pyi` files that the package itself brings along, unless the stubs have them too. ormar 0.26
# brings this one. The types are ormar's, in other words; tests/static/test_stubs.py compares them.
# The older ormars have no such file; theirs are the types that ormar gave its fields later.
from datetime import date, datetime, time
from decimal import Decimal as _Decimal
from enum import Enum as _Enum
from typing import Any, Literal, Protocol, TypeVar, overload
from uuid import UUID as _UUID

from ormar.fields.base import BaseField

_V = TypeVar("_V", covariant=True)
_E = TypeVar("_E", bound=_Enum)

class _Field(Protocol[_V]):
    @overload
    def __call__(self, *, nullable: Literal[False] = False, **kwargs: Any) -> _V: ...
    @overload
    def __call__(self, *, nullable: Literal[True], **kwargs: Any) -> _V | None: ...

Boolean: _Field[bool]
Integer: _Field[int]
BigInteger: _Field[int]
SmallInteger: _Field[int]
Float: _Field[float]
Text: _Field[str]
Date: _Field[date]
DateTime: _Field[datetime]
Time: _Field[time]
JSON: _Field[Any]
UUID: _Field[_UUID]

@overload
def String(*, max_length: int, nullable: Literal[False] = False, **kwargs: Any) -> str: ...
@overload
def String(*, max_length: int, nullable: Literal[True], **kwargs: Any) -> str | None: ...
@overload
def Decimal(
    *, max_digits: int, decimal_places: int, nullable: Literal[False] = False, **kwargs: Any
) -> _Decimal: ...
@overload
def Decimal(
    *, max_digits: int, decimal_places: int, nullable: Literal[True], **kwargs: Any
) -> _Decimal | None: ...
@overload
def LargeBinary(
    max_length: int, *, represent_as_base64_str: Literal[True], **kwargs: Any
) -> str: ...
@overload
def LargeBinary(
    max_length: int, represent_as_base64_str: Literal[False] = False, **kwargs: Any
) -> bytes: ...
@overload
def LargeBinary(
    max_length: int, represent_as_base64_str: bool = False, **kwargs: Any
) -> str | bytes: ...
@overload
def Enum(enum_class: type[_E], *, nullable: Literal[False] = False, **kwargs: Any) -> _E: ...
@overload
def Enum(enum_class: type[_E], *, nullable: Literal[True], **kwargs: Any) -> _E | None: ...

# What its own `.pyi` leaves out: the class that makes custom fields, and helpers.
class ModelFieldFactory:
    _bases: Any
    _type: Any
    _sample: Any
    def __new__(cls, *args: Any, **kwargs: Any) -> BaseField: ...  # type: ignore[misc] # a field
    @classmethod
    def get_column_type(cls, **kwargs: Any) -> Any: ...
    @classmethod
    def validate(cls, **kwargs: Any) -> None: ...

convert_choices_if_needed: Any
is_auto_primary_key: Any
is_field_nullable: Any
