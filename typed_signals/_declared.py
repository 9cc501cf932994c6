"""The signals that an emitter class declares by annotation."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast, get_args, get_origin

from typing_extensions import get_original_bases

from typed_signals._annotations import (
    annotated_names,
    class_hint,
    explain_unresolved,
    named_in_head,
)
from typed_signals._errors import SignalDefinitionError
from typed_signals._misuse import not_a_signal, other_models
from typed_signals._protocols import CustomReceiver
from typed_signals._registry import written_protocol
from typed_signals._signal import Signal

__all__ = ["Declared", "declared_signals", "owner_of", "wrong_model"]


class Declared(NamedTuple):
    """A signal that an emitter class declares.

    Attributes:
        protocol: The receiver Protocol that is its contract.
        signal_class: :class:`Signal`, or the subclass that the annotation names.
    """

    protocol: type
    signal_class: type[Signal[Any]]


_REGISTRY: Final = "__signal_registry__"
"""The attribute that every emitter has."""

_DECLARED: Final = "__declared_signals__"
"""The attribute that an emitter class has once its annotations have been read."""


def declared_signals(emitter: type) -> dict[str, Declared]:
    """List the signals that an emitter class declares."""
    known: dict[str, Declared] | None = vars(emitter).get(_DECLARED)
    if known is None:
        known = _read_declarations(emitter)
        setattr(emitter, _DECLARED, known)  # in the class, since the Protocols may refer to it
    return known


def _read_declarations(emitter: type) -> dict[str, Declared]:
    declared: dict[str, Declared] = {}
    for cls in reversed(emitter.__mro__):
        if not hasattr(cls, _REGISTRY):  # other bases may annotate what they like
            continue
        for name in annotated_names(cls):
            if not name.startswith("_"):
                declared[name] = _read_declaration(emitter, cls, name)
    return declared


def _read_declaration(emitter: type, cls: type, name: str) -> Declared:
    try:
        hint = class_hint(cls, name)
    except Exception as error:  # an annotation is any expression, and may fail in any way
        raise SignalDefinitionError(
            f"the annotations of `{emitter.__qualname__}` {explain_unresolved(error)}"
        ) from error
    arguments = get_args(hint)
    origin: Any = get_origin(hint)
    kind = _signal_class(hint if origin is None else origin)
    if kind is None:
        raise SignalDefinitionError(not_a_signal(emitter.__qualname__, name))
    written: Any = arguments[0] if arguments else written_protocol(kind) or CustomReceiver
    generic: Any = get_origin(written)
    return Declared(written if generic is None else generic, kind)


def _signal_class(kind: Any) -> type[Signal[Any]] | None:
    return cast("Any", kind) if isinstance(kind, type) and issubclass(kind, Signal) else None


# --- whose signals they are ----------------------------------------------------------------------


def wrong_model(emitter: type, model: type) -> str | None:
    """Explain why a model cannot have an emitter class.

    Args:
        emitter: The emitter class.
        model: The model.

    Returns:
        What is wrong, if the class is declared for another model, as ``ModelSignals[Album]`` is;
        ``None`` if it is declared for this one, or for any.
    """
    owner = owner_of(emitter)
    if owner is None or owner in model.__mro__:
        return None
    return other_models(emitter.__qualname__, owner.__qualname__, model.__qualname__)


def owner_of(emitter: type) -> type | None:
    """Find the one class whose signals an emitter class declares; ``None`` if it is for several."""
    owner = _owner_of(emitter)
    return owner if isinstance(owner, type) and owner is not Any else None


def _owner_of(emitter: Any) -> Any:
    """The ``M`` of ``SignalEmitter[M]``, for an emitter class or one with its type arguments."""
    cls: Any = get_origin(emitter) or emitter
    parameters: tuple[Any, ...] = getattr(cls, "__parameters__", ())
    given = dict(zip(parameters, get_args(emitter), strict=False))
    if _REGISTRY in vars(cls):  # it is `SignalEmitter`
        [owner] = parameters
    else:
        bases = get_original_bases(cls)
        base = next(each for each in bases if hasattr(get_origin(each) or each, _REGISTRY))
        owner = named_in_head(cls, _owner_of(base))
    return given.get(owner, owner)
