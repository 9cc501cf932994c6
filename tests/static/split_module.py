"""Splits a module in two: the receivers, and the code that connects and sends.

Both halves keep every statement on its own line, so what a checker says of the two together can be
compared line by line with what it says of the whole.
"""

import ast
from collections.abc import Iterator

from typed_signals import _decorators, lifecycle


def split(source: str, receivers: str) -> tuple[str, str]:
    """The two halves of a module.

    Args:
        source: The module; it starts with a docstring.
        receivers: The name of the module that the first half becomes.

    Returns:
        The receivers, without the decorators that connect them; and the rest, which imports them.
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    halves = _Halves(lines)
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom) or _assigns_attribute(statement):
            halves.copy(statement)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            connecting = _connecting(statement)
            if not statement.decorator_list and not _used(statement, tree):
                halves.move(statement)
            elif connecting == statement.decorator_list[: len(connecting)]:
                halves.connect(statement.name, connecting)
        elif _is_call(statement) or (
            isinstance(statement, ast.For) and not any(_bound(statement.body))
        ):
            halves.move(statement)
    names = sorted({*_bound(tree.body)} - {*halves.moved})
    future = "from __future__ import annotations; "
    halves.second[0] = (future if "from __future__" in source else "") + (
        f"from {receivers} import {', '.join(names)}" if names else ""
    )
    return halves.text()


class _Halves:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.first = list(lines)
        self.second = [""] * len(lines)
        self.moved: set[str] = set()

    def copy(self, node: ast.stmt) -> None:
        span = slice(node.lineno - 1, node.end_lineno)
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            self.second[span] = self.lines[span]

    def move(self, node: ast.stmt) -> None:
        span = slice(node.lineno - 1, node.end_lineno)
        self.copy(node)
        self.first[span] = [""] * len(self.lines[span])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.moved.add(node.name)

    def connect(self, name: str, decorators: list[ast.expr]) -> None:
        """Each ``@pre_save(Album)`` becomes a ``pre_save(Album)(name)``."""
        for decorator in decorators:
            span = slice(decorator.lineno - 1, decorator.end_lineno)
            self.first[span] = [""] * len(self.lines[span])
            text = ast.unparse(decorator)
            self.second[decorator.lineno - 1] = f"{text}({name})"

    def text(self) -> tuple[str, str]:
        return "\n".join([*self.first, ""]), "\n".join([*self.second, ""])


def _connecting(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """The decorators that connect: ``@pre_save(Album)`` and ``@signals.pre_save.connect``."""
    return [each for each in function.decorator_list if _connects(each)]


def _connects(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        name = ast.unparse(decorator.func).rpartition(".")[2]
        return name in (*_decorators.__all__, *lifecycle.__all__)
    return isinstance(decorator, ast.Attribute) and decorator.attr == "connect"


def _is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def _assigns_attribute(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute)


def _used(function: ast.FunctionDef | ast.AsyncFunctionDef, tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == function.name
        for statement in tree.body
        if statement is not function
        for node in ast.walk(statement)
    )


def _bound(statements: list[ast.stmt]) -> Iterator[str]:
    """The names that statements define."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                for node in ast.walk(target):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        yield node.id
