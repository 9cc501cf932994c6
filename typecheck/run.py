"""Runs every type checker on the cases, and prints what each caught, missed and made up.

A line that must be flagged ends with a marker: which mistake it is, who must flag it, and, if
given, words that the mypy plugin must use::

    @pre_save(Album)  # E[misspelt-payload] all: write `instance`

"Who" is `all`, `all but NAME, ...` or `NAME, ...`, of the names in `CHECKERS`. Every other line is
right and must not be flagged by anyone; where a checker does so all the same, `# F[...] NAME` owns
up to it. What a checker cannot catch, or flags wrongly, is explained in `limits.toml`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BIN = ROOT / ".venvs" / "current" / "bin"
PAGE = ROOT / "docs" / "checkers.md"

# The columns of the table.
CHECKERS = ("plugin", "mypy", "pyright", "basedpyright", "ty", "pyrefly")
TITLES = {"plugin": "mypy with the plugin"}

# Which folders of cases a lane has, and which of its two shops they import.
LANES = {"current": "config", "databases": "config", "legacy": "meta"}


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


@dataclass(frozen=True)
class Flag:
    """What a checker said about a line."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(HERE)}:{self.line}: {self.text}"


@dataclass
class Result:
    """One checker's verdict on the cases of a lane."""

    checker: str
    lane: str
    seconds: float
    caught: list[tuple[Expected, list[Flag]]]
    missed: list[Expected]
    made_up: list[Flag]
    crash: str = ""

    @property
    def false_alarms(self) -> int:
        """How many right lines were flagged."""
        return len(self.made_up) + sum(expected.right for expected, _ in self.caught)

    @property
    def name(self) -> str:
        return self.checker if self.lane == "current" else f"{self.checker} ({self.lane})"

    def surprises(self) -> Iterator[str]:
        """Everything that the markers do not say."""
        if self.crash:
            yield f"{self.name} failed\n{self.crash}"
            return
        for flag in self.made_up:
            yield f"{self.name} flags a line that is right\n    {flag}"
        for expected in self.missed:
            if self.checker in expected.by:
                place = f"{expected.path.relative_to(HERE)}:{expected.line}"
                yield f"{self.name} does not flag {place} [{expected.mistake}]"
        for expected, flags in self.caught:
            place = f"{expected.path.relative_to(HERE)}:{expected.line} [{expected.mistake}]"
            said = "\n    ".join(map(str, flags))
            if self.checker not in expected.by:
                yield f"{self.name} flags {place}, its marker says it would not\n    {said}"
            elif self.checker == "plugin" and expected.words not in said:
                yield f"{self.name} does not say {expected.words!r} of {place}\n    {said}"


# --- what must be flagged ----------------------------------------------------------------------

_MARKER = re.compile(
    r"# (?P<kind>[EF])\[(?P<mistake>[\w-]+)\] (?P<who>[\w, ]+?)(?:: (?P<words>.+))?$"
)


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
        lines = frozenset(span) - decorators | {number}
        found.append(
            Expected(
                path,
                number,
                lines,
                marker["mistake"],
                _who(marker["who"]),
                marker["words"] or "",
                right=marker["kind"] == "F",
            )
        )
    return tuple(found)


def _spans(tree: ast.AST) -> Iterator[range]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            body = node.body[0]
            first_of_body = min(
                [body.lineno, *(each.lineno for each in getattr(body, "decorator_list", ()))]
            )
            yield range(first, max(first_of_body, node.lineno + 1))
        elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _who(text: str) -> frozenset[str]:
    everyone, but, rest = text.partition("all but ")
    names = frozenset(re.split(r",\s*", rest if but else text))
    if text == "all":
        return frozenset(CHECKERS)
    if unknown := names - set(CHECKERS):
        raise ValueError(f"no such checker: {', '.join(sorted(unknown))}")
    return frozenset(CHECKERS) - names if but and not everyone else names


def cases(lane: str) -> list[Path]:
    """The files that are checked on a lane."""
    return [
        path
        for part in ("any", LANES[lane])
        for path in sorted((HERE / "cases" / part).glob("*.py"))
    ]


# --- how each checker is run -------------------------------------------------------------------


