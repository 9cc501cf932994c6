"""Annotations read at run time, the same on every Python.

Before Python 3.14 an annotation is a value, or a string if it is quoted or its module imports
``annotations`` from ``__future__``. Since 3.14 it is computed when it is asked for, and fails if
it names what does not exist at run time, such as an import under ``if TYPE_CHECKING``. So nothing
here computes an annotation that nobody needs.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from inspect import Signature
from typing import Any, ForwardRef

from typing_extensions import Format, get_annotations, get_type_hints

__all__ = [
    "Missing",
    "annotated_names",
    "call_hints",
    "class_hint",
    "return_hint",
    "signature_of",
]


def signature_of(function: Callable[..., Any], *, follow_wrapped: bool = False) -> Signature:
    """Read the parameters of a callable, without computing their annotations.

    Args:
        function: The callable.
        follow_wrapped: Whether those of the function that it wraps count instead.

    Returns:
        The signature. Its annotations mean nothing.

    Raises:
        TypeError: It is no callable that has a signature.
        ValueError: It has no signature that can be read.
    """
    if sys.version_info >= (3, 14):
        return inspect.signature(
            function, follow_wrapped=follow_wrapped, annotation_format=Format.STRING
        )
    return inspect.signature(function, follow_wrapped=follow_wrapped)


def annotated_names(cls: type) -> list[str]:
    """List the names that a class itself annotates, without computing an annotation."""
    return list(get_annotations(cls, format=Format.STRING))


def class_hint(cls: type, name: str) -> Any:
    """Compute one annotation of a class.

    Args:
        cls: The class that annotates the name itself.
        name: The name.

    Returns:
        The annotation, with nothing in it left to be looked up.

    Raises:
        Exception: Whatever the annotation raises, which is any expression.
    """
    # `get_type_hints` would compute every annotation of every base, too.
    written = get_annotations(cls, format=Format.FORWARDREF)[name]
    alone = type(cls.__name__, (), {"__annotations__": {name: written}})
    module = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    return get_type_hints(alone, module, _scope(cls))[name]


def call_hints(protocol: type) -> dict[str, Any]:
    """Compute the annotations of a class's ``__call__``.

    Args:
        protocol: The class.

    Returns:
        Annotations by parameter; what ``__call__`` returns is ``return``.

    Raises:
        Exception: Whatever an annotation raises, which is any expression.
    """
    call: Any = protocol.__call__
    owner = next(cls for cls in protocol.__mro__ if "__call__" in vars(cls))
    return get_type_hints(call, localns=_scope(owner, call), include_extras=True)


def return_hint(function: object) -> Any:
    """Compute what a function is annotated to return, as far as it can be.

    Args:
        function: The function or method; anything else is annotated with nothing.

    Returns:
        The annotation, ``None`` without one; a :class:`Missing` if it names what does not exist
        at run time. Where only an argument does, as in ``Awaitable[Album]``, that alone is one.
    """
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


class Missing:
    """Stands for a name that does not exist at run time, and for all that is made of it."""

    def __init__(self, error: NameError) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):  # typing asks for marks of its own
            raise AttributeError(name)
        return self

    def __getitem__(self, _: object) -> Missing:
        return self

    __or__ = __ror__ = __getitem__


def _compute(text: str, function: Any) -> Any:
    module = sys.modules.get(getattr(function, "__module__", ""))
    names = _scope(function)
    while True:
        try:
            return eval(text, getattr(module, "__dict__", {}), names)
        except NameError as error:
            if not error.name or error.name in names:
                raise
            names[error.name] = Missing(error)


def _scope(*owners: Any) -> dict[str, Any]:
    """The names that annotations find in a class or function: its own, and type parameters."""
    names: dict[str, Any] = {}
    for owner in owners:
        if isinstance(owner, type):
            names |= vars(owner)
        names |= {each.__name__: each for each in getattr(owner, "__type_params__", ())}
    return names
