"""A graph as SVG.

No layout library is used: the columns of this graph are known beforehand, and what is left, the
order in each column, is an average. So a picture costs the user no further package, and neither
Graphviz nor a browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from typed_signals.cli.graph import Graph, Kind, Node

__all__ = ["svg"]

_HEADS = ("Model", "Signal", "Receiver", "Writes")
_FONT = "ui-monospace, Menlo, Consolas, monospace"
_CHARACTER, _SMALL = 8.0, 6.6  # widths in a monospaced font of 13 and of 11 pixels
_HEIGHT, _GAP, _BETWEEN, _MARGIN = 40.0, 12.0, 90.0, 24.0
_TOP = 56.0


@dataclass(slots=True)
class _Box:
    """A node that has its place."""

    node: Node
    column: int
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0


def svg(graph: Graph, colours: Mapping[Kind, tuple[str, str]]) -> str:
    """Draw a graph in four columns: models, signals, receivers, models that are written.

    Args:
        graph: The graph.
        colours: The fill and the stroke of each kind of node.

    Returns:
        The SVG document.
    """
    columns, lines = _columns(graph)
    _place(columns, lines)
    width = max(box.x + box.width for column in columns for box in column) + _MARGIN
    height = max(box.y for column in columns for box in column) + _HEIGHT + _MARGIN
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:.0f} {height:.0f}",
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
            "font-family": _FONT,
            "role": "img",
        },
    )
    ElementTree.SubElement(root, "title").text = "Models, their signals, and who listens"
    ElementTree.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    for head, column in zip(_HEADS, columns, strict=True):
        if column:
            _text(root, column[0].x, 32, head, 13, "#6b7280", bold=True)
    for start, end, label in lines:
        _line(root, start, end, label)
    for column in columns:
        for box in column:
            _box(root, box, *colours[box.node.kind])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _columns(graph: Graph) -> tuple[list[list[_Box]], list[tuple[_Box, _Box, str]]]:
    """The nodes by column, and the lines between them; a written model has a box of its own."""
    kinds: tuple[Kind, ...] = ("model", "signal", "receiver")
    starts = {edge.start for edge in graph.edges}
    boxes = {
        node.id: _Box(node, column)
        for column, kind in enumerate(kinds)
        for node in graph.of_kind(kind)
        if node.id in starts or kind == "receiver"
    }
    written: dict[str, _Box] = {}
    lines: list[tuple[_Box, _Box, str]] = []
    for edge in graph.edges:
        end = graph.nodes[edge.end]
        if end.kind == "model":
            box = written.setdefault(end.id, _Box(end, len(kinds)))
        else:
            box = boxes[end.id]
        lines.append((boxes[edge.start], box, edge.label))
    columns: list[list[_Box]] = [[] for _ in _HEADS]
    for box in (*boxes.values(), *written.values()):
        columns[box.column].append(box)
    return columns, lines


def _place(columns: Sequence[list[_Box]], lines: Sequence[tuple[_Box, _Box, str]]) -> None:
    x = _MARGIN
    for column in columns:
        widest = max((_width(box.node) for box in column), default=0.0)
        for box in column:
            box.x, box.width = x, widest
        x += widest + _BETWEEN
    # Signals stand in their order; a model in the middle of its own; what is right of them as
    # high as what leads to it, and the column then pushed apart.
    for row, box in enumerate(columns[1]):
        box.y = _TOP + row * (_HEIGHT + _GAP)
    for box in columns[0]:
        box.y = mean(end.y for start, end, _ in lines if start is box)
    for column in columns[2:]:
        for box in column:
            box.y = mean(start.y for start, end, _ in lines if end is box)
        column.sort(key=lambda box: box.y)
        free = _TOP
        for box in column:
            box.y = max(box.y, free)
            free = box.y + _HEIGHT + _GAP


def _width(node: Node) -> float:
    return max(len(node.label) * _CHARACTER, len(node.note) * _SMALL) + 24


def _line(root: ElementTree.Element, start: _Box, end: _Box, label: str) -> None:
    x1, y1 = start.x + start.width, start.y + _HEIGHT / 2
    x2, y2 = end.x, end.y + _HEIGHT / 2
    middle = (x1 + x2) / 2
    curve = f"C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    ElementTree.SubElement(
        root,
        "path",
        {
            "d": f"M{x1:.1f},{y1:.1f} {curve}",
            "fill": "none",
            "stroke": "#9ca3af",
            "stroke-width": "1.5",
            **({"stroke-dasharray": "5 4"} if label else {}),
        },
    )
    tip = f"{x2 - 7:.1f},{y2 - 4:.1f} {x2:.1f},{y2:.1f} {x2 - 7:.1f},{y2 + 4:.1f}"
    ElementTree.SubElement(root, "polygon", {"points": tip, "fill": "#9ca3af"})
    if label:
        _text(root, middle, (y1 + y2) / 2 - 5, label, 11, "#6b7280", middle=True)


def _box(root: ElementTree.Element, box: _Box, fill: str, stroke: str) -> None:
    ElementTree.SubElement(
        root,
        "rect",
        {
            "x": f"{box.x:.1f}",
            "y": f"{box.y:.1f}",
            "width": f"{box.width:.1f}",
            "height": f"{_HEIGHT:.0f}",
            "rx": "20" if box.node.kind == "signal" else "5",
            "fill": fill,
            "stroke": stroke,
        },
    )
    middle = box.x + box.width / 2
    note = box.node.note
    _text(root, middle, box.y + (17 if note else 25), box.node.label, 13, "#111827", middle=True)
    if note:
        _text(root, middle, box.y + 32, note, 11, "#4b5563", middle=True)


def _text(
    root: ElementTree.Element,
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str,
    *,
    bold: bool = False,
    middle: bool = False,
) -> None:
    attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": str(size), "fill": colour}
    attributes |= {"font-weight": "bold"} if bold else {}
    attributes |= {"text-anchor": "middle"} if middle else {}
    ElementTree.SubElement(root, "text", attributes).text = text
