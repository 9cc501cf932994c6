"""``typed-signals graph``: a picture of model, signal, receiver, and the models that it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click

from typed_signals.cli.console import CannotRun, remark
from typed_signals.cli.drawing import svg
from typed_signals.cli.loading import Sender, import_target, senders_in
from typed_signals.cli.sources import body_of
from typed_signals.inspection import place_of

__all__ = ["Edge", "Graph", "Node", "graph"]

Kind = Literal["model", "signal", "receiver"]


@dataclass(frozen=True, slots=True)
class Node:
    """A model, a signal of a model, or a receiver.

    Attributes:
        id: A name that is the node's alone.
        kind: What it is.
        label: What is written on it.
        note: What is written below that, smaller.
    """

    id: str
    kind: Kind
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one node to another.

    Attributes:
        start: The id of the node it starts at.
        end: The id of the node it ends at.
        label: What is written on it.
    """

    start: str
    end: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by id, and the arrows between them."""

    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    edges: dict[Edge, None] = field(default_factory=dict[Edge, None])

    def of_kind(self, kind: Kind) -> list[Node]:
        """The nodes of one kind."""
        return [node for node in self.nodes.values() if node.kind == kind]


@click.command()
@click.argument("target", metavar="MODULE[:ATTRIBUTE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot", "svg"]),
    help="What to make; by default what the name of the output says, or mermaid.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file.")
def graph(target: str, form: str | None, output: Path | None) -> None:
    """Draw who sends which signal to whom, and which models each receiver writes.

    Imports MODULE, as `list` does. What a receiver writes is read from its source, and from that
    of the functions of its package that it calls. Receivers of an abstract model are drawn there.
    """
    imported = import_target(target)
    drawn = _graph(senders_in(imported))
    if not drawn.edges:
        raise CannotRun(f"nothing to draw: nobody listens to any signal of `{imported}`")
    made = _WRITERS[form or _form(output)](drawn)
    if output is None:
        click.echo(made, nl=False)
        return
    try:
        output.write_text(made, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"`{output}` cannot be written: {error.strerror}") from None
    remark(f"wrote {output}")


def _form(output: Path | None) -> str:
    suffixes = {"": "mermaid", ".mmd": "mermaid", ".dot": "dot", ".gv": "dot", ".svg": "svg"}
    suffix = output.suffix if output else ""
    if suffix not in suffixes:
        raise CannotRun(f"the format of a `{suffix}` file is not known: say it with `--format`")
    return suffixes[suffix]


# --- what is drawn -------------------------------------------------------------------------------


def _graph(senders: Sequence[Sender]) -> Graph:
    drawn = Graph()
    models = {sender.key: sender for sender in senders}
    keys = {id(sender.model): sender.key for sender in senders if sender.model}
    written: dict[Edge, None] = {}
    for sender in senders:
        for signal in sender.signals:
            own = [each for each in signal.listeners if each.inherited_from is None]
            if not own:
                continue
            heard = _add(drawn, Node(f"{sender.key} {signal.signal}", "signal", signal.signal))
            drawn.edges[Edge(_model(drawn, sender), heard)] = None
            for each in own:
                place = place_of(each.receiver)
                note = f"{place.file}:{place.line}" if place.file else ""
                short = ".".join(place.name.split(".")[-2:])
                receiver = _add(drawn, Node(f"{place.name} {note}", "receiver", short, note))
                drawn.edges[Edge(heard, receiver, "on commit" if each.on_commit else "")] = None
                body = body_of(each.receiver)
                for key in body.writes(keys, sender.key) if body else ():
                    written[Edge(receiver, _model(drawn, models[key]))] = None
    return Graph(drawn.nodes, drawn.edges | written)


def _model(drawn: Graph, sender: Sender) -> str:
    note = "and every model below" if sender.abstract else ""
    return _add(drawn, Node(sender.key, "model", sender.name, note))


def _add(drawn: Graph, node: Node) -> str:
    drawn.nodes.setdefault(node.id, node)
    return node.id


# --- how it is written ---------------------------------------------------------------------------

_COLOURS: Mapping[Kind, tuple[str, str]] = {
    "model": ("#dbeafe", "#1d4ed8"),
    "signal": ("#fef3c7", "#b45309"),
    "receiver": ("#dcfce7", "#15803d"),
}


def _numbers(drawn: Graph) -> dict[str, str]:
    return {id_: f"n{number}" for number, id_ in enumerate(drawn.nodes)}


def _mermaid(drawn: Graph) -> str:
    numbers = _numbers(drawn)
    shapes: Mapping[Kind, tuple[str, str]] = {
        "model": ("[", "]"),
        "signal": ("([", "])"),
        "receiver": ("(", ")"),
    }

    def node(each: Node) -> str:
        start, end = shapes[each.kind]
        text = "<br/>".join(_mermaid_text(line) for line in (each.label, each.note) if line)
        return f'{numbers[each.id]}{start}"{text}"{end}:::{each.kind}'

    def arrow(each: Edge) -> str:
        label = f"|{_mermaid_text(each.label)}|" if each.label else ""
        return f"{numbers[each.start]} -->{label} {numbers[each.end]}"

    styles = (
        f"classDef {kind} fill:{fill},stroke:{stroke},color:#111827"
        for kind, (fill, stroke) in _COLOURS.items()
    )
    return _block("flowchart LR", map(node, drawn.nodes.values()), map(arrow, drawn.edges), styles)


def _mermaid_text(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _dot(drawn: Graph) -> str:
    numbers = _numbers(drawn)
    shapes: Mapping[Kind, str] = {"model": "box", "signal": "ellipse", "receiver": "note"}

    def node(each: Node) -> str:
        fill, stroke = _COLOURS[each.kind]
        text = "\\n".join(_dot_text(line) for line in (each.label, each.note) if line)
        return (
            f'{numbers[each.id]} [label="{text}", shape={shapes[each.kind]}, style=filled, '
            f'fillcolor="{fill}", color="{stroke}"];'
        )

    def arrow(each: Edge) -> str:
        label = f' [label="{_dot_text(each.label)}"]' if each.label else ""
        return f"{numbers[each.start]} -> {numbers[each.end]}{label};"

    head = ["rankdir=LR;", 'node [fontname="sans-serif"];']
    lines = _block(
        "digraph signals {", head, map(node, drawn.nodes.values()), map(arrow, drawn.edges)
    )
    return f"{lines}}}\n"


def _dot_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _block(head: str, *parts: Iterable[str]) -> str:
    lines = [head, *(f"  {line}" for part in parts for line in part)]
    return "\n".join(lines) + "\n"


def _svg(drawn: Graph) -> str:
    return svg(drawn, _COLOURS)


_WRITERS: Mapping[str, Callable[[Graph], str]] = {"mermaid": _mermaid, "dot": _dot, "svg": _svg}
