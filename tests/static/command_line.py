"""The command line as the program that a user calls."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MODELS", "ROOT", "Done", "run", "write"]

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("typed-signals")

MODELS = """\
import ormar
import sqlalchemy
import typed_signals.ormar

base = ormar.OrmarConfig(
    metadata=sqlalchemy.MetaData(),
    database=ormar.DatabaseConnection("sqlite+aiosqlite:///shop.db"),
)

class Base(ormar.Model):
    ormar_config = base.copy(abstract=True)
    id: int = ormar.Integer(primary_key=True)

class Album(Base):
    ormar_config = base.copy(tablename="albums")
    name: str = ormar.String(max_length=100)

class AuditLog(Base):
    ormar_config = base.copy(tablename="audit")
    text: str = ormar.String(max_length=100)

typed_signals.ormar.install({install})
"""


@dataclass(frozen=True)
class Done:
    """How the program ended, and what it printed."""

    status: int
    out: str
    err: str


def run(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> Done:
    """Run the program, in a pipe; lines are wrapped only if the environment has `COLUMNS`."""
    unset = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        env={**unset, "PYTHONWARNINGS": "ignore", "TERM": "xterm-256color", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write the files of a project."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return folder
