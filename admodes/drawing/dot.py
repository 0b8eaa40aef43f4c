"""A graph in the language of Graphviz: a Diagram goes in, text comes out. Graphviz places nodes
itself: `dot -Tsvg` makes a picture."""

from __future__ import annotations

from html import escape

from admodes.drawing.colours import COLOURS, FILLS, LINE, LIT
from admodes.drawing.labels import Labels, Line, printable
from admodes.drawing.parts import Diagram, Node
from admodes.views.dialects import Text

LOOKS_LIT = f', color="{LIT}", penwidth=2.4'


def write(diagram: Diagram) -> str:
    """The graph as DOT text."""
    labels = Labels(diagram, Text(diagram.digits))
    return "\n".join(
        [
            "digraph {",
            f"  rankdir={'BT' if diagram.shown.upward else 'TB'};",
            f"  tooltip={_quoted(diagram.title or diagram.kind)};",
            '  node [fontname="Helvetica", style="filled"];',
            f'  edge [fontname="Helvetica", color="{LINE}"];',
            *(
                f"  {n.id} [{_looks(n, diagram.look(n))}, label={_label(labels.node(n))}];"
                for n in diagram.nodes
            ),
            *(
                f"  {e.source} -> {e.target} [label={_label(labels.edge(e))}{LOOKS_LIT * e.lit}];"
                for e in diagram.edges
            ),
            "}",
            "",
        ]
    )


def _looks(node: Node, look: str) -> str:
    fill, frame = FILLS[look]
    drawn = LOOKS_LIT if node.lit else f', color="{frame}"'
    return f'shape={"ellipse" if look == "step" else "box"}, fillcolor="{fill}"{drawn}'


def _label(lines: list[Line]) -> str:
    """Lines in the colours of their roles; nothing at all is a text, since it cannot be HTML."""
    shown = (f'<font color="{COLOURS[line.role]}">{_html(line.text)}</font>' for line in lines)
    return f"<{'<br/>'.join(shown)}>" if lines else '""'


def _html(text: str) -> str:
    """Text in a label, where \\N would be the name of the node."""
    return escape(printable(text), quote=False).replace("\\", "\\\\")


def _quoted(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
