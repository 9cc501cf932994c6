# What these stubs add to ormar's own types: a model's signals know the model.
from typing import Any, ClassVar, Self

from ormar.models.excludable import ExcludableItems as ExcludableItems
from ormar.models.model import Model as _Model, T as T
from ormar.models.model_row import ModelRow as ModelRow
from ormar.models.newbasemodel import NewBaseModel as NewBaseModel
from ormar.models.ormar_config import OrmarConfig as OrmarConfig
from ormar.models.utils import Extra as Extra

from typed_signals import ModelSignals

__all__ = ["ExcludableItems", "Extra", "Model", "ModelRow", "NewBaseModel", "OrmarConfig", "T"]

class _NotAField(_Model):
    # ormar annotates it in a mixin, so ty requires it as an argument of every new instance.
    get_name: ClassVar[Any]  # type: ignore[misc] # a method of the metaclass, too

class Model(_NotAField):
    ormar_config: OrmarConfig = ...
    Meta: ClassVar[OrmarConfig]
    @property
    def signals(self) -> ModelSignals[Self]: ...
    # pyrefly and ty also require attributes without a value as arguments; in ormar it has none.
    pk: Any = ...
    @classmethod
    def get_name(cls, lower: bool = True) -> str: ...
