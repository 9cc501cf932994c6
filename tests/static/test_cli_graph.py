"""`typed-signals graph`: who sends which signal to whom, and what receivers write."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.static.command_line import MODELS, run, write

RECEIVERS = """\
from ormar import post_delete, post_save, post_update, pre_save
from models import Album, AuditLog, Base
import models

@post_save(Album)
async def by_instance(sender, instance, **kwargs):
    entry = AuditLog(text=instance.name)
    await entry.save()

@post_save(Album)
async def by_query(sender, instance, **kwargs):
    await models.AuditLog.objects.filter(text="x").update(text='"y" <z>')

@post_save(AuditLog)
async def by_annotation(sender, instance, album: Album = None, **kwargs):
    await album.update(name="x")

@post_update(Album)
async def its_own(sender, instance, **kwargs):
    await instance.delete()

async def helper():
    await AuditLog.objects.create(text="x")

@post_delete(Album)
async def by_helper(sender, **kwargs):
    await helper()

class Log:
    async def entry(self):
        await AuditLog(text="x").save()
    async def by_method(self, sender, **kwargs):
        await self.entry()

Album.ormar_config.signals.pre_delete.connect(Log().by_method, on_commit=True)

@pre_save(Base)
async def nothing(sender, instance, **kwargs):
    await AuditLog.objects.all()
    {}.update(a=1)
    await helper_that_is_not()
"""

WRITES = {
    "by_instance": {"AuditLog"},
    "by_query": {"AuditLog"},
    "by_annotation": {"Album"},
    "its_own": {"Album"},
    "by_helper": {"AuditLog"},
    "by_method": {"AuditLog"},
    "nothing": set[str](),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(
        tmp_path_factory.mktemp("project"),
        {"models.py": MODELS.format(install=""), "receivers.py": RECEIVERS},
    )


@pytest.fixture(scope="module")
def mermaid(project: Path) -> str:
    done = run("graph", "receivers", cwd=project)
    assert done.status == 0, done.err
    return done.out


def arrows(text: str, node: str, arrow: str) -> set[tuple[str, str]]:
    """The arrows by what is written on the nodes, without the places."""
    names = dict(re.findall(node, text))
    return {(names[start], names[end]) for start, end in re.findall(arrow, text)}


@pytest.fixture(scope="module")
def drawn(mermaid: str) -> set[tuple[str, str]]:
    return arrows(mermaid, r'(n\d+)\W+"([^<"]+)', r"(n\d+) -->(?:\|[^|]*\|)? (n\d+)")


def test_leads_from_models_to_signals_to_receivers(drawn: set[tuple[str, str]]) -> None:
    assert {
        ("Album", "post_save"),
        ("post_save", "receivers.by_instance"),
        ("post_save", "receivers.by_query"),
        ("AuditLog", "post_save"),
        ("post_save", "receivers.by_annotation"),
        ("Album", "pre_delete"),
        ("pre_delete", "Log.by_method"),
        ("Base", "pre_save"),
        ("pre_save", "receivers.nothing"),
    } <= drawn


@pytest.mark.parametrize("receiver", WRITES)
def test_shows_which_models_a_receiver_writes(receiver: str, drawn: set[tuple[str, str]]) -> None:
    written = {end for start, end in drawn if start.endswith(f".{receiver}")}
    assert written == WRITES[receiver]


def test_draws_inherited_receivers_once_where_they_are_connected(mermaid: str) -> None:
    assert '"Base<br/>and every model below"' in mermaid
    assert mermaid.count("receivers.nothing") == 1


def test_marks_what_runs_on_commit(mermaid: str) -> None:
    assert len(re.findall(r"-->\|on commit\|", mermaid)) == 1


def test_dot_says_the_same_as_mermaid(project: Path, drawn: set[tuple[str, str]]) -> None:
    out = run("graph", "receivers", "--format", "dot", cwd=project).out
    assert out.startswith("digraph signals {\n")
    assert out.endswith("}\n")
    assert arrows(out, r'(?m)^  (n\d+) \[label="([^\\"]+)', r"(n\d+) -> (n\d+)") == drawn


def test_writes_an_svg_in_four_columns_without_overlaps(project: Path) -> None:
    done = run("graph", "receivers", "-o", "shop.svg", cwd=project)
    assert (done.status, done.out) == (0, "")
    assert done.err.endswith("typed-signals: wrote shop.svg\n")
    root = ElementTree.parse(project / "shop.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    words = [each.text for each in root.iter(f"{space}text")]
    assert {"Model", "Signal", "Receiver", "Writes", "receivers.by_query", "on commit"} <= {*words}
    assert words.count("AuditLog") == 2  # as sender, and as what is written
    boxes = [each.attrib for each in root.iter(f"{space}rect")][1:]
    columns = {float(box["x"]) for box in boxes}
    assert len(columns) == 4
    for x in columns:
        column = sorted(float(box["y"]) for box in boxes if float(box["x"]) == x)
        assert all(above + 40 < below for above, below in pairwise(column))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["models"], "nothing to draw: nobody listens to any signal of `models`"),
        (["receivers", "-o", "shop.pdf"], "the format of a `.pdf` file is not known"),
        (["receivers", "-o", "no/shop.svg"], "`no/shop.svg` cannot be written: No such file"),
    ],
    ids=["no receivers", "format", "no folder"],
)
def test_says_in_one_sentence_why_it_cannot_draw(
    project: Path, arguments: list[str], said: str
) -> None:
    done = run("graph", *arguments, cwd=project)
    assert (done.status, done.out) == (2, "")
    assert said in done.err.splitlines()[-1]
