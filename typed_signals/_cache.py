"""Remember what was read from a contract for as long as that is there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from typed_signals._annotations import ContractSource

__all__ = ["cached_by_source"]

T = TypeVar("T")


def cached_by_source(read: Callable[[ContractSource], T]) -> Callable[[ContractSource], T]:
    """Call a function once for each Protocol or function, and remember what it returned.

    Args:
        read: Reads something from a Protocol or function; its result must not lead to it.

    Returns:
        The function; it keeps nothing alive that it is given.
    """
    known: WeakKeyDictionary[ContractSource, T] = WeakKeyDictionary()

    @functools.wraps(read)
    def cached(source: ContractSource) -> T:
        if source not in known:
            known[source] = read(source)
        return known[source]

    return cached
