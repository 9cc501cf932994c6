"""The key of a send, by which its events are ordered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter
from typing import Any, Final

from typed_signals.durable._core import SignalDefinitionError, kind_of, suggest
from typed_signals.durable._errors import DurableError

__all__ = ["KEY_LENGTH", "key_of"]

KEY_LENGTH: Final = 200
"""How many characters names and keys may have."""

Key = Callable[[type, Mapping[str, Any]], str | None]


def key_of(key: Callable[..., str | None] | None, names: Iterable[str], *, what: str) -> Key:
    """Make the function that gives the key of a send.

    Args:
        key: The user's function; called with those of ``sender`` and the payload that it names.
        names: The names in the payload.
        what: The user's function, for messages.

    Returns:
        The function.

    Raises:
        SignalDefinitionError: The user's function cannot be called like that.
    """
    if key is None:
        return lambda sender, payload: None
    asked = _asked(key, ["sender", *names], what)

    def of(sender: type, payload: Mapping[str, Any]) -> str | None:
        every = {**payload, "sender": sender}
        try:
            value: Any = key(**{name: every[name] for name in asked if name in every})
        except Exception as error:
            raise DurableError(f"{what} raised {kind_of(error)}") from error
        if value is None or (isinstance(value, str) and len(value) <= KEY_LENGTH):
            return value
        given = f"one of {len(value)}" if isinstance(value, str) else kind_of(value)
        raise DurableError(
            f"{what} must give a `str` of at most {KEY_LENGTH} characters or `None`, and gave "
            f"{given}"
        )

    return of


def _asked(key: Callable[..., object], known: list[str], what: str) -> list[str]:
    """The names that a key asks for."""
    if inspect.iscoroutinefunction(key):
        raise SignalDefinitionError(f"{what} must be no `async def`: it is called during the send")
    try:
        parameters = inspect.signature(key).parameters.values()
    except (TypeError, ValueError):
        raise SignalDefinitionError(
            f"the parameters of {what} cannot be inspected: write a lambda"
        ) from None
    asked: list[str] = []
    for each in parameters:
        if each.kind is Parameter.POSITIONAL_ONLY:
            raise SignalDefinitionError(f"{what} is called by keyword: write a lambda without `/`")
        if each.kind is Parameter.VAR_KEYWORD:
            asked += [name for name in known if name not in asked]
        elif each.name in known:
            asked.append(each.name)
        elif each.kind is not Parameter.VAR_POSITIONAL and each.default is Parameter.empty:
            near = suggest(each.name, known) or "` or `".join(known[1:])
            raise SignalDefinitionError(
                f"{what} asks for `{each.name}`, which does not travel: write `{near}`"
            )
    return asked
