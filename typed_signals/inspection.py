"""Contracts and receivers read at run time, by inspection."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import functools
import inspect
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from inspect import Parameter, Signature
from types import MethodType
from typing import Annotated, Any, ParamSpecKwargs, TypeVar, get_args, get_origin

from typing_extensions import ParamSpec

from typed_signals._annotations import Missing, call_hints, return_hint, signature_of
from typed_signals.contract import NOT_CALLABLE, SENDER, Answer, Contract, Fault, judge
from typed_signals.errors import SignalDefinitionError
from typed_signals.receivers import SentAs

__all__ = [
    "Place",
    "contract_of",
    "describe",
    "faults_of",
    "named_payload",
    "place_of",
    "returns_awaitable",
    "unresolved",
    "written_type",
]

K = ParamSpec("K")
T = TypeVar("T")

_MARK = "__typed_signals_awaitable__"


def returns_awaitable(function: Callable[K, Awaitable[T]]) -> Callable[K, Awaitable[T]]:
    """Declare that a sync callable returns an awaitable, so that it may be a receiver.

    For wrappers that are no ``async def`` themselves but hand on what an async function returned,
    and whose return annotation does not say so. ``inspect.markcoroutinefunction`` (Python 3.12)
    is understood as well.

    Args:
        function: The callable; the mark is set on it, or on the function of a bound method.

    Returns:
        The same callable.
    """
    setattr(getattr(function, "__func__", function), _MARK, True)
    return function


# --- contracts -----------------------------------------------------------------------------------


@functools.cache
def contract_of(protocol: type) -> Contract:
    """Read a receiver Protocol into rules.

    Args:
        protocol: A ``Protocol`` class whose ``__call__`` takes ``sender`` first and the payload by
            keyword, and returns an awaitable.

    Returns:
        The contract; the same object for the same Protocol.

    Raises:
        SignalDefinitionError: ``protocol`` is not such a Protocol.
    """
    call = getattr(protocol, "__call__", None)  # noqa: B004 - the method itself is wanted
    if not getattr(protocol, "_is_protocol", False) or not inspect.isfunction(call):
        raise _bad_protocol(protocol, "it is no Protocol class with a `__call__`")
    try:
        hints = call_hints(protocol)
    except Exception as error:  # an annotation is any expression, and may fail in any way
        raise _bad_protocol(protocol, f"its annotations {unresolved(error)}") from error
    _, *parameters = signature_of(call).parameters.values()
    first = parameters[0] if parameters else None
    if first is None or first.name != SENDER or first.kind is not Parameter.POSITIONAL_OR_KEYWORD:
        raise _bad_protocol(protocol, f"the first parameter of its `__call__` is not `{SENDER}`")
    if not (inspect.iscoroutinefunction(call) or _is_awaitable_type(hints.get("return"))):
        raise _bad_protocol(protocol, "its `__call__` does not return an `Awaitable`")
    payload: dict[str, bool] = {}
    aliases: dict[str, str] = {}
    for parameter in parameters[1:]:
        if parameter.kind is Parameter.KEYWORD_ONLY:
            source = _sent_as(hints.get(parameter.name))
            if source is None:
                payload[parameter.name] = parameter.default is not Parameter.empty
            else:
                aliases[parameter.name] = source
        elif parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
            raise _bad_protocol(
                protocol,
                f"its payload `{parameter.name}` is not keyword-only: write `*` before it",
            )
    kinds = {parameter.kind for parameter in parameters}
    return Contract(
        payload=payload,
        aliases=aliases,
        open_payload=Parameter.VAR_POSITIONAL in kinds,
        growing=Parameter.VAR_KEYWORD in kinds,
        signature=_written([p.replace(annotation=hints.get(p.name, Any)) for p in parameters]),
    )


def unresolved(error: Exception) -> str:
    """Say of annotations why they cannot be read, as the rest of a sentence.

    Args:
        error: What reading them raised.

    Returns:
        The clause.
    """
    if isinstance(error, NameError) and error.name:
        return (
            f"name `{error.name}`, which cannot be found at run time: define or import it at the "
            "top of the module, not in a function or under `if TYPE_CHECKING`"
        )
    return f"cannot be read at run time ({type(error).__name__}: {error})"


def _bad_protocol(protocol: object, reason: str) -> SignalDefinitionError:
    name = getattr(protocol, "__qualname__", None) or f"a {type(protocol).__name__}"
    return SignalDefinitionError(
        f"`{name}` cannot be a signal's contract: {reason}.\n"
        "  expected: class MyReceiver(Protocol): "
        "def __call__(self, sender: type[Model], *, <payload>, **kwargs: object) "
        "-> Awaitable[object]: ..."
    )


def _sent_as(hint: object) -> str | None:
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, SentAs):
                return extra.name
    return None


def _written(parameters: list[Parameter]) -> str:
    """The parameters as one would type them: without module names and typing's inner marks."""
    plain: list[str] = []
    for parameter in parameters:
        if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in plain:
            plain.append("*")
        if parameter.kind is Parameter.VAR_POSITIONAL:
            continue  # it says that the payload is open, not that anything is sent by position
        star = "**" if parameter.kind is Parameter.VAR_KEYWORD else ""
        default = "" if parameter.default is Parameter.empty else " = ..."
        hint = _named_model(parameter.annotation, get_args(parameters[0].annotation))
        plain.append(f"{star}{parameter.name}: {written_type(hint)}{default}")
    return ", ".join(plain)


