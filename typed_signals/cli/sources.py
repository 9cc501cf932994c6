"""What can be known of receivers, and of what is sent, from the source alone."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

from typed_signals.inspection import _call_method

__all__ = ["Body", "Sent", "body_of", "sends_in"]

_SEND = ("send", "send_robust")
# What writes a row, on an instance and on a query (ormar's `QuerySet`).
_INSTANCE_WRITES = ("save", "update", "upsert", "delete", "save_related")
_QUERY_WRITES = (
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "update",
    "delete",
)


# --- what is sent --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """The signals that some source code sends.

    Attributes:
        searched: Which code that is, for people.
        names: The names that are sent.
        unknown: Whether there are sends of which the name cannot be told.
    """

    searched: str
    names: frozenset[str]
    unknown: bool

    def may_send(self, name: str) -> bool:
        """Whether the signal of that name may be sent."""
        return self.unknown or name in self.names


def sends_in(module: ModuleType) -> Sent:
    """Search a module and the package that it belongs to for sends.

    Args:
        module: The module. If it is in no package, only its own file is searched, and the files
            beside it that it imported.

    Returns:
        What they send.
    """
    files = _package_files(module)
    names: set[str] = set()
    unknown = False
    for file in files:
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        found, every = _sends(tree)
        names |= found
        unknown |= not every
    top = module.__name__.partition(".")[0]
    many = f"{len(files)} files" if len(files) != 1 else "one file"
    return Sent(f"the {many} of `{top}`", frozenset(names), unknown)


def _package_files(module: ModuleType) -> list[Path]:
    name, _, _ = module.__name__.partition(".")
    top = sys.modules.get(name, module)
    folders = [Path(each) for each in getattr(top, "__path__", ())]
    if folders:
        return sorted({file for folder in folders for file in folder.rglob("*.py")})
    own = Path(module.__file__ or "")
    beside = {
        Path(file)
        for other in list(sys.modules.values())
        if (file := getattr(other, "__file__", None)) and Path(file).parent == own.parent
    }
    return sorted(file for file in {own, *beside} if file.suffix == ".py")


def _sends(tree: ast.AST) -> tuple[set[str], bool]:
    """The names that are sent, and whether they can all be told."""
    kept = {
        target.id: name
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (name := _signal_name(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names: set[str] = set()
    every = True
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr not in _SEND:
            continue
        name = _signal_name(node.value)
        if name is None and isinstance(node.value, ast.Name):
            name = kept.get(node.value.id, node.value.id)
        if name is None and isinstance(node.value, ast.Subscript | ast.Call):
            every = False  # signals[name].send(...), getattr(signals, name).send(...)
        names |= {name} if name else set()
    return names, every


def _signal_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    ):
        return str(node.args[1].value)
    return None


# --- receivers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Body:
    """A function's source, and what the names in it stand for.

    Attributes:
        tree: Its syntax tree.
        names: What its global, closure and bound names stand for.
    """

    tree: ast.FunctionDef | ast.AsyncFunctionDef
    names: Mapping[str, Any]

    def instance_calls(self) -> list[str]:
        """Name the methods that it calls on the instance that it hears of."""
        instance = {"instance", *self._assigned(_is_instance_of_kwargs)}
        return [
            method
            for owner, method in self._method_calls()
            if isinstance(owner, ast.Name) and owner.id in instance
        ]

    def writes(self, models: Mapping[int, str], sender: str, depth: int = 3) -> list[str]:
        """Name the models of which it writes rows, as far as that can be told.

        Args:
            models: The names of the models, by the ids of their classes.
            sender: The name of the model of which it hears.
            depth: How far the functions that it calls are followed.

        Returns:
            The names, in the order in which they occur.
        """
        local = dict.fromkeys(("instance", *self._assigned(_is_instance_of_kwargs)), sender)
        for annotated in ast.walk(self.tree.args):
            if isinstance(annotated, ast.arg) and annotated.annotation is not None:
                model = models.get(id(self._value(annotated.annotation)))
                local |= {annotated.arg: model} if model else {}
        local["sender"] = sender

        def model_of(node: ast.expr) -> str | None:
            """The model that an instance, or a query, is of."""
            match node:
                case ast.Name(id=name) if name in local:
                    return local[name]
                case ast.Await(value=inner) | ast.Call(func=inner):
                    return model_of(inner)
                case ast.Attribute(value=inner):
                    return models.get(id(self._value(node))) or model_of(inner)
                case _:
                    return models.get(id(self._value(node)))

        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and (model := model_of(node.value)):
                local |= {each.id: model for each in node.targets if isinstance(each, ast.Name)}
        found: dict[str, None] = {}
        for owner, method in self._method_calls():
            writing = _QUERY_WRITES if _is_query(owner) else _INSTANCE_WRITES
            if method in writing and (model := model_of(owner)):
                found[model] = None
        for inner in self._called() if depth else ():
            found |= dict.fromkeys(inner.writes(models, sender, depth - 1))
        return list(found)

    def _method_calls(self) -> Iterator[tuple[ast.expr, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.value, node.func.attr

    def _assigned(self, wanted: Callable[[ast.expr], bool]) -> set[str]:
        return {
            target.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign) and wanted(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def _value(self, node: ast.expr) -> Any:
        """What a name, with attributes, stands for; ``None`` if that cannot be told."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute) and (base := self._value(node.value)) is not None:
            value = inspect.getattr_static(base, node.attr, None)
            return MethodType(value, base) if _is_method_of(value, base) else value
        return None

    def _called(self) -> Iterator[Body]:
        """The functions of the same package that it calls."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            called = self._value(node.func)
            if isinstance(called, FunctionType | MethodType) and (
                _top(called) == self.names.get("__name__", "").partition(".")[0]
            ):
                body = body_of(called)
                if body is not None:
                    yield body


def _top(function: FunctionType | MethodType) -> str:
    return function.__module__.partition(".")[0]


def _is_method_of(value: object, base: object) -> bool:
    return isinstance(value, FunctionType) and not isinstance(base, type | ModuleType)


def _is_query(owner: ast.expr) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr == "objects" for each in ast.walk(owner)
    )


def _is_instance_of_kwargs(node: ast.expr) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value="instance")):
            return True
        case ast.Call(
            func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value="instance"), *_]
        ):
            return True
        case _:
            return False


def body_of(receiver: Any) -> Body | None:
    """Read the source of what really runs when a receiver is called.

    Args:
        receiver: A receiver as it was connected, or any function.

    Returns:
        The body; ``None`` if there is no source.
    """
    bound: object = None
    while not isinstance(receiver, FunctionType):
        if isinstance(receiver, functools.partial):
            receiver = receiver.func
        elif isinstance(receiver, MethodType):
            bound, receiver = receiver.__self__, receiver.__func__
        elif isinstance(receiver, staticmethod) or hasattr(receiver, "__wrapped__"):
            receiver = receiver.__wrapped__
        elif isinstance(call := _call_method(receiver), FunctionType):
            bound, receiver = receiver, call
        else:
            return None
    function = inspect.unwrap(receiver)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return None
    if not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    names = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # not filled yet
            names[name] = cell.cell_contents
    if bound is not None and tree.args.args:
        names[tree.args.args[0].arg] = bound
    return Body(tree, names)
