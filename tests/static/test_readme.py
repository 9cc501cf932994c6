"""The README says what is: its code is run, and its tables and outputs are made anew."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def readme(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "readme.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_is_up_to_date() -> None:
    status, difference = readme("--check")
    assert status == 0, f"run scripts/readme.py:\n{difference}"


def test_notices_what_has_drifted(tmp_path: Path) -> None:
    drifts = {
        "| `pre_delete` | `instance` |": "| `pre_delete` | `instances` |",  # the table
        "True False\n": "True True\n",  # what code prints
        "pre_update` never sends: write `passed_args`": "pre_update` never sends",  # a refusal
        "Found 1 error in 1 file": "Found 2 errors in 1 file",  # what mypy says
    }
    text = README.read_text("utf-8")
    drifted = text
    for true, false in drifts.items():
        assert drifted.count(true) == 1
        drifted = drifted.replace(true, false)
    file = tmp_path / "README.md"
    file.write_text(drifted, "utf-8")
    status, difference = readme("--check", file)
    assert status == 1
    for true, false in drifts.items():
        assert any(false.strip() in line for line in difference.splitlines() if line[0] == "-")
        assert any(true.strip() in line for line in difference.splitlines() if line[0] == "+")
    readme(file)
    assert file.read_text("utf-8") == text


def test_code_that_fails_unannounced_is_not_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("## One\n\n```python\nprint(undefined)\n```\n", "utf-8")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "readme.py", "--check", file],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "name 'undefined' is not defined" in done.stderr
