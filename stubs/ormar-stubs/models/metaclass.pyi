# Here to make the metaclass of ormar's models known: pydantic hides its own from checkers under the
# name that ormar uses, but not where it really is. Without it a model class might be anything.
from typing import Any

import databases  # type: ignore[import-not-found,unused-ignore] # only ormar before 0.22 needs it
from ormar.models._pydantic import ModelMetaclass as _ModelMetaclass
from ormar.models.model import T
from ormar.models.ormar_config import _Options
from ormar.queryset import QuerySet

from typed_signals import ModelSignals

class ModelMetaclass(_ModelMetaclass):
    # pyright takes this class for a dataclass, and would make up an `__init__` of its own.
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

# ormar's helpers, of which every version has others.
def __getattr__(name: str) -> Any: ...
