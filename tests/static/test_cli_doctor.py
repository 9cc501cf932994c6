"""`typed-signals doctor`: packages, stubs, mypy's configuration, and modules nobody imports."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.static.command_line import MODELS, run, write

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
    assert done.out.endswith("All is well.\n")


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
            ("{0}/setup.cfg names the plugin, but mypy reads {0}/mypy.ini", "[mypy] of mypy.ini"),
        ),
        (
            {"pyproject.toml": "[tool.mypy\n"},
            ("mypy's configuration cannot be read", "fix the file"),
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
    assert done.out.endswith("1 to fix.\n")


PLUGIN = "typed_signals.mypy"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"mypy.ini": "[mypy]\nplugins = a, typed-signals.mypy\n"},
            (
                "`typed-signals.mypy` in {}/mypy.ini is not the name of the plugin: did you mean",
                f"write in [mypy] of mypy.ini: plugins = a, {PLUGIN}",
            ),
        ),
        (
            {"pyproject.toml": '[tool.mypy]\nplugins = ["typed_signals"]\n'},
            (
                "`typed_signals` in {}/pyproject.toml is not the name of the plugin",
                f'[tool.mypy] of pyproject.toml: plugins = ["{PLUGIN}"]',
            ),
        ),
        (
            {"mypy.ini": "[mypy]\nplugins = typed_singals.mypy\n"},
            ("is not the name of the plugin: did you mean `typed_signals.mypy`?",),
        ),
        (  # the line is in a file that mypy does not read
            {
                "mypy.ini": "[mypy]\nplugins = a\n",
                "pyproject.toml": f'[tool.mypy]\nplugins = ["{PLUGIN}"]\n',
            },
            (
                "{0}/pyproject.toml names the plugin, but mypy reads {0}/mypy.ini instead",
                f"write in [mypy] of mypy.ini: plugins = a, {PLUGIN}",
            ),
        ),
        (  # the line is in a section that mypy does not read
            {"pyproject.toml": f'[mypy]\nplugins = ["{PLUGIN}"]\n'},
            ("{}/pyproject.toml names the plugin, but not as one of the `plugins` in [tool.mypy]",),
        ),
        (
            {"mypy.ini": f"[mypy]\n[mypy-shop.*]\nplugins = {PLUGIN}\n"},
            ("{}/mypy.ini names the plugin, but not as one of the `plugins` in [mypy]",),
        ),
    ],
    ids=["dash", "no module", "letters", "unread file", "unread table", "unread section"],
)
def test_finds_a_plugin_line_that_does_nothing(
    tmp_path: Path, files: dict[str, str], said: tuple[str, ...]
) -> None:
    done = run("doctor", write(tmp_path, {".git/HEAD": "", **files}))
    assert all(each.format(tmp_path) in done.out for each in said), done.out
    assert done.status == 1


def test_says_that_the_plugin_of_pydantic_disturbs(tmp_path: Path) -> None:
    """mypy is asked too: it finds mistakes in the models, and none without that plugin."""
    config = f"[mypy]\nplugins = {PYDANTIC}, {PLUGIN}\n"
    models = MODELS.format(install="") + "\nalbum = Album(name='x')\n"
    write(tmp_path, {".git/HEAD": "", "mypy.ini": config, "models.py": models})
    done = run("doctor", tmp_path)
    assert done.status == 0
    assert f"  note  `{PYDANTIC}` in {tmp_path}/mypy.ini finds mistakes" in done.out
    assert f"write in [mypy] of mypy.ini: plugins = {PLUGIN}\n" in done.out
    said = mypy(tmp_path, "models.py")
    assert "Untyped fields disallowed" in said
    assert "Missing named argument" in said
    write(tmp_path, {"mypy.ini": f"[mypy]\nplugins = {PLUGIN}\n"})
    assert mypy(tmp_path, "models.py").startswith("Success")


def mypy(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_agrees_with_mypy_on_which_file_counts(tmp_path: Path) -> None:
    """mypy is asked too: it fails if the plugin that the doctor found is no plugin."""
    outer = write(tmp_path, {".git/HEAD": "", "setup.cfg": "[mypy]\nplugins = json\n"})
    inner = write(outer / "inner", {"pyproject.toml": "[tool.other]\n", "code.py": ""})
    assert f"is not on in {outer / 'setup.cfg'} (on: json)" in run("doctor", inner).out
    said = mypy(inner, "code.py")
    assert 'Error importing plugin "json"' in said or 'entry point function "plugin"' in said


def test_imports_nothing_of_the_project(tmp_path: Path) -> None:
    code = "raise SystemExit('imported')\n"
    modules = ("conftest", "setup", "ormar", "typing_extensions", "shop/__init__", "sitecustomize")
    write(tmp_path, {".git/HEAD": "", **{f"{name}.py": code for name in modules}})
    done = run("doctor", cwd=tmp_path)
    assert done.status == 1
    assert "imported" not in done.out + done.err


# --- versions ------------------------------------------------------------------------------------


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
        if line.startswith(package) and line.partition("extra == ")[2].strip("'\"") in ("", package)
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
    assert (
        done.err
        == f"typed-signals: there is no folder `{tmp_path}/shop`: name the folder of the project\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["doctor", "check"])
def test_refuses_a_folder_with_more_files_than_a_project_has(tmp_path: Path, command: str) -> None:
    for number in range(10_000):
        (tmp_path / f"{number}.py").touch()
    write(tmp_path, {"venv/pyvenv.cfg": "", "venv/one.py": "", ".git/one.py": ""})
    assert "has more than" not in run("doctor", tmp_path).err
    (tmp_path / "one_more.py").touch()
    done = run(command, tmp_path)
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        f"typed-signals: `{tmp_path}` has more than 10,000 Python files: name the folder of one "
        "project\n"
    )


# --- the project ---------------------------------------------------------------------------------

HOOK = """\
repos:
  - repo: https://example.com/mirrors-mypy
    hooks:
      - id: mypy
        {more}
      - id: other  # ormar, typed-signals
