"""``typed-signals graph``: a picture of senders, signals, receivers and the models they write."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from typed_signals.cli import _library as library
from typed_signals.cli._body import body_of
from typed_signals.cli._output import CannotRun, remark, text
from typed_signals.cli._senders import Sender, senders_in
from typed_signals.cli._target import RUNS_CODE, import_target

_SUFFIXES = {".mmd": "mermaid", ".dot": "dot", ".gv": "dot"}
_PICTURES = (".svg", ".png", ".pdf")
_NAMES = ", ".join([*_SUFFIXES, *_PICTURES])

# How each kind of node looks: the brackets of Mermaid, the shape of DOT, the fill and the stroke.
_KINDS = {
    "sender": ("[", "]", "box", "#dbeafe", "#1d4ed8"),
    "signal": ("([", "])", "ellipse", "#fef3c7", "#b45309"),
    "receiver": ("(", ")", "note", "#dcfce7", "#15803d"),
}


class _Node(NamedTuple):
    """A box: its kind, its label, a smaller note below that, and its identity."""

    kind: str
    label: str
    note: str = ""
    key: str = ""


class _Edge(NamedTuple):
    """An arrow from one node to another."""

    start: _Node
    end: _Node
    label: str = ""


@click.command(
    help=f"""Draw senders, signals and receivers.

    {RUNS_CODE} Also draws the models that receivers write, as far as their source says. Prints
    Mermaid or DOT text; a file may also be an SVG, PNG or PDF picture, which needs the extra
    typed-signals[graph].
    """
)
@click.argument("target", metavar="MODULE[:ATTRIBUTE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot"]),
    help="The text to write; by default what the name of the file says, or mermaid.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"A file ({_NAMES}).",
)
def graph(target: str, form: str | None, output: Path | None) -> None:
    suffix = output.suffix if output and not form else ".mmd"
    if suffix not in (*_SUFFIXES, *_PICTURES):
        raise CannotRun(f"cannot write a `{suffix}` file, only {_NAMES}")
    draw = _graphviz() if suffix in _PICTURES else None
    imported = import_target(target)
    edges = _edges(senders_in(imported))
    if not edges:
        raise CannotRun(f"nothing to draw: no signal of `{imported}` has a receiver")
    nodes = dict.fromkeys(node for edge in edges for node in (edge.start, edge.end))
    names = {node: f"n{number}" for number, node in enumerate(nodes)}
    as_text = _mermaid if (form or _SUFFIXES.get(suffix)) == "mermaid" else _dot
    made = "\n".join(as_text(names, edges)) + "\n"
    if output is None:
        text(made)
        return
    picture = draw(string=made).draw(format=suffix[1:], prog="dot") if draw else made.encode()
    try:
        output.write_bytes(picture)
    except OSError as error:
        raise CannotRun(f"`{output}` cannot be written: {error.strerror}") from None
    remark(f"wrote {output}")


def _graphviz() -> Any:
    """Graphviz, which comes inside the wheels of pygraphviz."""
    try:
        return importlib.import_module("pygraphviz").AGraph
    except ImportError:
        raise CannotRun(
            "a picture needs Graphviz: pip install 'typed-signals[graph]', or write .mmd or .dot"
        ) from None


def _edges(senders: Sequence[Sender]) -> list[_Edge]:
    edges: dict[_Edge, None] = {}
    written: dict[_Edge, None] = {}
    by_key = {sender.key: sender for sender in senders}
    keys = {id(sender.cls): sender.key for sender in senders if sender.cls}
    for sender in senders:
        for signal in sender.signals:
            node = _Node("signal", signal.name, key=sender.key)
            for each in signal.receivers:
                if id(each.inherited_from) in keys:  # drawn at the abstract model
                    continue
                place = library.locate(each.receiver)
                where = f"{place.file}:{place.line}" if place.file else ""
                short = ".".join(place.name.split(".")[-2:])
                receiver = _Node("receiver", short, where, place.name)
                edges[_Edge(_node(sender), node)] = None
                when = "durable" if each.durable else "on commit" if each.on_commit else ""
                edges[_Edge(node, receiver, when)] = None
                body = body_of(each.receiver)
                for key in body.writes(keys, sender.key) if body else ():
                    written[_Edge(receiver, _node(by_key[key]))] = None
    return [*edges, *written]


def _node(sender: Sender) -> _Node:
    note = "and the models that inherit from it" if sender.abstract else ""
    return _Node("sender", sender.name, note, sender.key)


# --- how it is written ---------------------------------------------------------------------------


def _mermaid(names: dict[_Node, str], edges: Iterable[_Edge]) -> Iterator[str]:
    def plain(label: str) -> str:
        return label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")

    yield "flowchart LR"
    for node, name in names.items():
        start, end, *_ = _KINDS[node.kind]
        lines = "<br/>".join(plain(line) for line in (node.label, node.note) if line)
        yield f'  {name}{start}"{lines}"{end}:::{node.kind}'
    for edge in edges:
        label = f"|{plain(edge.label)}|" if edge.label else ""
        yield f"  {names[edge.start]} -->{label} {names[edge.end]}"
    for kind, (*_, fill, stroke) in _KINDS.items():
        yield f"  classDef {kind} fill:{fill},stroke:{stroke},color:#111827"


def _dot(names: dict[_Node, str], edges: Iterable[_Edge]) -> Iterator[str]:
    def plain(label: str) -> str:
        return label.replace("\\", "\\\\").replace('"', '\\"')

    yield "digraph signals {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif", style=filled];'
    for node, name in names.items():
        *_, shape, fill, stroke = _KINDS[node.kind]
        lines = "\\n".join(plain(line) for line in (node.label, node.note) if line)
        look = f'shape={shape}, fillcolor="{fill}", color="{stroke}"'
        yield f'  {name} [label="{lines}", {look}];'
    for edge in edges:
        label = f' [label="{plain(edge.label)}"]' if edge.label else ""
        yield f"  {names[edge.start]} -> {names[edge.end]}{label};"
    yield "}"