def written_type(hint: object) -> str:
    """An annotation as one would type it, without module names.

    Args:
        hint: The annotation.

    Returns:
        The text.
    """
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


def _named_model(hint: Any, model: tuple[object, ...]) -> Any:
    """An annotation with `{model}` for the type variable of ``sender``, others by their names."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if isinstance(hint, ParamSpecKwargs):  # the open payload of `CustomReceiver`
        return Any
    variables = (hint,) if isinstance(hint, TypeVar) else getattr(hint, "__parameters__", ())
    if (
        isinstance(hint, type)
        or not variables
        or not all(isinstance(v, TypeVar) for v in variables)
    ):
        return hint
    names = ["{model}" if each in model else each.__name__ for each in variables]
    stands = tuple(type(name, (), {"__module__": "builtins"}) for name in names)
    return stands[0] if isinstance(hint, TypeVar) else hint[stands]


# --- receivers -----------------------------------------------------------------------------------


def faults_of(contract: Contract, receiver: object, *, signal: str) -> list[Fault]:
    """Judge a receiver by inspecting it.

    Args:
        contract: The rules.
        receiver: Whatever was given as receiver.
        signal: The signal's name, for the words.

    Returns:
        Every fault; empty when the receiver keeps the contract.
    """
    if not callable(receiver):
        if isinstance(receiver, classmethod):
            remedy = "connect it through its class once that exists (`Receivers.method`)"
            return [replace(NOT_CALLABLE, remedy=remedy)]
        return [NOT_CALLABLE]
    answer = _answer(receiver)
    try:
        signature, bound = _shape(receiver)
    except (ValueError, TypeError, RecursionError):
        return [*judge(contract, _ANYTHING, answer), _unreadable(receiver)]
    faults = judge(contract, signature, answer, signal=signal, bound=bound)
    hints = [return_hint(each) for each in _functions(receiver)]
    for missing in (each for each in hints if isinstance(each, Missing)):
        remedy = f"its annotations {unresolved(missing.error)}; or write `async def`"
        faults = [replace(f, remedy=remedy) if f.code == "not-async" else f for f in faults]
    return faults


def _unreadable(receiver: object) -> Fault:
    problem, remedy = "its parameters cannot be inspected", "wrap it in an `async def` function"
    if isinstance(receiver, functools.partial):
        with contextlib.suppress(ValueError, TypeError):
            _signature(receiver.func)
            problem = "it binds arguments that the function inside does not take"
            remedy = "bind only parameters that the function has"
    return Fault("unreadable", problem, remedy)


def named_payload(contract: Contract, receiver: object) -> tuple[tuple[str, str], ...]:
    """The aliases that a sound receiver asks for by name, each with the name really sent."""
    if not contract.aliases:
        return ()
    parameters = _signature(receiver).parameters
    return tuple((name, source) for name, source in contract.aliases.items() if name in parameters)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receiver was written.

    Attributes:
        name: Its qualified name, with the module's; or what kind of object it is.
        file: The file, relative to the working directory if it is below that.
        line: The line in that file.
    """

    name: str
    file: str | None = None
    line: int | None = None


def place_of(receiver: object) -> Place:
    """Find where a receiver was written, behind partials and wrappers.

    Args:
        receiver: Whatever was given as receiver.

    Returns:
        The place; without a file when the receiver was not written in Python.
    """
    inner = _innermost(receiver)
    function: Any = inner
    if callable(inner):
        with contextlib.suppress(ValueError):  # it goes round in circles
            function = inspect.unwrap(inner)
    name = getattr(function, "__qualname__", None)
    if not isinstance(name, str):
        name, function = f"{type(inner).__qualname__} object", _call_method(inner)
    module = getattr(
        inspect.getmodule(function) or inspect.getmodule(inner.__class__), "__name__", ""
    )
    text = f"{module}.{name}" if module not in ("", "builtins", "__main__") else name
    code = getattr(function, "__code__", None)
    if code is None:
        return Place(text)
    return Place(text, _shortest(code.co_filename), code.co_firstlineno)


def describe(receiver: object) -> str:
    """Name a receiver and where it was written, for people; never a value that it holds.

    Args:
        receiver: Whatever was given as receiver.

    Returns:
        ``"`shop.promote` (shop.py:12)"``, or what kind of object it is.
    """
    place = place_of(receiver)
    what = "partial of " if isinstance(receiver, functools.partial) else ""
    where = f" ({place.file}:{place.line})" if place.file else ""
    return f"{what}`{place.name}`{where}"


