"""Annotations read at run time, the same on every Python.

Before Python 3.14 an annotation is a value, or a string if it is quoted or its module imports
``annotations`` from ``__future__``. Since 3.14 it is computed on access, and fails if it uses a
name that does not exist at run time, such as an import under ``if TYPE_CHECKING``. So this module
computes an annotation only when its value is needed.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
import sys
from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Any, ForwardRef, TypeAlias, get_origin

from typing_extensions import Format, get_annotations, get_type_hints

__all__ = [
    "ContractSource",
    "Missing",
    "annotated_names",
    "call_hints",
    "call_parameters",
    "class_hint",
    "explain_unresolved",
    "format_type",
    "is_awaitable_type",
    "named_in_head",
    "return_hint",
    "signature_of",
]


ContractSource: TypeAlias = type[Any] | Callable[..., Awaitable[object]]
"""A contract as the user writes it: a receiver Protocol, or an async function."""


def signature_of(function: Callable[..., Any], *, follow_wrapped: bool = False) -> Signature:
    """Read the parameters of a callable, without computing their annotations."""
    if sys.version_info >= (3, 14):
        return inspect.signature(
            function, follow_wrapped=follow_wrapped, annotation_format=Format.STRING
        )
    return inspect.signature(function, follow_wrapped=follow_wrapped)


def annotated_names(cls: type) -> list[str]:
    """List the names that a class itself annotates, without computing an annotation."""
    return list(get_annotations(cls, format=Format.STRING))


def class_hint(cls: type, name: str) -> Any:
    """Compute one annotation of a class."""
    # `get_type_hints` would compute every annotation of every base, too.
    written = get_annotations(cls, format=Format.FORWARDREF)[name]
    alone = type(cls.__name__, (), {"__annotations__": {name: written}})
    return get_type_hints(alone, _module_names(cls), _scope(cls))[name]


def named_in_head(cls: type, written: Any) -> Any:
    """Compute an expression from a class's bases, unless it uses a name not defined yet."""
    if isinstance(written, ForwardRef):
        with contextlib.suppress(Exception):  # it is any expression, and may fail in any way
            return eval(written.__forward_arg__, _module_names(cls))
    return written


def call_hints(source: ContractSource) -> dict[str, Any]:
    """Compute the annotations of a function, or of a class's ``__call__``."""
    call: Any = source
    owner: object = source
    if isinstance(source, type):
        call = source.__call__
        owner = next(cls for cls in source.__mro__ if "__call__" in vars(cls))
    return get_type_hints(call, localns=_scope(owner, call), include_extras=True)


def call_parameters(source: ContractSource) -> list[Parameter]:
    """List the parameters of a function, or of a class's ``__call__`` without ``self``."""
    if not isinstance(source, type):
        return list(signature_of(source).parameters.values())
    return list(signature_of(source.__call__).parameters.values())[1:]


def return_hint(function: object) -> Any:
    """Compute what a function is annotated to return, as far as it can be."""
    if not inspect.isroutine(function):
        return None
    try:
        hint: Any = get_annotations(function, format=Format.FORWARDREF).get("return")
        # A quoted annotation under `from __future__ import annotations` is a string in a string.
        while isinstance(hint, str | ForwardRef):
            text = hint if isinstance(hint, str) else hint.__forward_arg__
            hint = _compute(text, function)
    except Exception:  # an annotation is any expression, and may fail in any way
        return None
    return hint


def is_awaitable_type(hint: object) -> bool:
    """Tell whether an annotation is that of something awaitable."""
    origin = get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, Awaitable)


class Missing:
    """Stands for a name that does not exist at run time, and for any expression with it."""

    def __init__(self, error: NameError) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):  # `typing` probes for its own attributes
            raise AttributeError
        return self

    def __getitem__(self, _: object) -> Missing:
        return self

    __or__ = __ror__ = __getitem__


def explain_unresolved(error: Exception) -> str:
    """Say why annotations cannot be read, as the rest of a sentence."""
    if isinstance(error, NameError) and error.name:
        return (
            f"name `{error.name}`, which cannot be found at run time: define or import it at the "
            "top of the module, not in a function or under `if TYPE_CHECKING`"
        )
    return f"cannot be read at run time ({type(error).__name__}: {error})"


def _compute(text: str, function: Any) -> Any:
    names = _scope(function)
    while True:
        try:
            return eval(text, _module_names(function), names)
        except NameError as error:
            if not error.name or error.name in names:
                raise
            names[error.name] = Missing(error)


def _module_names(owner: Any) -> dict[str, Any]:
    """The names of the module that a class or function is defined in; none if it is not loaded."""
    return getattr(sys.modules.get(owner.__module__), "__dict__", {})


def _scope(*owners: Any) -> dict[str, Any]:
    """The names that annotations find in a class or function: its own, and type parameters."""
    names: dict[str, Any] = {}
    for owner in owners:
        if isinstance(owner, type):
            names |= vars(owner)
        names |= {each.__name__: each for each in getattr(owner, "__type_params__", ())}
    return names


def format_type(hint: object) -> str:
    """An annotation as it is written in code, without module names."""
    text = re.sub(r"(?:\b\w+\.|<locals>\.)+(?=\w)", "", inspect.formatannotation(hint))
    if "Optional[" not in text and "Union[" not in text:
        return text
    with contextlib.suppress(SyntaxError):  # it holds an object whose `repr` is no Python
        text = ast.unparse(_Bars().visit(ast.parse(text)))
    return text


class _Bars(ast.NodeTransformer):
    """Writes ``Optional[X]`` as ``X | None``, and unions likewise, as Python 3.14 does."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(None) if node.id == "NoneType" else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(ast.Name("Optional"), only):
                return ast.BinOp(only, ast.BitOr(), ast.Constant(None))
            case ast.Subscript(ast.Name("Union"), ast.Tuple([first, *others])):
                for other in others:
                    first = ast.BinOp(first, ast.BitOr(), other)
                return first
            case _:
                return node
