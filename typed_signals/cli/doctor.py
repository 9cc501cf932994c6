"""``typed-signals doctor``: does everything fit together, and what to do if it does not."""

from __future__ import annotations

import configparser
import os
import platform
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal

import click
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rich.text import Text

from typed_signals.cli.console import CannotRun, out

__all__ = ["doctor"]

_PLUGIN = "typed_signals.mypy"
_PACKAGE = "typed-signals"
_STUBS = "ormar-stubs"

# Where mypy looks for its configuration, in this order; the last two may be of other tools alone.
_CONFIGS = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")
_PROJECT_ROOTS = (".git", ".hg")
_OWN_CONFIGS = (
    Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "mypy", "config"),
    Path("~/.config/mypy/config"),
    Path("~/.mypy.ini"),
)

_ERAS = (
    (">=0.22", "models with `ormar_config`, connections of its own"),
    (">=0.20.0b1", "models with `ormar_config`, connections of `databases`"),
    (">=0", "models with `class Meta`, connections of `databases`"),
)


@dataclass(frozen=True, slots=True)
class _Hole:
    """A known vulnerability of ormar, as its release notes tell it."""

    name: str
    what: str
    affected: tuple[str, ...]
    mended: str

    def is_in(self, ormar: Version) -> bool:
        return any(SpecifierSet(each).contains(ormar, prereleases=True) for each in self.affected)


_HOLES = (
    _Hole(
        "CVE-2026-26198",
        "SQL injection through the columns of aggregate functions",
        (">=0.9.9,<=0.12.2", ">=0.20.0b1,<=0.22.0"),
        "0.23.0",
    ),
    _Hole(
        "CVE-2026-27953",
        "what a model is made from can switch its validation off",
        ("<0.23.1",),
        "0.23.1",
    ),
)

Verdict = Literal["ok", "note", "bad"]


@dataclass(frozen=True, slots=True)
class _Result:
    """What was looked at, how it is, and what to do about it."""

    verdict: Verdict
    found: str
    remedy: str = ""


@click.command()
@click.argument("project", metavar="[PROJECT_DIR]", default=".", type=click.Path(path_type=Path))
def doctor(project: Path) -> None:
    """Tell whether versions, stubs and the mypy plugin fit together.

    Looks at the packages beside this command and at the configuration in PROJECT_DIR (by default
    here); imports none of its code. Exits with 1 if something is to be done.
    """
    if not project.is_dir():
        raise CannotRun(f"there is no folder `{project}`")
    results = [*_python(project), *_ormar(), *_mypy(project), *_stubs(project)]
    marks = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("BAD ", "bold red")}
    for result in results:
        mark, style = marks[result.verdict]
        out.print(Text("  ").append(mark, style).append(f"  {result.found}"))
        if result.remedy:
            out.print(Text(f"        {result.remedy}", "cyan"))
    bad = sum(result.verdict == "bad" for result in results)
    out.print()
    out.print(Text(f"{bad} to mend." if bad else "All well.", "bold red" if bad else "bold green"))
    if bad:
        raise click.exceptions.Exit(1)


# --- packages ------------------------------------------------------------------------------------


def _installed(package: str) -> Version | None:
    try:
        return Version(version(package))
    except PackageNotFoundError:
        return None


def _supported(package: str) -> SpecifierSet:
    """The versions that this package says it works with, in its own metadata."""
    for text in requires(_PACKAGE) or ():
        requirement = Requirement(text)
        if requirement.name == package:
            return requirement.specifier
    return SpecifierSet()


def _version(package: str, what: str = "") -> Iterator[_Result]:
    """Judge the version of a package that is installed."""
    installed, supported = _installed(package), _supported(package)
    told = f"{package} {installed}{f': {what}' if what else ''}"
    if installed is None:
        return
    if supported.contains(installed, prereleases=True):
        yield _Result("ok", told)
        return
    yield _Result(
        "bad",
        f"{told}, which is not supported ({_spelled(supported)} is)",
        f"pip install '{package}{supported}'",
    )


def _spelled(versions: SpecifierSet) -> str:
    return ", ".join(sorted(map(str, versions), reverse=True))


