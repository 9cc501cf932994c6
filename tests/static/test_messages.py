"""The page about checkers' messages quotes what the checkers say of its code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.readme import ROOT, blocks, sections

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "messages.md"
BIN = Path(sys.prefix) / "bin"
ROW = re.compile(r"^\| (mypy with plugin|mypy|pyright|ty|pyrefly) \| (.*) \|$", re.MULTILINE)
COMMANDS: dict[str, tuple[object, ...]] = {
    "mypy with plugin": (BIN / "mypy", "--config-file=plugin.ini", "--no-incremental"),
    "mypy": (BIN / "mypy", "--config-file=plain.ini", "--no-incremental"),
    "pyright": (BIN / "pyright", f"--pythonpath={BIN / 'python'}"),
    "ty": (BIN / "ty", "check", f"--python={BIN.parent}", "--output-format=full"),
    "pyrefly": (BIN / "pyrefly", "check", f"--python-interpreter-path={BIN / 'python'}"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each mistake, below the models of the page."""
    folder = tmp_path_factory.mktemp("messages")
    (found,) = sections(PAGE.read_text("utf-8"), whole=True)
    models, *mistakes = (python.content for python, _ in blocks(found))
    for number, code in enumerate(mistakes):
        (folder / f"mistake_{number:02}.py").write_text(f"{models}\n\n{code}", "utf-8")
    (folder / "plugin.ini").write_text("[mypy]\nplugins = typed_signals.mypy\n", "utf-8")
    (folder / "plain.ini").write_text("[mypy]\n", "utf-8")
    (folder / "pyrefly.toml").write_text('preset = "default"\n', "utf-8")
    return folder


def quotes() -> dict[str, list[str]]:
    """What each checker says of each mistake, as the page has it."""
    found: dict[str, list[str]] = {checker: [] for checker in COMMANDS}
    for checker, quote in ROW.findall(PAGE.read_text("utf-8")):
        found[checker].append(quote.strip("`").strip() if quote[0] == "`" else quote)
    return found


@pytest.mark.parametrize("checker", COMMANDS)
def test_page_quotes_what_a_checker_says(checker: str, folder: Path) -> None:
    files = sorted(folder.glob("mistake_*.py"))
    quoted = quotes()[checker]
    assert len(quoted) == len(files)
    command = [*map(str, COMMANDS[checker]), *(file.name for file in files)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    said = done.stdout + done.stderr
    accepted = {f.name for f, quote in zip(files, quoted, strict=True) if quote == "accepts it"}
    assert {file.name for file in files if file.name not in said} == accepted, said
    missing = [quote for quote in quoted if quote != "accepts it" and quote not in said]
    assert not missing, said
