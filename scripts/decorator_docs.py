"""Writes into each decorator's docstring what its receiver gets, from the signal's Protocol.

`python scripts/decorator_docs.py` in the current lane. Editors show the docstring on hovering.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from typed_signals import ModelSignals  # noqa: E402 - found by the line above
from typed_signals._declared import declared_signals  # noqa: E402 - found by the line above
from typed_signals._docstring import read_docstring  # noqa: E402 - found by the line above

STUB = ROOT / "stubs" / "ormar-stubs" / "decorators" / "signals.pyi"
WIDTH = 88  # the backticks are still to be doubled


def docstring_of(signal: str) -> str:
    """What is said of the decorator that connects to a signal."""
    prose = read_docstring(declared_signals(ModelSignals)[signal].protocol)
    lines = [f"Connect the decorated receiver to `{signal}`.", ""]
    first, *more = prose.summary
    lines += textwrap.wrap(" ".join([f"It {first[0].lower()}{first[1:]}", *more]), WIDTH)
    lines += ["", f"Sent by: {prose.sent_by}", "", "The receiver gets:"]
    for name, text in prose.arguments.items():
        lines += textwrap.wrap(
            f"{name}: {text}",
            WIDTH,
            initial_indent="    ",
            subsequent_indent="        ",
            break_on_hyphens=False,
        )
    return "\n".join(lines).replace("`", "``")


def documented(source: str) -> str:
    """A module's source with the docstring of each decorator as it should be."""
    lines = source.splitlines()
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    for node in reversed(functions):
        if node.name not in declared_signals(ModelSignals):
            continue
        text = textwrap.indent(f'"""{docstring_of(node.name)}\n"""', "    ", bool).splitlines()
        head, first = lines[: node.body[0].lineno - 1], node.body[0]
        tail = lines[first.end_lineno :]
        if isinstance(first, ast.Expr) and first.lineno == (node.returns or node).end_lineno:
            signature = lines[first.lineno - 1].removesuffix(" ...")
            head = [*lines[: first.lineno - 1], signature]  # `def pre_save(...) -> ...: ...`
        lines = [*head, *(line.rstrip() for line in text), *tail]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    STUB.write_text(documented(STUB.read_text()))
