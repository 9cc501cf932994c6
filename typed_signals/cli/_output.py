"""What the commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache

import click
from rich.console import Console
from rich.text import Text

_out = Console(highlight=False)
if not _out.is_terminal and "COLUMNS" not in os.environ:
    _out.width = 10_000  # in a pipe nothing is wrapped, so that `grep` finds whole rows
err = Console(highlight=False, stderr=True, soft_wrap=True)


class CannotRun(click.ClickException):
    """The command cannot run; the message is one sentence, and all that is shown."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print the message on stderr."""
        remark(self.message, "red")


@cache
def reserve_stdout() -> None:
    """Keep stdout for results; what the user's modules print, in whatever way, goes to stderr."""
    sys.stdout.flush()
    _out.file = open(os.dup(1), "w", encoding=sys.stdout.encoding, buffering=1)  # noqa: SIM115 - open to the end
    os.dup2(2, 1)


def remark(message: str, style: str = "dim") -> None:
    """Print a sentence that is no result, on stderr."""
    err.print(Text(f"typed-signals: {message}", style))


def text(result: str) -> None:
    """Print text for other programs, as it is."""
    click.echo(result, file=_out.file, nl=not result.endswith("\n"))


def code(line: str, style: str = "", indent: int = 0) -> None:
    """Print a line of code, which is never wrapped."""
    _out.print(Text((" " * indent + line).rstrip(), style), soft_wrap=True)


def say(line: str = "", style: str = "", indent: int = 0, start: Text | None = None) -> None:
    """Print a line, wrapped at words; all of it is indented, or only what is below its start."""
    _wrapped(start or Text(" " * indent), Text(line, style), indent)


Cells = Sequence[tuple[str, ...]]


def rows(cells: Cells, styles: tuple[str, ...], indent: int, beside: Cells = ()) -> None:
    """Print rows in columns, as wide as those beside them; the last cell of each is wrapped.

    Where the columns do not fit, each row is one wrapped line.
    """
    *widths, _ = (max(map(len, column)) for column in zip(*cells, *beside, strict=True))
    start = indent + sum(width + 2 for width in widths)
    for row in cells:
        *first, last = (Text(cell, style) for cell, style in zip(row, styles, strict=True))
        words = last.plain.split()
        if start + max([min(len(last), 20), *map(len, words)]) > _out.width:
            filled = [cell for cell in (*first, last) if cell]
            _wrapped(Text(" " * indent), Text("  ").join(filled), indent + 2)
            continue
        for cell, width in zip(first, widths, strict=True):
            cell.pad_right(width + 2 - len(cell))
        _wrapped(Text.assemble(" " * indent, *first), last, start)


def _wrapped(start: Text, rest: Text, indent: int) -> None:
    """Print what starts a line and what follows it; the lines below are indented."""
    wrapped = rest.wrap(_out, max(_out.width - indent, 1))
    for number, line in enumerate(wrapped or [Text()]):
        whole = Text.assemble(Text(" " * indent) if number else start, line)
        whole.rstrip()
        _out.print(whole, soft_wrap=True)
