"""Prints what happens in the example shop: operations, their signals, what receivers did."""

import linecache
import sys
import textwrap
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from cells import cells, new_module
from rich.console import Console
from rich.rule import Rule
from rich.syntax import Syntax
from rich.text import Text

from typed_signals.ormar import ModelSignals, get_signals, receiver

console = Console(highlight=False)
_depth: ContextVar[int] = ContextVar("depth", default=0)
_lines = 0


def heading(text: str) -> None:
    console.print(Rule(Text(text, style="bold"), align="left"))
    console.print()


def _tell(indent: int, bold: str, then: str = "", *, style: str) -> None:
    global _lines
    _lines += 1
    console.print(Text.assemble(" " * (indent + 8 * _depth.get()), (bold, style), then))


class Operation(AbstractContextManager[None]):
    """Prints the line of code below `with Operation():`, and what happens in it under that."""

    def __enter__(self) -> None:
        caller = sys._getframe(1)
        code = linecache.getline(caller.f_code.co_filename, caller.f_lineno + 1).strip()
        _tell(2, f"> {code}", style="bold")
        self.lines = _lines
        self.outer = _depth.set(_depth.get() + 1)

    def __exit__(self, *error: object) -> None:
        if _lines == self.lines:
            _tell(-2, "(no signal)", style="dim")
        _depth.reset(self.outer)
        if _depth.get() == 0:
            console.print()


class Witness:
    """A receiver of any signal: prints who sends it, and with which payload."""

    def __init__(self, signal: str) -> None:
        self.signal = signal

    async def __call__(self, sender: type[Any], **payload: object) -> None:
        _tell(-2, f"{sender.__name__}.{self.signal}", f"({', '.join(payload)})", style="cyan")


def watch(model: type[Any]) -> None:
    """Connect a witness to every signal of a model; if it is abstract, of the models below it."""
    for name in get_signals(model, ModelSignals):
        receiver(name, model)(Witness(name))


def did(what: str) -> None:
    """Print what a receiver did; which one it is, is told by who calls."""
    name = sys._getframe(1).f_code.co_qualname
    _tell(2, f"{name:<15}", f"  {what}", style="green")


def compare(facts: dict[str, bool]) -> bool:
    """Print what was read back, each with whether it is as it should be; tell if all is."""
    for fact, right in facts.items():
        console.print(f"  {'ok   ' if right else 'WRONG'}  {fact}", style="" if right else "red")
    console.print()
    return all(facts.values())


# --- mistakes ------------------------------------------------------------------------------------


def try_mistakes(path: Path) -> bool:
    """Make every mistake in a file of cells, print what one sees, and tell whether all is as said.

    Each has to be refused with nothing connected, or, if only its name is odd, warned about.
    """
    module = new_module(path.stem)
    preparation, *mistakes = cells(path)
    unexpected = preparation.run(module)
    refused = warned = 0
    for number, mistake in enumerate(mistakes, 1):
        before = _connected(module.Album)
        seen = mistake.run(module)
        refused += "Error: " in seen and _connected(module.Album) == before
        warned += "Warning: " in seen
        _show(f"{number}. {mistake.title}", mistake.code, seen or "nothing at all")
    console.print(
        f"{len(mistakes)} mistakes: {refused} refused and nothing connected, {warned} warned about."
    )
    return not unexpected and refused + warned == len(mistakes)


def _connected(model: type[Any]) -> list[object]:
    signals = get_signals(model, ModelSignals)
    return [each for name in signals for each in signals[name].receivers]


def _show(title: str, code: str, seen: str) -> None:
    console.print(f"  {title}", style="bold")
    python = Syntax(code, "python", theme="ansi_dark", background_color="default")
    for written in python.highlight(code).split():
        written.rstrip()
        if written:
            console.print(Text("      ") + written)
    for line in seen.splitlines():
        wrapped = textwrap.fill(
            line,
            console.width - 2,
            initial_indent="  | ",
            subsequent_indent="  |     ",
            break_on_hyphens=False,
        )
        console.print(Text(wrapped, style="red"))
    console.print()