def _mypy(lane: str, scratch: Path, *, plugin: bool) -> list[Flag]:
    config = scratch / f"mypy-{lane}-{plugin}.ini"
    config.write_text(
        "[mypy]\nstrict = True\n"
        # What these say is about the receiver itself, not about the signal.
        "disallow_untyped_defs = False\n"
        "disallow_incomplete_defs = False\n"
        "disallow_untyped_calls = False\n"
        + ("plugins = typed_signals.mypy\n" if plugin else "")
        # ormar 0.12.3 goes with a SQLAlchemy and a `databases` that have no types.
        + (
            "[mypy-sqlalchemy.*,databases.*]\nignore_missing_imports = True\n"
            if lane == "legacy"
            else ""
        )
    )
    output = _run(
        BIN / "mypy",
        f"--config-file={config}",
        f"--python-executable={ROOT / '.venvs' / lane / 'bin' / 'python'}",
        f"--cache-dir={ROOT / '.mypy_cache' / f'typecheck-{lane}-{plugin}'}",
        "--output=json",
        *cases(lane),
        MYPYPATH=str(HERE / "shop" / LANES[lane]),
    )
    found = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [
        Flag((ROOT / each["file"]).resolve(), each["line"], f"{each['message']} [{each['code']}]")
        for each in found
        if each["severity"] == "error"
    ]


def _pyright(lane: str, scratch: Path, *, program: str, **settings: object) -> list[Flag]:
    project = scratch / program
    project.mkdir()
    config = {
        "include": [str(HERE / "cases")],
        "extraPaths": [str(HERE / "shop" / LANES[lane])],
        "ignore": [],
        **settings,
    }
    (project / "pyrightconfig.json").write_text(json.dumps(config))
    output = _run(
        BIN / program, f"--project={project}", f"--pythonpath={BIN / 'python'}", "--outputjson",
        *cases(lane),
    )  # fmt: skip
    return [
        Flag(Path(each["file"]), each["range"]["start"]["line"] + 1, each["message"])
        for each in json.loads(output)["generalDiagnostics"]
        if each["severity"] in {"error", "warning"}
    ]


def _ty(lane: str, scratch: Path) -> list[Flag]:
    output = _run(
        BIN / "ty", "check", f"--project={scratch}", f"--python={BIN.parent}",
        f"--extra-search-path={HERE / 'shop' / LANES[lane]}", "--output-format=gitlab",
        "--no-progress", *cases(lane),
    )  # fmt: skip
    return [
        Flag((ROOT / each["location"]["path"]).resolve(), _line(each), each["description"])
        for each in json.loads(output)
        if each["severity"] != "info"
    ]


def _line(entry: Any) -> int:
    return int(entry["location"]["positions"]["begin"]["line"])


def _pyrefly(lane: str, scratch: Path) -> list[Flag]:
    output = _run(
        BIN / "pyrefly", "check", "--preset=default", "--output-format=json",
        f"--python-interpreter-path={BIN / 'python'}",
        f"--search-path={HERE / 'shop' / LANES[lane]}", *cases(lane),
    )  # fmt: skip
    return [
        Flag((ROOT / each["path"]).resolve(), each["line"], each["description"])
        for each in json.loads(output)["errors"]
        if each["severity"] in {"error", "warn"}
    ]


