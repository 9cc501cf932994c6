"""Read receivers into signatures at run time, and find their faults."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from inspect import Parameter, Signature
from types import FunctionType, MethodType
from typing import Any, TypeVar

from typing_extensions import ParamSpec

from typed_signals._annotations import (
    Missing,
    explain_unresolved,
    is_awaitable_type,
    return_hint,
    signature_of,
)
from typed_signals._contract import (
    ANYTHING,
    NOT_CALLABLE,
    CallableKind,
    Contract,
    Fault,
    check_receiver,
)
from typed_signals._describe import call_method, kind_of, read, unwrap

__all__ = [
    "find_faults",
    "is_plain_async",
    "mark_async",
    "named_by",
]

K = ParamSpec("K")
T = TypeVar("T")

_MARK = "__typed_signals_awaitable__"


def mark_async(function: Callable[K, Awaitable[T]]) -> Callable[K, Awaitable[T]]:
    """Declare that a sync callable returns an awaitable, so that it may be a receiver.

    For wrappers that are not ``async def`` themselves, but return the awaitable of an async
    function without declaring it in their return annotation. ``inspect.markcoroutinefunction``
    (Python 3.12) works, too.

    Args:
        function: The callable; the mark is set on it, or on the function of a bound method.

    Returns:
        The same callable.

    Raises:
        TypeError: It cannot be called.
    """
    marked: Any = getattr(function, "__func__", function)  # that of a class method, say
    if not callable(marked):
        raise TypeError(
            f"mark_async() expects a callable that returns an awaitable, not {kind_of(function)}"
        )
    setattr(marked, _MARK, True)
    return function


# --- receivers -----------------------------------------------------------------------------------


def find_faults(contract: Contract, receiver: object, *, signal: str) -> list[Fault]:
    """Check a receiver by inspecting it."""
    if not callable(receiver):
        if issubclass(type(receiver), classmethod):
            remedy = "connect it through its class once that exists (`Receivers.method`)"
            return [replace(NOT_CALLABLE, remedy=remedy)]
        return [NOT_CALLABLE]
    kind = CallableKind.AWAITABLE
    try:  # a mock or proxy may raise anything when it is looked at
        kind = _kind_of(receiver)
        signature, bound = _shape(receiver)
    except Exception:
        method = _method_called(receiver)
        if method is not None:
            return find_faults(contract, method, signal=signal)
        return [*check_receiver(contract, ANYTHING, kind), _unreadable(receiver)]
    faults = check_receiver(contract, signature, kind, signal=signal, bound=bound)
    hints = [return_hint(each) for each in _functions(receiver)]
    for missing in (each for each in hints if isinstance(each, Missing)):
        remedy = f"its annotations {explain_unresolved(missing.error)}; or write `async def`"
        faults = [replace(f, remedy=remedy) if f.code == "not-async" else f for f in faults]
    return faults


def is_plain_async(receiver: object) -> bool:
    """Tell whether a call only makes a coroutine and runs no code, as with ``async def``."""
    inner = unwrap(receiver)
    is_function = type(inner) is FunctionType or type(inner) is MethodType
    function = inner if is_function else call_method(inner)
    return _is_async_def(function.__func__ if type(function) is MethodType else function)


def _is_async_def(function: object) -> bool:
    return type(function) is FunctionType and bool(
        function.__code__.co_flags & inspect.CO_COROUTINE
    )


def _method_called(receiver: object) -> MethodType | None:
    """The async ``__call__`` of an object that cannot be inspected: its type can be."""
    call = call_method(receiver)
    return MethodType(call, receiver) if _is_async_def(call) else None


def _unreadable(receiver: object) -> Fault:
    problem, remedy = "its parameters cannot be inspected", "wrap it in an `async def` function"
    if issubclass(type(receiver), functools.partial):
        with contextlib.suppress(ValueError, TypeError):
            _shape(read(receiver, "func"))
            problem = "it binds arguments that the function inside does not take"
            remedy = "bind only parameters that the function has"
    return Fault("unreadable", problem, remedy)


def named_by(receiver: object) -> Collection[str]:
    """The names of the parameters of a valid receiver."""
    try:
        signature, _ = _shape(receiver)
    except Exception:  # it was accepted because of its type
        signature, _ = _shape(_method_called(receiver))
    return signature.parameters.keys()


def _shape(receiver: Any) -> tuple[Signature, tuple[str, ...]]:
    """The parameters that a call really has, and the names that partials filled by position.

    ``functools.wraps`` makes a wrapper look like the function that it wraps. Here the wrapper's
    own signature counts, unless it is a bare ``*args, **kwargs`` that passes everything on.
    """
    if isinstance(receiver, staticmethod):
        return _shape(receiver.__func__)
    if isinstance(receiver, functools.partial):
        return _partial_shape(receiver)
    if _has_wrapped_call(receiver):
        return _shape(receiver.__call__)
    try:
        signature = signature_of(receiver)
    except ValueError:
        # Since Python 3.14, a mock with a spec: even its `__annotate__` is a mock.
        call = call_method(receiver)
        if not inspect.isfunction(call):
            raise
        signature = signature_of(MethodType(call, receiver))
    kinds = {p.kind for p in signature.parameters.values()}
    accepts_all = kinds == {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    inner = _passed_on_to(receiver) if accepts_all else None
    return (signature, ()) if inner is None else _shape(inner)


def _has_wrapped_call(receiver: object) -> bool:
    """Whether ``__call__`` is a static or class method, which Python before 3.12 misreads."""
    return isinstance(
        inspect.getattr_static(type(receiver), "__call__", None), staticmethod | classmethod
    )


def _partial_shape(partial: Any) -> tuple[Signature, tuple[str, ...]]:
    def inside() -> None: ...

    inner, bound = _shape(partial.func)
    if inspect.ismethod(partial.func):  # whose signature hides the name that `self` has
        behind = [*signature_of(partial.func.__func__, follow_wrapped=True).parameters.values()]
        first = {p.name for p in behind[:1] if p.kind is Parameter.POSITIONAL_OR_KEYWORD}
        if first & partial.keywords.keys():
            raise TypeError  # its first parameter is bound twice
    inside.__signature__ = inner  # type: ignore[attr-defined] # read by `inspect.signature`
    left = inspect.signature(functools.partial(inside, *partial.args, **partial.keywords))
    names = [p.name for p in inner.parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    return left, (*bound, *(name for name in names if name not in left.parameters))


def _passed_on_to(layer: Any) -> Any:
    """What a layer that accepts any arguments passes them to; ``None`` when that is unknown."""
    wrapped = getattr(layer, "__wrapped__", None)
    if callable(wrapped):
        return MethodType(wrapped, layer.__self__) if inspect.ismethod(layer) else wrapped
    call = call_method(layer)
    return MethodType(call, layer) if hasattr(call, "__wrapped__") else None


def _kind_of(receiver: object) -> CallableKind:
    inner = unwrap(receiver)
    if issubclass(type(inner), type):
        return CallableKind.AWAITABLE if hasattr(inner, "__await__") else CallableKind.CLASS
    functions = _functions(receiver)
    if any(map(_gives_awaitable, [receiver, *functions])):
        return CallableKind.AWAITABLE
    function = functions[-1]
    if inspect.isasyncgenfunction(function):
        return CallableKind.ASYNC_GENERATOR
    if read(function, "__name__") == "<lambda>":
        return CallableKind.LAMBDA
    return CallableKind.SYNC if len(functions) == 1 else CallableKind.SYNC_CALL


def _functions(receiver: object) -> list[Any]:
    """A receiver without its partials, and the ``__call__`` of an object that is no function."""
    inner = unwrap(receiver)
    return [inner] if inspect.isroutine(inner) else [inner, call_method(inner)]


def _gives_awaitable(function: Any) -> bool:
    return (
        inspect.iscoroutinefunction(function)
        or _is_marked(function)
        or is_awaitable_type(return_hint(function))
    )


def _is_marked(function: Any) -> bool:
    # AsyncMock carries asyncio's marker; before Python 3.12 `inspect` does not know of it.
    marker = getattr(asyncio.coroutines, "_is_coroutine", None)
    return read(function, _MARK) is True or (
        marker is not None and read(function, "_is_coroutine") is marker
    )
