"""What an editor shows and underlines, asked of real language servers on a project of ormar models.

The project is set up as docs/checkers.md says, in an activated environment.
"""

import json
import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

import typed_signals
from scripts.decorator_docs import docstring_of
from tests.static.lsp import Document, LanguageServer
from typecheck.checkers import BIN, ROOT
from typecheck.markers import HERE
from typed_signals import ModelSignals
from typed_signals._emitter import declared_signals

pytestmark = pytest.mark.xdist_group("editors")

SERVERS = {
    "basedpyright": ["basedpyright-langserver", "--stdio"],
    "ty": ["ty", "server"],
    "pyrefly": ["pyrefly", "lsp"],
}

# What a server cannot do, by the name of the test or of the mistake; the page says it in these
# words. Each is an expected failure, so that a server that has learned it is noticed.
TEMPLATES = "ty and pyrefly show `connect` and `send` as they are written, with type variables"
CANNOT = {
    "basedpyright": {
        "never sent, of any type": "pyright takes a parameter that accepts anything (`child` or "
        "`child: Any`) for one that future payload may fill, and does not underline it",
    },
    "ty": {
        "test_hovering_connect_shows_the_signature_that_is_expected": TEMPLATES,
        "test_typing_a_send_shows_the_payload": TEMPLATES,
        "test_an_offered_signal_has_its_documentation": "ty documents what it offers by its type, "
        "so that every signal is described as a `Signal`; hovering shows the signal's own text",
    },
    "pyrefly": {
        "test_hovering_connect_shows_the_signature_that_is_expected": TEMPLATES,
        "test_typing_a_send_shows_the_payload": TEMPLATES,
    },
}

HEAD = """\
from typing import Any

from ormar import pre_save
from shop import Album, Track, any_album
from typed_signals import ModelSignals, PreSaveReceiver, Signal, get_signals

"""


