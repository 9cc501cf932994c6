"""What the docstring of a receiver Protocol says of its signal, taken apart."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

__all__ = ["Prose", "prose_of"]


@dataclass(frozen=True, slots=True)
class Prose:
    """A Protocol's docstring, taken apart.

    Attributes:
        summary: The lines of prose.
        sent_by: What sends the signal, in the words after "Sent by:"; empty if it does not say.
        arguments: What each parameter is, by its name.
    """

    summary: tuple[str, ...]
    sent_by: str
    arguments: dict[str, str]

    @property
    def operations(self) -> tuple[str, ...]:
        """The calls that send the signal, such as ``Model.save()``."""
        return tuple(re.findall(r"`([\w.]+\(\))", self.sent_by))


def prose_of(protocol: type) -> Prose:
    """Read the docstring of a receiver Protocol.

    Args:
        protocol: The Protocol; it may have no docstring, or one that says nothing of all this.

    Returns:
        What it says, with single backticks around code.
    """
    written = inspect.cleandoc(protocol.__doc__ or "").replace("``", "`")
    if written.startswith(f"{protocol.__name__}("):  # dataclasses write one of their own
        written = ""
    prose, _, rest = written.partition("\nArgs:\n")
    sent_by = re.search(r"^Sent by: (.*)$", prose, re.MULTILINE)
    summary = re.sub(r"^Sent by: .*$", "", prose, flags=re.MULTILINE)
    arguments: dict[str, str] = {}
    for name, text in re.findall(r"^ {4}(\w+): ((?:.*\n?)(?: {8}.*\n?)*)", rest, re.MULTILINE):
        arguments[name] = " ".join(text.split())
    return Prose(
        tuple(line for line in summary.strip().splitlines() if line),
        sent_by[1] if sent_by else "",
        arguments,
    )
