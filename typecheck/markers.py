"""What the cases say of themselves: the lines that must be flagged, and by whom.

A line that must be flagged ends with a marker: which mistake it is, who must flag it, and, if
given, words that the mypy plugin must use::

    @pre_save(Album)  # E[misspelt-payload] all: write `instance`

"Who" is `all`, `all but NAME, ...` or `NAME, ...`, of the names in `CHECKERS`. Every other line is
right and must not be flagged by anyone; where a checker does so all the same, `# F[...] NAME` owns
up to it. What a checker cannot catch, or flags wrongly, is explained in `limits.toml`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent

CHECKERS = ("plugin", "mypy", "pyright", "basedpyright", "ty", "pyrefly")

# Which folder of cases a lane has besides those for all, and which of the two shops they import.
LANES = {"current": "config", "databases": "config", "legacy": "meta"}

_MARKER = re.compile(
    r"# (?P<kind>[EF])\[(?P<mistake>[\w-]+)\] (?P<who>[\w, ]+?)(?:: (?P<words>.+))?$"
)


@dataclass(frozen=True)
class Expected:
    """A line that must be flagged; a right one that is flagged all the same."""

    path: Path
    line: int
    lines: frozenset[int]
    mistake: str
    by: frozenset[str]
    words: str
    right: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(HERE)}:{self.line} [{self.mistake}]"


def cases(lane: str) -> list[Path]:
    """The files that are checked on a lane."""
    parts = ("any", LANES[lane], *(["sqlalchemy"] if lane == "current" else []))
    return [path for part in parts for path in sorted((HERE / "cases" / part).glob("*.py"))]


@cache
def expectations(path: Path) -> tuple[Expected, ...]:
    """The marked lines of a file."""
    source = path.read_text()
    tree = ast.parse(source)
    spans = sorted(_spans(tree), key=len)
    decorators = {
        each.lineno for node in ast.walk(tree) for each in getattr(node, "decorator_list", ())
    }
    found = []
    for number, line in enumerate(source.splitlines(), start=1):
        if "# E[" not in line and "# F[" not in line:
            continue
        marker = _MARKER.search(line)
        if marker is None:
            raise ValueError(f"{path}:{number}: cannot read the marker in {line.strip()!r}")
        # A checker may put its finding on any line of the statement: on the decorator, the name,
        # the parameter; but not on another decorator.
        span = next((span for span in spans if number in span), [number])
        found.append(
            Expected(
                path,
                number,
                frozenset(span) - decorators | {number},
                marker["mistake"],
                _who(marker["who"]),
                marker["words"] or "",
                right=marker["kind"] == "F",
            )
        )
    return tuple(found)


def _spans(tree: ast.AST) -> Iterator[range]:
    """The lines of each statement, without its body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield range(_first(node), max(_first(node.body[0]), node.lineno + 1))
        elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _who(text: str) -> frozenset[str]:
    if text == "all":
        return frozenset(CHECKERS)
    names = frozenset(re.split(r",\s*", text.removeprefix("all but ")))
    if unknown := names - set(CHECKERS):
        raise ValueError(f"no such checker: {', '.join(sorted(unknown))}")
    return frozenset(CHECKERS) - names if text.startswith("all but ") else names
