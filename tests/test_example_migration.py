"""The example of a migration: every command of its README, with the output that stands there."""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import lanes

pytestmark = pytest.mark.skipif(not lanes.LEGACY, reason="the application is for ormar 0.12")

ROOT = Path(__file__).parents[1]
MIGRATION = ROOT / "examples" / "migration"
README = (MIGRATION / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^```console\n\$ (.+)\n((?:.*\n)*?)```$", README, flags=re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite")
    return Path(shutil.copytree(MIGRATION, tmp_path / "migration", ignore=ignored))


def run(folder: Path, command: str) -> str:
    """What a command prints, with the paths as they are seen from its folder."""
    program, *arguments = shlex.split(command)
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.replace(f"{folder}{os.sep}", "")


def test_the_readme_runs_every_step():
    assert [command.rpartition(" ")[2] for command, _ in COMMANDS if "day.py" in command] == [
        "before",
        "halfway",
        "after",
    ]
    assert len(COMMANDS) == README.count("$ ") == 4


@pytest.mark.parametrize(
    ("command", "printed"), COMMANDS, ids=["before", "checked", "halfway", "after"]
)
def test_command_prints_what_the_readme_shows(folder: Path, command: str, printed: str):
    seen = run(folder, command)
    assert doctest.OutputChecker().check_output(printed, seen, doctest.ELLIPSIS), seen


@pytest.mark.parametrize("mode", ["normal", "strict"])
def test_receivers_at_the_end_give_no_warning_in_any_mode(folder: Path, mode: str):
    after = folder / "after.py"
    text = after.read_text("utf-8")
    assert text.count("install()") == 1
    after.write_text(text.replace("install()", f'install(mode="{mode}")'), "utf-8")
    assert run(folder, "python -W error::UserWarning day.py after") == COMMANDS[-1][1]


def test_receivers_halfway_are_refused_in_normal_mode(folder: Path):
    halfway = folder / "halfway.py"
    text = halfway.read_text("utf-8")
    assert text.count('mode="lenient"') == 1
    halfway.write_text(text.replace('mode="lenient"', ""), "utf-8")
    seen = run(folder, "python day.py halfway")
    assert "SignalDefinitionError: `halfway.log_saved`" in seen
    assert "done" not in seen
