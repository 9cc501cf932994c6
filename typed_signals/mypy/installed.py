"""Feature: after ``install(Album, signals=AlbumSignals)`` Album's signals are of that class.

What mypy cannot do by itself: a call gives no attribute another type, here or in other modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from mypy.nodes import (
    Context,
    Expression,
    Import,
    ImportAll,
    ImportFrom,
    MemberExpr,
    MypyFile,
    TempNode,
)
from mypy.plugin import AttributeContext, CheckerPluginInterface
from mypy.subtypes import is_subtype
from mypy.types import Instance, Type, TypeType, get_proper_type

from typed_signals.mypy.emitters import SIGNALS, emitter_owner
from typed_signals.mypy.fullnames import MAPPED, MAPPED_SIGNALS
from typed_signals.mypy.installs import installed_emitter
from typed_signals.mypy.lookup import checker_of, find_class

_CONFIG = "ormar_config"


def installed_signals(ctx: AttributeContext) -> Type:
    """Give ``Album.ormar_config.signals`` and ``album.signals`` the class that was installed."""
    signals = get_proper_type(ctx.default_attr_type)
    model = emitter_owner(signals) if isinstance(signals, Instance) else None
    if not isinstance(model, Instance):
        return ctx.default_attr_type
    return signals_or(ctx.default_attr_type, ctx.api, model)


def signals_or(default: Type, api: CheckerPluginInterface, model: Instance) -> Type:
    """The signals of a model as the class that was installed for it; a default if none fits."""
    own = _installed(api, model)
    return own if own is not None and is_subtype(own, default) else default


def signal_of(api: CheckerPluginInterface, sender: Type, name: str, place: Context) -> Type | None:
    """The type of a sender's signal, found as ``get_emitter`` finds it when the program runs.

    The sender is given as an instance, errors are reported at the place; ``None`` without emitter.
    """
    model = get_proper_type(sender)
    if not isinstance(model, Instance):
        return None
    start: Type = TypeType(model)
    if model.type.get(_CONFIG):
        path = [_CONFIG, SIGNALS]
    elif model.type.get(SIGNALS):
        path = [SIGNALS]
    elif emitter := _mapped_signals(api, model):
        start, path = emitter, []
    else:
        return None
    expression: Expression = TempNode(start, context=place)
    for attribute in [*path, name]:
        expression = MemberExpr(expression, attribute)
        expression.set_line(place)
    return api.get_expression_type(expression)


def modules_needed(file: MypyFile) -> list[str]:
    """The modules that declare the signals of a module's classes, though it does not import them.

    A module with a mapped class imports SQLAlchemy, directly or through another one. With the
    module that does, mypy reads the signals of mapped classes, so every mapped class has them.
    """
    package = _package(MAPPED[0])
    if _package(file.fullname) == package or package not in map(_package, _imported_by(file)):
        return []
    return [MAPPED_SIGNALS.rpartition(".")[0]]


def _package(module: str) -> str:
    return module.partition(".")[0]


def _imported_by(file: MypyFile) -> Iterator[str]:
    for each in file.imports:
        if isinstance(each, Import):
            yield from (name for name, _ in each.ids)
        elif isinstance(each, ImportFrom | ImportAll) and not each.relative:
            yield each.id


def is_mapped(sender: Type) -> bool:
    """Whether a sender, as an instance, is of a mapped class of SQLAlchemy's."""
    model = get_proper_type(sender)
    if not isinstance(model, Instance):
        return False
    metaclass = model.type.metaclass_type
    kinds = [model.type, metaclass.type] if metaclass else [model.type]
    return any(kind.has_base(each) for kind in kinds for each in MAPPED)


def _mapped_signals(api: CheckerPluginInterface, model: Instance) -> Instance | None:
    """The emitter of a mapped class, which has no attribute for it."""
    if not is_mapped(model):
        return None
    emitter = find_class(checker_of(api).modules, MAPPED_SIGNALS)
    return _installed(api, model) or (Instance(emitter, [model]) if emitter else None)


def _installed(api: CheckerPluginInterface, model: Instance) -> Instance | None:
    """The signals of a model, as the class that was installed for it."""
    emitter = installed_emitter(checker_of(api), model.type)
    if emitter is None or len(emitter.defn.type_vars) > 1:
        return None
    return Instance(emitter, [model] if emitter.defn.type_vars else [])
