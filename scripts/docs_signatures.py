"""An extension of Griffe: the reference's signatures name only what a reader can import.

What makes receivers keep their exact types is of use to type checkers alone, and an alias of a
private module says nothing to people. So both are written out here, on the site only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from griffe import Attribute, Expr, Extension, Function, GriffeLoader, Module, Object

import typed_signals

RECEIVER = "Callable[..., Awaitable[object]]"
SHOWN = (
    (r"Accepted\[[^\]]*\]( \| (functools\.)?partial\[\w+\])?", RECEIVER),
    (r"Callable\[Own, R\]", RECEIVER),
    (r"Connector\[(?:[^\[\]]|\[[^\]]*\])*\]", f"Callable[[{RECEIVER}], {RECEIVER}]"),
    (r"\bSignalDecorator\b", f"Callable[[{RECEIVER}], Signal]"),
    (r"Signal\[Callable\[\w+, \w+(\[object\])?\]\]", "Signal"),
    (r"Senders\[M\]", "type | Iterable[type]"),
    (r"\bBlock\b", "AbstractContextManager[None]"),
)
"""What stands in the code, and what readers see."""


class PublicSignatures(Extension):
    """Writes every signature in names that are public."""

    def on_package(self, *, pkg: Module, loader: GriffeLoader, **_: Any) -> None:
        """Rewrite the signatures of a package once all of it is loaded."""
        aliases = dict(_aliases(pkg))
        for function in _functions(pkg):
            for each in (function, *(function.overloads or ())):
                each.returns = _shown(each.returns, aliases)
                for parameter in each.parameters:
                    parameter.annotation = _shown(parameter.annotation, aliases)


def _shown(annotation: str | Expr | None, aliases: dict[str, str]) -> str | Expr | None:
    text = str(annotation)
    for name, value in aliases.items():
        text = re.sub(rf"(?<![\w.]){name}\b(?!\[)", lambda _, value=value: value, text)
    for inner, shown in SHOWN:
        text = re.sub(inner, shown, text)
    return annotation if annotation is None or text == str(annotation) else text


def _aliases(package: Module) -> Iterator[tuple[str, str]]:
    """The type aliases that cannot be imported from a public name, with what they stand for."""
    for each in _members(package):
        if isinstance(each, Attribute) and isinstance(each.parent, Module):
            written = str(each.value)
            is_type = re.match(r"[A-Z][\w.]*\[", written) and each.name.isalpha()
            if is_type and each.name[0].isupper() and each.name not in typed_signals.__all__:
                yield each.name, written


def _functions(package: Module) -> Iterator[Function]:
    return (each for each in _members(package) if isinstance(each, Function))


def _members(owner: Object) -> Iterator[Object]:
    for each in owner.members.values():
        if not each.is_alias:
            yield each
            yield from _members(each)
