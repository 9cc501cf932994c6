"""Emitters as mypy sees them: what they declare, and how a sender's is reached."""

from __future__ import annotations

from mypy.maptype import map_instance_to_supertype
from mypy.nodes import Context, Expression, MemberExpr, SymbolNode, TempNode, TypeInfo, Var
from mypy.options import Options
from mypy.plugin import CheckerPluginInterface
from mypy.types import AnyType, FunctionLike, Instance, ProperType, Type, TypeType, get_proper_type

from typed_signals.mypy.fullnames import EMITTER, SIGNAL
from typed_signals.mypy.wording import type_words

__all__ = [
    "SIGNALS",
    "declared_names",
    "emitter_owner",
    "owner_words",
    "qualified_name",
    "sends_none",
    "signal_of",
]

SIGNALS = "signals"

_CONFIG = "ormar_config"


def declared_names(emitter: TypeInfo) -> list[str]:
    """The names of the signals that an emitter class declares; mypy's cache keeps no order."""
    return sorted(
        {
            name
            for info in emitter.mro
            for name, symbol in info.names.items()
            if not name.startswith("_") and _is_signal(symbol.node)
        }
    )


def _is_signal(node: SymbolNode | None) -> bool:
    typ = get_proper_type(node.type) if isinstance(node, Var) else None
    return isinstance(typ, Instance) and typ.type.has_base(SIGNAL)


def owner_words(emitter: Instance, options: Options) -> str:
    """Whose signals these are: the model's name, or that of the emitter's class."""
    owner = emitter_owner(emitter)
    return type_words(owner, options) if owner is not None else emitter.type.name


def emitter_owner(emitter: Instance) -> ProperType | None:
    """The model whose signals these are; ``None`` if any class may have them."""
    base = next((info for info in emitter.type.mro if info.fullname == EMITTER), emitter.type)
    owner = next(map(get_proper_type, map_instance_to_supertype(emitter, base).args), None)
    return None if isinstance(owner, AnyType) else owner


def qualified_name(cls: TypeInfo) -> str:
    """The ``__qualname__`` of a class; its own name alone for one inside a function."""
    name = cls.fullname.removeprefix(f"{cls.module_name}.")
    return cls.name if "@" in name else name


def sends_none(sender: FunctionLike) -> bool:
    """Whether a class surely has no emitter.

    A class with a metaclass of its own may belong to an ORM that registers how its emitter is
    found, so only plain ones are sure.
    """
    info = sender.type_object()
    return info.metaclass_type is None and not info.fallback_to_any and not info.get(SIGNALS)


def signal_of(api: CheckerPluginInterface, sender: Type, name: str, place: Context) -> Type | None:
    """The type of a sender's signal, found as ``get_emitter`` finds it when the program runs.

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
