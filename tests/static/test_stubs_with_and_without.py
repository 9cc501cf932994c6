"""Code reads the same with the stubs as without them, but for what they add about signals."""

import re
import subprocess
import venv
from pathlib import Path

import pytest

from typecheck.checkers import BIN, ROOT
from typecheck.markers import HERE, cases, expectations

pytestmark = pytest.mark.slow

# Code that has nothing to do with signals; every line is one on which a type can be lost.
ORDINARY = """
from typing import Optional
import ormar
import sqlalchemy

base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), tablename="base")

class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums", order_by=["name"])
    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    note: Optional[str] = ormar.String(max_length=100, nullable=True)

class Track(ormar.Model):
    ormar_config = base.copy()
    id: int = ormar.Integer(primary_key=True)
    album: Optional[Album] = ormar.ForeignKey(Album)

async def use(album: Album, track: Track, model: type[ormar.Model]) -> None:
    Album(id=1, name="a")
    reveal_type(album.id)
    reveal_type(album.pk)
    reveal_type(album.note)
    reveal_type(track.album)
    reveal_type(Album.objects)
    reveal_type(await Album.objects.get(name="a"))
    reveal_type(await Album.objects.filter(name="a").all())
    reveal_type(await Album.objects.create(name="a"))
    reveal_type(await album.save())
    reveal_type(await album.update(name="b"))
    reveal_type(await album.delete())
    reveal_type(await album.load_all())
    reveal_type(album.model_dump())
    reveal_type(album.saved)
    reveal_type(album.ormar_config.tablename)
    reveal_type(album.ormar_config.metadata)
    reveal_type(album.ormar_config.order_by)
    reveal_type(album.ormar_config.model_fields)
    reveal_type(album.ormar_config.table)
    reveal_type(model.ormar_config.abstract)
    reveal_type(base.tablename)
    reveal_type(ormar.and_(name="a"))
    reveal_type(ormar.NoMatch)
    reveal_type(ormar.QuerySet)
    reveal_type(ormar.Undefined)
    reveal_type(ormar.ExcludableItems)
    reveal_type(ormar.UniqueColumns("name"))
    base.copy(tablename=3)
    base.copy(no_such_option=3)
    ormar.OrmarConfig(tablename=3)
    ormar.no_such_thing
    album.ormar_config.no_such_option
    album.name + 3
    await album.save(3)
    ormar.String(max_length="a")
"""


BY_ALL = pytest.mark.parametrize("checker", ["mypy", "pyright", "basedpyright", "ty", "pyrefly"])


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """An environment with everything that the current lane has, except this package."""
    bare = tmp_path_factory.mktemp("bare")
    venv.create(bare, symlinks=True)
    [ours] = (BIN.parent / "lib").glob("*/site-packages")
    [theirs] = bare.glob("lib/*/site-packages")
    # A path file inside a folder that a path file names is not read.
    (theirs / "current.pth").write_text(f"{ours}\n")
    return bare


@BY_ALL
def test_public_code_has_no_error_that_it_would_not_have_without_the_stubs(checker, bare, tmp_path):
    public = [path for path in cases("current") if path.name.startswith("public_")]
    for path in (*public, HERE / "shop" / "config" / "shop.py"):
        (tmp_path / path.name).write_text(path.read_text())
    found = {}
    for environment in (BIN.parent, bare):
        output = _run_on(tmp_path, checker, environment)
        places = re.findall(r"(public_\w+\.py):(\d+)(?::\d+)?.*\b(?:error|warning)\b", output)
        places += re.findall(r"(?:ERROR|WARN) (?:\S*/)?(public_\w+\.py):(\d+)", output)
        found[environment] = {(name, int(line)) for name, line in places}
    assert found[bare]  # the runner does read what they say
    marked = {
        (path.name, line)
        for path in public
        for expected in expectations(path)
        if checker in expected.by
        for line in expected.lines
    }
    assert found[BIN.parent] - found[bare] <= marked


@pytest.mark.parametrize("checker", ["mypy", "mypy with pydantic", "pyright", "ty", "pyrefly"])
def test_ordinary_code_reads_the_same_with_and_without_the_stubs(checker, bare, tmp_path):
    path = tmp_path / "ordinary.py"
    path.write_text(ORDINARY)
    with_stubs = _reported_by(checker, path, BIN.parent)
    without = _reported_by(checker, path, bare)
    assert len(without) > 30
    if checker == "pyrefly":  # which wants `pk` of every new instance, but for the stubs
        made = ORDINARY.splitlines().index('    Album(id=1, name="a")') + 1
        assert without.pop(f"{made}:10") == "an error"
    # More may be known than before, but nothing less and nothing else.
    known = {place: text for place, text in without.items() if not _UNKNOWN.search(text)}
    assert {place: with_stubs[place] for place in known} == known
    assert set(with_stubs) == set(without)


_UNKNOWN = re.compile(r"\bUnknown\b|\bAny\W*$")


def _reported_by(checker: str, path: Path, environment: Path) -> dict[str, str]:
    """The revealed type, or that there is an error, by place."""
    reported: dict[str, str] = {}
    output = _run_on(path.parent, checker, environment)
    for place, text in re.findall(rf"{path.name}:((?:\d+:\d+)?)(.*)$", output, re.MULTILINE):
        reveals = "evealed type" in text or "Type of" in text
        # A model is now made of ormar's.
        said = re.sub(r"ormar\.models\.(?:model|ormar_config)\.", "ormar.models.", text)
        reported[place] = said if reveals else reported.get(place, "") + "an error"
    return reported


def _run_on(folder: Path, checker: str, environment: Path) -> str:
    """What a checker prints about the files of a folder."""
    python = environment / "bin" / "python"
    cache = ROOT / ".mypy_cache" / f"stubs-{environment.name}"
    mypy = ["mypy", "--strict", f"--cache-dir={cache}", "--show-column-numbers",
            f"--python-executable={python}"]  # fmt: skip
    plugin = folder / "pydantic.ini"
    plugin.write_text("[mypy]\nplugins = pydantic.mypy\n")
    command = {
        "mypy": [*mypy, "--config-file="],
        "mypy with pydantic": [*mypy, f"--config-file={plugin}"],
        "pyright": ["pyright", f"--pythonpath={python}"],
        "basedpyright": ["basedpyright", f"--pythonpath={python}", "--level=error"],
        "ty": ["ty", "check", f"--python={environment}", "--output-format=concise"],
        "pyrefly": ["pyrefly", "check", "--preset=default", "--output-format=min-text",
                    f"--python-interpreter-path={python}"],
    }[checker]  # fmt: skip
    return subprocess.run(
        [BIN / command[0], *command[1:], *sorted(path.name for path in folder.glob("*.py"))],
        capture_output=True, text=True, check=False, cwd=folder,
    ).stdout  # fmt: skip
