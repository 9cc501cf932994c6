"""What the plugin says does not depend on mypy's cache, nor on the module a receiver is in.

All of typecheck/cases, all cases of the plugin's own tests and two modules of receivers beside this
one are checked as they are, and split in two: the receivers in one module, the code that connects
and sends in another (split_module.py says how). Each run is compared, line by line and word by
word, with the first, which has no cache.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.static.mypy_program import Mypy
from tests.static.split_module import split
from tests.static.test_mypy_plugin import CASES
from typecheck.markers import HERE as TYPECHECK, cases

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cache")]

CONFIG = """\
[mypy]
strict = True
plugins = {plugins}
disallow_untyped_defs = False
disallow_incomplete_defs = False
disallow_untyped_calls = False
implicit_reexport = True
"""
HERE = Path(__file__).parent
RECEIVERS = [HERE / "decorated_receivers.py", HERE / "held_receivers.py"]
MODULES = {path.stem: path.read_text() for path in [*cases("current"), *RECEIVERS]}
for number, case in enumerate(CASES):
    MODULES[f"plugin_{number}"] = f'"""{case.name}."""\n{case.head}{dedent(case.code)}'

# Refused where the receiver is in the same module; of another module mypy's cache does not keep it.
# (What is said of a parameter behind a `/` differs, too, but such a receiver is always refused.)
ONLY_LOCAL = {
    "paid.connect(Receivers().sync_alias)": "which function an alias stands for",
    "paid.connect(Receivers.sync_untyped)": "the same",
    "paid.connect(Receivers().kept)": "the same",
    "paid.connect(sync_alias)": "the same",
    "paid.connect(partial(sync_alias))": "the same",
    "paid.connect(generator_alias)": "the same",
    "paid.connect(partial_amount)": "which function a partial was made of",
    "paid.connect(partial_sync)": "the same",
}

Line = tuple[str, int]
Said = dict[str, dict[Line, set[str]]]  # of the modules as they are, and of both halves


class Project:
    """The modules, whole and in halves, and what mypy says of each line of both."""

    def __init__(self, folder: Path) -> None:
        self.mypy = Mypy(folder, config=CONFIG)
        shutil.copytree(TYPECHECK / "shop" / "config", folder, dirs_exist_ok=True)
        for module, source in MODULES.items():
            receivers, connects = split(source, f"receivers_{module}")
            self.mypy.write(f"whole_{module}", source)
            self.mypy.write(f"receivers_{module}", receivers)
            self.mypy.write(f"connects_{module}", connects)

    def touch(self, *kinds: str) -> None:
        for kind in kinds:
            for path in self.mypy.folder.glob(f"{kind}_*.py"):
                path.write_text(f"{path.read_text()}# touched\n")

    def check(self, *arguments: str) -> Said:
        return sorted_out(self.mypy.run("--no-error-summary", *arguments, "."))

    def check_with_daemon(self) -> Said:
        return sorted_out(self.mypy.daemon("check", "."))


def sorted_out(output: str) -> Said:
    said: Said = {"whole": {}, "receivers": {}, "connects": {}}
    for line in output.splitlines():
        if re.search(r" note: .* defined (in|here)|\[unused-ignore\]| note: +def ", line):
            # Said of other modules only; by the daemon but once; and an overload with the keys of
            # `**options: Unpack[...]` in the order of the class, or sorted by the cache.
            continue
        found = re.fullmatch(r"(whole|receivers|connects)_(\w+)\.py:(\d+): (.*)", line)
        assert found is not None, line
        kind, module, number, text = found.groups()
        text = re.sub(r"\b(?:whole|receivers|connects)_\w+\.", "", text)
        text = text.replace("__call__(self, ", "__call__(")  # mypy prints it of what it has cached
        said[kind].setdefault((module, int(number)), set()).add(text)
    return said


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def cold(project: Project) -> Said:
    shutil.rmtree(project.mypy.folder / ".mypy_cache", ignore_errors=True)
    return project.check()


def test_halves_are_refused_where_the_whole_is(cold: Said) -> None:
    refused = {kind: {line for line in cold[kind] if errors(cold[kind][line])} for kind in cold}
    whole, halves = refused["whole"], refused["receivers"] | refused["connects"]
    assert len(whole) > 150, "or the cases are not checked at all"
    assert {*halves} - {*whole} == set()
    assert {code(line) for line in {*whole} - {*halves}} == {*ONLY_LOCAL}


def errors(texts: set[str]) -> set[str]:
    return {text for text in texts if text.startswith("error: ")}


def code(line: Line) -> str:
    module, number = line
    return MODULES[module].splitlines()[number - 1].strip()


def test_receivers_from_the_cache_are_checked_as_without_it(project: Project, cold: Said) -> None:
    project.touch("whole", "connects")
    assert project.check() == cold
    project.touch("receivers")
    assert project.check() == cold, "the receivers changed, and all that connects them is checked"


@pytest.fixture
def daemon(project: Project, request: pytest.FixtureRequest) -> Iterator[Project]:
    project.mypy.daemon("start", "--", "--config-file", "mypy.ini", *DAEMON, *request.param)
    yield project
    project.mypy.daemon("stop")


DAEMON = ["--no-error-summary", "--cache-dir", "daemon"]


@pytest.mark.parametrize("daemon", [[]], indirect=True)
def test_the_daemon_says_what_mypy_says(daemon: Project, cold: Said) -> None:
    assert daemon.check_with_daemon() == cold
    daemon.touch("connects")
    assert daemon.check_with_daemon() == cold
    daemon.touch("receivers")
    assert daemon.check_with_daemon() == cold


@pytest.mark.parametrize("daemon", [["--use-fine-grained-cache"]], indirect=True)
def test_the_daemon_says_the_same_of_receivers_from_its_cache(daemon: Project, cold: Said) -> None:
    daemon.check(*DAEMON, "--cache-fine-grained")
    daemon.touch("whole", "connects")
    said = daemon.check_with_daemon()  # nothing of the receivers, which did not change
    assert (said["whole"], said["connects"]) == (cold["whole"], cold["connects"])
    daemon.touch("receivers")
    assert daemon.check_with_daemon() == cold


def test_parallel_workers_say_what_mypy_says(project: Project, cold: Said) -> None:
    if "--num-workers" not in project.mypy.run("--help"):
        pytest.skip("this mypy has no parallel checking")
    parallel = ["--num-workers", "2", "--cache-dir", "parallel"]
    assert project.check(*parallel) == cold
    project.touch("whole", "connects")
    assert project.check(*parallel) == cold
