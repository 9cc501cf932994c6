# Makes the metaclass of ormar's models known. pydantic hides its own from checkers under the name
# that ormar uses, but not in the module that defines it. Without it, a model class may be anything.
from typing import Any

import databases  # type: ignore[import-not-found,unused-ignore] # only ormar before 0.22 needs it
from ormar.models._pydantic import ModelMetaclass as _ModelMetaclass
from ormar.models.model import T
from ormar.models.ormar_config import _Options
from ormar.queryset import QuerySet

from typed_signals import ModelSignals

class ModelMetaclass(_ModelMetaclass):
    # pyright believes that this class is a dataclass, and would invent an `__init__` for it.
    def __init__(
        self, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any
    ) -> None: ...
    @property
    def objects(cls: type[T]) -> QuerySet[T]: ...  # type: ignore[misc] # noqa: N805 - of the model, not of the metaclass
    def __getattr__(self, item: str) -> Any: ...

# Of ormar 0.12 alone.
class ModelMeta(_Options):
    database: databases.Database
    signals: ModelSignals[Any]

# ormar's helpers, which differ in every version.
def __getattr__(name: str) -> Any: ...
