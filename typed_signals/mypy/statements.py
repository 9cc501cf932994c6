"""The statements of a module, however deep; mypy's own visitors cannot be extended from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from mypy.nodes import (
    Block,
    ClassDef,
    Decorator,
    ForStmt,
    FuncDef,
    IfStmt,
    MatchStmt,
    MypyFile,
    Statement,
    TryStmt,
    WhileStmt,
    WithStmt,
)

__all__ = ["all_statements", "once_per_module"]

T = TypeVar("T")


def all_statements(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Every statement, each followed by those inside it.

    Args:
        statements: Those of a module or block.

    Yields:
        The statements; a decorated function is one, whose body follows.
    """
    for statement in statements:
        yield statement
        for block in _blocks(statement):
            if block is not None:
                yield from all_statements(block.body)


def once_per_module(find: Callable[[MypyFile], T]) -> Callable[[MypyFile], T]:
    """Keep what was found in a module; mypy checks one after another, so the last is enough.

    Args:
        find: Finds something in the tree of a module.

    Returns:
        The same, done once for each tree.
    """
    last: list[tuple[MypyFile, T]] = []

    def found(tree: MypyFile) -> T:
        if not last or last[0][0] is not tree:
            last[:] = [(tree, find(tree))]
        return last[0][1]

    return found


def _blocks(statement: Statement) -> Iterable[Block | None]:
    if isinstance(statement, Decorator):
        return [statement.func.body]
    if isinstance(statement, FuncDef | WithStmt):
        return [statement.body]
    if isinstance(statement, ClassDef):
        return [statement.defs]
    if isinstance(statement, IfStmt):
        return [*statement.body, statement.else_body]
    if isinstance(statement, ForStmt | WhileStmt):
        return [statement.body, statement.else_body]
    if isinstance(statement, TryStmt):
        return [statement.body, *statement.handlers, statement.else_body, statement.finally_body]
    return statement.bodies if isinstance(statement, MatchStmt) else []
