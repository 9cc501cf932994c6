"""The user's own code: imported, and what in it sends signals."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import typed_signals
from typed_signals.cli.console import CannotRun, remark, working
from typed_signals.contract import near_miss
from typed_signals.emitter import SignalEmitter
from typed_signals.overview import Overview, overview_of

__all__ = ["Sender", "Target", "import_target", "senders_in"]


@dataclass(frozen=True, slots=True)
class Target:
    """What the user named.

    Attributes:
        module: The module, imported.
        path: The attribute's path in the module; empty when the module itself is meant.
        value: The attribute, or the module.
    """

    module: ModuleType
    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.module.__name__}:{self.path}" if self.path else self.module.__name__


@dataclass(frozen=True, slots=True)
class Sender:
    """Something that sends signals.

    Attributes:
        name: Its name, for people.
        model: The class that sends, if there is one.
        signals: Its signals with their receivers.
        abstract: Whether it stands for the models below it.
        typed: Whether its signals are typed, and not ormar's own.
    """

    name: str
    model: type[Any] | None
    signals: tuple[Overview, ...]
    abstract: bool = False
    typed: bool = True

    @property
    def key(self) -> str:
        """A name that no other sender has."""
        return f"{self.model.__module__}.{self.name}" if self.model else self.name


def import_target(text: str) -> Target:
    """Import what the user named.

    Args:
        text: ``package.module``, ``path/to/module.py``, or either with ``:attribute``.

    Returns:
        The target.

    Raises:
        CannotRun: There is no such module or attribute, or importing the module fails.
    """
    where, _, path = text.partition(":")
    if not where:
        raise CannotRun(f"`{text}` names no module: write `module` or `module:attribute`")
    is_file = where.endswith(".py") or os.sep in where
    folder = Path(where).resolve().parent if is_file else Path.cwd()
    name = Path(where).stem if is_file else where
    if is_file and not Path(where).is_file():
        raise CannotRun(f"there is no file `{where}`")
    if is_file:
        while (folder / "__init__.py").is_file():  # a module of a package is imported as that
            folder, name = folder.parent, f"{folder.name}.{name}"
        name = name.removesuffix(".__init__")
    sys.path.insert(0, str(folder))
    module = _import(name)
    remark(f"imported `{name}` ({_shown(module.__file__)})")
    return Target(module, path, _attribute(module, path) if path else module)


def _import(name: str) -> ModuleType:
    try:
        # What the module prints while it is imported is no result of ours.
        with working(f"Importing {name}…"), contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise CannotRun(
                f"there is no module `{name}`: name it as Python would import it from "
                f"{Path.cwd()}, or by its file"
            ) from None
        raise CannotRun(_failure(name, error)) from None
    except BaseException as error:  # a user's module may raise anything, SystemExit too
        raise CannotRun(_failure(name, error)) from None


def _failure(name: str, error: BaseException) -> str:
    what = type(error).__name__
    if isinstance(error, SyntaxError):
        where, told = f" at {_shown(error.filename)}:{error.lineno}", error.msg
    else:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if _is_the_users(frame.filename)
        ]
        where = f" at {_shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
        told = str(error)
    return f"`{name}` cannot be imported{where}: {what}{f': {told}' if told else ''}"


def _is_the_users(file: str) -> bool:
    places = [*map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), typed_signals.__path__[0]]
    return not file.startswith(("<frozen", *places))


def _attribute(module: ModuleType, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        # Asking an emitter for a name that it has not would make a signal.
        emitter = _as_emitter(value)
        names = dir(value) if emitter is None else [*emitter]
        if part not in names and (emitter is not None or not hasattr(value, part)):
            near = near_miss(part, [name for name in names if not name.startswith("__")])
            hint = f": did you mean `{near}`?" if near else ""
            raise CannotRun(f"`{module.__name__}` has no `{path}`{hint}")
        value = getattr(value, part)
    return value


def _as_emitter(value: Any) -> SignalEmitter[Any] | None:
    return value if isinstance(value, SignalEmitter) else None  # pyright: ignore[reportUnknownVariableType] - of any model


def _shown(path: str | None) -> str:
    if path is None:
        return "no file"
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


# --- senders -------------------------------------------------------------------------------------


def senders_in(target: Target) -> list[Sender]:
    """Find what sends signals.

    Args:
        target: A module: all models that exist once it is imported, and its own emitters. An
            attribute: the model, the emitter, or the list of those that it is.

    Returns:
        The senders.

    Raises:
        CannotRun: There are none.
    """
    if target.path:
        value: Any = target.value
        every: list[Any] = [*value] if isinstance(value, list | tuple | set) else [value]
        return [_sender(each, f"`{target}`", target.path) for each in every]
    found = [*_models(), *_emitters(target.module)]
    if not found:
        raise CannotRun(
            f"nothing in `{target}` sends signals: it neither defines nor imports an ormar model, "
            "and has no `SignalEmitter`"
        )
    return found


def _models() -> Iterator[Sender]:
    if "ormar" not in sys.modules:  # then there are no models, and it need not be installed
        return
    from typed_signals.ormar import overview

    for model in overview.models():
        yield _model(model)


def _model(model: type[Any]) -> Sender:
    from typed_signals.ormar import overview

    return Sender(
        name=model.__qualname__,
        model=model,
        signals=overview.overview_of_model(model),
        abstract=overview.is_abstract(model),
        typed=overview.is_typed(model),
    )


def _emitters(module: ModuleType) -> Iterator[Sender]:
    for name, value in vars(module).items():
        emitter = _as_emitter(value)
        if emitter is not None and emitter._home.owner is None:
            yield Sender(name, None, overview_of(emitter))
        elif isinstance(value, type) and (held := _as_emitter(vars(value).get("signals"))):
            yield Sender(name, value, overview_of(held))


def _sender(value: Any, what: str, name: str) -> Sender:
    emitter = _as_emitter(value)
    if emitter is not None:
        owner = emitter._home.owner
        return Sender(owner.__qualname__ if owner else name, owner, overview_of(emitter))
    if "ormar" in sys.modules:
        from typed_signals.ormar import overview

        if any(value is model for model in overview.models()):
            return _model(value)
    held = _as_emitter(getattr(value, "signals", None))
    if isinstance(value, type) and held is not None:
        return Sender(value.__qualname__, value, overview_of(held))
    raise CannotRun(
        f"{what} is neither an ormar model nor a `SignalEmitter`, nor a class or list of those"
    )
