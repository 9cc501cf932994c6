"""How each checker is run on the cases, and what it says, line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typecheck.markers import HERE, LANES, cases

ROOT = HERE.parent

# The checkers are those of the environment that this runs in, the current lane's; the other lanes'
# environments lie beside it.
BIN = Path(sys.prefix) / "bin"


def python_of(lane: str) -> Path:
    """The interpreter that has a lane's ormar; it need not be set up."""
    environment = BIN.parent if lane == "current" else BIN.parent.parent / lane
    return environment / "bin" / "python"


@dataclass(frozen=True)
class Flag:
    """What a checker said about a line."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(HERE)}:{self.line}: {self.text}"


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
        f"--python-executable={python_of(lane)}",
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
        for each in _read(output)["generalDiagnostics"]
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
        for each in _read(output)
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
        for each in _read(output)["errors"]
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


def _read(output: str) -> Any:
    try:
        return json.loads(output)
    except ValueError:
        raise RuntimeError(f"this is not JSON:\n{output[-2000:]}") from None


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

RUNNERS: dict[str, Callable[[str, Path], list[Flag]]] = {
    "plugin": lambda lane, scratch: _mypy(lane, scratch, plugin=True),
    "mypy": lambda lane, scratch: _mypy(lane, scratch, plugin=False),
    "pyright": lambda lane, scratch: _pyright(lane, scratch, program="pyright"),
    "basedpyright": lambda lane, scratch: _pyright(
        lane,
        scratch,
        program="basedpyright",
        typeCheckingMode="strict",
        reportUninitializedInstanceVariable="error",
        **_OFF,
    ),
    "ty": _ty,
    "pyrefly": _pyrefly,
}
