"""`typed-signals graph`: senders, signals, receivers, and the models that receivers write."""

import re
import subprocess
import sys
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
    assert '"Base<br/>and the models that inherit from it"' in mermaid
    assert mermaid.count("receivers.nothing") == 1


def test_draws_what_one_model_inherits(project: Path) -> None:
    out = run("graph", "receivers:AuditLog", cwd=project).out
    assert '"receivers.nothing<' in out
    assert '"Base' not in out


def test_marks_what_runs_on_commit(mermaid: str) -> None:
    assert len(re.findall(r"-->\|on commit\|", mermaid)) == 1


def test_dot_says_the_same_as_mermaid(project: Path, drawn: set[tuple[str, str]]) -> None:
    out = run("graph", "receivers", "--format", "dot", cwd=project).out
    assert out.startswith("digraph signals {\n")
    assert out.endswith("}\n")
    assert arrows(out, r'(?m)^  (n\d+) \[label="([^\\"]+)', r"(n\d+) -> (n\d+)") == drawn


def test_draws_standalone_signals(tmp_path: Path) -> None:
    code = "from typed_signals import Signal\nsold = Signal()\n"
    code += "@sold.connect\nasync def f(sender, **kwargs): ...\n"
    out = run("graph", "shop", cwd=write(tmp_path, {"shop.py": code})).out
    nodes = dict(re.findall(r'(n\d+)\W+"([^"<]+)', out))
    steps = re.findall(r"(n\d+) --> (n\d+)", out)
    assert [(nodes[a], nodes[b]) for a, b in steps] == [("shop", "sold"), ("sold", "shop.f")]


def test_draws_signals_that_were_made_of_functions(tmp_path: Path) -> None:
    code = "from typed_signals import signal\n@signal\n"
    code += "async def sold(sender, *, copies, **kwargs) -> None: ...\n"
    code += "@sold.connect\nasync def f(sender, **kwargs): ...\n"
    out = run("graph", "shop", cwd=write(tmp_path, {"shop.py": code})).out
    nodes = dict(re.findall(r'(n\d+)\W+"([^"<]+)', out))
    steps = re.findall(r"(n\d+) --> (n\d+)", out)
    assert [(nodes[a], nodes[b]) for a, b in steps] == [("shop", "sold"), ("sold", "shop.f")]


def test_draws_pictures_with_graphviz(project: Path) -> None:
    for suffix, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        done = run("graph", "receivers", "-o", f"shop.{suffix}", cwd=project)
        assert (done.status, done.out) == (0, "")
        assert done.err.endswith(f"typed-signals: wrote shop.{suffix}\n")
        assert (project / f"shop.{suffix}").read_bytes().startswith(start)
    space = "{http://www.w3.org/2000/svg}"
    root = ElementTree.parse(project / "shop.svg").getroot()
    words = {each.text for each in root.iter(f"{space}text")}
    assert {"AuditLog", "post_save", "receivers.by_query", "on commit"} <= words


def test_without_graphviz_it_says_what_to_install(project: Path) -> None:
    code = "import sys; sys.modules['pygraphviz'] = None\n"
    code += "from typed_signals.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "graph", "receivers", "-o", "x.png"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "typed-signals: a picture needs Graphviz: pip install 'typed-signals[graph]', or write "
        ".mmd or .dot\n"
    )


def test_the_format_can_be_named(project: Path) -> None:
    run("graph", "receivers", "-o", "shop.txt", "--format", "dot", cwd=project)
    assert (project / "shop.txt").read_text().startswith("digraph signals {\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["models"], "nothing to draw: no signal of `models` has a receiver"),
        (
            ["receivers", "-o", "shop.gif"],
            "cannot write a `.gif` file, only .mmd, .dot, .gv, .svg, .png, .pdf",
        ),
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