@pytest.fixture(scope="module", params=SERVERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def project(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp(name)
    shutil.copy(HERE / "shop" / "config" / "shop.py", project)
    environment = {"venvPath": str(BIN.parent.parent), "venv": BIN.parent.name}
    (project / "pyrightconfig.json").write_text(json.dumps(environment))
    (project / "pyrefly.toml").write_text('preset = "default"\n')
    return project


@pytest.fixture(scope="module")
def server(name: str, project: Path) -> Iterator[LanguageServer]:
    command, *arguments = SERVERS[name]
    activated = {
        "VIRTUAL_ENV": str(BIN.parent),
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
    }
    with LanguageServer([BIN / command, *arguments], project, **activated) as server:
        yield server


numbers = count()


@pytest.fixture
def opened(server: LanguageServer, project: Path):
    """Opens a file with the given text, below the imports that all share."""

    def opened(text: str) -> Document:
        path = project / f"receivers_{next(numbers)}.py"
        path.write_text(HEAD + text)
        return Document(server, path, HEAD + text)

    return opened


@pytest.fixture(autouse=True)
def _known_limits(request: pytest.FixtureRequest, name: str) -> None:
    asked = {request.node.originalname, *request.node.callspec.params.values()}
    for what, why in CANNOT.get(name, {}).items():
        if what in asked:
            request.applymarker(pytest.mark.xfail(reason=why, raises=AssertionError))


def words(text: str) -> str:
    """A text without its layout: servers turn docstrings into Markdown, each in its way."""
    return " ".join(text.replace("`", "").replace("&nbsp;", " ").split())


def documentation(signal: str) -> str:
    """What is shown of a signal: the first line of its Protocol."""
    protocol = declared_signals(ModelSignals)[signal].protocol
    assert protocol.__doc__
    return words(protocol.__doc__.splitlines()[0])


ELEVEN = list(declared_signals(ModelSignals))


# --- what is shown --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signals", ["Album.ormar_config.signals", "Album.Meta.signals", "any_album().signals"]
)
def test_the_eleven_signals_are_offered(opened, signals):
    offered = opened(f"{signals}.\n").completions(f"{signals}.|")
    assert sorted(offered) == sorted(ELEVEN)


def test_an_offered_signal_has_its_documentation(opened):
    offered = opened("Album.ormar_config.signals.\n").completions("signals.|\n")
    for signal in ELEVEN:
        assert documentation(signal) in words(offered[signal])


def test_signals_of_ones_own_are_offered_beside_the_eleven_with_their_text(opened):
    text = (
        "class AlbumSignals(ModelSignals[Album]):\n"
        "    played: Signal[PreSaveReceiver[Album]]\n"
        '    """Somebody listened."""\n\n'
        "get_signals(Album, AlbumSignals).played\n"
        "get_signals(Album, AlbumSignals).\n"
    )
    document = opened(text)
    offered = document.completions("AlbumSignals).|\n")
    assert sorted(offered) == sorted([*ELEVEN, "played"])
    assert "Somebody listened." in document.hover("AlbumSignals).play|ed")


def test_hovering_a_signal_shows_its_receiver_and_its_documentation(opened):
    lines = [f"Album.ormar_config.signals.{signal}" for signal in ELEVEN]
    document = opened("\n".join(lines) + "\n")
    for signal, (protocol, _) in declared_signals(ModelSignals).items():
        shown = document.hover(f"signals.{signal[:2]}|{signal[2:]}\n")
        assert "Signal[" in shown
        assert f"{protocol.__name__}[" in shown
        assert "Album]]" in shown
        assert documentation(signal) in words(shown)


def test_hovering_a_protocol_shows_when_it_is_sent_and_with_what(opened):
    document = opened("receiver: PreSaveReceiver[Album]\n")
    shown = words(document.hover(": PreSave|Receiver[Album]"))
    assert "Receives an instance about to be inserted" in shown
    assert "Sent by: Model.save(), objects.create()" in shown
    assert "its primary key may still be None" in shown


def test_hovering_a_decorator_of_ormar_shows_what_the_receiver_gets(opened):
    lines = [f"from ormar import {signal}  # here" for signal in ELEVEN]
    document = opened("\n".join(lines) + "\n")
    for signal in ELEVEN:
        shown = words(document.hover(f"import {signal[:2]}|{signal[2:]}  # here"))
        for line in docstring_of(signal).splitlines():
            assert words(line) in shown.replace("\\", "")


def test_hovering_a_decorator_of_ours_names_its_protocol(opened):
    lines = [f"from typed_signals.ormar import {signal}  # here" for signal in ELEVEN]
    document = opened("\n".join(lines) + "\n")
    for signal in ELEVEN:
        shown = document.hover(f"import {signal[:2]}|{signal[2:]}  # here")
        assert declared_signals(ModelSignals)[signal].protocol.__name__ in shown


def test_hovering_connect_shows_the_signature_that_is_expected(opened):
    document = opened("Album.ormar_config.signals.pre_save.connect\n")
    shown = words(document.hover(".con|nect"))
    assert "sender: type[Album], *, instance: Album, **kwargs: object" in shown


def test_typing_a_send_shows_the_payload(opened):
    document = opened("Album.ormar_config.signals.pre_save.send(\n")
    shown = document.signature("send(|")
    assert "sender: type[Album], *, instance: Album, **kwargs: object" in shown


def test_a_connected_function_keeps_its_own_signature(opened):
    document = opened(
        "@pre_save(Album)\n"
        "async def promote(sender: type[Album], instance: Album, **kwargs: Any) -> int:\n"
        "    return 1\n\n"
        "print(promote)\n"
    )
    shown = words(document.hover("print(prom|ote)"))
    assert "sender: type[Album], instance: Album, **kwargs: Any" in shown
    assert "int" in shown.partition("->")[2]
    assert "object" not in shown


def test_going_to_the_definition_of_a_signal_leads_to_its_declaration(opened):
    document = opened("Album.ormar_config.signals.pre_save\n")
    path, line = document.definition("signals.pre_|save")
    assert path == Path(typed_signals.__file__).with_name("lifecycle.py")
    assert line == "pre_save: Signal[PreSaveReceiver[Model]]"


def test_going_to_the_definition_of_a_decorator_leads_to_ormars_or_to_ours(opened):
    _, line = opened("pre_save(Album)\n").definition("pre_|save(Album)")
    assert line.startswith("def pre_save(senders: ")
    document = opened("import typed_signals.ormar\n\ntyped_signals.ormar.pre_save(Album)\n")
    path, line = document.definition("ormar.pre_|save(Album)")
    assert path == Path(typed_signals.__file__).with_name("_model_decorators.py")
    assert line.startswith("def pre_save(")


# --- what is underlined ---------------------------------------------------------------------------

RIGHT = """\
@pre_save(Album)
async def receive(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...
"""
CONNECT = "@Album.ormar_config.signals.pre_save.connect"
MISTAKES = {
    "wrong model in a decorator": ("instance: Album", "instance: Track"),
    "wrong model": ("@pre_save(Album)", CONNECT, "instance: Album", "instance: Track"),
    "misspelt payload": ("instance:", "instnace:"),
    "never sent": ("**kwargs", "child: Track, **kwargs"),
    "never sent, of any type": ("**kwargs", "child: Any, **kwargs"),
    "no kwargs": (", **kwargs: Any", ""),
    "no sender": ("sender: type[Album], ", ""),
    "not async": ("async def", "def"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_receiver_is_underlined_until_it_is_fixed(opened, mistake):
    wrong = RIGHT
    changes = iter(MISTAKES[mistake])
    for old, new in zip(changes, changes, strict=True):
        assert old in wrong
        wrong = wrong.replace(old, new)
    document = opened(f"{RIGHT}\n\n{wrong}\n\n{RIGHT}")
    assert list(document.errors()) == [document.line(wrong)]
    document.change(f"{HEAD}{RIGHT}\n\n{RIGHT}")
    assert document.errors() == {}
    document.change(f"{HEAD}\n{wrong}")
    assert list(document.errors()) == [document.line(wrong)]


# --- what the page says ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CANNOT)
def test_the_page_names_what_a_server_cannot_do(name):
    page = words((ROOT / "docs" / "checkers.md").read_text())
    for why in CANNOT[name].values():
        assert words(why) in page
