# The metaclass of pydantic's models: version 2 has it in the one module, version 1 in the other.
# mypy goes by the first line that finds it, the other checkers by the last.
# ruff: noqa: F403, I001 - which lines, and in which order, is the point
from pydantic._internal._model_construction import *
from pydantic.main import ModelMetaclass as ModelMetaclass  # type: ignore[attr-defined,no-redef] # found before
from pydantic._internal._model_construction import *
