"""The pages of the documentation: their code runs and passes mypy, their links lead to files.

That the site can be built, and its pages find one another, is checked by `make docs`.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts.readme import REGION, ROOT, blocks, mypy_says, sections

DOCS = ROOT / "docs"
# These are run by tests of their own, or hold no Python.
RUN_ELSEWHERE = {
    "checkers",
    "command-line",
    "messages",
    "observability",
    "testing",
    "validation",
}
PAGES = sorted(page for page in DOCS.glob("*.md") if page.stem not in RUN_ELSEWHERE)
# The second file of the one imports its first; the other has a mistake in every block.
CHECKED = [page for page in DOCS.glob("*.md") if page.stem not in {"command-line", "messages"}]

REFUSAL = re.compile(r"Signal(Definition|Name)\w+:|UnknownSignalError:|cannot be connected to")
ERROR = re.compile(r"^(\S+)\.py:(\d+): error: (.*)$", re.MULTILINE)
INSTALL = re.compile(r"pip install ((?:\"[^\"]+\"|[^\s`]| )+)")
# With which extras a module comes.
COMES_WITH = {
    "sqlalchemy": {"ormar"},
    "pydantic": {"ormar", "validation", "durable"},
    "opentelemetry": {"opentelemetry-sdk"},
}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_a_page_prints_what_it_shows(page: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "readme.py", "--check", page]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"run scripts/readme.py {page}:\n{done.stdout}{done.stderr}"


def flagged(pages: dict[str, str]) -> tuple[set[str], set[str], str]:
    """The blocks that are refused when run, those that mypy flags, and what mypy says."""
    files: dict[str, str] = {}
    starts: dict[str, list[int]] = {}
    refused: set[str] = set()
    for name, text in pages.items():
        code = ""
        (section,) = sections(text, whole=True)
        for number, (python, below) in enumerate(blocks(section)):
            starts.setdefault(name, []).append(code.count("\n") + 1)
            code += python.content + "\n\n"
            if below is not None and REFUSAL.search(below.content):
                refused.add(f"{name}, block {number}")
        if code:
            files[f"{name}.py"] = code
    said = mypy_says(files)
    found: set[str] = set()
    for name, line, _ in ERROR.findall(said):
        number = sum(start <= int(line) for start in starts[name]) - 1
        found.add(f"{name}, block {number}")
    return refused, found, said


def test_mypy_reports_exactly_what_is_refused_at_run_time() -> None:
    refused, found, said = flagged(
        {f"page_{page.stem.replace('-', '_')}": page.read_text("utf-8") for page in CHECKED}
    )
    assert len(refused) >= 4
    assert found == refused, said


def test_code_that_mypy_reports_fails_the_comparison() -> None:
    right = "```python\nimport asyncio\n```\n"
    wrong = "```python\nasyncio.run(1)\n```\n"
    refused, found, said = flagged({"page": right + wrong + right})
    assert (refused, found) == (set(), {"page, block 1"}), said


@pytest.mark.parametrize(
    "page",
    ["README", "docs/tutorial", "docs/fastapi", "docs/sqlalchemy", "docs/durable", "docs/testing",
     "docs/command-line", "docs/observability", "docs/validation"],
)  # fmt: skip
def test_page_says_how_to_install_what_its_program_needs(page: str) -> None:
    text = (ROOT / f"{page}.md").read_text("utf-8")
    said = set(re.findall(r"[\w-]+", " ".join(INSTALL.findall(text))))
    needed = set(re.findall(r"\w\+(\w+):/", text))
    for python, _ in blocks(sections(text, whole=True)[0]):
        for node in ast.walk(ast.parse(python.content)):
            match node:
                case ast.Import(names=names):
                    needed |= {each.name.partition(".")[0] for each in names}
                case ast.ImportFrom(module=str(module)):
                    needed.add(module.partition(".")[0])
    needed -= {*sys.stdlib_module_names, "typed_signals", "shop"}
    assert not {each for each in needed if not said & {each, *COMES_WITH.get(each, ())}}


def test_first_page_lists_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (table,) = re.findall(r"## Extras.*", (DOCS / "index.md").read_text("utf-8"), re.DOTALL)
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(project["optional-dependencies"])


def pages() -> list[Path]:
    """Every page, README and example text."""
    return [
        *ROOT.glob("*.md"),
        *DOCS.glob("**/*.md"),
        *ROOT.glob("examples/**/*.md"),
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    targets = {link.partition("#")[0] for link in LINK.findall(text) if "://" not in link}
    missing = {each for each in targets - {""} if not (page.parent / each).exists()}
    assert not missing


def test_every_python_block_is_found() -> None:
    """A block inside a list or a box is indented, and would not be found."""
    fence = re.compile(r"^ *(?:```|~~~) *\{? *\.?py", re.MULTILINE)
    included = re.compile(r'^``` \{ \.python \}\n--8<-- "examples/[\w/]+\.py"\n```$', re.MULTILINE)
    for page in CHECKED:
        text = included.sub("", REGION.sub("", page.read_text("utf-8")))
        found = [each for section in sections(text) for each in blocks(section)]
        assert len(fence.findall(text)) == len(found), page
