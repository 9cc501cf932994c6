# The metaclass of pydantic's models: version 2 has it in the one module, version 1 in the other.
# mypy goes by the first line that finds it, the other checkers by the last.
# ruff: noqa: F403, I001
from pydantic._internal._model_construction import *
from pydantic.main import ModelMetaclass as ModelMetaclass  # type: ignore[attr-defined,no-redef]
from pydantic._internal._model_construction import *
