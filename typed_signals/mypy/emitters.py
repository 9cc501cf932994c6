"""Emitters as mypy sees them: what they declare, and how a sender's is reached."""

from __future__ import annotations

from mypy.maptype import map_instance_to_supertype
from mypy.nodes import Context, Expression, MemberExpr, TempNode, TypeInfo, Var
from mypy.options import Options
from mypy.plugin import CheckerPluginInterface
from mypy.types import AnyType, FunctionLike, Instance, Type, TypeType, get_proper_type

from typed_signals.mypy.wording import type_words

__all__ = [
    "EMITTER",
    "MODEL_SIGNALS",
    "SIGNAL",
    "SIGNALS",
    "declared_names",
    "owner_words",
    "signal_of",
]

EMITTER = "typed_signals.emitter.SignalEmitter"
MODEL_SIGNALS = "typed_signals.emitter.ModelSignals"
ORMAR_MODEL = "ormar.models.model.Model"
SIGNAL = "typed_signals.signal.Signal"
SIGNALS = "signals"

_CONFIG = "ormar_config"


def declared_names(emitter: TypeInfo) -> list[str]:
    """The names of the signals that an emitter class declares, inherited ones first."""
    names: dict[str, None] = {}
    for info in reversed(emitter.mro):
        for name, symbol in info.names.items():
            if name.startswith("_") or not isinstance(symbol.node, Var) or not symbol.node.type:
                continue
            typ = get_proper_type(symbol.node.type)
            if isinstance(typ, Instance) and typ.type.has_base(SIGNAL):
                names[name] = None
    return list(names)


def owner_words(emitter: Instance, options: Options) -> str:
    """Whose signals these are: the model's name, or that of the emitter's class."""
    base = next((info for info in emitter.type.mro if info.fullname == EMITTER), emitter.type)
    owner = next(iter(map_instance_to_supertype(emitter, base).args), emitter)
    unknown = isinstance(get_proper_type(owner), AnyType)
    return type_words(emitter if unknown else owner, options)


def sends_none(sender: FunctionLike) -> bool:
    """Whether a class surely has no emitter.

    A class with a metaclass of its own may belong to an ORM that registers how its emitter is
    found, so only plain ones are sure.
    """
    info = sender.type_object()
    return info.metaclass_type is None and not info.fallback_to_any and not info.get(SIGNALS)


def signal_of(api: CheckerPluginInterface, sender: Type, name: str, place: Context) -> Type | None:
    """The type of a sender's signal, found as ``emitter_of`` finds it when the program runs.

    Args:
        api: mypy's checker.
        sender: The sender as an instance.
        name: The signal's name.
        place: Where errors are reported.

    Returns:
        The type; ``None`` when the sender has no emitter.
    """
    model = get_proper_type(sender)
    if not isinstance(model, Instance):
        return None
    if model.type.get(_CONFIG):
        path = [_CONFIG, SIGNALS]
    elif model.type.get(SIGNALS):
        path = [SIGNALS]
    else:
        return None
    expression: Expression = TempNode(TypeType(model), context=place)
    for attribute in [*path, name]:
        expression = MemberExpr(expression, attribute)
        expression.set_line(place)
    return api.get_expression_type(expression)
