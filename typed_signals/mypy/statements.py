"""The statements of a module, however deep; mypy's own visitors cannot be extended from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mypy.nodes import (
    Block,
    ClassDef,
    Decorator,
    ForStmt,
    FuncDef,
    IfStmt,
    MatchStmt,
    Statement,
    TryStmt,
    WhileStmt,
    WithStmt,
)

__all__ = ["all_statements"]


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
