"""``typed-signals doctor``: does everything fit together, and what to do if it does not."""

from __future__ import annotations

import configparser
import os
import platform
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import click
from packaging.requirements import Requirement
from rich.text import Text

from typed_signals.cli._library import suggest
from typed_signals.cli._output import CannotRun, say
from typed_signals.cli._source import (
    files_below,
    how_to_import,
    imported_packages,
    module_name,
    not_imported,
    refuse_if_no_project,
)

_PACKAGE = "typed-signals"
_STUBS = "ormar-stubs"
_PLUGIN = "typed_signals.mypy"
_PYDANTIC = "pydantic.mypy"
_ORMS = {"ormar", "sqlalchemy", "sqlmodel"}

# Where mypy looks for its configuration, in this order; the last two may be of other tools alone.
_CONFIGS = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")
_OWN_CONFIGS = (
    Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "mypy", "config"),
    Path("~/.config/mypy/config"),
    Path("~/.mypy.ini"),
)

_MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("BAD ", "bold red")}

# What was looked at: "ok", "note" or "bad", what was found, and what to do about it.
_Results = Iterator[tuple[str, str, str]]


@click.command()
@click.argument("project", metavar="[PROJECT_DIR]", default=".", type=click.Path(path_type=Path))
def doctor(project: Path) -> None:
    """Check that everything fits together.

    Looks at the packages beside this command, the stubs, the mypy plugin, and the modules in
    PROJECT_DIR (by default here). It reads the source without importing it. Exits with 1 if
    something needs fixing.
    """
    if not project.is_dir():
        given = f"`{project}` is a file" if project.exists() else f"there is no folder `{project}`"
        raise CannotRun(f"{given}: name the folder of the project")
    refuse_if_no_project(project)
    project, bad = project.resolve(), 0
    for part in (_python, _ormar, _sqlalchemy, _mypy, _pre_commit, _stubs, _modules):
        for verdict, found, remedy in part(project):
            say(found, start=Text.assemble("  ", _MARKS[verdict], "  "), indent=8)
            if remedy:
                say(remedy, "cyan", indent=8)
            bad += verdict == "bad"
    say(f"\n{bad} to fix." if bad else "\nAll is well.", "bold red" if bad else "bold green")
    if bad:
        raise click.exceptions.Exit(1)


# --- packages ------------------------------------------------------------------------------------


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _version(package: str) -> _Results:
    """Compare the installed version of a package with what our own metadata supports."""
    installed = f"{package} {version(package)}"
    every = map(Requirement, requires(_PACKAGE) or ())
    # Durable receivers need more than the rest does.
    named = (each for each in every if each.name == package and "durable" not in str(each.marker))
    supported = next(named).specifier
    if supported.contains(version(package), prereleases=True):
        yield "ok", installed, ""
        return
    versions = ", ".join(sorted(map(str, supported), reverse=True))
    found = f"{installed}, which is not supported ({versions} is)"
    yield "bad", found, f"pip install '{package}{supported}'"


def _python(project: Path) -> _Results:
    yield "ok", f"Python {platform.python_version()}, {_PACKAGE} {version(_PACKAGE)}", ""
    for own in (project / ".venv", project / "venv"):
        if (own / "pyvenv.cfg").is_file() and own.resolve() != Path(sys.prefix).resolve():
            found = f"these are the packages in {sys.prefix}; the project has its own in {own}"
            yield "note", found, f"install {_PACKAGE} there and run it from there"


def _imported(project: Path) -> set[str]:
    """The ORMs that the project imports."""
    return _ORMS & imported_packages(*files_below(project))


def _ormar(project: Path) -> _Results:
    if _installed("ormar"):
        yield from _version("ormar")
        return
    user = next((each for each in files_below(project) if "ormar" in imported_packages(each)), None)
    if user is not None:
        yield (
            "bad",
            f"ormar is not installed here, but {user.relative_to(project)} imports it: checkers "
            "cannot check the signals of models",
            f"pip install '{_PACKAGE}[ormar]'; a hook of pre-commit has an environment of its own: "
            "name ormar under its `additional_dependencies`",
        )
    elif not _imported(project):
        yield "note", "ormar is not installed, and the project does not import it", ""


def _sqlalchemy(project: Path) -> _Results:
    if not {"sqlalchemy", "sqlmodel"} & _imported(project):
        return
    if _installed("sqlalchemy"):
        yield from _version("sqlalchemy")
        return
    yield (
        "bad",
        "sqlalchemy is not installed here, but the project imports it: checkers cannot check the "
        "signals of models",
        f"pip install '{_PACKAGE}[sqlalchemy]'",
    )


def _pre_commit(project: Path) -> _Results:
    """The mypy hook of pre-commit runs in an environment of its own."""
    file = project / ".pre-commit-config.yaml"
    text = file.read_text(errors="replace") if file.is_file() else ""
    for hook in re.findall(r"-\s+id: mypy\b.*?(?=\n\s*- (?:id|repo):|\Z)", text, re.DOTALL):
        # SQLAlchemy comes with the others.
        used = _imported(project) or {"ormar"}
        used = used - {"sqlalchemy"} or used
        wanted = [each for each in (*sorted(used), _PACKAGE) if _installed(each)]
        named = re.findall(r"[\w-]+", hook.replace("_", "-"))
        missing = [each for each in wanted if each not in named]
        if missing and "language: system" not in hook:
            found = f"the mypy hook in {file.name} runs without {' and '.join(missing)}"
            names = ", ".join(f'"{each}=={version(each)}"' for each in wanted)
            yield "bad", found, f"write in the hook: additional_dependencies: [{names}]"


