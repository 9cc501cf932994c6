"""Draw the picture of README.md's Mermaid chart for the documentation site.

    python scripts/flow.py

The site fetches no script from another host, so it cannot draw Mermaid itself.
"""

import re
from pathlib import Path

import pygraphviz

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "assets" / "flow.svg"
CHART = re.compile(r"```mermaid\nflowchart LR\n(.*?)```", re.DOTALL)
# `name["text"] -- "text" --> name["text"]`; all but the first name may be missing.
NODE = r'(\w+)(?:\["(.*?)"\])?'
LINE = re.compile(rf' *{NODE}(?: (?:-- "(.*?)" )?--> {NODE})?')


def dot(chart: str) -> str:
    """Write a Mermaid flowchart in the language of Graphviz."""
    lines = [
        "digraph flow {",
        "  rankdir=TB; ranksep=0.3; nodesep=0.2;",
        '  node [fontname="sans-serif", fontsize=12, shape=box, style="rounded,filled",'
        ' fillcolor="#f0fdfa", color="#0f766e"];',
        '  edge [fontname="sans-serif", fontsize=11, color="#475569"];',
    ]
    for line in chart.splitlines():
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"{README.name}: cannot draw `{line.strip()}`")
        start, start_text, edge_text, end, end_text = found.groups()
        for name, text in ((start, start_text), (end, end_text)):
            if text:
                lines.append(f'  {name} [label="{_label(text)}"];')
        if end:
            lines.append(f'  {start} -> {end} [label="{_label(edge_text or "")}"];')
    return "\n".join([*lines, "}"])


def _label(text: str) -> str:
    return text.replace("<br/>", "\\n")


def chart() -> str:
    """Find the chart in README.md."""
    (found,) = CHART.findall(README.read_text("utf-8"))
    return str(found)


if __name__ == "__main__":
    pygraphviz.AGraph(dot(chart())).draw(PICTURE, format="svg", prog="dot")
