"""Contracts and receivers read at run time, by inspection."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import re
import sys
from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from types import MethodType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from typing_extensions import ParamSpec, get_type_hints

from typed_signals.contract import SENDER, Answer, Contract, Fault, judge
from typed_signals.errors import SignalDefinitionError
from typed_signals.receivers import SentAs

__all__ = ["contract_of", "describe", "faults_of", "named_payload", "returns_awaitable"]

K = ParamSpec("K")
T = TypeVar("T")

_MARK = "__typed_signals_awaitable__"


def returns_awaitable(function: Callable[K, Awaitable[T]]) -> Callable[K, Awaitable[T]]:
    """Declare that a sync callable returns an awaitable, so that it may be a receiver.

    For wrappers that are no ``async def`` themselves but hand on what an async function returned,
    and whose return annotation does not say so. ``inspect.markcoroutinefunction`` (Python 3.12)
    is understood as well.

    Args:
        function: The callable; the mark is set on it.

    Returns:
        The same callable.
    """
    setattr(function, _MARK, True)
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
        hints = get_type_hints(call, include_extras=True)
    except NameError as error:
        raise _bad_protocol(
            protocol,
            f"its annotations name `{error.name}`, which cannot be found at run time "
            "(import it outside `if TYPE_CHECKING`)",
        ) from None
    _, *parameters = inspect.signature(call).parameters.values()
    if not parameters or parameters[0].name != SENDER:
        raise _bad_protocol(protocol, f"the first parameter of its `__call__` is not `{SENDER}`")
    if not _is_awaitable_type(hints.get("return")):
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
        if get_origin(parameter.annotation) is Annotated:
            parameter = parameter.replace(annotation=get_args(parameter.annotation)[0])
        if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in plain:
            plain.append("*")
        text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", str(parameter))
        plain.append(re.sub(r"[~+-][A-Za-z]\w*", "{model}", text))
    return ", ".join(plain)


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
        remedy = "connect an `async def` function, a bound method or an object with `__call__`"
        if isinstance(receiver, classmethod):
            remedy = "connect it through its class once that exists (`Receivers.method`)"
        return [Fault("not-callable", "it cannot be called", remedy)]
    answer = _answer(receiver)
    try:
        signature = _signature(receiver)
        bound = _bound_by_position(receiver)
    except (ValueError, TypeError):
        faults = judge(contract, _ANYTHING, answer, signal=signal)
        remedy = "wrap it in an `async def` function"
        return [*faults, Fault("unreadable", "its parameters cannot be inspected", remedy)]
    return judge(contract, signature, answer, signal=signal, bound=bound)


def named_payload(contract: Contract, receiver: object) -> tuple[tuple[str, str], ...]:
    """The aliases that a sound receiver asks for by name, each with the name really sent."""
    if not contract.aliases:
        return ()
    parameters = _signature(receiver).parameters
    return tuple((name, source) for name, source in contract.aliases.items() if name in parameters)


def describe(receiver: object) -> str:
    """Name a receiver and where it was written, for people; never a value it holds.

    Args:
        receiver: Whatever was given as receiver.

    Returns:
        ``"`shop.promote` (shop.py:12)"``, or what kind of object it is.
    """
    inner = _innermost(receiver)
    function = inspect.unwrap(inner) if callable(inner) else inner
    name = getattr(function, "__qualname__", None)
    if not isinstance(name, str):
        name, function = f"{type(inner).__qualname__} object", _call_method(inner)
    module = getattr(inspect.getmodule(function) or inspect.getmodule(type(inner)), "__name__", "")
    text = f"{module}.{name}" if module not in ("", "builtins", "__main__") else name
    text = f"`{text}`" if not isinstance(receiver, functools.partial) else f"partial of `{text}`"
    code = getattr(function, "__code__", None)
    if code is None:
        return text
    return f"{text} ({_shortest(code.co_filename)}:{code.co_firstlineno})"


_ANYTHING = Signature(
    [Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)]
)


def _shortest(path: str) -> str:
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):  # another drive, or a working directory that is gone
        return path
    return path if relative.startswith("..") else relative


def _innermost(receiver: object) -> object:
    """The callable inside partials and static methods."""
    while isinstance(receiver, functools.partial | staticmethod):
        receiver = receiver.func if isinstance(receiver, functools.partial) else receiver.__func__
    return receiver


def _call_method(receiver: object) -> object:
    return getattr(type(receiver), "__call__", None)  # noqa: B004 - the method itself is wanted


def _signature(receiver: object) -> Signature:
    """The parameters that a call really meets.

    ``functools.wraps`` makes a wrapper look like what it wraps. What counts is the wrapper's own
    signature, unless it is a bare ``*args, **kwargs``: then it hands everything on.
    """
    layer: Any = receiver
    while True:
        signature = inspect.signature(layer, follow_wrapped=False)
        kinds = {p.kind for p in signature.parameters.values()}
        wrapped = getattr(layer, "__wrapped__", None)
        if kinds != {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD} or not callable(wrapped):
            return signature
        layer = MethodType(wrapped, layer.__self__) if inspect.ismethod(layer) else wrapped


def _bound_by_position(receiver: object) -> tuple[str, ...]:
    """Names that a partial has already filled by position."""
    count = 0
    while isinstance(receiver, functools.partial):
        count += len(receiver.args)
        receiver = receiver.func
    if not count:
        return ()
    names = [
        p.name
        for p in _signature(receiver).parameters.values()
        if p.kind is Parameter.POSITIONAL_OR_KEYWORD
    ]
    return tuple(names[:count])


def _answer(receiver: object) -> Answer:
    inner = _innermost(receiver)
    if isinstance(inner, type):
        return Answer.AWAITABLE if hasattr(inner, "__await__") else Answer.CLASS
    functions = [inner] if inspect.isroutine(inner) else [inner, _call_method(inner)]
    if any(map(_gives_awaitable, [receiver, *functions])):
        return Answer.AWAITABLE
    function = functions[-1]
    if inspect.isasyncgenfunction(function):
        return Answer.ASYNC_GENERATOR
    if getattr(function, "__name__", "") == "<lambda>":
        return Answer.LAMBDA
    return Answer.SYNC if len(functions) == 1 else Answer.SYNC_CALL


def _gives_awaitable(function: Any) -> bool:
    return (
        inspect.iscoroutinefunction(function)
        or _is_marked(function)
        or _is_awaitable_type(_return_annotation(function))
    )


def _is_marked(function: Any) -> bool:
    # AsyncMock carries asyncio's marker; before Python 3.12 `inspect` does not know of it.
    marker = getattr(asyncio.coroutines, "_is_coroutine", None)
    return getattr(function, _MARK, False) is True or (
        marker is not None and getattr(function, "_is_coroutine", None) is marker
    )


def _return_annotation(function: Any) -> object:
    if not inspect.isroutine(function):
        return None
    plain = getattr(function, "__func__", function)
    annotation = getattr(plain, "__annotations__", {}).get("return")
    if isinstance(annotation, str):
        module = sys.modules.get(getattr(plain, "__module__", ""))
        try:
            return eval(annotation, getattr(module, "__dict__", {}), {})
        except Exception:
            return None
    return annotation


def _is_awaitable_type(hint: object) -> bool:
    origin = get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, Awaitable)
