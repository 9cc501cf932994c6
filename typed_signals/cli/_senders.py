"""What sends signals in the user's project: models, emitters, and signals that stand alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from typed_signals.cli import _library as library
from typed_signals.cli._library import SignalInfo
from typed_signals.cli._output import CannotRun
from typed_signals.cli._source import loaded_modules
from typed_signals.cli._target import Target, modules_to_name


@dataclass(frozen=True, slots=True)
class Sender:
    """Something with signals: a model, an emitter, or a module with signals that stand alone."""

    name: str
    module: str
    signals: tuple[SignalInfo, ...]
    cls: type[Any] | None = None  # that sends the signals
    held: Any = None  # the emitter, or the signals by name; nothing if they are ormar's own
    is_model: bool = False
    abstract: bool = False
    typed: bool = True  # and not ormar's own

    @property
    def key(self) -> str:
        """A name that no other sender has."""
        return f"{self.module}:{self.name}"

    @property
    def stands_alone(self) -> bool:
        """Whether it is a module, with signals that belong to no class and no emitter."""
        return isinstance(self.held, dict)

    def find(self, signal: object) -> SignalInfo | None:
        """The information about a signal, if it is one of these."""
        own = (each for each in self.signals if self.typed and each.name in self.held)
        return next((each for each in own if self.held[each.name] is signal), None)


def senders_in(target: Target) -> list[Sender]:
    """The senders: all in the project of a module, or those that an attribute names."""
    everything = every_sender(target.module)
    if target.path:
        many = isinstance(target.value, list | tuple | set)
        values: list[Any] = [*target.value] if many else [target.value]
        return [_sender(each, target, everything) for each in values]
    if everything:
        return everything
    file = Path(getattr(target.module, "__file__", None) or "")
    modules = modules_to_name(file.parent) if file.name == "__init__.py" else ""
    hint = f": name a module that does, such as {modules}" if modules else ""
    raise CannotRun(f"`{target}` imports no models and no signals{hint}")


def every_sender(module: ModuleType) -> list[Sender]:
    """The models that exist, then emitters and signals in the loaded modules of the project."""
    found: list[Sender] = []
    for cls, signals, abstract, typed in library.models():
        held = library.get_emitter(cls) if typed else None
        name, where = cls.__qualname__, cls.__module__
        found.append(Sender(name, where, signals, cls, held, True, abstract, typed))
    seen = {id(each) for sender in found for each in (sender.cls, sender.held)}
    alone: dict[str, dict[str, Any]] = {}
    for where, name, value in _members(module):
        held = vars(value).get("signals") if isinstance(value, type) else value
        if library.is_emitter(held) and seen.isdisjoint((id(value), id(held))):
            seen |= {id(value), id(held)}
            owner = value if isinstance(value, type) else None
            shown = owner.__qualname__ if owner else name
            found.append(Sender(shown, where, library.inspect_emitter(held), owner, held))
        elif library.stands_alone(value) and id(value) not in seen:
            seen.add(id(value))
            alone.setdefault(where, {})[name] = value
    return found + [_bare(where, signals) for where, signals in alone.items()]


def _members(module: ModuleType) -> Iterator[tuple[str, str, Any]]:
    """What the modules of the project hold, and their classes: module, name, value.

    A module is loaded before those that import from it, so what it holds is found there first.
    """
    for each in loaded_modules(module).values():
        for name, value in list(vars(each).items()):
            yield each.__name__, name, value
            if isinstance(value, type) and value.__module__ == each.__name__:
                for inner, held in list(vars(value).items()):
                    yield each.__name__, f"{value.__qualname__}.{inner}", held


def _bare(module: str, held: dict[str, Any]) -> Sender:
    """The signals of one module that belong to no emitter."""
    infos = (replace(library.inspect_signal(each), name=name) for name, each in held.items())
    return Sender(module, module, tuple(infos), held=held)


def _sender(value: Any, target: Target, everything: list[Sender]) -> Sender:
    for sender in everything:
        if value is sender.cls or value is sender.held:
            return sender
        if (info := sender.find(value)) is not None:
            return replace(sender, signals=(info,))
    where = (target.path, target.module.__name__)
    held = getattr(value, "signals", None) if isinstance(value, type) else value
    if library.is_emitter(held):
        return Sender(*where, library.inspect_emitter(held), held=held)
    if library.is_signal(value):
        return _bare(where[1], {target.path: value})
    raise CannotRun(
        f"`{target}` has no signals: it is neither a model, an emitter or a signal, nor a class "
        "with `signals`, nor a list of those"
    )
