"""What a receiver does, as far as its source says."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from typed_signals.cli._library import call_method

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


@dataclass(frozen=True, slots=True)
class Body:
    """The syntax tree of a function, and what its global, closure and bound names stand for."""

    tree: ast.FunctionDef | ast.AsyncFunctionDef
    names: Mapping[str, Any]

    def instance_calls(self) -> list[str]:
        """The methods that it calls on the instance that it gets."""
        return [
            method
            for owner, method in self._method_calls()
            if isinstance(owner, ast.Name) and owner.id in self._instances()
        ]

    def writes(self, models: Mapping[int, str], sender: str, depth: int = 3) -> list[str]:
        """The models whose rows it writes; ``models`` has their names by the ids of the classes."""
        local = dict.fromkeys(self._instances(), sender)
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

        for target, value in self._assignments():
            if model := model_of(value):
                local[target] = model
        found: dict[str, None] = {}
        for owner, method in self._method_calls():
            writing = _QUERY_WRITES if _is_query(owner) else _INSTANCE_WRITES
            if method in writing and (model := model_of(owner)):
                found[model] = None
        for inner in self._called() if depth else ():
            found |= dict.fromkeys(inner.writes(models, sender, depth - 1))
        return list(found)

    def _instances(self) -> set[str]:
        """The names of the instance that it gets."""
        return {"instance", *(name for name, value in self._assignments() if _is_instance(value))}

    def _assignments(self) -> Iterator[tuple[str, ast.expr]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                yield from ((t.id, node.value) for t in node.targets if isinstance(t, ast.Name))

    def _method_calls(self) -> Iterator[tuple[ast.expr, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.value, node.func.attr

    def _value(self, node: ast.expr) -> Any:
        """What a name, with attributes, stands for; ``None`` if that cannot be known."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute) and (base := self._value(node.value)) is not None:
            value = inspect.getattr_static(base, node.attr, None)
            if isinstance(value, FunctionType) and not isinstance(base, type | ModuleType):
                return MethodType(value, base)
            return value
        return None

    def _called(self) -> Iterator[Body]:
        """The functions of the same package that it calls."""
        own = self.names.get("__name__", "").partition(".")[0]
        for node in ast.walk(self.tree):
            called = self._value(node.func) if isinstance(node, ast.Call) else None
            if isinstance(called, FunctionType | MethodType):
                same = called.__module__.partition(".")[0] == own
                if same and (body := body_of(called)) is not None:
                    yield body


def _is_query(owner: ast.expr) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr == "objects" for each in ast.walk(owner)
    )


def _is_instance(node: ast.expr) -> bool:
    """Whether that is ``kwargs["instance"]``, or the same by `get` or `pop`."""
    match node:
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value="instance")):
            return True
        case ast.Call(ast.Attribute(attr="get" | "pop"), [ast.Constant(value="instance"), *_]):
            return True
        case _:
            return False


def unwrapped(receiver: Any) -> tuple[Any, object, tuple[object, ...]]:
    """What really runs when a receiver is called: the function, its `self`, and bound arguments.

    Bound arguments are identified by `id()`, so no object of the user's is compared.
    """
    owner: object = None
    bound: list[object] = []
    for _ in range(100):  # wrappers may go round in circles
        call = call_method(receiver)
        if isinstance(receiver, functools.partial):
            keywords = sorted((name, id(value)) for name, value in receiver.keywords.items())
            bound += [*map(id, receiver.args), *keywords]
            receiver = receiver.func
        elif isinstance(receiver, MethodType):
            owner, receiver = receiver.__self__, receiver.__func__
            bound.append(id(owner))
        elif hasattr(receiver, "__wrapped__"):
            receiver = receiver.__wrapped__
        elif isinstance(receiver, FunctionType) or not isinstance(call, FunctionType):
            break
        else:
            owner, receiver = receiver, call
            bound.append(id(owner))
    return receiver, owner, (id(receiver), *bound)


def body_of(receiver: Any) -> Body | None:
    """Read the source of what really runs when a receiver is called, if there is any."""
    function, owner, _ = unwrapped(receiver)
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
    if owner is not None and tree.args.args:
        names[tree.args.args[0].arg] = owner
    return Body(tree, names)
