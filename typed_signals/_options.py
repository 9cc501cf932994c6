"""Options that are checked when they are given, as type checkers check them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final, get_args

from typing_extensions import get_type_hints

from typed_signals._connection import ConnectOptions
from typed_signals._describe import kind_of, suggest

__all__ = ["wrong_choice", "wrong_option"]

_VALUES: Final[Mapping[object, tuple[object, ...]]] = {bool: (True, False), NoneType: (None,)}


def wrong_choice(name: str, given: object, choices: Sequence[object]) -> str | None:
    """Say of a value that it is none of those that may be given."""
    if any(type(given) is type(each) and given == each for each in choices):
        return None
    *most, last = map(repr, choices)
    text = f"{name} must be {', '.join(most)} or {last}, not "
    if not isinstance(given, str):
        return text + (repr(given) if isinstance(given, int | None) else kind_of(given))
    near = suggest(given, [each for each in choices if isinstance(each, str)])
    return f"{text}{given!r}" + (f": did you mean {near!r}?" if near else "")


def wrong_option(options: Mapping[str, object]) -> str | None:
    """Find the first option that does not exist, or whose value is none that it may have."""
    known = _options()
    for name, given in options.items():
        if name not in known:
            near = suggest(name, known)
            hint = f"did you mean `{near}`?" if near else f"known are `{'`, `'.join(known)}`"
            return f"there is no option `{name}`: {hint}"
        if known[name] and (wrong := wrong_choice(f"`{name}`", given, known[name])):
            return wrong
    return None


@functools.cache
def _options() -> dict[str, tuple[object, ...]]:
    """The options, each with its values; none where there are too many to count."""
    hints: dict[str, Any] = get_type_hints(ConnectOptions)
    return {name: _values(get_args(hint) or (hint,)) for name, hint in hints.items()}


def _values(types: Sequence[object]) -> tuple[object, ...]:
    if not all(each in _VALUES for each in types):
        return ()
    return tuple(value for each in types for value in _VALUES[each])
