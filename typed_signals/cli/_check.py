"""``typed-signals check``: mypy with the plugin, without any configuration."""

from __future__ import annotations

import ast
import json
import linecache
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from typed_signals.cli._output import CannotRun, code, err, remark, say, text
from typed_signals.cli._source import files_below, imported_packages, nodes_of, refuse_if_no_project

_CONFIG = """\
[mypy]
plugins = typed_signals.mypy
check_untyped_defs = True
ignore_missing_imports = True
"""
# mypy's own errors about payloads and assigned signals have codes that do not mention signals.
_ABOUT_SIGNALS = re.compile(r"\w*Signals?\b|\bConnector\b|\btyped_signals\b")


@click.command()
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--all", "everything", is_flag=True, help="Also errors that are not about signals.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    help="`github` writes annotations for GitHub Actions.",
)
def check(paths: tuple[Path, ...], everything: bool, form: str) -> None:
    """Check signals and receivers with mypy.

    Checks files and folders, without importing them. Runs mypy with the plugin; no configuration
    is needed, and none is read. Exits with 1 if anything was found, and with 2 if the code could
    not be checked.
    """
    for path in paths:
        if not path.exists():
            raise CannotRun(f"there is no `{path}`: name files and folders, not modules")
        if path.is_file() and path.suffix not in (".py", ".pyi"):
            raise CannotRun(f"`{path}` is not a Python file")
        if path.is_dir() and next(path.rglob("*.py*"), None) is None:
            raise CannotRun(f"there is no Python file in `{path}`")
        refuse_if_no_project(path)
    if find_spec("mypy") is None:
        raise CannotRun("mypy is not installed: pip install 'typed-signals[mypy]'")
    sources = [file for path in paths for file in (files_below(path) if path.is_dir() else [path])]
    imported = imported_packages(*sources)
    for each in ("ormar", "sqlmodel", "sqlalchemy"):
        if each in imported and find_spec(each) is None:
            raise CannotRun(
                f"{each} is not installed beside this command, so the signals of models cannot be "
                "checked: install it; a hook of pre-commit names it under `additional_dependencies`"
            )
    named = ", ".join(map(str, paths))
    with err.status(f"Checking {named}…") if err.is_terminal else nullcontext():
        blocked, errors = _mypy(paths)
    shown = [error for error in errors if everything or blocked or error.is_about_signals]
    for error in shown:
        if form == "github":
            text(error.annotation())
        else:
            error.show()
    if blocked:
        raise CannotRun("mypy could not check the code further; fix this first")
    if rest := len(errors) - len(shown):
        remark(f"{_count(rest)} not about signals; `--all` shows that too")
    if shown:
        files = len({error.file for error in shown})
        remark(f"{_count(len(shown))} in {files} {'files' if files > 1 else 'file'}", "red")
        raise click.exceptions.Exit(1)
    remark(f"no mistakes found in {named}", "green")


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

    @property
    def is_about_signals(self) -> bool:
        """Whether it concerns signals, in mypy's words or in ours."""
        ours = self.code.startswith(("signal-", "send-"))
        return ours or _ABOUT_SIGNALS.search(self.message) is not None

    def show(self) -> None:
        """Print it, with the line of code."""
        where = f":{self.line}:{self.column}" if self.line > 0 else ""  # some are of a whole file
        code(f"{self.file}{where}  {self.code}", "bold")
        if line := linecache.getline(self.file, self.line).strip():
            code(line, "cyan", indent=4)
        say(f"{self.message}\n", indent=2)

    def annotation(self) -> str:
        """The workflow command that shows it on GitHub."""
        values = {"file": self.file, "line": self.line, "col": self.column, "title": self.code}
        if self.line < 1:
            del values["line"], values["col"]
        where = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in values.items())
        return f"::error {where}::{_escaped(self.message)}"


def _escaped(value: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        value = value.replace(character, f"%{ord(character):02X}")
    return value


def _mypy(paths: tuple[Path, ...]) -> tuple[bool, list[_Error]]:
    """Run mypy; returns whether it gave up, and the errors."""
    with tempfile.TemporaryDirectory(prefix="typed-signals-") as folder:
        config = Path(folder, "mypy.ini")
        config.write_text(_CONFIG)
        # A cache of its own: with other options than the project's, mypy would spoil that one.
        options = ["--no-error-summary", "--output=json", "--cache-dir=.mypy_cache/typed-signals"]
        done = subprocess.run(
            [sys.executable, "-m", "mypy", f"--config-file={config}", *options, "--", *paths],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        printed: list[Mapping[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError:
        printed = []
    errors = [_read(each) for each in printed if each.get("severity") == "error"]
    blocked = done.returncode not in (0, 1)
    if (blocked and not errors) or (done.stdout and not printed):
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise CannotRun(f"mypy failed: {said}")
    return blocked, errors


def _read(printed: Mapping[str, Any]) -> _Error:
    file, line = str(printed["file"]), int(printed["line"])
    kind = str(printed.get("code") or "error")
    message = "\n".join(str(each) for each in (printed["message"], printed.get("hint")) if each)
    sends = _sends_at(Path(file), line) if kind == "unused-coroutine" else []
    if sends:  # mypy's own message does not mention signals
        kind = "send-not-awaited"
        message = (
            f"`{sends[0]}(…)` is not awaited, so nothing is sent\nWrite `await {sends[0]}(…)`."
        )
    return _Error(file, line, int(printed["column"]) + 1, kind, message)


def _sends_at(file: Path, line: int) -> list[str]:
    """The calls on a line that send a signal without awaiting it."""
    return [
        ast.unparse(node.value.func)
        for node in nodes_of(file)
        if isinstance(node, ast.Expr)
        and node.lineno == line
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in ("send", "send_robust")
    ]
