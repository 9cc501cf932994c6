"""Read the docstring of a receiver Protocol: what the signal means, and what sends it."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Final

from typed_signals._annotations import ContractSource

__all__ = ["COMMON", "Docstring", "read_docstring"]


COMMON: Final = {
    "sender": "The model class.",
    "kwargs": "Payload that later versions may add.",
}
"""The parameters of every contract, where its docstring does not describe them."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """The parts of a Protocol's docstring.

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


def read_docstring(protocol: ContractSource) -> Docstring:
    """Read the docstring of a receiver Protocol, or of the function that is the contract."""
    written = inspect.cleandoc(protocol.__doc__ or "").replace("``", "`")
    if written.startswith(f"{protocol.__name__}("):  # dataclasses write one of their own
        written = ""
    prose, _, rest = written.partition("\nArgs:\n")
    sent_by = re.search(r"^Sent by: (.*)$", prose, re.MULTILINE)
    summary = re.sub(r"^Sent by: .*$", "", prose, flags=re.MULTILINE)
    arguments: dict[str, str] = {"sender": COMMON["sender"]}
    for name, text in re.findall(r"^ {4}(\w+): ((?:.*\n?)(?: {8}.*\n?)*)", rest, re.MULTILINE):
        arguments[name] = " ".join(text.split())
    arguments["kwargs"] = arguments.pop("kwargs", COMMON["kwargs"])  # last, as in the signature
    return Docstring(
        tuple(line for line in summary.strip().splitlines() if line),
        sent_by[1] if sent_by else "",
        arguments,
    )
