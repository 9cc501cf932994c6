"""`typed-signals check`: mypy with the plugin, without any configuration."""

import re
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.static.command_line import MODELS, ROOT, Done, run, write

GOOD = """\
from ormar import pre_save
from models import Album

@pre_save(Album)
async def promote(sender: type[Album], instance: Album, **kwargs: object) -> None: ...
"""

BAD = """\
from ormar import pre_save
from models import Album

class Other:
    async def save(self) -> None: ...

@pre_save(Album)
async def promote(sender: type[Album], instnace: Album, **kwargs: object) -> None: ...

Album.ormar_config.signals.pre_svae

async def send(other: Other) -> None:
    await Album.ormar_config.signals.pre_save.send(sender=Album)
    Album.ormar_config.signals.post_delete.send_robust(
        sender=Album, instance=Album(name="x")
    )
    other.save()

number: int = "one"
raise RuntimeError("this code is never run")
"""

CODES = {
    "signal-receiver": "@pre_save(Album)",
    "signal-name": "pre_svae",
    "call-arg": ".send(",
    "send-not-awaited": ".send_robust(",
}


def line_of(part: str) -> int:
    return next(n for n, line in enumerate(BAD.splitlines(), 1) if part in line)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose own configuration of mypy would hide everything."""
    return write(
        tmp_path_factory.mktemp("project"),
        {
            "models.py": MODELS.format(install=""),
            "good.py": GOOD,
            "bad.py": BAD,
            "broken.py": "def f(:\n",
            "mypy.ini": "[mypy]\nignore_errors = True\n",
        },
    )


@pytest.fixture(scope="module")
def bad(project: Path) -> Done:
    return run("check", "bad.py", cwd=project)


def test_says_nothing_of_good_code(project: Path) -> None:
    done = run("check", "good.py", "models.py", cwd=project)
    assert (done.status, done.out) == (0, "")
    assert done.err == "typed-signals: no mistakes found in good.py, models.py\n"


def test_shows_each_mistake_with_its_place_and_the_line_of_code(bad: Done) -> None:
    assert bad.status == 1
    errors = re.findall(r"^bad\.py:(\d+):\d+  ([\w-]+)\n    (.*)$", bad.out, re.MULTILINE)
    assert [(int(line), code) for line, code, _ in errors] == [
        (line_of(part), code) for code, part in CODES.items()
    ]
    assert errors[0][2] == "@pre_save(Album)"


def test_says_what_is_wrong_in_the_words_of_connect(bad: Done) -> None:
    assert "it requires `instnace`, which `pre_save` never sends: write `instance`" in bad.out
    assert "  expected: async def receiver(sender: type[Album], *, instance: Album" in bad.out
    assert "did you mean `pre_save`?" in bad.out


def test_says_in_plain_words_that_a_send_is_not_awaited(bad: Done) -> None:
    called = "Album.ormar_config.signals.post_delete.send_robust(…)"
    assert f"  `{called}` is not awaited, so nothing is sent\n  Write `await {called}`." in bad.out
    assert "Coroutine" not in bad.out


def test_counts_what_it_leaves_out(bad: Done) -> None:
    assert bad.err.splitlines() == [
        "typed-signals: 2 errors not about signals; `--all` shows that too",
        "typed-signals: 4 errors in 1 file",
    ]


def test_annotates_on_github(project: Path) -> None:
    done = run("check", "--all", "--format", "github", "good.py", "bad.py", cwd=project)
    assert done.status == 1
    annotations = done.out.splitlines()
    for annotation in annotations:
        assert re.fullmatch(r"::error file=bad\.py,line=\d+,col=\d+,title=[\w-]+::.+", annotation)
    assert len(annotations) == 6
    assert "%0Aexpected: async def receiver(" in annotations[0]


@pytest.mark.parametrize(
    ("form", "start"), [("text", "b/same.py  "), ("github", "::error file=b/same.py,title=")]
)
def test_shows_no_line_for_what_concerns_a_whole_file(
    tmp_path: Path, form: str, start: str
) -> None:
    write(tmp_path, {"a/same.py": "", "b/same.py": ""})
    done = run("check", "--format", form, ".", cwd=tmp_path)
    assert (done.status, done.out[: len(start)]) == (2, start)


def test_refuses_to_check_models_where_ormar_is_not_installed(tmp_path: Path) -> None:
    """As in the environment of a pre-commit hook, which has only what it names."""
    venv.create(tmp_path / "bare", symlinks=True)
    (packages,) = (tmp_path / "bare" / "lib").glob("*/site-packages")
    installed = [*Path(sysconfig.get_path("purelib")).iterdir()]
    for each in (*installed, ROOT / "typed_signals", ROOT / "stubs" / "ormar-stubs"):
        if each.name != "ormar" and each.suffix != ".pth":
            (packages / each.name).symlink_to(each)
    write(tmp_path / "shop", {"models.py": MODELS.format(install=""), "good.py": GOOD})
    done = subprocess.run(
        [tmp_path / "bare" / "bin" / "python", "-m", "typed_signals", "check", "."],
        cwd=tmp_path / "shop",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("typed-signals: ormar is not installed beside this command")


def test_leaves_the_projects_own_cache_alone(bad: Done, project: Path) -> None:
    assert [each.name for each in (project / ".mypy_cache").iterdir()] == ["typed-signals"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["broken.py"], "mypy could not check the code further; fix this first"),
        (["nowhere.py"], "there is no `nowhere.py`: name files and folders, not modules"),
    ],
    ids=["syntax", "no file"],
)
def test_exits_with_2_when_it_cannot_check(project: Path, arguments: list[str], said: str) -> None:
    done = run("check", *arguments, cwd=project)
    assert done.status == 2
    assert done.err == f"typed-signals: {said}\n"
    assert ("broken.py:1:" in done.out) == (arguments == ["broken.py"])