def _python(project: Path) -> Iterator[_Result]:
    yield _Result("ok", f"Python {platform.python_version()}, {_PACKAGE} {version(_PACKAGE)}")
    for name in (".venv", "venv"):
        own = (project / name).resolve()
        if (own / "pyvenv.cfg").is_file() and own != Path(sys.prefix).resolve():
            yield _Result(
                "note",
                f"looking at the packages in {sys.prefix}; the project has its own in {own}",
                f"install {_PACKAGE} there, and run it from there",
            )


def _ormar() -> Iterator[_Result]:
    installed = _installed("ormar")
    if installed is None:
        yield _Result("note", "ormar is not installed: signals of your own alone", "")
        return
    era = next(what for versions, what in _ERAS if SpecifierSet(versions).contains(installed, True))
    yield from _version("ormar", era)
    holes = [hole for hole in _HOLES if hole.is_in(installed)]
    mended = max((hole.mended for hole in holes), key=Version, default="")
    for hole in holes:
        yield _Result(
            "bad",
            f"ormar {installed} has {hole.name}: {hole.what} (mended in {hole.mended})",
            f"upgrade to ormar {mended} or later: pip install 'ormar>={mended}'",
        )


# --- mypy ----------------------------------------------------------------------------------------


def _mypy(project: Path) -> Iterator[_Result]:
    if _installed("mypy") is None:
        yield _Result(
            "note",
            "mypy is not installed; other checkers and editors need no plugin",
            "pip install 'typed-signals[mypy]', or leave it",
        )
        return
    yield from _version("mypy")
    try:
        file, plugins = _plugins(project.resolve())
    except (OSError, ValueError, configparser.Error) as error:
        yield _Result("bad", f"mypy's configuration cannot be read: {error}", "mend the file")
        return
    if file is None:
        yield _Result("bad", "mypy has no configuration, so no plugin", _how_to("mypy.ini"))
    elif not any(each.partition(":")[0] == _PLUGIN for each in plugins):
        yield _Result(
            "bad",
            f"the plugin is not on in {file}" + (f" (on: {', '.join(plugins)})" if plugins else ""),
            _how_to(file.name, *plugins),
        )
    else:
        yield _Result("ok", f"the plugin is on in {file}")


def _how_to(name: str, *plugins: str) -> str:
    if name == "pyproject.toml":
        every = ", ".join(f'"{each}"' for each in (*plugins, _PLUGIN))
        return f"write in [tool.mypy] of {name}: plugins = [{every}]"
    return f"write in [mypy] of {name}: plugins = {', '.join((*plugins, _PLUGIN))}"


def _plugins(project: Path) -> tuple[Path | None, list[str]]:
    """The configuration file that mypy would read when run in the project, and its plugins."""
    for file in _candidates(project):
        options = _options(file)
        if options is not None:
            plugins = options.get("plugins", [])
            every = plugins.split(",") if isinstance(plugins, str) else plugins
            return file, [each.strip() for each in every if each.strip()]
    return None, []


def _candidates(project: Path) -> Iterator[Path]:
    for folder in (project, *project.parents):
        yield from (folder / name for name in _CONFIGS)
        if any((folder / root).exists() for root in _PROJECT_ROOTS):
            break
    yield from (file.expanduser() for file in _OWN_CONFIGS)


def _options(file: Path) -> dict[str, Any] | None:
    """Mypy's global options in a file; ``None`` if mypy would look further."""
    if not file.is_file():
        return None
    if file.suffix == ".toml":
        options: dict[str, Any] | None = tomllib.loads(file.read_text()).get("tool", {}).get("mypy")
        return options
    parser = configparser.RawConfigParser()
    parser.read(file)
    if parser.has_section("mypy"):
        return dict(parser["mypy"])
    return None if file.name == "setup.cfg" else {}


# --- stubs ---------------------------------------------------------------------------------------


def _stubs(project: Path) -> Iterator[_Result]:
    found = [folder for folder in map(Path, sys.path) if (folder / _STUBS / "py.typed").is_file()]
    if not found:
        yield _Result(
            "bad",
            f"the stubs `{_STUBS}` are not found: checkers do not know which model signals are of",
            f"pip install --force-reinstall {_PACKAGE}",
        )
    else:
        yield _Result("ok", f"the stubs are found in {found[0]}")
    for hiding in (project / "typings" / "ormar", project / "typings" / _STUBS):
        if hiding.exists():
            yield _Result(
                "bad",
                f"{hiding} hides the stubs from pyright and Pylance",
                f"remove {hiding}",
            )