# --- mypy ----------------------------------------------------------------------------------------


def _mypy(project: Path) -> _Results:
    if not _installed("mypy"):
        found = "mypy is not installed; other checkers and editors need no plugin"
        yield "note", found, "pip install 'typed-signals[mypy]', or leave it"
        return
    yield from _version("mypy")
    try:
        yield from _configuration(project)
    except (OSError, ValueError, configparser.Error) as error:
        yield "bad", f"mypy's configuration cannot be read: {error}", "fix the file"


def _configuration(project: Path) -> _Results:
    """Whether mypy loads our plugin, and whether another one disturbs."""
    files = [file for file in _candidates(project) if file.is_file()]
    named = next((file for file in files if _PLUGIN in file.read_text()), None)
    file = next((file for file in files if _options(file) is not None), named or Path("mypy.ini"))
    plugins: Any = (_options(file) or {}).get("plugins", []) if file in files else []
    names = re.split(r"[,\n]", plugins) if isinstance(plugins, str) else plugins
    every = [each.strip() for each in names if each.strip()]
    ours = [each for each in every if each.partition(":")[0] == _PLUGIN]
    wrong = [each for each in every if each not in ours and _is_misspelt(each)]
    others = [each for each in every if each not in (*ours, *wrong)]
    if ours:
        found = f"the plugin is on in {file}"
    elif wrong:
        found = f"`{wrong[0]}` in {file} is not the name of the plugin: did you mean `{_PLUGIN}`?"
    elif named == file:
        found = f"{file} names the plugin, but not as one of the `plugins` in {_section(file)}"
    elif named:
        found = f"{named} names the plugin, but mypy reads {file} instead"
    elif file in files:
        on = f" (on: {', '.join(others)})" if others else ""
        found = f"the plugin is not on in {file}{on}"
    else:
        found = "mypy has no configuration, so no plugin"
    yield ("ok", found, "") if ours else ("bad", found, _write(file, *others))
    if _PYDANTIC in others and _installed("ormar"):
        others.remove(_PYDANTIC)
        yield (
            "note",
            f"`{_PYDANTIC}` in {file} finds mistakes in correct ormar models (`Untyped fields "
            "disallowed`, `Missing named argument`)",
            f"unless you need it for other models of pydantic, {_write(file, *others)}",
        )


def _is_misspelt(plugin: str) -> bool:
    name = plugin.partition(":")[0].replace("-", "_")
    return name.startswith("typed_signal") or suggest(name, [_PLUGIN]) is not None


def _section(file: Path) -> str:
    return "[tool.mypy]" if file.suffix == ".toml" else "[mypy]"


def _write(file: Path, *others: str) -> str:
    """How to turn the plugin on in a file, beside other plugins."""
    if file.suffix == ".toml":
        value = str([*others, _PLUGIN]).replace("'", '"')
    else:
        value = ", ".join((*others, _PLUGIN))
    return f"write in {_section(file)} of {file.name}: plugins = {value}"


def _candidates(project: Path) -> Iterator[Path]:
    """The files in which mypy looks for its configuration when run in the project."""
    for folder in (project, *project.parents):
        yield from (folder / name for name in _CONFIGS)
        if (folder / ".git").exists() or (folder / ".hg").exists():
            break
    yield from (file.expanduser() for file in _OWN_CONFIGS)


def _options(file: Path) -> dict[str, Any] | None:
    """Mypy's global options in a file; ``None`` if mypy would look further."""
    if file.suffix == ".toml":
        options: dict[str, Any] | None = tomllib.loads(file.read_text()).get("tool", {}).get("mypy")
        return options
    parser = configparser.RawConfigParser()
    parser.read(file)
    if parser.has_section("mypy"):
        return dict(parser["mypy"])
    return None if file.name == "setup.cfg" else {}


# --- stubs and modules ---------------------------------------------------------------------------


def _stubs(project: Path) -> _Results:
    found = [folder for folder in sys.path if Path(folder, _STUBS, "py.typed").is_file()]
    if found:
        yield "ok", f"the stubs are found in {found[0]}", ""
    else:
        what = f"the stubs `{_STUBS}` are not found: checkers do not know the model of a signal"
        yield "bad", what, f"pip install --force-reinstall {_PACKAGE}"
    for hiding in (project / "typings" / "ormar", project / "typings" / _STUBS):
        if hiding.exists():
            yield "bad", f"{hiding} hides the stubs from pyright and Pylance", f"remove {hiding}"


def _modules(project: Path) -> _Results:
    """Modules whose receivers are not connected, because nothing imports them."""
    for file in not_imported(project):
        shown, (name, _) = file.relative_to(project), module_name(file)
        found = f"{shown} connects receivers, and no module of the project imports it"
        yield (
            "note",
            found,
            f"unless your program starts in it, write {how_to_import(name)}, where it starts",
        )
