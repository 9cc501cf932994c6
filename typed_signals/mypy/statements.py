"""The statements of a module, however deep; mypy's own visitors cannot be extended from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mypy.nodes import AssignmentStmt, Block, Decorator, MypyFile, NameExpr, Statement

T = TypeVar("T")

_BLOCKS = ("body", "bodies", "defs", "handlers", "else_body", "finally_body")


def all_statements(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Every statement of a block, each followed by those inside it."""
    for statement in statements:
        yield statement
        owner = statement.func if isinstance(statement, Decorator) else statement
        for name in _BLOCKS:
            found: Any = getattr(owner, name, None)
            for block in [found] if isinstance(found, Block) else found or []:
                yield from all_statements(block.body)


def assigned_names(statement: Statement) -> list[str]:
    """The names that a statement gives a value or a type."""
    targets = statement.lvalues if isinstance(statement, AssignmentStmt) else []
    return [each.name for each in targets if isinstance(each, NameExpr)]


def once_per_module(find: Callable[[MypyFile], T]) -> Callable[[MypyFile], T]:
    """Keep what was found in the module that mypy is checking.

    The daemon puts the new statements of a changed file into its old tree, so these are compared.
    """
    last: list[tuple[list[Statement], T]] = []

    def found(tree: MypyFile) -> T:
        if not last or last[0][0] is not tree.defs:
            last[:] = [(tree.defs, find(tree))]
        return last[0][1]

    return found
