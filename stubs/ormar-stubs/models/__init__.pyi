# What these stubs add to ormar's own types: a model's signals know the model. Everything is
# inherited from ormar's modules; no signature of theirs is written again.
from collections.abc import Callable
from typing import Any, ClassVar, Concatenate, Generic, Self

from ormar.models.excludable import ExcludableItems as ExcludableItems
from ormar.models.metaclass import ModelMetaclass as _ModelMetaclass
from ormar.models.model import Model as _Model, T as T
from ormar.models.model_row import ModelRow as ModelRow
from ormar.models.newbasemodel import NewBaseModel as NewBaseModel
from ormar.models.ormar_config import OrmarConfig as _OrmarConfig
from ormar.models.utils import Extra as Extra
from typing_extensions import ParamSpec, TypeVar

from typed_signals import ModelSignals

__all__ = ["ExcludableItems", "Extra", "Model", "ModelRow", "NewBaseModel", "OrmarConfig", "T"]

_K = ParamSpec("_K")
_M = TypeVar("_M")
_R = TypeVar("_R")
_S = TypeVar("_S")
_Sender = TypeVar("_Sender", default=Any)

def _with_parameters_of(
    original: Callable[Concatenate[Any, _K], object],
) -> Callable[[Callable[[_S], _R]], Callable[Concatenate[_S, _K], _R]]: ...

class OrmarConfig(_OrmarConfig, Generic[_Sender]):
    @property
    def signals(self) -> ModelSignals[_Sender]: ...
    @signals.setter
    def signals(self, emitter: ModelSignals[Any]) -> None: ...
    @_with_parameters_of(_OrmarConfig.copy)
    def copy(self) -> OrmarConfig: ...
    def __get__(self, instance: object, owner: type[_M]) -> OrmarConfig[_M]: ...
    # pydantic's mypy plugin takes `ormar_config` for a field and looks this type up in the module
    # of each model, where only builtin names are sure to be found.
    def __set__(self, instance: object, value: object) -> None: ...

class _Meta(OrmarConfig[_Sender]):
    # `class Meta:` has whatever its author wrote into it.
    def __getattr__(self, name: str) -> Any: ...

class _ModelType(_ModelMetaclass):
    # ty looks here first: to it, the metaclass has a base that it cannot see (pydantic hides it).
    @property
    def ormar_config(cls: type[_M]) -> OrmarConfig[_M]: ...  # noqa: N805
    @property
    def Meta(cls: type[_M]) -> _Meta[_M]: ...  # noqa: N802, N805

class Model(_Model, metaclass=_ModelType):
    ormar_config: OrmarConfig = ...
    Meta: ClassVar[OrmarConfig]
    @property
    def signals(self) -> ModelSignals[Self]: ...
    # To pyrefly, what has no value must be given when an instance is made; ormar gives it none.
    pk: Any = ...
