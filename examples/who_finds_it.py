"""Makes the mistakes of a file of cells: shows what the program says, and what mypy says."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cells import cells, new_module
from rich.text import Text
from timeline import console


def try_mistakes(path: Path) -> bool:
    """Show each mistake and what is said of it; return if it is all as it should be.

    mypy has to find every mistake, the program every one except the first.
    """
    module = new_module(path.stem)
    preparation, *mistakes = cells(path)
    unexpected = preparation.run(module)
    by_mypy = _ask_mypy(path)
    found: list[bool] = []
    refused: list[bool] = []
    for mistake in mistakes:
        lines = range(mistake.line, mistake.line + mistake.code.count("\n"))
        before = module.album_sold.receivers
        seen = mistake.run(module)
        static = [text for line, text in by_mypy if line in lines]
        found.append(bool(static))
        refused.append("Error: " in seen and module.album_sold.receivers == before)
        _print(2, mistake.title, "bold")
        _print(4, mistake.code, "cyan")
        _print(4, seen or "\n".join(static), "red")
    _print(
        2,
        f"{len(mistakes)} mistakes: mypy finds {sum(found)} before the program runs; "
        f"the program itself refuses {sum(refused)}.",
        "bold",
    )
    return not unexpected and all(found) and refused == [False, True, True]


def _print(indent: int, text: str, style: str) -> None:
    for line in Text(text.rstrip(), style).wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text(" " * indent).append(line))


def _ask_mypy(path: Path) -> list[tuple[int, str]]:
    """The errors that mypy reports in a file: each with its line, as mypy prints it."""
    with tempfile.TemporaryDirectory(prefix="album-shop-") as folder:
        config = Path(folder, "mypy.ini")
        config.write_text("[mypy]\nplugins = typed_signals.mypy\n")
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "mypy",
                f"--config-file={config}",
                f"--cache-dir={folder}",
                path.name,
            ],
            cwd=path.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    said = re.findall(r"^(.+?:(\d+): error: .*)$", done.stdout, re.MULTILINE)
    return [(int(line), text) for text, line in said]
