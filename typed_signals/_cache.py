"""Cache what was read from a contract, for as long as the contract exists."""

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
        read: Reads something from a Protocol or function; its result must not refer to that.

    Returns:
        The function; it does not keep its arguments alive.
    """
    known: WeakKeyDictionary[ContractSource, T] = WeakKeyDictionary()

    @functools.wraps(read)
    def cached(source: ContractSource) -> T:
        if source not in known:
            known[source] = read(source)
        return known[source]

    return cached
