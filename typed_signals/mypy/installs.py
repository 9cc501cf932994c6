"""The calls ``install(Album, signals=AlbumSignals)``: which model has which emitter class.

All calls in the module that is checked count. In the modules that it imports, only the calls in the
same module as their emitter class count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mypy.checker import TypeChecker
from mypy.lookup import lookup_fully_qualified
from mypy.nodes import (
    CallExpr,
    Expression,
    ExpressionStmt,
    MemberExpr,
    MypyFile,
    NameExpr,
    Statement,
    TypeInfo,
)
from mypy.plugin import ClassDefContext

from typed_signals.mypy.emitters import SIGNALS
from typed_signals.mypy.fullnames import INSTALLS, ORMAR_MODEL
from typed_signals.mypy.lookup import find_class
from typed_signals.mypy.statements import all_statements, once_per_module

_METADATA = "typed_signals"
_EVERY_MODEL = (ORMAR_MODEL,)


class _Install(NamedTuple):
    """One ``install(*targets, signals=emitter)``, by full names."""

    targets: tuple[str, ...]
    emitter: str


def remember_installs(ctx: ClassDefContext) -> None:
    """Note in an emitter class for which models its own module installs it; mypy's cache keeps it.

    Calls inside functions are left out, since mypy has not read those yet.
    """
    emitter = ctx.cls.info
    tree = ctx.api.modules[emitter.module_name]
    installs = _installs(tree, tree.defs, ctx.api.modules)
    targets = [each.targets for each in installs if each.emitter == emitter.fullname]
    if targets:
        emitter.metadata[_METADATA] = {"targets": targets}


def installed_emitter(api: TypeChecker, model: TypeInfo) -> TypeInfo | None:
    """The emitter class of a model; None if it is not known, or calls contradict one another."""
    here = [*_installs(api.tree, _calls_in(api.tree), api.modules)]
    for installs in (here, _installs_beside(api)):
        sure = {each.emitter for each in installs if _covers(api, each, model)}
        every = {each.emitter for each in installs if each.targets == _EVERY_MODEL}
        perhaps = {each.emitter for each in installs if _covers(api, each, model) is None}
        emitters = (sure - every or sure) | perhaps
        if emitters:
            found = find_class(api.modules, emitters.pop())
            return found if sure and not emitters else None
    return None


def _covers(api: TypeChecker, install: _Install, model: TypeInfo) -> bool | None:
    """Whether a model is among the targets; None if there is one that is no model."""
    if any(model.has_base(each) for each in install.targets):
        return True
    known = all(find_class(api.modules, each) for each in install.targets)
    return False if known else None


@once_per_module
def _calls_in(tree: MypyFile) -> list[Statement]:
    return [each for each in all_statements(tree.defs) if isinstance(each, ExpressionStmt)]


def _installs_beside(api: TypeChecker) -> list[_Install]:
    """The calls beside emitter classes, in the modules that the one being checked imports."""
    return [
        _Install(tuple(targets), symbol.node.fullname)
        for module in _imported_by(api.tree)
        for symbol in (api.modules[module].names.values() if module in api.modules else ())
        if isinstance(symbol.node, TypeInfo)
        for targets in symbol.node.metadata.get(_METADATA, {}).get("targets", ())
    ]


@once_per_module
def _imported_by(tree: MypyFile) -> list[str]:
    nodes = [symbol.node for symbol in tree.names.values() if symbol.node]
    names = (
        node.fullname if isinstance(node, MypyFile) else node.fullname.rpartition(".")[0]
        for node in nodes
    )
    return sorted({*names} - {tree.fullname})


def _installs(
    tree: MypyFile, statements: Iterable[Statement], modules: dict[str, MypyFile]
) -> Iterator[_Install]:
    for statement in statements:
        call = statement.expr if isinstance(statement, ExpressionStmt) else None
        if (
            isinstance(call, CallExpr)
            and SIGNALS in call.arg_names
            and _full_name(tree, call.callee, modules) in INSTALLS
        ):
            given = [_full_name(tree, each, modules) for each in call.args]
            targets = tuple(n for n, key in zip(given, call.arg_names, strict=True) if key is None)
            yield _Install(targets or _EVERY_MODEL, given[call.arg_names.index(SIGNALS)])


def _full_name(tree: MypyFile, written: Expression, modules: dict[str, MypyFile]) -> str:
    """The full name of what an expression names, which mypy may not have bound yet."""
    if isinstance(written, MemberExpr):
        name = f"{_full_name(tree, written.expr, modules)}.{written.name}"
    else:
        name = f"{tree.fullname}.{written.name}" if isinstance(written, NameExpr) else ""
    symbol = lookup_fully_qualified(name, modules)
    return symbol.node.fullname if symbol and symbol.node else name
