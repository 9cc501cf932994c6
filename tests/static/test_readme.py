"""README.md tells the truth: its code runs, and its outputs are generated."""

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("page", "drifts"),
    [
        (
            "README.md",
            {
                "about to commit\nnew album": "new album\nabout to commit",  # what code prints
                "Found 1 error in 1 file": "Found 2 errors in 1 file",  # what mypy says
            },
        ),
        ("docs/ormar-signals.md", {"| `pre_delete` | `instance` |": "| `pre_delete` | `child` |"}),
        (
            "docs/refusals.md",
            {"never sends: write `passed_args`": "never sends: write `arguments`"},
        ),
    ],
)
def test_notices_what_has_drifted(page: str, drifts: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    drifted = text
    for true, false in drifts.items():
        assert drifted.count(true) == 1
        drifted = drifted.replace(true, false)
    file = tmp_path / Path(page).name
    file.write_text(drifted, "utf-8")
    status, difference = readme("--check", file)
    assert status == 1
    lines = difference.splitlines()
    for true, false in drifts.items():
        assert any(false.splitlines()[0] in line for line in lines if line[0] == "-")
        assert any(true.splitlines()[0] in line for line in lines if line[0] == "+")
    readme(file)
    assert file.read_text("utf-8") == text


def test_hidden_code_runs_and_is_type_checked(tmp_path: Path) -> None:
    hidden = "<!-- python\nanswer: int = 42\n-->\n"
    shown = "```python\nprint(answer + '')\n```\n\n```text\n```\n"
    file = tmp_path / "README.md"
    file.write_text(f"{hidden}\n{shown}\n<!-- generated: mypy -->\n<!-- end -->\n", "utf-8")
    assert readme(file) == (0, "")
    text = file.read_text("utf-8")
    assert "TypeError: unsupported operand" in text
    assert "shop.py:4: error: Unsupported operand types" in text
    assert text.startswith(hidden)


def test_code_that_fails_without_a_block_of_text_is_reported(tmp_path: Path) -> None:
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
