"""Import what the user names on the command line."""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import typed_signals
from typed_signals.cli import _library as library
from typed_signals.cli._output import CannotRun, remark, reserve_stdout
from typed_signals.cli._source import (
    connecting,
    files_below,
    imported_packages,
    imports,
    module_name,
)

RUNS_CODE = "This imports MODULE, so the code at the top of MODULE runs."
_MOST_FILES = 200
_USED = {"ormar", "sqlalchemy", "sqlmodel", "typed_signals"}
_FORMS = "write `package.module`, `path/to/module.py`, or either with `:attribute`"


@dataclass(frozen=True, slots=True)
class Target:
    """A module and an attribute of it; without a path, the module itself."""

    module: ModuleType
    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.module.__name__}:{self.path}" if self.path else self.module.__name__


def import_target(text: str, *, for_results: bool = True) -> Target:
    """Import what the user named: ``module``, ``file.py``, or either with ``:attribute``.

    With ``for_results``, stdout is kept for results from here on.
    """
    where, colon, path = text.partition(":")
    if not where.strip():
        raise CannotRun(f"`{text}` names no module: {_FORMS}")
    if colon and not path:
        raise CannotRun(f"`{text}` names no attribute: write `{where}`, or one after the colon")
    name, folder = _located(where)
    sys.path.insert(0, str(folder))
    if for_results:
        reserve_stdout()
    module = _import(name)
    file = getattr(module, "__file__", None)
    if file is None and hasattr(module, "__path__"):  # a folder without an `__init__.py`
        raise _folder(where, Path(next(iter(module.__path__), where)))
    if Path(where).is_file() and not Path(where).samefile(file or sys.executable):
        raise CannotRun(f"`{where}` cannot be imported: `{name}` is another module already")
    remark(f"imported `{name}` ({library.shorten_path(file) if file else 'no file'})")
    return Target(module, path, _attribute(module, path) if path else module)


def _located(where: str) -> tuple[str, Path]:
    """The name of a module, and the folder to find it from."""
    given = Path(where)
    if given.is_dir() and (os.sep in where or where.strip(".") == ""):
        if not (given / "__init__.py").is_file():
            raise _folder(where, given)
        return module_name(given.resolve() / "__init__.py")
    if given.suffix == ".py" or os.sep in where:
        if not given.is_file():
            raise CannotRun(f"there is no file `{where}`")
        if given.suffix != ".py":
            raise CannotRun(f"`{where}` is not a Python file: {_FORMS}")
        return module_name(given.resolve())
    if not all(part.isidentifier() for part in where.split(".")) or given.is_file():
        raise CannotRun(f"`{where}` is not the name of a module: {_FORMS}")
    return where, Path.cwd()


def _folder(where: str, folder: Path) -> CannotRun:
    modules = modules_to_name(folder)
    hint = f"name a module in it, such as {modules}" if modules else "name a module"
    return CannotRun(f"`{where}` is a folder, not a module: {hint}")


def modules_to_name(folder: Path) -> str:
    """Up to three modules below a folder: first those that import the others.

    Then those that connect receivers, then those that use signals or models at all. The number of
    files is limited, since the folder may be the whole disk.
    """
    files = sorted(islice(files_below(folder), _MOST_FILES))
    users = [*connecting(files), *(each for each in files if _USED & imported_packages(each))]
    names = dict.fromkeys(map(_as_given, (*_on_top(files, users), *users)))
    return ", ".join(f"`{name}`" for name in [*names][:3])


def _on_top(files: Sequence[Path], users: Sequence[Path]) -> list[Path]:
    """The files that import some of those that use signals, and that no other file imports."""
    used = {module_name(file)[0] for file in users}
    imported = {name for file in files for name in imports(file)}
    return [
        file
        for file in files
        if not imports(file).isdisjoint(used) and module_name(file)[0] not in imported
    ]


def _as_given(file: Path) -> str:
    """What to write for a file: the name of its module, or its path if that is not found here."""
    name, folder = module_name(file)
    return name if folder == Path.cwd() else os.path.relpath(file)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a user's module may raise anything, SystemExit too
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise CannotRun(
                f"there is no module `{name}`: name it as Python would import it from "
                f"{Path.cwd()}, or by its file"
            ) from None
        raise CannotRun(_failure(name, error)) from None


def _failure(name: str, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        places, message = [(error.filename, error.lineno)], error.msg
    else:
        trace = traceback.extract_tb(error.__traceback__)
        places = [(each.filename, each.lineno) for each in trace if _is_the_users(each.filename)]
        message = str(error)
    file, line = places[-1] if places else (None, None)
    where = f" at {library.shorten_path(file)}:{line}" if file else ""
    kind = type(error).__name__
    return f"`{name}` cannot be imported{where}: {kind}{f': {message}' if message else ''}"


def _is_the_users(file: str) -> bool:
    places = [*map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), typed_signals.__path__[0]]
    return not file.startswith(("<frozen", *places))


def _attribute(module: ModuleType, path: str) -> Any:
    """The attribute of a module; a signal may also be named like an attribute of its sender."""
    value: Any = module
    for part in path.split("."):
        emitter = value if library.is_emitter(value) else None
        if isinstance(value, type) and not hasattr(value, part):
            emitter = library.get_emitter(value)
        # Asking an emitter for a name that it does not have would make a signal.
        if not (hasattr(value, part) if emitter is None else part in emitter):
            known = dir(value) if emitter is None else [*emitter]
            near = library.suggest(part, [name for name in known if not name.startswith("__")])
            hint = f": did you mean `{near}`?" if near else ""
            raise CannotRun(f"`{module.__name__}` has no `{path}`{hint}")
        value = getattr(value, part) if emitter is None else emitter[part]
    return value
