"""The reference has every public name, each on one page."""

import importlib
import re

import pytest

from scripts.docs_roles import on_page_content
from scripts.readme import ROOT

PAGES = [*(ROOT / "docs" / "reference").glob("*.md"), ROOT / "docs" / "ormar-signals.md"]
ENTRY = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
ENTRIES = [name for page in PAGES for name in ENTRY.findall(page.read_text("utf-8"))]


def names_of(module: str) -> list[str]:
    public: list[str] = importlib.import_module(module).__all__
    return public


@pytest.mark.parametrize(
    "module",
    ["typed_signals", "typed_signals.durable", "typed_signals.validation"],
)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    # ormar's eleven are on a page that is made of the Protocols.
    modules = ("typed_signals.lifecycle", "typed_signals._model_decorators")
    elsewhere = {name for each in modules for name in names_of(each)} - {"ModelSignals"}
    if module != "typed_signals":
        elsewhere = {*names_of("typed_signals")}
    missing = [
        name
        for name in names_of(module)
        if f"{module}.{name}" not in ENTRIES and name not in elsewhere
    ]
    assert not missing


@pytest.mark.parametrize("module", ["testing", "introspection", "tracing"])
def test_modules_that_are_shown_whole_are_in_the_reference(module: str) -> None:
    assert f"typed_signals.{module}" in ENTRIES


def test_no_name_is_on_two_pages() -> None:
    assert len(ENTRIES) == len(set(ENTRIES))


def test_example_in_a_docstring_is_shown_as_python() -> None:
    said = '<p>One of :class:<code>Sent</code>::</p>\n<div class="language-text highlight">'
    shown = on_page_content(f"{said}<pre><span></span><code>a &lt; None\n</code></pre></div>")
    assert '"typed_signals.Sent"><code>Sent</code></autoref>:</p>' in shown
    assert '<div class="language-python highlight"><pre><span></span><code>' in shown
    assert '<span class="kc">None</span>\n</code></pre></div>' in shown
