"""Emitters as mypy sees them: what they declare, and whose they are."""

from __future__ import annotations

from mypy.messages import format_type_bare
from mypy.nodes import SymbolNode, TypeInfo, Var
from mypy.options import Options
from mypy.types import AnyType, FunctionLike, Instance, ProperType, get_proper_type

from typed_signals.mypy.fullnames import EMITTER, SIGNAL
from typed_signals.mypy.lookup import argument_of

SIGNALS = "signals"

_MAPPER = "__mapper__"


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
    return format_type_bare(owner, options) if owner is not None else emitter.type.name


def emitter_owner(emitter: Instance) -> ProperType | None:
    """The model whose signals these are; ``None`` if any class may have them."""
    owner = argument_of(emitter, EMITTER)
    return None if isinstance(owner, AnyType) else owner


def qualified_name(cls: TypeInfo) -> str:
    """The ``__qualname__`` of a class; its own name alone for one inside a function."""
    name = cls.fullname.removeprefix(f"{cls.module_name}.")
    return cls.name if "@" in name else name


def sends_none(sender: FunctionLike) -> bool:
    """Whether a class surely has no emitter.

    A class with a metaclass of its own may belong to an ORM that registers how its emitter is
    found, so only plain ones that have no mapper are sure.
    """
    info = sender.type_object()
    may_send = info.metaclass_type or info.fallback_to_any
    return not (may_send or info.get(SIGNALS) or info.get(_MAPPER))
