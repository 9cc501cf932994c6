"""What commands print: results on stdout, remarks and progress on stderr."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.text import Text

__all__ = ["CannotRun", "aligned", "out", "remark", "working"]

out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


class CannotRun(click.ClickException):
    """The command cannot be run as it was asked for; the message is all that is shown."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print the message on stderr."""
        remark(self.message, "red")


def remark(text: str, style: str = "dim") -> None:
    """Say something that is no result.

    Args:
        text: What to say.
        style: How it looks on a terminal.
    """
    _err.print(Text(f"typed-signals: {text}", style))


@contextmanager
def working(what: str) -> Generator[None]:
    """Show that work goes on; on a terminal only.

    Args:
        what: What is being done.

    Yields:
        While it shows.
    """
    if not _err.is_terminal:
        yield
        return
    with _err.status(what):
        yield


def aligned(rows: Sequence[tuple[str, ...]], styles: tuple[str, ...], indent: int) -> list[Text]:
    """Lay out rows in columns that are as wide as need be, however narrow the terminal.

    Args:
        rows: The cells, by row.
        styles: How each column looks on a terminal.
        indent: How far the rows stand in.

    Returns:
        The lines.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines: list[Text] = []
    for row in rows:
        line = Text(" " * indent)
        for cell, width, style in zip(row, widths, styles, strict=True):
            line.append(cell.ljust(width), style).append("  ")
        line.rstrip()
        lines.append(line)
    return lines
