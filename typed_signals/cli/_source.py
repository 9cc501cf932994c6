"""Reads the source of a project, without importing it."""

from __future__ import annotations

import ast
import functools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import ModuleType

from typed_signals.cli._library import LIFECYCLE
from typed_signals.cli._output import CannotRun

_SKIPPED = ("node_modules", "site-packages", "__pycache__", "build", "dist", "tests", "test")
_MOST_FILES = 10_000
_TEST = re.compile(r"(test_.*|.*_test|conftest)\.py")


@functools.cache
def nodes_of(file: Path) -> tuple[ast.AST, ...]:
    """The syntax tree of a file, from its module down; nothing if it is not Python."""
    try:
        return tuple(ast.walk(ast.parse(file.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return ()


def module_name(file: Path) -> tuple[str, Path]:
    """The name of the module in a file, and the folder that Python finds it from."""
    name, folder = file.stem, file.parent
    while (folder / "__init__.py").is_file():
        folder, name = folder.parent, f"{folder.name}.{name}"
    return name.removesuffix(".__init__"), folder


# --- which files ---------------------------------------------------------------------------------


def loaded_modules(module: ModuleType) -> dict[Path, ModuleType]:
    """The loaded modules of a module's project: in its package, or beside its file."""
    top, home = module.__name__.partition(".")[0], _file_of(module).parent
    package = _package(module)
    return {
        file: other
        for name, other in list(sys.modules.items())
        if (file := _file_of(other)).suffix == ".py"
        and (name.partition(".")[0] == top if package else file.parent == home)
    }


def project_files(module: ModuleType) -> list[Path]:
    """The files of the package of a module; without a package, the loaded ones beside it."""
    below = {file for folder in _package(module) for file in files_below(folder)}
    return sorted(below or loaded_modules(module))


def files_below(folder: Path) -> Iterator[Path]:
    """The Python files below a folder, without environments and tests."""
    for place, folders, files in os.walk(folder.resolve()):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _SKIPPED and name[0] != "."]
        for name in files:
            if name.endswith(".py") and not _TEST.fullmatch(name):
                yield Path(place, name)


def refuse_if_no_project(folder: Path) -> None:
    """Refuse a folder such as ``/``: to read its files would take minutes, or hours.

    Raises:
        CannotRun: It has more files than a project has.
    """
    if next(islice(files_below(folder), _MOST_FILES, None), None) is not None:
        raise CannotRun(
            f"`{folder}` has more than {_MOST_FILES:,} Python files: name the folder of one project"
        )


def _package(module: ModuleType) -> list[Path]:
    """The folders of the top package of a module; none if it is in no package."""
    top = sys.modules.get(module.__name__.partition(".")[0], module)
    return [Path(each) for each in getattr(top, "__path__", ())]


def _file_of(module: ModuleType) -> Path:
    return Path(getattr(module, "__file__", None) or "").resolve()


# --- receivers that nobody imports ---------------------------------------------------------------


def not_loaded(module: ModuleType) -> Iterator[Path]:
    """The files of a module's project that connect receivers, but that nothing has imported."""
    loaded = loaded_modules(module)
    if _package(module):
        files = project_files(module)
    else:  # of the files beside it, those that belong to it: they import one of its modules
        names = {other.__name__ for other in loaded.values()}
        beside = sorted(_file_of(module).parent.glob("*.py"))
        files = [each for each in beside if not names.isdisjoint(imports(each))]
    return (file for file in connecting(files) if file not in loaded)


def not_imported(folder: Path) -> Iterator[Path]:
    """The files below a folder that connect receivers and use its modules, but are not imported."""
    files = {file: module_name(file)[0] for file in sorted(files_below(folder))}
    imported = {f".{name}" for file in files for name in imports(file)}
    discovered = [*_discovered(files)]
    for file in connecting(files):
        module = files[file]
        if (
            not imports(file).isdisjoint(files.values())
            and not any(each.endswith(f".{module}") for each in imported)
            and not any(
                module.startswith(f"{package}.") and name in module[len(package) :].split(".")
                for package, name in discovered
            )
        ):
            yield file


def how_to_import(module: str) -> str:
    """What to write where the program starts, so that a module is imported."""
    package, _, name = module.rpartition(".")
    if name != "receivers" or not package:
        return f"`import {module}`"
    top = package.partition(".")[0]
    return f'`import {module}`, or `typed_signals.autodiscover("{top}")` for all that are called so'


@functools.cache
def imports(file: Path) -> frozenset[str]:
    """The modules that a file imports, and the names in them, which may be modules."""
    own = module_name(file)[0].split(".")
    package = own if file.stem == "__init__" else own[:-1]
    found: set[str] = set()
    for node in nodes_of(file):
        match node:
            case ast.Import(names=names):
                found |= {each.name for each in names}
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else []
                base = ".".join([*above, *([module] if module else [])])
                found |= {base, *(f"{base}.{each.name}" for each in names)}
            case ast.Call(args=[ast.Constant(value=str(module)), *_]) if (
                _last(node.func) == "import_module"
            ):
                found.add(module.lstrip("."))
            case _:
                pass
    return frozenset(found)


def _discovered(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """The packages that calls of `autodiscover` name, each with the name of the modules."""
    for file in files:
        own = module_name(file)[0]
        here = {"__package__": own.rpartition(".")[0]}
        if file.stem == "__init__":
            here = {"__package__": own, "__name__": own}
        for call in nodes_of(file):
            if isinstance(call, ast.Call) and _last(call.func) == "autodiscover":
                given = {each.arg: each.value for each in call.keywords}
                name = _text(given.get("name", ast.Constant("receivers")), {})
                packages = [_text(each, here) for each in call.args]
                yield from ((package, name) for package in packages if package and name)


def _text(node: ast.expr, known: Mapping[str, str]) -> str:
    """The string that an expression or a name stands for; empty if it is not known."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return known.get(name, "")
        case _:
            return ""


def imported_packages(*files: Path) -> set[str]:
    """The top-level packages that files import."""
    return {name.partition(".")[0] for file in files for name in imports(file)}


def connecting(files: Iterable[Path]) -> Iterator[Path]:
    """The files that connect receivers when they are imported, and are no scripts."""
    files = [file for file in files if not _TEST.fullmatch(file.name)]
    signals = {name for file in files for name in _signals(file)}
    for file in files:
        ours = ["receiver"] if "typed_signals" in imported_packages(file) else []
        if not _is_script(file) and any(
            "signals" in ast.unparse(each.value) or _last(each.value) in signals
            if isinstance(each, ast.Attribute) and each.attr == "connect"
            else _last(each) in (*LIFECYCLE, *ours)
            for each in _calls_and_decorators(file)
        ):
            yield file


def _calls_and_decorators(file: Path) -> Iterator[ast.expr]:
    """The decorators and calls that run when a file is imported."""
    for statement in _statements(file):
        match statement:
            case ast.FunctionDef(decorator_list=found) | ast.AsyncFunctionDef(decorator_list=found):
                yield from (each.func if isinstance(each, ast.Call) else each for each in found)
            case ast.ClassDef():
                pass
            case _:
                yield from (each.func for each in ast.walk(statement) if isinstance(each, ast.Call))


def _is_script(file: Path) -> bool:
    tests = [ast.unparse(each.test) for each in _statements(file) if isinstance(each, ast.If)]
    return any("__name__" in test and "__main__" in test for test in tests)


def _signals(file: Path) -> Iterator[str]:
    """The names to which a file assigns a signal at its top."""
    for statement in _statements(file):
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            call = statement.value.func if isinstance(statement.value, ast.Call) else None
            if _last(call.value if isinstance(call, ast.Subscript) else call) == "Signal":
                yield from (each.id for each in targets if isinstance(each, ast.Name))


def _statements(file: Path) -> list[ast.stmt]:
    return [each for node in nodes_of(file)[:1] for each in getattr(node, "body", ())]


def _last(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


# --- what is sent --------------------------------------------------------------------------------


def sent_names(module: ModuleType) -> tuple[set[str | None], str]:
    """The signals that a project sends, `None` for an unknown one; and the place in words."""
    files = project_files(module)
    many = f"{len(files)} files" if len(files) != 1 else "one file"
    names = {name for file in files for name in _sends(nodes_of(file))}
    return names, f"the {many} of `{module.__name__.partition('.')[0]}`"


def _sends(nodes: Iterable[ast.AST]) -> Iterator[str | None]:
    kept = {
        target.id: name
        for node in nodes
        if isinstance(node, ast.Assign) and (name := _signal_name(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in ("send", "send_robust"):
            if isinstance(node.value, ast.Name):
                yield kept.get(node.value.id, node.value.id)
            else:
                yield _signal_name(node.value)


def _signal_name(node: ast.expr) -> str | None:
    """The name of the signal that an expression is: ``x.name``, ``x["name"]``, by `getattr`."""
    match node:
        case (
            ast.Attribute(attr=str(name))
            | ast.Subscript(slice=ast.Constant(value=str(name)))
            | ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_])
        ):
            return name
        case _:
            return None
