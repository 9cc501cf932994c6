"""Feature: after ``install(Album, signals=AlbumSignals)`` Album's signals are of that class.

What mypy cannot do by itself: a call gives no attribute another type, here or in other modules. The
calls of the module that is checked count; and of each module that it imports, those that stand
beside the emitter class. Which models an emitter class is for is checked in the same calls.
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
from mypy.plugin import AttributeContext, ClassDefContext, FunctionContext
from mypy.subtypes import is_subtype
from mypy.types import FunctionLike, Instance, Type, get_proper_type
from mypy.typevars import fill_typevars

from typed_signals._misuse import no_target, other_signals
from typed_signals.mypy.codes import SIGNAL_INSTALL
from typed_signals.mypy.emitters import SIGNALS, emitter_owner, qualified_name
from typed_signals.mypy.fullnames import EMITTER, INSTALL, ORMAR_MODEL
from typed_signals.mypy.statements import all_statements, once_per_module

__all__ = ["check_install", "check_signals_of", "installed_signals", "remember_installs"]

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


def installed_signals(ctx: AttributeContext) -> Type:
    """Give ``Album.ormar_config.signals`` and ``album.signals`` the class that was installed."""
    signals = get_proper_type(ctx.default_attr_type)
    model = emitter_owner(signals) if isinstance(signals, Instance) else None
    if not (isinstance(model, Instance) and isinstance(ctx.api, TypeChecker)):
        return ctx.default_attr_type
    emitter = _installed(ctx.api, model.type)
    if emitter is None or len(emitter.defn.type_vars) > 1:
        return ctx.default_attr_type
    own = Instance(emitter, [model] if emitter.defn.type_vars else [])
    return own if is_subtype(own, signals) else ctx.default_attr_type


def check_install(ctx: FunctionContext) -> Type:
    """Report an emitter class as a target, and one that is declared for other models."""
    emitters = [_class(each) for each in _given(ctx, SIGNALS)]
    for target, place in zip(ctx.arg_types[0], ctx.args[0], strict=True):
        cls = _class(target)
        if cls is not None and cls.has_base(EMITTER):
            text = no_target(f"`{qualified_name(cls)}`")
            ctx.api.fail(text, place, code=SIGNAL_INSTALL)
        for emitter in emitters:
            if cls is not None and emitter is not None:
                _check_model(ctx, cls, emitter)
    return ctx.default_return_type


def check_signals_of(ctx: FunctionContext) -> Type:
    """Report an emitter class that the sender does not have, as far as it can be known."""
    sender, kind = (_class(types[0]) if types else None for types in ctx.arg_types[:2])
    if sender is None or kind is None or _check_model(ctx, sender, kind):
        return ctx.default_return_type
    installed = _installed(ctx.api, sender) if isinstance(ctx.api, TypeChecker) else None
    if installed is not None and not installed.has_base(kind.fullname):
        names = [qualified_name(each) for each in (sender, installed, kind)]
        ctx.api.fail(other_signals(*names), ctx.context, code=SIGNAL_INSTALL)
    return ctx.default_return_type


def _check_model(ctx: FunctionContext, model: TypeInfo, emitter: TypeInfo) -> bool:
    """Report an emitter class that declares the signals of other models."""
    own = fill_typevars(emitter)
    owner = emitter_owner(own) if isinstance(own, Instance) else None
    if not isinstance(owner, Instance) or model.has_base(owner.type.fullname):
        return False
    names = [qualified_name(each) for each in (emitter, owner.type, model)]
    text = "`{}` declares the signals of `{}`, not of `{}`".format(*names)
    ctx.api.fail(text, ctx.context, code=SIGNAL_INSTALL)
    return True


def _installed(api: TypeChecker, model: TypeInfo) -> TypeInfo | None:
    """The emitter class that is installed for a model, if all calls agree."""
    for installs in (_installs_in(api), _installs_beside(api)):
        sure = {each.emitter for each in installs if _covers(api, each, model)}
        every = {each.emitter for each in installs if each.targets == (_EVERY_MODEL,)}
        perhaps = {each.emitter for each in installs if _covers(api, each, model) is None}
        emitters = (sure - every or sure) | perhaps
        if emitters:
            found = _find(api.modules, emitters.pop())
            certain = sure and not emitters
            return found if certain and isinstance(found, TypeInfo) else None
    return None


def _covers(api: TypeChecker, install: _Install, model: TypeInfo) -> bool | None:
    """Whether a model is among the targets; None if there is one that is no model."""
    if any(model.has_base(each) for each in install.targets):
        return True
    known = all(isinstance(_find(api.modules, each), TypeInfo) for each in install.targets)
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
            if _full_name(tree, call.callee, modules) == INSTALL:
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


def _find(modules: Mapping[str, MypyFile], name: str) -> SymbolNode | None:
    module, _, own = name.rpartition(".")
    symbol = modules[module].names.get(own) if module in modules else None
    return symbol.node if symbol else None


def _given(ctx: FunctionContext, name: str) -> list[Type]:
    return ctx.arg_types[ctx.callee_arg_names.index(name)] if name in ctx.callee_arg_names else []


def _class(given: Type) -> TypeInfo | None:
    """The class that was given, if it is written as such."""
    typ = get_proper_type(given)
    return typ.type_object() if isinstance(typ, FunctionLike) and typ.is_type_obj() else None
