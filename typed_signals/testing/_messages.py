"""Messages about what was sent, and what was expected instead."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from typed_signals.testing._sent import Sent

__all__ = ["Wanted", "disorder", "failure", "named", "often", "shown"]

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80


class Wanted(NamedTuple):
    """What a test looks for.

    Attributes:
        signal: The signal's name.
        sender: The sender; ``None`` for any.
        payload: Values by name; other names may have any value.
    """

    signal: str
    sender: object
    payload: Mapping[str, Any]

    def __str__(self) -> str:
        of = "" if self.sender is None else f" of {named(self.sender)}"
        values = ", ".join(f"{name}={shown(value)}" for name, value in self.payload.items())
        return f"`{self.signal}`{of}{' with ' if values else ''}{values}"


def named(sender: object) -> str:
    """A sender's name."""
    return sender.__qualname__ if isinstance(sender, type) else shown(sender)


def shown(value: object) -> str:
    """A value, shortened if it is long; its type if its ``repr`` fails."""
    try:
        return _repr.repr(value)
    except Exception:  # `reprlib` looks at the name of the type, and any type may have it
        return f"<{type(value).__qualname__} object>"


def failure(
    wanted: Wanted, expected: str, sent: Sequence[Sent], matching: Sequence[Sent]
) -> AssertionError:
    """The failure of a test that looked for a signal.

    Args:
        wanted: What it looked for.
        expected: The expectation, as in "to be sent once".
        sent: Every send.
        matching: The sends that the test looked for.

    Returns:
        The error to raise.
    """
    found = f"was sent {often(len(matching))}" if matching else "never was"
    lines = [f"expected {wanted} {expected}, but it {found}"]
    if not matching:
        lines += _differences(wanted, sent)
    return AssertionError("\n".join([*lines, *_listed(sent, matching)]))


def disorder(expected: Sequence[Wanted], missing: int, sent: Sequence[Sent]) -> AssertionError:
    """The failure of a test that looked for signals in an order."""
    lines = ["expected these signals in this order:"]
    for index, each in enumerate(expected):
        after = "  <- not sent after those before it" if index == missing else ""
        lines.append(f"  {each}{after}")
    return AssertionError("\n".join([*lines, *_listed(sent, ())]))


def often(times: int) -> str:
    """A number of times."""
    return "once" if times == 1 else f"{times} times"


def _differences(wanted: Wanted, sent: Sequence[Sent]) -> list[str]:
    """How the nearest sends differ from the wanted one."""
    lines: list[str] = []
    for index, each in enumerate(sent, 1):
        if each.name != wanted.signal:
            continue
        if wanted.sender is not None and each.sender is not wanted.sender:
            lines.append(f"  {index}. was of {named(each.sender)}, not {named(wanted.sender)}")
            continue
        for name, value in wanted.payload.items():
            if not each.has(name):
                lines.append(f"  {index}. had no `{name}`, only {', '.join(each.payload)}")
            elif not each.has(name, value):
                given = shown(each.value(name))
                lines.append(f"  {index}. had {name}={given}, not {shown(value)}")
    return lines


def _listed(sent: Sequence[Sent], matching: Sequence[Sent]) -> list[str]:
    if not sent:
        return ["nothing was sent"]
    lines = [f"sent, in order ({len(sent)}):"]
    chosen = {id(each) for each in matching}
    rows = [(f"{each.name} of {named(each.sender)}", f"by {each.operation}") for each in sent]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for index, (each, row) in enumerate(zip(sent, rows, strict=True), 1):
        mark = ">" if id(each) in chosen else " "
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        values = ", ".join(f"{name}={shown(value)}" for name, value in each.payload.items())
        where = f" at {each.where}" if each.where else ""
        lines.append(f"{mark} {index:2}. {cells}{where}  {values}".rstrip())
    return lines
