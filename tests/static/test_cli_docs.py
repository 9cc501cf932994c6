"""The page on the command line: every output on it is what the program prints.

``python -m tests.static.test_cli_docs`` brings the outputs and the picture up to date.
"""

import difflib
import re
import tempfile
from pathlib import Path

import pytest

from tests.static.command_line import ROOT, run, write

PAGE = ROOT / "docs" / "command-line.md"
PICTURE = ROOT / "docs" / "assets" / "graph.svg"
CONSOLE = re.compile(r"```console\n\$ typed-signals (.*)\n((?:.*\n)*?)```\n")
# Versions and places are those of whoever runs it.
SHOWN = (
    (r"(Python|mypy) (\d+)\.\d+\.\d+", r"\1 \2.x"),
    (r"(ormar|sqlalchemy|typed-signals) (\d+\.\d+)\.\d+", r"\1 \2.x"),
    (r"(?<=stubs are found in ).*", "…"),
)


def brought_up_to_date(page: str, folder: Path) -> str:
    """The page with what the program prints now, in a folder with the page's files."""
    shop, late = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    write(folder, {".git/HEAD": "", "shop.py": shop, "late.py": late})

    def answer(block: re.Match[str]) -> str:
        done = run(*block[1].split(), cwd=folder, COLUMNS="96")
        assert done.status in (0, 1), done.err
        out = done.out.rstrip()
        for pattern, instead in (*SHOWN, (re.escape(str(folder)), ".")):
            out = re.sub(pattern, instead, out)
        return f"```console\n$ typed-signals {block[1]}\n{out}\n```\n"

    return CONSOLE.sub(answer, page)


@pytest.mark.slow
def test_the_page_shows_what_the_program_prints(tmp_path: Path) -> None:
    page = PAGE.read_text()
    assert len(CONSOLE.findall(page)) == 7
    now = brought_up_to_date(page, tmp_path)
    assert now == page, "\n".join(difflib.unified_diff(page.splitlines(), now.splitlines()))


def test_the_picture_shows_the_graph_of_the_page() -> None:
    nodes = re.findall(r'^  n\d+\W+"(.*)"', PAGE.read_text(), re.MULTILINE)
    assert len(nodes) == 11
    picture = PICTURE.read_text()
    for line in (line for node in nodes for line in node.split("<br/>")):
        assert f">{line}</text>" in picture


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(brought_up_to_date(PAGE.read_text(), Path(folder)))
        run("graph", "shop", "-o", PICTURE, cwd=Path(folder))
