"""Prints what happens in the example shop: operations, their signals, what receivers did."""

import linecache
import re
import sys
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from cells import cells, new_module
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from typed_signals.ormar import ModelSignals, get_signals, receiver

console = Console(highlight=False, width=min(Console().width, 100))
_depth: ContextVar[int] = ContextVar("depth", default=0)
_lines = 0


def heading(text: str) -> None:
    if _lines:
        console.print()
    console.print(Rule(Text(text, style="bold"), align="left"))


def _print(indent: int, bold: str, then: str = "", *, style: str) -> None:
    global _lines
    _lines += 1
    console.print(Text.assemble(" " * (indent + 6 * _depth.get()), (bold, style), then))


class Operation(AbstractContextManager[None]):
    """Prints the line of code below `with Operation():`, and what happens in it under that."""

    def __enter__(self) -> None:
        caller = sys._getframe(1)
        code = linecache.getline(caller.f_code.co_filename, caller.f_lineno + 1).strip()
        _print(1, f"> {code}", style="bold")
        self.lines = _lines
        self.outer = _depth.set(_depth.get() + 1)

    def __exit__(self, *error: object) -> None:
        if _lines == self.lines:
            _print(-1, "(no signal)", style="dim")
        _depth.reset(self.outer)


class Witness:
    """A receiver of any signal: prints who sends it, and with which payload."""

    def __init__(self, signal: str) -> None:
        self.signal = signal

    async def __call__(self, sender: type[Any], **payload: object) -> None:
        _print(-1, f"{sender.__name__}.{self.signal}", f"({', '.join(payload)})", style="cyan")


def watch(model: type[Any]) -> None:
    """Connect a witness to every signal of a model; if it is abstract, of those that inherit."""
    for name in get_signals(model, ModelSignals):
        receiver(name, model)(Witness(name))


def did(what: str) -> None:
    """Print what a receiver did; which one it is, its frame says."""
    name = sys._getframe(1).f_code.co_qualname
    _print(2, f"{name:<15}", f"  {what}", style="green")


def compare(facts: dict[str, bool]) -> bool:
    """Print what was read back, each with whether it is as it should be; return if all is."""
    for fact, right in facts.items():
        console.print(f"  {'ok   ' if right else 'WRONG'}  {fact}", style="" if right else "red")
    return all(facts.values())


def next_steps() -> None:
    """Print what to do next."""
    program = Path(sys.executable).with_name("typed-signals")
    shown = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
    heading("What to do next")
    for what, how in (
        ("See the receivers of the shop", f"{shown} list examples/album_shop.py"),
        ("Break one, then ask mypy", f"{shown} check examples/album_shop.py"),
        ("Read each mistake in full", "docs/refusals.md"),
        ("Write your own first signal", "docs/tutorial.md"),
    ):
        console.print(Text.assemble(f"  {what:<31}", (how, "bold")), soft_wrap=True)


# --- mistakes ------------------------------------------------------------------------------------


def try_mistakes(path: Path) -> bool:
    """Make every mistake in a file of cells, print the gist of each, and return if all is right.

    Each has to be refused with nothing connected, or, if only its name is odd, warned about.
    """
    module = new_module(path.stem)
    preparation, *mistakes = cells(path)
    unexpected = preparation.run(module)
    refused = warned = 0
    for mistake in mistakes:
        before = _connected(module.Album)
        seen = mistake.run(module)
        refused += "Error: " in seen and _connected(module.Album) == before
        warned += "Warning: " in seen
        _print_line("  " + " ".join(mistake.code.split()), "")
        _print_line(f"    {_gist(seen)}", "red")
    print(f"{len(mistakes)} mistakes: {refused} refused, nothing connected; {warned} warned about.")
    return not unexpected and refused + warned == len(mistakes)


def _print_line(line: str, style: str) -> None:
    """Print as much of a line as fits."""
    console.print(Text(line, style), no_wrap=True, overflow="ellipsis")


def _gist(seen: str) -> str:
    """The first fault, without what to write instead; how many more there are."""
    faults = re.findall(r"^  - (.*)", seen, re.MULTILINE)
    first = faults[0] if faults else seen.partition("\n")[0].partition(": ")[2]
    first = re.split(r"; | \(", first)[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return (first or "nothing at all") + more


def _connected(model: type[Any]) -> list[object]:
    signals = get_signals(model, ModelSignals)
    return [each for name in signals for each in signals[name].receivers]
