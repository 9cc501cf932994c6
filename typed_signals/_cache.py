"""Remember what was read from a class for as long as that class lives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

__all__ = ["cached_by_class"]

T = TypeVar("T")


def cached_by_class(read: Callable[[type], T]) -> Callable[[type], T]:
    """Call a function once for each class, and remember what it returned.

    Args:
        read: Reads something from a class; its result must not lead to the class.

    Returns:
        The function; it keeps no class alive.
    """
    known: WeakKeyDictionary[type, T] = WeakKeyDictionary()

    @functools.wraps(read)
    def cached(cls: type) -> T:
        if cls not in known:
            known[cls] = read(cls)
        return known[cls]

    return cached
