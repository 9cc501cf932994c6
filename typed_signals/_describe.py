"""Describe receivers and wrong arguments in messages, and suggest names for misspelt ones."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import CodeType, MethodType
from typing import Any, Final

__all__ = [
    "Location",
    "call_method",
    "describe",
    "identity",
    "kind_of",
    "locate",
    "read",
    "shorten_path",
    "suggest",
    "unwrap",
]

_SIMILAR: Final = 0.87
_HOLDERS: Final[Any] = (functools.partial, staticmethod, classmethod)


def read(thing: object, name: str) -> Any:
    """Read an attribute, ``None`` if there is none: mocks and proxies may raise any exception."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None


def unwrap(receiver: Any) -> Any:
    """Find the function inside partials, static methods and class methods."""
    inner: Any = receiver
    try:
        while isinstance(inner, _HOLDERS):
            inner = getattr(inner, "func" if isinstance(inner, functools.partial) else "__func__")
    except Exception:  # it only pretends to be one
        return receiver
    return inner


def call_method(receiver: object) -> Any:
    """Look up ``__call__`` where a call does: on the type."""
    return read(type(receiver), "__call__")


def identity(receiver: object) -> Hashable:
    """Make a key that the same receivers share: a bound method is a new object at each access."""
    with contextlib.suppress(Exception):  # it only pretends to be one
        while isinstance(receiver, staticmethod):  # as it is inside the class body
            receiver = receiver.__func__
        if isinstance(receiver, MethodType):
            return id(receiver.__self__), id(receiver.__func__)
    return id(receiver)  # pyright: ignore[reportUnknownArgumentType] - of anything


@dataclass(frozen=True, slots=True)
class Location:
    """Where a receiver was written.

    Attributes:
        name: Its qualified name, with the module's; or what kind of object it is.
        file: The file, relative to the working directory if it is below that.
        line: The line in that file, from 1.
    """

    name: str
    file: str | None = None
    line: int | None = None


def locate(receiver: object) -> Location:
    """Find where a receiver was written, behind partials and wrappers."""
    inner = unwrap(receiver)
    function = inner
    with contextlib.suppress(Exception):  # a cycle of wrappers, or an object that raises
        function = inspect.unwrap(inner)
    name = read(function, "__qualname__")
    if type(name) is not str:
        name, function = f"{type(inner).__qualname__} object", call_method(inner)
    module = read(function, "__module__")
    if type(module) is not str:
        module = type(inner).__module__
    text = name if module in ("", "builtins", "__main__") else f"{module}.{name}"
    code = read(function, "__code__")
    if type(code) is not CodeType:
        return Location(text)
    return Location(text, shorten_path(code.co_filename), code.co_firstlineno)


def describe(receiver: object) -> str:
    """Describe a receiver by its name and location, without any value that it holds."""
    location = locate(receiver)
    what = "partial of " if issubclass(type(receiver), functools.partial) else ""
    where = f" ({location.file}:{location.line})" if location.file else ""
    return f"{what}`{location.name}`{where}"


def kind_of(thing: Any) -> str:
    """Describe a wrong argument: a class by its name, any other object by its type."""
    if thing is None:
        return "`None`"
    if issubclass(type(thing), type):
        return f"`{thing.__qualname__}`"
    name = type(thing).__qualname__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} `{name}`"


def shorten_path(path: str) -> str:
    """Make a path relative to the working directory if it is below that."""
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):  # another drive, or a working directory that is gone
        return path
    return path if relative.startswith("..") else relative


def suggest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name of which ``name`` probably is a misspelling.

    Swapped letters, another case, and words in another order (``bulk_post_update``) are found.
    """

    def normalize(text: str) -> str:
        return "_".join(sorted(text.casefold().split("_")))

    def similarity(one: str, other: str) -> float:
        # Swapped letters alone weigh too much in a short name, so they are looked for first.
        same_letters = sorted(one) == sorted(other)
        return 1.0 if same_letters else SequenceMatcher(None, one, other).ratio()

    written = normalize(name)
    scored = [(similarity(written, normalize(each)), each) for each in known]
    score, closest = max(scored, default=(0.0, ""))
    return closest if score >= _SIMILAR else None
