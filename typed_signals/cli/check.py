"""``typed-signals check``: mypy with the plugin, without any configuration."""

from __future__ import annotations

import json
import linecache
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from typed_signals.cli.console import CannotRun, out, remark, working

__all__ = ["check"]

_PLUGIN = "typed_signals.mypy"
_CONFIG = f"""\
[mypy]
plugins = {_PLUGIN}
check_untyped_defs = True
ignore_missing_imports = True
"""
# mypy's own errors about payloads and assigned signals have codes that say nothing of signals.
_ABOUT_SIGNALS = re.compile(r"\w*Signals?\b|\bConnector\b|\btyped_signals\b")


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option("--all", "everything", is_flag=True, help="Also errors that are not about signals.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    help="`github` writes annotations for GitHub Actions.",
)
def check(paths: tuple[str, ...], everything: bool, form: str) -> None:
    """Check signals and receivers in files and folders, without importing them.

    Runs mypy with the plugin; no configuration is needed, and none is read. Exits with 1 if
    anything was found, and with 2 if the code could not be checked.
    """
    for path in paths:
        if not Path(path).exists():
            raise CannotRun(f"there is no `{path}`")
    if find_spec("mypy") is None:
        raise CannotRun("mypy is not installed: pip install 'typed-signals[mypy]'")
    with working(f"Checking {', '.join(paths)}…"):
        blocked, errors = _mypy(paths)
    shown = [error for error in errors if everything or blocked or error.is_about_signals]
    for error in shown:
        if form == "github":
            click.echo(error.annotation())
        else:
            error.show()
    if blocked:
        raise CannotRun("mypy could not check the code further; mend this first")
    rest = len(errors) - len(shown)
    if rest:
        remark(f"{_count(rest)} not about signals; `--all` shows that too")
    if shown:
        files = len({error.file for error in shown})
        remark(f"{_count(len(shown))} in {files} {'files' if files > 1 else 'file'}", "red")
        raise click.exceptions.Exit(1)
    remark(f"no mistakes found in {', '.join(paths)}", "green")


def _count(errors: int) -> str:
    return f"{errors} {'errors' if errors != 1 else 'error'}"


@dataclass(frozen=True, slots=True)
class _Error:
    """One error of mypy."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str

    @property
    def is_about_signals(self) -> bool:
        if self.code.startswith("signal-"):
            return True
        return _ABOUT_SIGNALS.search(f"{self.message} {self.hint}") is not None

    def show(self) -> None:
        """Print it, with the line of code."""
        out.print(Text(f"{self.file}:{self.line}:{self.column}", "bold").append(f"  {self.code}"))
        if code := linecache.getline(self.file, self.line).strip():
            out.print(Text(f"    {code}", "cyan"))
        for line in [*self.message.splitlines(), *self.hint.splitlines()]:
            out.print(Text(f"  {line}"))
        out.print()

    def annotation(self) -> str:
        """The workflow command that shows it on GitHub."""
        text = "\n".join(filter(None, (self.message, self.hint)))
        values = {"file": self.file, "line": self.line, "col": self.column, "title": self.code}
        told = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in values.items())
        return f"::error {told}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _mypy(paths: tuple[str, ...]) -> tuple[bool, list[_Error]]:
    """Run mypy; whether it gave up, and the errors."""
    with tempfile.TemporaryDirectory(prefix="typed-signals-") as folder:
        config = Path(folder, "mypy.ini")
        config.write_text(_CONFIG)
        # A cache of its own: with other options than the project's, mypy would spoil that one.
        done = subprocess.run(
            [
                *(sys.executable, "-m", "mypy", "--config-file", str(config)),
                *(
                    "--no-error-summary",
                    "--output",
                    "json",
                    "--cache-dir",
                    ".mypy_cache/typed-signals",
                    "--",
                    *paths,
                ),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        told: list[Mapping[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError:
        told = []
    errors = [_read(each) for each in told if each.get("severity") == "error"]
    if (done.returncode not in (0, 1) and not errors) or (done.stdout and not told):
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise CannotRun(f"mypy failed: {said}")
    return done.returncode not in (0, 1), errors


def _read(told: Mapping[str, Any]) -> _Error:
    return _Error(
        file=str(told["file"]),
        line=int(told["line"]),
        column=int(told["column"]) + 1,
        code=str(told.get("code") or "error"),
        message=str(told["message"]),
        hint=str(told.get("hint") or ""),
    )