def _run(program: Path, *arguments: object, **environment: str) -> str:
    done = subprocess.run(
        [program, *map(str, arguments)],
        cwd=ROOT, env={**os.environ, **environment}, text=True, capture_output=True, timeout=300,
        check=False,
    )  # fmt: skip
    if done.returncode > 1 or (not done.stdout.strip() and done.stderr.strip()):
        raise RuntimeError(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


# What these say is about the receiver's own missing annotations, or about the cases' style.
_OFF = dict.fromkeys(
    (
        "reportMissingParameterType",
        "reportUnknownMemberType",
        "reportUnknownArgumentType",
        "reportUnknownParameterType",
        "reportUnknownVariableType",
        "reportUnusedFunction",
    ),
    "none",
)

_RUNNERS: dict[str, Callable[[str, Path], list[Flag]]] = {
    "plugin": lambda lane, scratch: _mypy(lane, scratch, plugin=True),
    "mypy": lambda lane, scratch: _mypy(lane, scratch, plugin=False),
    "pyright": lambda lane, scratch: _pyright(lane, scratch, program="pyright"),
    "basedpyright": lambda lane, scratch: _pyright(
        lane, scratch, program="basedpyright", typeCheckingMode="strict", **_OFF
    ),
    "ty": _ty,
    "pyrefly": _pyrefly,
}

RUNS = [(checker, "current") for checker in CHECKERS] + [
    (checker, lane) for lane in ("databases", "legacy") for checker in ("plugin", "mypy")
]


def run(runs: Iterable[tuple[str, str]] = RUNS, jobs: int = 2) -> list[Result]:
    """Run the checkers, several at a time."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda each: _judge(*each, Path(scratch).resolve()), runs))


def _judge(checker: str, lane: str, scratch: Path) -> Result:
    start = time.perf_counter()
    try:
        flags = _RUNNERS[checker](lane, scratch)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return Result(checker, lane, time.perf_counter() - start, [], [], [], crash=str(error))
    seconds = time.perf_counter() - start
    by_place = defaultdict(list)
    for flag in flags:
        by_place[flag.path, flag.line].append(flag)
    caught, missed = [], []
    for expected in (each for path in cases(lane) for each in expectations(path)):
        places = [(expected.path, line) for line in sorted(expected.lines)]
        found = [flag for place in places for flag in by_place.get(place, ())]
        if found:
            caught.append((expected, found))
            for place in places:
                by_place.pop(place, None)
        else:
            missed.append(expected)
    made_up = [flag for flags in by_place.values() for flag in flags]
    return Result(checker, lane, seconds, caught, missed, made_up)


# --- the table ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """Why a checker cannot catch a mistake."""

    mistake: str
    checkers: frozenset[str]
    why: str
    link: str


def limits() -> list[Limit]:
    entries = tomllib.loads((HERE / "limits.toml").read_text())["limit"]
    return [Limit(e["mistake"], frozenset(e["checkers"]), e["why"], e["link"]) for e in entries]


def table(results: Sequence[Result]) -> str:
    """The table checker x mistake, in Markdown, with the reasons below it."""
    current = {each.checker: each for each in results if each.lane == "current"}
    caught: dict[tuple[str, str], int] = defaultdict(int)
    lines: dict[str, int] = defaultdict(int)
    for path in cases("current"):
        for expected in expectations(path):
            lines[expected.mistake] += not expected.right
    for checker, result in current.items():
        for expected, _ in result.caught:
            caught[expected.mistake, checker] += not expected.right
    notes = limits()
    head = ["Mistake", *(TITLES.get(each, each) for each in CHECKERS)]
    rows = [head, ["---"] * len(head)]
    for mistake, count in sorted((name, count) for name, count in lines.items() if count):
        cells = []
        for checker in CHECKERS:
            number = caught[mistake, checker]
            why = [
                f"[^{index}]"
                for index, note in enumerate(notes, start=1)
                if note.mistake == mistake and checker in note.checkers
            ]
            text = "caught" if number == count else f"{number} of {count}" if number else "missed"
            cells.append(text + "".join(why))
        rows.append([mistake.replace("-", " "), *cells])
    rows.append(["*false alarms*", *(str(current[each].false_alarms) for each in CHECKERS)])
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    feet = "\n".join(
        f"[^{index}]: {note.why} ([{_place(note.link)}]({note.link}))"
        for index, note in enumerate(notes, start=1)
    )
    return f"{text}\n\n{feet}" if feet else text


def _place(link: str) -> str:
    return re.sub(r"^https://(?:www\.)?(?:github\.com/)?", "", link).rstrip("/")


_BLOCK = re.compile(r"(<!-- table: written by typecheck/run\.py -->\n).*?(<!-- end -->)", re.DOTALL)


def page_with(text: str) -> str:
    """The documentation page with the table in its place."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", PAGE.read_text())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "checkers", nargs="*", metavar="CHECKER", help="only these, on the current lane"
    )
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    runs = [(each, "current") for each in options.checkers] or RUNS
    results = run(runs, options.jobs)
    for result in results:
        mistakes = [each for each, _ in result.caught if not each.right]
        missed = [each for each in result.missed if not each.right]
        print(
            f"{result.name:20} {len(mistakes):4} of {len(mistakes) + len(missed)} mistakes caught, "
            f"{result.false_alarms} false alarms, {result.seconds:.1f} s"
        )
    surprises = [line for result in results for line in result.surprises()]
    print(*surprises, sep="\n")
    if not options.checkers:
        text = table(results)
        print(f"\n{text}")
        if options.write:
            PAGE.write_text(page_with(text))
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