"""


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ("args: [--strict]", "ormar and typed-signals"),
        ('additional_dependencies: ["ormar==0.26", pydantic]', "typed-signals"),
        ('additional_dependencies: ["ormar==0.26", "typed_signals[mypy]"]', ""),
        ("language: system", ""),
    ],
)
def test_finds_a_hook_without_what_mypy_needs(tmp_path: Path, more: str, missing: str) -> None:
    config = HOOK.format(more=more)
    write(tmp_path, {".git/HEAD": "", ".pre-commit-config.yaml": config})
    out = run("doctor", tmp_path).out
    said = f"BAD   the mypy hook in .pre-commit-config.yaml runs without {missing}\n"
    assert (said in out) is bool(missing)
    assert ("additional_dependencies: [" in out) is bool(missing)


@pytest.mark.parametrize("uses", [True, False])
def test_finds_an_environment_without_the_ormar_that_the_project_imports(
    tmp_path: Path, uses: bool
) -> None:
    code = "import ormar.fields\n" if uses else "import os\n"
    write(tmp_path, {".git/HEAD": "", "shop/models.py": code})
    hidden = "import importlib.metadata as m; v = m.version\ndef version(name):\n"
    hidden += "    if name == 'ormar': raise m.PackageNotFoundError(name)\n    return v(name)\n"
    hidden += "m.version = version; from typed_signals.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "doctor", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    bad = "BAD   ormar is not installed here, but shop/models.py imports it"
    assert (bad in done.stdout) is uses, done.stdout + done.stderr
    assert ("`additional_dependencies`" in done.stdout) is uses


RECEIVER = "from shop.models import A\n@pre_save(A)\nasync def f(sender, **kwargs): ...\n"


def test_finds_modules_with_receivers_that_no_module_imports(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".git/HEAD": "",
            "src/shop/__init__.py": "from . import orders\nfrom shop.stock import connected\n",
            "src/shop/orders.py": RECEIVER,
            "src/shop/stock/connected.py": RECEIVER,
            "src/shop/stock/__init__.py": "",
            "src/shop/stock/receivers.py": RECEIVER,
            "src/shop/users/__init__.py": "",
            "src/shop/users/receivers.py": RECEIVER,
            "src/shop/users/start.py": "autodiscover('shop.users')\n",
            "src/shop/hooks/__init__.py": "",
            "src/shop/hooks/mails.py": RECEIVER,
            "src/shop/pages/__init__.py": "autodiscover(__name__, name='pages_changed')\n",
            "src/shop/pages/pages_changed.py": RECEIVER,
            "start.py": "typed_signals.autodiscover('crm', 'shop', name='hooks')\n",
            "src/shop/by_name.py": RECEIVER,
            "src/shop/loader.py": "import_module('shop.by_name')\n",
            "src/shop/script.py": RECEIVER + "if __name__ == '__main__': ...\n",
            "src/shop/nothing.py": "from ormar import pre_save\n",
            "src/shop/models.py": "@pre_save(A)\nasync def f(sender, **kwargs): ...\n",
            "alone.py": "@pre_save(A)\nasync def f(sender, **kwargs): ...\n",
            "tests/test_stock.py": "import shop.stock.receivers\n" + RECEIVER,
            ".venv/pyvenv.cfg": "",
            ".venv/other.py": RECEIVER,
        },
    )
    done = run("doctor", tmp_path)
    found = [line for line in done.out.splitlines() if "connects receivers" in line]
    assert found == [
        "  note  src/shop/stock/receivers.py connects receivers, and no module of the project "
        "imports it"
    ]
    assert (
        'write `import shop.stock.receivers`, or `typed_signals.autodiscover("shop")` for all '
        "that are called so, where it starts"
    ) in " ".join(done.out.split())
