"""The calls ``install(Album, signals=AlbumSignals)``: which model has which emitter class.

The calls of the module that is checked count; and of each module that it imports, those that stand
beside the emitter class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mypy.checker import TypeChecker
from mypy.nodes import (
    CallExpr,
    Expression,
    ExpressionStmt,
    MemberExpr,
    MypyFile,
    NameExpr,
    Statement,
    SymbolNode,
    TypeInfo,
)
from mypy.plugin import ClassDefContext

from typed_signals.mypy.emitters import SIGNALS
from typed_signals.mypy.fullnames import INSTALLS, ORMAR_MODEL
from typed_signals.mypy.statements import all_statements, once_per_module

__all__ = ["find_class", "installed_emitter", "remember_installs"]

_METADATA = "typed_signals"
_EVERY_MODEL = ORMAR_MODEL


@dataclass(frozen=True)
class _Install:
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
    """Find the emitter class that is installed for a model.

    Args:
        api: mypy's checker.
        model: The model.

    Returns:
        The class; None if it is not known, or calls contradict one another.
    """
    for installs in (_installs_in(api), _installs_beside(api)):
        sure = {each.emitter for each in installs if _covers(api, each, model)}
        every = {each.emitter for each in installs if each.targets == (_EVERY_MODEL,)}
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


def _installs_in(api: TypeChecker) -> list[_Install]:
    return list(_installs(api.tree, _calls_in(api.tree), api.modules))


@once_per_module
def _calls_in(tree: MypyFile) -> list[Statement]:
    return [each for each in all_statements(tree.defs) if isinstance(each, ExpressionStmt)]


def _installs_beside(api: TypeChecker) -> list[_Install]:
    """The calls beside emitter classes, in the modules that the one being checked imports."""
    classes = [
        symbol.node
        for module in _imported_by(api.tree)
        for symbol in (api.modules[module].names.values() if module in api.modules else ())
        if isinstance(symbol.node, TypeInfo)
    ]
    return [
        _Install(tuple(targets), cls.fullname)
        for cls in classes
        for targets in cls.metadata.get(_METADATA, {}).get("targets", ())
    ]


@once_per_module
def _imported_by(tree: MypyFile) -> list[str]:
    nodes = [symbol.node for symbol in tree.names.values()]
    return sorted(
        {
            node.fullname if isinstance(node, MypyFile) else node.fullname.rpartition(".")[0]
            for node in nodes
            if node is not None
        }
        - {tree.fullname}
    )


def _installs(
    tree: MypyFile, statements: Iterable[Statement], modules: Mapping[str, MypyFile]
) -> Iterator[_Install]:
    for statement in statements:
        call = statement.expr if isinstance(statement, ExpressionStmt) else None
        if isinstance(call, CallExpr) and SIGNALS in call.arg_names:
            emitter = call.args[call.arg_names.index(SIGNALS)]
            targets = [
                _full_name(tree, each, modules)
                for each, name in zip(call.args, call.arg_names, strict=True)
                if name is None
            ]
            if _full_name(tree, call.callee, modules) in INSTALLS:
                name = _full_name(tree, emitter, modules)
                yield _Install(tuple(targets) or (_EVERY_MODEL,), name)


def _full_name(tree: MypyFile, written: Expression, modules: Mapping[str, MypyFile]) -> str:
    """The full name of what an expression names, which mypy may not have bound yet."""
    if isinstance(written, MemberExpr):
        name = f"{_full_name(tree, written.expr, modules)}.{written.name}"
    else:
        name = f"{tree.fullname}.{written.name}" if isinstance(written, NameExpr) else ""
    node = _find(modules, name)
    return node.fullname if node is not None else name


def find_class(modules: Mapping[str, MypyFile], name: str) -> TypeInfo | None:
    """Find a class by its full name.

    Args:
        modules: All modules that mypy has read.
        name: The name.

    Returns:
        The class; ``None`` if there is none.
    """
    node = _find(modules, name)
    return node if isinstance(node, TypeInfo) else None


def _find(modules: Mapping[str, MypyFile], name: str) -> SymbolNode | None:
    module, _, own = name.rpartition(".")
    symbol = modules[module].names.get(own) if module in modules else None
    return symbol.node if symbol else None
