"""The rules that the source code of the package keeps: who imports whom, and how long files are."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import typed_signals

ROOT = Path(typed_signals.__file__).parent
PACKAGE = "typed_signals"
LONGEST = 350

FEATURES = {
    "__main__",
    "cli",
    "durable",
    "mypy",
    "ormar",
    "sqlalchemy",
    "testing",
    "tracing",
    "validation",
}
"""The modules and packages that are built on the core."""

PUBLIC = {
    "typed_signals",
    "typed_signals.cli",
    "typed_signals.durable",
    "typed_signals.durable.procrastinate",
    "typed_signals.introspection",
    "typed_signals.lifecycle",
    "typed_signals.mypy",
    "typed_signals.ormar",
    "typed_signals.ormar.introspection",
    "typed_signals.sqlalchemy",
    "typed_signals.sqlalchemy.introspection",
    "typed_signals.sqlalchemy.lifecycle",
    "typed_signals.testing",
    "typed_signals.tracing",
    "typed_signals.validation",
}

ORMS = re.compile(r"ormar|sqlalchemy|django|tortoise|peewee|piccolo|sqlmodel", re.IGNORECASE)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
CORE = [name for name in MODULES if not FEATURES.intersection(name.split(".")[1:2])]


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imports(name: str, source: ast.AST) -> Iterator[str]:
    """The modules that a module names in its imports, wherever they stand in it."""
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}:{node.lineno}: write the import in full"
            assert node.module
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                yield inner if inner in MODULES else node.module


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import one another, in the order in which they do; empty if there are none."""
    finished: set[str] = set()

    def search(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in finished:
            return []
        for each in sorted(graph[name]):
            if found := search(each, [*path, name]):
                return found
        finished.add(name)
        return []

    return next((found for name in graph if (found := search(name, []))), [])


def package_imports() -> dict[str, set[str]]:
    """Who imports whom in the package.

    ``typed_signals`` itself counts as importing nothing: it imports a name's module when the name
    is first used.
    """
    graph: dict[str, set[str]] = {}
    for name in MODULES:
        named = set(imports(name, tree(name)))
        graph[name] = {each for each in named if each in MODULES and each != name} - {PACKAGE}
    graph[PACKAGE] = set()
    return graph


# --- imports -------------------------------------------------------------------------------------


def test_package_has_no_import_circle():
    assert not circle(package_imports())


def test_circle_is_found_in_a_graph_that_has_one():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_under_type_checking_and_in_functions_are_found():
    source = ast.parse(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from typed_signals import _signal\n"
        "def f():\n    import typed_signals._emitter\n"
    )
    found = set(imports("example", source))
    assert found == {"typing", "typed_signals._signal", "typed_signals._emitter"}


@pytest.mark.parametrize("name", CORE)
def test_core_imports_no_feature(name: str):
    imported = {
        each.split(".")[1] for each in imports(name, tree(name)) if each in MODULES and "." in each
    }
    assert not imported & FEATURES


def test_core_names_no_feature_to_import_it_later():
    for name in CORE:
        for text, line in strings(tree(name)):
            assert not re.search(rf"{PACKAGE}\.(?:{'|'.join(FEATURES)})\b", text), f"{name}:{line}"


# --- messages ------------------------------------------------------------------------------------


def docstrings(source: ast.Module) -> set[int]:
    """The nodes of docstrings, those of attributes included, by ``id``."""
    return {
        id(node.value)
        for node in ast.walk(source)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def strings(source: ast.Module) -> Iterator[tuple[str, int]]:
    """The strings that are no docstrings, pieces of f-strings included, with their lines."""
    left_out = docstrings(source)
    for node in ast.walk(source):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in left_out
        ):
            yield node.value, node.lineno


@pytest.mark.parametrize("name", CORE)
def test_core_names_no_orm_in_its_messages(name: str):
    named = [f"line {line}: {text}" for text, line in strings(tree(name)) if ORMS.search(text)]
    assert not named


@pytest.mark.parametrize("name", sorted({*CORE} - {"typed_signals.lifecycle"}))
def test_core_names_no_orm_in_its_docstrings_and_comments(name: str):
    lines = MODULES[name].read_text(encoding="utf-8").splitlines()
    named = [f"line {number}: {line}" for number, line in enumerate(lines, 1) if ORMS.search(line)]
    assert not named


def test_strings_are_distinguished_from_docstrings():
    source = ast.parse('"""One."""\nx: int\n"""Two."""\nf(f"three {y} four", "five")\n')
    assert [text for text, _ in strings(source)] == ["five", "three ", " four"]


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_module_is_not_too_long(name: str):
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_module_that_is_not_public_starts_with_an_underscore():
    """Modules in a private package, and those of the mypy plugin, are private by that."""

    def private(name: str) -> bool:
        parts = name.split(".")[1:]
        return any(part.startswith("_") for part in parts) or parts[0] == "mypy"

    assert [name for name in MODULES if name not in PUBLIC and not private(name)] == []


# --- what stands twice, since type checkers read both ---------------------------------------------


def decorators_in(source: str) -> list[str]:
    """The type variables and the functions of a module, as they are written."""
    return [
        ast.unparse(node)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("Model", "Payload"))
    ]


