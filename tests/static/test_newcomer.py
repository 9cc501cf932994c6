"""The tutorial as a newcomer goes through it: the wheel in an environment and a folder of its own.

ormar and the checkers are those of the current lane, so that nothing is fetched.
"""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from scripts.readme import ROOT, blocks, sections
from tests.static.lsp import Document, LanguageServer
from tests.static.test_docs import REFUSAL
from tests.static.test_editors import CANNOT, ELEVEN, SERVERS
from typecheck.checkers import BIN

pytestmark = pytest.mark.slow  # `make test-newcomer`, which `make test` runs beside the lanes

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def steps() -> list[tuple[str, int | None]]:
    """The file as it grows, with the line that is wrong in it; what is wrong is taken out again."""
    grown, found = "", list[tuple[str, int | None]]()
    (section,) = sections(TUTORIAL, whole=True)
    for python, below in blocks(section):
        text = f"{grown}{python.content}\n\n"
        wrong = below is not None and REFUSAL.search(below.content)
        found.append((text, grown.count("\n") + 1 if wrong else None))
        grown = grown if wrong else text
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("newcomer")
    wheels = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", wheels]
    run(ROOT, *build, PYTHONPATH=str(BIN.parent.parent / "tools"))
    venv.create(project / ".venv", symlinks=True)
    (packages,) = (project / ".venv" / "lib").glob("*/site-packages")
    (wheel,) = wheels.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(packages)
    # What this file names is searched, but not the files of its kind there: not this checkout.
    (packages / "lane.pth").write_text(sysconfig.get_path("purelib"))
    where = run(project, python(project), "-c", "import typed_signals as t; print(t.__file__)")
    assert Path(where.strip()).is_relative_to(packages)
    (project / "mypy.ini").write_text("[mypy]\nplugins = typed_signals.mypy\n")
    (project / "pyrefly.toml").write_text('preset = "default"\n')
    assert "[mypy]\nplugins = typed_signals.mypy\n" in TUTORIAL
    return project


def python(project: Path) -> Path:
    return project / ".venv" / "bin" / "python"


def activated(project: Path) -> dict[str, str]:
    environment = python(project).parent
    path = os.pathsep.join([str(environment), str(BIN), os.environ["PATH"]])
    return {"VIRTUAL_ENV": str(environment.parent), "PATH": path}


def run(folder: Path, *command: object, status: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env={**os.environ, **activated(folder), **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SERVERS)
def test_an_editor_underlines_what_the_tutorial_calls_wrong_and_nothing_else(project, name):
    command, *arguments = SERVERS[name]
    path = project / "shop.py"
    path.write_text("")
    with LanguageServer([BIN / command, *arguments], project, **activated(project)) as server:
        document = Document(server, path, "")
        for text, wrong in steps():
            document.change(text)
            path.write_text(text)
            reported = document.errors()
            assert set(reported) == ({wrong} if wrong else set()), reported
        config = f"{document.text}\nAlbum.ormar_config."
        document.change(f"{config}signals.\n")
        assert sorted(document.completions(".signals.|\n")) == sorted(ELEVEN)
        document.change(f"{config}signals.pre_save.send()\n")
        assert "PreSaveReceiver[Album]" in document.hover("pre_|save.send()\n")
        shown = document.signature("pre_save.send(|)")
        limited = "test_typing_a_send_shows_the_payload" in CANNOT[name]
        assert ("instance: Album" in shown) is not limited


@pytest.mark.parametrize("config", ["mypy.ini", ""], ids=["plugin", "no plugin"])
def test_mypy_flags_what_the_tutorial_calls_wrong_and_nothing_else(project, config):
    said = [(text, wrong) for text, wrong in steps() if wrong]
    assert said, "the tutorial shows a mistake"
    for text, wrong in [*said, steps()[-1]]:
        (project / "shop.py").write_text(text)
        mypy = [python(project), "-m", "mypy", f"--config-file={config}", "shop.py"]
        reported = run(project, *mypy, status=1 if wrong else 0)
        lines = {int(line.split(":")[1]) for line in reported.splitlines() if ": error: " in line}
        assert lines == ({wrong} if wrong else set()), reported


def test_the_program_runs_and_the_command_line_knows_it(project):
    text, _ = steps()[-1]
    (project / "shop.py").write_text(text)
    said = run(project, python(project), "shop.py")
    assert said.splitlines()[0] == "[{'name': 'Horses', 'is_best_seller': True}]"
    program = [python(project), "-m", "typed_signals"]
    listed = run(project, *program, "list", "shop")
    for receiver in ("promote", "log", "restock"):
        assert f"shop.{receiver}" in listed
    run(project, *program, "doctor")
    run(project, *program, "check", "shop.py")
