"""A payload's model, derived from the receiver Protocol, and what is wrong with a payload."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import pydantic
from typing_extensions import is_typeddict

from typed_signals._annotations import (
    ContractSource,
    call_hints,
    call_parameters,
    format_type,
)
from typed_signals._cache import cached_by_source
from typed_signals._contract import SENDER, Mistake
from typed_signals._describe import kind_of, suggest
from typed_signals._read_contract import read_contract
from typed_signals._signal import Signal
from typed_signals.validation._fields import EXTRA, MISSING, Field, Found, Model

if TYPE_CHECKING or not pydantic.VERSION.startswith("1."):
    from typed_signals.validation._pydantic2 import Pydantic2 as Installed
else:
    from typed_signals.validation._pydantic1 import Pydantic1 as Installed

__all__ = ["Payload", "payload_of", "payload_schema"]


def payload_schema(of: type | Signal[Any]) -> dict[str, Any]:
    """The JSON schema of a signal's payload.

    Args:
        of: A receiver Protocol, or a signal.

    Returns:
        The schema, with one property for each name. For a type that has no JSON schema, the
        property only has the type's name as its title.

    Raises:
        SignalDefinitionError: The Protocol cannot be a contract.
    """
    protocol: ContractSource = of.protocol if isinstance(of, Signal) else get_origin(of) or of
    return payload_of(protocol).model.schema()


class Payload:
    """The payload of a contract, and its check.

    Args:
        protocol: The receiver Protocol, or the function.

    Attributes:
        model: The model that checks it.

    Raises:
        SignalDefinitionError: The Protocol cannot be a contract.
    """

    def __init__(self, protocol: ContractSource) -> None:
        contract = read_contract(protocol)
        hints = call_hints(protocol)
        defaults = {each.name: each.default for each in call_parameters(protocol)}
        self.fields = {
            name: Field(hints.get(name, Any), defaults[name]) for name in contract.payload
        }
        self._sender = hints.get(SENDER, Any)
        self._senders = _classes(self._sender)
        description = (inspect.getdoc(protocol) or "").partition("\n")[0]
        closed = not (contract.requires_kwargs or contract.accepts_any_payload)
        self.model: Model = Installed(protocol.__name__, description, self.fields, closed=closed)

    def mistakes(self, sender: object, payload: Mapping[str, Any]) -> list[Mistake]:
        """Every mistake in a sender and a payload."""
        found: dict[str, Found] = {}
        for each in self.model.check(payload):
            found.setdefault(each.name, each)
        mistakes = [Mistake(name, self._problem(each, payload)) for name, each in found.items()]
        return [*self._sender_mistakes(sender), *mistakes]

    def _sender_mistakes(self, sender: object) -> Iterator[Mistake]:
        kind: type[Any] | None = sender if isinstance(sender, type) else None
        if self._senders and not (kind and issubclass(kind, self._senders)):
            given = f"`type[{kind.__qualname__}]`" if kind else _kind(sender)
            yield Mistake(SENDER, f"expected `{format_type(self._sender)}`, was given {given}")

    def _problem(self, found: Found, payload: Mapping[str, Any]) -> str:
        if found.code == EXTRA and not found.path:
            near = suggest(found.name, self.fields)
            return f"is not in the contract{f': did you mean `{near}`?' if near else ''}"
        hint = self.fields[found.name].hint
        plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        expected = f"expected `{format_type(plain)}`"
        if found.code == MISSING and not found.path:
            near = suggest(found.name, [name for name in payload if name not in self.fields])
            return f"is missing: {expected}{f'; `{near}` was sent' if near else ''}"
        value = payload[found.name]
        given = f"was given {_kind(value)}"
        if found.code == MISSING:  # a name that its type declares
            path, _ = _within(value, found.path[:-1])
            return f"{expected}, {given} without `{path}{'.' if path else ''}{found.path[-1]}`"
        path, inner = _within(value, found.path)
        if path:
            given += f" with {_kind(inner)} at `{path}`"
        if _is_instance(value, plain):
            given += f" that breaks `{found.code}`"
        return f"{expected}, {given}"


def _classes(hint: Any) -> tuple[type, ...]:
    """The classes of ``type[A] | type[B]``; empty if the sender may be anything."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    named = [get_args(part)[0] if get_origin(part) is type else None for part in parts]
    classes = [each for each in named if isinstance(each, type) and each is not Any]
    return tuple(classes) if len(classes) == len(named) else ()


@cached_by_source
def payload_of(protocol: ContractSource) -> Payload:
    """The payload of a contract, read once."""
    return Payload(protocol)


def _is_instance(value: object, hint: Any) -> bool:
    return (
        isinstance(hint, type)
        and get_origin(hint) is None
        and not is_typeddict(hint)  # `isinstance()` refuses it
        and isinstance(value, hint)
    )


def _kind(value: object) -> str:
    return "a class" if isinstance(value, type) else kind_of(value)  # its name is a value, too


def _within(value: Any, path: Sequence[int | str]) -> tuple[str, Any]:
    """Follow a path into a value, as far as it leads; keys of a mapping are values and stay out."""
    indexed: tuple[Any, ...] = (list, tuple)
    text = ""
    for step in path:
        attributes: dict[str, Any] = getattr(value, "__dict__", {})
        if isinstance(step, str) and step in attributes:
            value, text = attributes[step], f"{text}.{step}"
            continue
        shown = f"[{step}]" if isinstance(value, indexed) else "[...]"
        try:
            value = value[step]
        except (TypeError, LookupError):  # the name that pydantic gives a member of a union
            continue
        text += shown
    return text, value
