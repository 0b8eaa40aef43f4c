"""A graph in the language of Mermaid, which pages of many hosts of code draw: a Diagram goes in,
text comes out."""

from __future__ import annotations

import re

from admodes.drawing.colours import FILLS, LIT
from admodes.drawing.labels import Labels, Line, printable
from admodes.drawing.parts import Diagram, Node
from admodes.views.dialects import Text

MOST_EDGES = 500
"""Mermaid renders fewer, unless the page that holds it sets maxEdges."""

_FRAMES = {"input": ("(", ")"), "constant": ("(", ")"), "step": ("([", "])")}
"""Rounder nodes than rectangles, by what they are drawn as."""

_PLAIN = r"[^\w .,:=+/()\[\]∂×·−…\u0300-\u036f-]"
_MARKDOWN = r"(?<!\w)_|_(?!\w)|^[-+](?= )|^\d+[.)](?= )"
"""Characters that Mermaid, or the Markdown in its labels, may read as a sign."""


def write(diagram: Diagram) -> str:
    """The graph as Mermaid text. One that Mermaid does not render says so in its first line."""
    labels = Labels(diagram, Text(diagram.digits))
    looks = dict.fromkeys(map(diagram.look, diagram.nodes))
    lines = [f"flowchart {'BT' if diagram.shown.upward else 'TB'}"]
    if len(diagram.edges) >= MOST_EDGES:
        lines.insert(
            0,
            f"%% {len(diagram.edges)} edges: Mermaid renders fewer than {MOST_EDGES}, unless the "
            "page sets maxEdges",
        )
    lines += (_node(node, labels, diagram.look(node)) for node in diagram.nodes)
    for edge in diagram.edges:
        text = _text(labels.edge(edge))
        lines.append(f"  {edge.source} -->{f'|{text}|' if text else ''} {edge.target}")
    for look in looks:
        fill, frame = FILLS[look]
        lines.append(f"  classDef {look} fill:{fill},stroke:{frame},color:#1b1b1b")
    lines += _lit(diagram)
    return "\n".join([*lines, ""])


def _lit(diagram: Diagram) -> list[str]:
    """What stands out, by its numbers and names."""
    look = f"stroke:{LIT},stroke-width:2.4px"
    edges = ",".join(str(k) for k, edge in enumerate(diagram.edges) if edge.lit)
    nodes = ",".join(node.id for node in diagram.nodes if node.lit)
    styled = [f"  linkStyle {edges} {look}"] if edges else []
    return [*styled, f"  classDef lit {look}", f"  class {nodes} lit"] if nodes else styled


def _node(node: Node, labels: Labels, look: str) -> str:
    left, right = _FRAMES.get(look, ("[", "]"))
    return f"  {node.id}{left}{_text(labels.node(node))}{right}:::{look}"


def _text(lines: list[Line]) -> str:
    """Lines in quotes; nothing where there are none."""
    return f'"{"<br>".join(_escaped(line.text) for line in lines)}"' if lines else ""


def _escaped(text: str) -> str:
    """Text in which everything that could be a sign is written by its number."""
    return re.sub(
        f"{_MARKDOWN}|{_PLAIN}",
        lambda m: "".join(f"#{ord(c)};" for c in m.group()),
        printable(text),
    )