LIFECYCLE_DECORATORS = decorators_in(MODULES["typed_signals._model_decorators"].read_text())
OF_SQLALCHEMY = MODULES["typed_signals.sqlalchemy.lifecycle"].read_text()


def test_decorators_of_sqlalchemy_are_written_like_the_others():
    # Each names the Protocols of its own module, which have the same names. No session sends
    # `post_bulk_update`.
    others = [each for each in LIFECYCLE_DECORATORS if "def post_bulk_update(" not in each]
    assert len(others) < len(LIFECYCLE_DECORATORS)
    assert decorators_in(OF_SQLALCHEMY) == others


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('make_connector("pre_update"', 'make_connector("pre_save"'),
        (", durable: DurableOption[None]", ", durable: DurableOption[Payload]"),
        ("**options: Unpack[ConnectOptions]", "**options: Any"),
        ("DurableReceiver[Model, Payload]", "DurableReceiver[Model, Model]"),
        ("bound=PayloadModel", "bound=object"),
        ("def pre_delete(", "def predelete("),
    ],
)
def test_a_difference_between_decorators_is_found(written, instead):
    changed = OF_SQLALCHEMY.replace(written, instead, 1)
    assert changed != OF_SQLALCHEMY
    assert decorators_in(changed) != decorators_in(OF_SQLALCHEMY)


# --- excused lines --------------------------------------------------------------------------------

EXCUSE = re.compile(
    r"# (?:(?:ruff: )?noqa|type: ignore|pyright: ignore|pragma: no cover)\b"
    r"(?:: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|\[[\w, -]+\])?"
)
REASON = re.compile(r"\s*(?:-|#) \S")
FOLDERS = ("typed_signals", "tests", "benchmarks", "scripts", "examples", "stubs", "typecheck")


def excuses(path: Path) -> Iterator[str]:
    """The comments of a file that keep a tool from reporting something."""
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT and EXCUSE.search(token.string):
                yield token.string


def has_reason(comment: str) -> bool:
    return REASON.match(EXCUSE.sub("", comment)) is not None  # one for all that stand there


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# noqa: B018", False),
        ("# noqa", False),
        ("# noqa: B018 - looking is enough", True),
        ("# type: ignore[misc]", False),
        ("# type: ignore[misc] # made at run time", True),
        ("# pyright: ignore[reportPrivateUsage] - of its own", True),
        ("# ruff: noqa: F811, E731", False),
        ("# type: ignore[misc] # noqa: N805", False),
        ("# type: ignore[misc] # noqa: N805 - a metaclass", True),
        ("# type: ignore # pyright: ignore[reportPrivateUsage]", False),
        ("# pragma: no cover", False),
        ("# pragma: no cover - of Windows", True),
    ],
)
def test_excuse_without_a_reason_is_found(comment: str, expected: bool) -> None:
    assert has_reason(comment) is expected


def test_every_excused_line_gives_its_reason() -> None:
    # What only mypy reads, in tests/static, has comments as users write them.
    files = [
        path
        for folder in FOLDERS
        for path in (ROOT.parent / folder).rglob("*.py*")
        if path.suffix in (".py", ".pyi")
        if path.parent.name != "static" or path.name.startswith("test_")
    ]
    assert {path.relative_to(ROOT.parent).parts[0] for path in files} == {*FOLDERS}
    assert not [
        f"{path}: {each}" for path in files for each in excuses(path) if not has_reason(each)
    ]
