"""`typed-signals doctor`: versions, stubs, and the plugin in the project's configuration."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.static.command_line import run, write

ON = "the plugin is on in"
PYDANTIC = "pydantic.mypy"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"mypy.ini": "[mypy]\nplugins = typed_signals.mypy\n"}, f"{ON} {{}}/mypy.ini"),
        ({".mypy.ini": "[mypy]\nplugins = typed_signals.mypy\n"}, f"{ON} {{}}/.mypy.ini"),
        ({"setup.cfg": "[mypy]\nplugins=a, typed_signals.mypy\n"}, f"{ON} {{}}/setup.cfg"),
        (
            {"pyproject.toml": '[tool.mypy]\nplugins = ["typed_signals.mypy"]\n'},
            f"{ON} {{}}/pyproject.toml",
        ),
        ({"pyproject.toml": '[tool.mypy]\nplugins = "typed_signals.mypy:plugin"\n'}, ON),
        (  # files that say nothing of mypy are passed over
            {
                "pyproject.toml": "[tool.ruff]\n",
                "setup.cfg": "[mypy]\nplugins =\n  a,\n  typed_signals.mypy\n",
            },
            f"{ON} {{}}/setup.cfg",
        ),
    ],
    ids=["mypy.ini", ".mypy.ini", "setup.cfg", "pyproject.toml", "as a string", "second choice"],
)
def test_finds_the_plugin(tmp_path: Path, files: dict[str, str], said: str) -> None:
    write(tmp_path, {".git/HEAD": "", **files})
    done = run("doctor", tmp_path)
    assert said.format(tmp_path) in done.out
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("All well.\n")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, ("mypy has no configuration", "write in [mypy] of mypy.ini: plugins = typed_")),
        (
            {"mypy.ini": f"[mypy]\nplugins = {PYDANTIC}\n"},
            ("is not on", f"of mypy.ini: plugins = {PYDANTIC}, typed_signals.mypy"),
        ),
        (
            {"pyproject.toml": f'[tool.mypy]\nplugins = ["{PYDANTIC}"]\n'},
            ("is not on", f'[tool.mypy] of pyproject.toml: plugins = ["{PYDANTIC}", "typed_signa'),
        ),
        (  # an empty mypy.ini comes before everything else
            {"mypy.ini": "", "setup.cfg": "[mypy]\nplugins = typed_signals.mypy\n"},
            ("the plugin is not on in {}/mypy.ini", "write in [mypy] of mypy.ini"),
        ),
        (
            {"pyproject.toml": "[tool.mypy\n"},
            ("mypy's configuration cannot be read", "mend the file"),
        ),
    ],
    ids=["none", "ini", "toml", "empty", "broken"],
)
def test_says_how_to_turn_the_plugin_on(
    tmp_path: Path, files: dict[str, str], said: tuple[str, ...]
) -> None:
    write(tmp_path, {".git/HEAD": "", **files})
    done = run("doctor", tmp_path)
    assert all(each.format(tmp_path) in done.out for each in said), done.out
    assert done.status == 1
    assert done.out.endswith("1 to mend.\n")


def test_agrees_with_mypy_on_which_file_counts(tmp_path: Path) -> None:
    """mypy is asked too: it fails if the plugin that the doctor found is no plugin."""
    outer = write(tmp_path, {".git/HEAD": "", "setup.cfg": "[mypy]\nplugins = json\n"})
    inner = write(outer / "inner", {"pyproject.toml": "[tool.other]\n", "code.py": ""})
    assert f"is not on in {outer / 'setup.cfg'} (on: json)" in run("doctor", inner).out
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "code.py"],
        cwd=inner,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Error importing plugin "json"' in done.stdout + done.stderr or (
        'does not define entry point function "plugin"' in done.stdout + done.stderr
    )


def test_imports_nothing_of_the_project(tmp_path: Path) -> None:
    code = "raise SystemExit('imported')\n"
    modules = ("conftest", "setup", "ormar", "typing_extensions", "shop/__init__", "sitecustomize")
    write(tmp_path, {".git/HEAD": "", **{f"{name}.py": code for name in modules}})
    done = run("doctor", cwd=tmp_path)
    assert done.status == 1
    assert "imported" not in done.out + done.err


# --- versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "era", "holes", "upgrade"),
    [
        ("0.9.8", "`class Meta`", ["27953"], "0.23.1"),
        ("0.9.9", "`class Meta`", ["26198", "27953"], "0.23.1"),
        ("0.12.2", "`class Meta`", ["26198", "27953"], "0.23.1"),
        ("0.12.3", "`class Meta`", ["27953"], "0.23.1"),
        ("0.20.0b1", "of `databases`", ["26198", "27953"], "0.23.1"),
        ("0.21.0", "of `databases`", ["26198", "27953"], "0.23.1"),
        ("0.22.0", "connections of its own", ["26198", "27953"], "0.23.1"),
        ("0.23.0", "connections of its own", ["27953"], "0.23.1"),
        ("0.23.1", "connections of its own", [], ""),
        ("0.26.0", "connections of its own", [], ""),
    ],
)
def test_names_the_era_of_an_ormar_and_its_known_holes(
    tmp_path: Path, version: str, era: str, holes: list[str], upgrade: str
) -> None:
    out = with_installed(tmp_path, ormar=version)
    [line] = [each for each in out.splitlines() if f"ormar {version}:" in each]
    assert era in line
    assert [each for each in ("26198", "27953") if f"CVE-2026-{each}" in out] == holes
    assert out.count(f"upgrade to ormar {upgrade} or later") == (len(holes) if holes else 0)


@pytest.mark.parametrize(
    ("package", "version", "supported"),
    [
        ("ormar", "0.12.2", False),
        ("ormar", "0.12.3", True),
        ("ormar", "0.27.0", False),
        ("mypy", "1.0.0", False),
        ("mypy", "2.4.1", True),
    ],
)
def test_says_which_versions_are_supported(
    tmp_path: Path, package: str, version: str, supported: bool
) -> None:
    out = with_installed(tmp_path, **{package: version})
    assert (f"{package} {version}" in out) is True
    assert (f"pip install '{package}{declared(package)}'" in out) is not supported


def declared(package: str) -> str:
    """The versions that this package's own metadata names."""
    [found] = [
        line.partition(";")[0]
        for line in importlib.metadata.requires("typed-signals") or ()
        if line.startswith(package)
    ]
    return found.removeprefix(package)