_ANYTHING = Signature(
    [Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)]
)


def _shortest(path: str) -> str:
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):  # another drive, or a working directory that is gone
        return path
    return path if relative.startswith("..") else relative


def _innermost(receiver: Any) -> Any:
    """The function inside partials, static methods and class methods that no class has yet."""
    while isinstance(receiver, _HOLDERS):
        receiver = receiver.func if hasattr(receiver, "func") else receiver.__func__
    return receiver


_HOLDERS: Any = (functools.partial, staticmethod, classmethod)


def _call_method(receiver: object) -> Any:
    return getattr(type(receiver), "__call__", None)  # noqa: B004 - the method itself is wanted


def _signature(receiver: Any) -> Signature:
    return _shape(receiver)[0]


def _shape(receiver: Any) -> tuple[Signature, tuple[str, ...]]:
    """The parameters that a call really meets, and the names that partials filled by position.

    ``functools.wraps`` makes a wrapper look like what it wraps. What counts is the wrapper's own
    signature, unless it is a bare ``*args, **kwargs``: then it hands everything on.
    """
    if isinstance(receiver, staticmethod):
        return _shape(receiver.__func__)
    if isinstance(receiver, functools.partial):
        return _partial_shape(receiver)
    if _has_held_call(receiver):
        return _shape(receiver.__call__)
    try:
        signature = signature_of(receiver)
    except ValueError:
        # Since Python 3.14, a mock with a spec: even its `__annotate__` is a mock.
        call = _call_method(receiver)
        if not inspect.isfunction(call):
            raise
        signature = signature_of(MethodType(call, receiver))
    kinds = {p.kind for p in signature.parameters.values()}
    takes_all = kinds == {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    inner = _handed_on_to(receiver) if takes_all else None
    return (signature, ()) if inner is None else _shape(inner)


def _has_held_call(receiver: object) -> bool:
    """Whether ``__call__`` is a static or class method: before Python 3.12, one is misread."""
    return isinstance(inspect.getattr_static(type(receiver), "__call__", None), _HOLDERS)


def _partial_shape(partial: Any) -> tuple[Signature, tuple[str, ...]]:
    def inside() -> None: ...

    inner, bound = _shape(partial.func)
    if inspect.ismethod(partial.func):  # whose signature hides the name that `self` has
        behind = signature_of(partial.func.__func__, follow_wrapped=True)
        first = next(iter(behind.parameters.values()), None)
        if (
            first
            and first.kind is Parameter.POSITIONAL_OR_KEYWORD
            and first.name in partial.keywords
        ):
            raise TypeError(f"{first.name} is bound twice")
    inside.__signature__ = inner  # type: ignore[attr-defined] # read by `inspect.signature`
    left = inspect.signature(functools.partial(inside, *partial.args, **partial.keywords))
    names = [p.name for p in inner.parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    return left, (*bound, *(name for name in names if name not in left.parameters))


def _handed_on_to(layer: Any) -> Any:
    """What a layer that takes any arguments hands them on to; ``None`` when that is unknown."""
    wrapped = getattr(layer, "__wrapped__", None)
    if callable(wrapped):
        return MethodType(wrapped, layer.__self__) if inspect.ismethod(layer) else wrapped
    call = _call_method(layer)
    return MethodType(call, layer) if hasattr(call, "__wrapped__") else None


def _answer(receiver: object) -> Answer:
    inner = _innermost(receiver)
    if isinstance(inner, type):
        return Answer.AWAITABLE if hasattr(inner, "__await__") else Answer.CLASS
    functions = _functions(receiver)
    if any(map(_gives_awaitable, [receiver, *functions])):
        return Answer.AWAITABLE
    function = functions[-1]
    if inspect.isasyncgenfunction(function):
        return Answer.ASYNC_GENERATOR
    if getattr(function, "__name__", "") == "<lambda>":
        return Answer.LAMBDA
    return Answer.SYNC if len(functions) == 1 else Answer.SYNC_CALL


def _functions(receiver: object) -> list[Any]:
    """A receiver without its partials, and the ``__call__`` of an object that is no function."""
    inner = _innermost(receiver)
    return [inner] if inspect.isroutine(inner) else [inner, _call_method(inner)]


def _gives_awaitable(function: Any) -> bool:
    return (
        inspect.iscoroutinefunction(function)
        or _is_marked(function)
        or _is_awaitable_type(return_hint(function))
    )


def _is_marked(function: Any) -> bool:
    # AsyncMock carries asyncio's marker; before Python 3.12 `inspect` does not know of it.
    marker = getattr(asyncio.coroutines, "_is_coroutine", None)
    return getattr(function, _MARK, False) is True or (
        marker is not None and getattr(function, "_is_coroutine", None) is marker
    )


def _is_awaitable_type(hint: object) -> bool:
    origin = get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, Awaitable)
