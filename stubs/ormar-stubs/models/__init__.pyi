# What these stubs add to ormar's own types: a model's signals know the model. Everything is
# inherited from ormar's modules; no signature of theirs is written again.
from collections.abc import Callable
from typing import Any, Concatenate, Generic, Self

from typing_extensions import ParamSpec, TypeVar

from ormar.models.excludable import ExcludableItems as ExcludableItems
from ormar.models.metaclass import ModelMetaclass as _ModelMetaclass
from ormar.models.model import Model as _Model, T as T
from ormar.models.model_row import ModelRow as ModelRow
from ormar.models.newbasemodel import NewBaseModel as NewBaseModel
from ormar.models.ormar_config import OrmarConfig as _OrmarConfig
from ormar.models.utils import Extra as Extra
from typed_signals import ModelSignals

__all__ = ["ExcludableItems", "Extra", "Model", "ModelRow", "NewBaseModel", "OrmarConfig", "T"]

K = ParamSpec("K")
M = TypeVar("M")
R = TypeVar("R")
S = TypeVar("S")
Sender = TypeVar("Sender", default=Any)

def _with_parameters_of(
    original: Callable[Concatenate[Any, K], object],
) -> Callable[[Callable[[S], R]], Callable[Concatenate[S, K], R]]: ...

class OrmarConfig(_OrmarConfig, Generic[Sender]):
    @property
    def signals(self) -> ModelSignals[Sender]: ...
    @signals.setter
    def signals(self, emitter: ModelSignals[Any]) -> None: ...
    @_with_parameters_of(_OrmarConfig.copy)
    def copy(self) -> OrmarConfig: ...
    def __get__(self, instance: object, owner: type[M]) -> OrmarConfig[M]: ...
    def __set__(self, instance: object, value: _OrmarConfig) -> None: ...

class _Meta(OrmarConfig[Sender]):
    # `class Meta:` has whatever its author wrote into it.
    def __getattr__(self, name: str) -> Any: ...

class _ModelType(_ModelMetaclass):
    # ty looks here first: to it, the metaclass has a base that it cannot see (pydantic hides it).
    @property
    def ormar_config(cls: type[M]) -> OrmarConfig[M]: ...
    @property
    def Meta(cls: type[M]) -> _Meta[M]: ...

class Model(_Model, metaclass=_ModelType):
    ormar_config: OrmarConfig = ...
    Meta: OrmarConfig = ...
    @property
    def signals(self) -> ModelSignals[Self]: ...