def with_installed(folder: Path, **versions: str) -> str:
    """What the doctor prints when metadata of these versions stands before what is installed."""
    for package, version in versions.items():
        write(
            folder / "site",
            {
                f"{package}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\n"
                f"Name: {package}\nVersion: {version}\n"
            },
        )
    done = subprocess.run(
        [sys.executable, "-m", "typed_signals", "doctor", str(folder)],
        env={**os.environ, "PYTHONPATH": str(folder / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


# --- stubs and surroundings ----------------------------------------------------------------------


def test_says_what_hides_the_stubs(tmp_path: Path) -> None:
    write(tmp_path, {".git/HEAD": "", "typings/ormar/__init__.pyi": ""})
    done = run("doctor", tmp_path)
    assert "ok    the stubs are found in" in done.out
    assert f"{tmp_path}/typings/ormar hides the stubs from pyright" in done.out
    assert done.status == 1


def test_says_that_the_project_has_an_environment_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {".git/HEAD": "", ".venv/pyvenv.cfg": ""})
    assert f"the project has its own in {tmp_path}/.venv" in run("doctor", tmp_path).out


def test_says_that_there_is_no_such_folder(tmp_path: Path) -> None:
    done = run("doctor", tmp_path / "shop")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"typed-signals: there is no folder `{tmp_path}/shop`\n"
