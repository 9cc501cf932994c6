"""Prints what happens in the example shop: operations, their signals, what receivers did."""

import linecache
import sys
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import ormar
import sqlalchemy
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


def watch_transactions(database: ormar.DatabaseConnection) -> None:
    """Print how each transaction ends; not of single statements, which commit by themselves."""

    def watch_end(end: str) -> None:
        def ended(connection: sqlalchemy.Connection) -> None:
            if database.get_transaction_connection() is not None:
                _print(-1, end.upper(), style="magenta")

        sqlalchemy.event.listen(database.engine.sync_engine, end, ended)

    watch_end("commit")
    watch_end("rollback")


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
