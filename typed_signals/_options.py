"""Check options when they are given, as type checkers do."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from types import NoneType
from typing import Any, Final, NamedTuple, get_args

from typing_extensions import get_type_hints

from typed_signals._connection import ConnectOptions
from typed_signals._describe import kind_of, suggest

__all__ = ["wrong_choice", "wrong_option"]


def wrong_choice(name: str, given: object, choices: Sequence[object]) -> str | None:
    """Explain that a value is not one of the choices; ``None`` if it is."""
    if any(type(given) is type(each) and given == each for each in choices):
        return None
    *most, last = map(repr, choices)
    text = f"{name} must be {', '.join(most)} or {last}, not "
    if not isinstance(given, str):
        return text + (repr(given) if isinstance(given, int | None) else kind_of(given))
    near = suggest(given, [each for each in choices if isinstance(each, str)])
    return f"{text}{given!r}" + (f": did you mean {near!r}?" if near else "")


def wrong_option(options: Mapping[str, object], *, also: Sequence[str] = ()) -> str | None:
    """Find the first option that does not exist, or that has a wrong value.

    Args:
        options: The options by name.
        also: Other names that the message may suggest.

    Returns:
        What is wrong, and what to write; ``None`` if nothing is.
    """
    known = _options()
    for name, given in options.items():
        if name not in known:
            names = [*known, *also]
            near = suggest(name, names)
            hint = f"did you mean `{near}`?" if near else f"known are `{'`, `'.join(names)}`"
            return f"there is no option `{name}`: {hint}"
        if wrong := _wrong_value(name, given, known[name]):
            return wrong
    return None


class _Kind(NamedTuple):
    """The values that an option of one type may have.

    Attributes:
        words: The values, in words.
        accepts: Returns whether a value is one of them.
    """

    words: Sequence[str]
    accepts: Callable[[object], bool]


def _is_switch(given: object) -> bool:
    return isinstance(given, bool)


def _is_none(given: object) -> bool:
    return given is None


def _is_names(given: object) -> bool:
    if not isinstance(given, AbstractSet) or not given:
        return False
    names: AbstractSet[object] = given  # pyright: ignore[reportUnknownVariableType] - of anything
    return all(isinstance(each, str) for each in names)


def _is_positive(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < math.inf


_KINDS: Final[Mapping[object, _Kind]] = {
    bool: _Kind(("True", "False"), _is_switch),
    NoneType: _Kind(("None",), _is_none),
    float: _Kind(("a number of seconds greater than 0",), _is_positive),
    AbstractSet[str]: _Kind(("a set of field names",), _is_names),
}
"""By the type that :class:`ConnectOptions` gives an option."""


@functools.cache
def _options() -> dict[str, tuple[_Kind, ...]]:
    """The options, each with the kinds of values that it may have."""
    hints: dict[str, Any] = get_type_hints(ConnectOptions)
    return {
        name: tuple(_KINDS[each] for each in get_args(hint) or (hint,))
        for name, hint in hints.items()
    }


def _wrong_value(name: str, given: object, kinds: Sequence[_Kind]) -> str | None:
    if any(kind.accepts(given) for kind in kinds):
        return None
    *most, last = (words for kind in kinds for words in kind.words)
    shown = repr(given) if isinstance(given, int | float | str | None) else kind_of(given)
    return f"`{name}` must be {', '.join(most)} or {last}, not {shown}"
