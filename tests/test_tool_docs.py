"""The pages about the tools: every Python block of them runs, and its tests pass."""

import importlib
import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize(
    ("page", "needs", "tests"),
    [
        ("testing", "typed_signals", 8),
        ("observability", "opentelemetry", 0),
        ("validation", "pydantic", 0),
    ],
)
def test_python_blocks_of_a_page_run(pytester, page, needs, tests):
    importlib.import_module(needs)
    text = (DOCS / f"{page}.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks
    always = "\n\ndef test_the_page_was_imported(): ...\n"
    pytester.makepyfile(**{f"test_{page}_page": "\n".join(blocks) + always})
    result = pytester.runpytest_subprocess(
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_mode=auto",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    )
    result.assert_outcomes(passed=tests + 1)
