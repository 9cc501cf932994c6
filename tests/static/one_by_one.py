"""The cases of the type checkers taken apart: each statement in a file of its own.

A checker may remember what it found about an earlier line, and so say something else about a later
one than it would say about that line alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def one_by_one(path: Path) -> Iterator[str]:
    """The source of each statement of a file with what it needs, on the lines that they have."""
    source = path.read_text()
    body = ast.parse(source).body
    for statement in body:
        if not isinstance(statement, ast.Import | ast.ImportFrom) and _connects(statement):
            yield _only(source, body, statement)


def _connects(statement: ast.stmt) -> bool:
    """Whether a statement is a case by itself, not only there for others."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    overload = any(ast.unparse(each) == "overload" for each in decorators)  # one is never alone
    return isinstance(statement, ast.Expr) or (bool(decorators) and not overload)


def _only(source: str, body: list[ast.stmt], wanted: ast.stmt) -> str:
    lines = source.splitlines()
    kept = [""] * len(lines)
    names = _names(wanted)
    needed = [wanted]
    while more := [each for each in body if each not in needed and _defined(each) & names]:
        needed += more
        names = set().union(*map(_names, needed))
    for statement in needed:
        first, last = _first(statement) - 1, statement.end_lineno
        kept[first:last] = lines[first:last]
        if isinstance(statement, ast.Import | ast.ImportFrom):
            kept[first:last] = [_pruned(statement, names)] + [""] * (
                statement.end_lineno - first - 1
            )
    return "\n".join(kept) + "\n"


def _names(node: ast.AST) -> set[str]:
    """The names that are used anywhere in a statement, in annotations written as strings, too."""
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        annotations = (getattr(each, "annotation", None), getattr(each, "returns", None))
        for annotation in filter(None, annotations):
            for text in ast.walk(annotation):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found |= _names(ast.parse(text.value, mode="eval"))
        if isinstance(each, ast.Attribute):
            found.add(ast.unparse(each))
    return found


def _defined(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {each.asname or each.name.partition(".")[0] for each in aliases}
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name))]):
            return {name}  # what was assigned to an attribute may be known below
        case ast.Expr(ast.Call(func=ast.Name(id="install"), args=[ast.Name(id=name)])):
            return {name}  # and so may the signals that were installed
    return set()


def _pruned(statement: ast.Import | ast.ImportFrom, names: set[str]) -> str:
    """An import of nothing but what is used, else a checker would say so."""
    used = [each for each in statement.names if (each.asname or each.name) in names]
    if not used:
        return ""
    if isinstance(statement, ast.Import):
        return ast.unparse(ast.Import(used))
    return ast.unparse(ast.ImportFrom(statement.module, used, statement.level))


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])
