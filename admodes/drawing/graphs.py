"""Graph: nodes and edges as a result, in every format that there is a writer of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from admodes.drawing import terminal
from admodes.drawing.labels import Labels, Line, printable, short
from admodes.drawing.parts import Diagram
from admodes.errors import BadValue, choices
from admodes.views.dialects import dialect_of
from admodes.views.documents import document, preformatted
from admodes.views.files import write_atomically
from admodes.views.result import Result
from admodes.views.tables import Table

WRITERS = {
    "svg": "admodes.drawing.svg",
    "png": "admodes.drawing.png",
    "tikz": "admodes.drawing.tikz",
    "dot": "admodes.drawing.dot",
    "mermaid": "admodes.drawing.mermaid",
    "text": "admodes.drawing.terminal",
}
"""The module of each format, whose function write(diagram) gives the text of the file, or its
bytes."""

ENDINGS = {
    "svg": "svg",
    "png": "png",
    "tex": "tikz",
    "dot": "dot",
    "mmd": "mermaid",
    "txt": "text",
}
"""The format of a file by its ending."""


class Graph(Diagram, Result):
    """A graph of what a function computed (JSON contract "admodes.graph/1"): kind, nodes and edges,
    in the order of the trace. A notebook shows the picture."""

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.graph/1",
            "kind": self.kind,
            "nodes": [node.data() for node in self.nodes],
            "edges": [edge.data() for edge in self.edges],
        }

    def highlighted(self, rows: AbstractSet[int], links: Collection[tuple[int, int]]) -> Graph:
        """The graph in which these rows stand out, groups with one of them, and the edges between
        rows of these pairs, in either direction, or between the nodes of one row."""
        of_row: dict[int, list[str]] = {}
        for node in self.nodes:
            for row in node.covered:
                of_row.setdefault(row, []).append(node.id)
        lit = {
            frozenset((a, b))
            for i, j in [*links, *((row, row) for row in rows)]
            for a in of_row.get(i, ())
            for b in of_row.get(j, ())
        }
        nodes = [replace(n, lit=not rows.isdisjoint(n.covered)) for n in self.nodes]
        edges = [replace(e, lit=frozenset((e.source, e.target)) in lit) for e in self.edges]
        return replace(self, nodes=nodes, edges=edges)

    def written(self, format: str) -> str | bytes:
        """The graph in a format: the text of the file, or for "png" its bytes. Raises ValueError
        for an unknown format."""
        write = import_module(WRITERS[format_of(None, format)]).write
        text: str | bytes = write(self)
        return text

    def to_svg(self) -> str:
        """The picture as SVG."""
        return str(self.written("svg"))

    def to_tikz(self) -> str:
        """The picture as a LaTeX document of its own, with formulas as in the tables."""
        return str(self.written("tikz"))

    def to_dot(self) -> str:
        """The graph in the language of Graphviz, without coordinates."""
        return str(self.written("dot"))

    def to_mermaid(self) -> str:
        """The graph in the language of Mermaid, which renders graphs of fewer than 500 edges; the
        first line of a larger one says so."""
        return str(self.written("mermaid"))

    def to_text(self, width: int = 80) -> str:
        """One line a node, in the order of the trace (from its end where adjoints flow back), with
        lanes in the margin that lead to the lines that read it. width: columns at which it folds.

        >>> import admodes as ad
        >>> print(ad.trace(lambda x, y: x * y + x, 3.0, 2.0).graph().to_text())
             Row               Value
        ○    v0 = x            3
        │ ○  v1 = y            2
        ├─●  v2 = v0 v1        6
        ◆─╯  f = v3 = v2 + v0  9
        <BLANKLINE>
        """
        return terminal.write(self, width)

    def save(self, path: str | Path, format: str | None = None) -> Path:
        """Write the graph into a file, whole or not at all, in the format of its ending unless one
        is given. Raises ValueError for an unknown ending or format, OSError where path cannot be
        written."""
        path = Path(path)
        text = self.written(format_of(path, format))
        data = text.encode("utf-8") if isinstance(text, str) else text
        return write_atomically(path, lambda p: p.write_bytes(data))

    def tables(self, format: str = "text") -> list[Table]:
        """The nodes and the edges, one a line, with what is written on them."""
        labels = Labels(self, dialect_of(format, self.digits))
        variable = labels.write.variable
        names = {node.id: variable(short(node.title or node.id)) for node in self.nodes}
        nodes = [
            [node.kind, *_cells(labels.node(node), ("name", "shape", "value", "adjoint"))]
            for node in self.nodes
        ]
        edges = [
            [
                names[e.source],
                names[e.target],
                *_cells(labels.edge(e), ("value", "partial", "adjoint")),
            ]
            for e in self.edges
        ]
        return [
            _table("Nodes", ["Kind", "Node", "Shape", "Value", "Adjoint"], nodes, 1),
            _table("Edges", ["From", "To", "Value", "Partial", "Adjoint"], edges, 0),
        ]

    def _written(
        self, format: str, width: int, fragment: bool, options: dict[str, Any]
    ) -> str | None:
        writers: dict[str, Callable[..., str]] = {
            "text": lambda: self.to_text(width),
            "markdown": lambda: preformatted(self.to_mermaid(), format, "mermaid"),
            "latex": lambda: "".join(self.tikz_parts()) if fragment else self.to_tikz(),
            "html": lambda: self._page(fragment),
        }
        return writers[format](**options) if format in writers else None

    def _page(self, fragment: bool) -> str:
        svg = self.to_svg()
        body = f'<figure tabindex="0">{svg[svg.index("<svg") :]}</figure>\n'
        return body if fragment else document(body, "html", self.title or self.kind)

    def tikz_parts(self) -> tuple[str, str]:
        """The picture in a LaTeX document apart from what the preamble has for it, which comes
        first."""
        found = re.search(
            r"\\documentclass.*?\n(.*?)(?:% [^\n]*\n)(.*?)(?=\\newsavebox|\\begin\{document\}).*"
            r"(\\begin\{tikzpicture\}.*\\end\{tikzpicture\})",
            self.to_tikz(),
            re.DOTALL,
        )
        assert found is not None
        return found[1] + found[2], found[3]

    def _repr_html_(self) -> str:
        return self.to_svg()

    def _repr_svg_(self) -> str:
        return self.to_svg()


class DotText(str):
    """A graph as text in the language of Graphviz. What the graph can do, the text can as well:
    a notebook shows the picture, `text.save("x.svg")` writes it."""

    graph: Graph

    def __new__(cls, graph: Graph) -> DotText:
        text = super().__new__(cls, graph.to_dot())
        text.graph = graph
        return text

    def __getnewargs__(self) -> tuple[Graph]:  # type: ignore[override]
        return (self.graph,)

    def __getattr__(self, name: str) -> Any:
        if name == "graph":
            raise AttributeError(name)
        return getattr(self.graph, name)


def format_of(path: str | Path | None, format: str | None) -> str:
    """The format that is asked for, or that of the ending of a path. Raises ValueError for an
    unknown one."""
    if format is not None:
        if format not in WRITERS:
            raise BadValue(f"format {printable(format)!r}: {choices(format, WRITERS)}")
        return format
    ending = Path(path or "").suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        known = ", ".join(f".{x}" for x in ENDINGS)
        raise BadValue(f"{path}: a graph is written as {known}; or give the format")
    return ENDINGS[ending]


def _cells(lines: list[Line], roles: Sequence[str]) -> list[str]:
    """The lines of each role, as cells of a table."""
    return ["; ".join(line.text for line in lines if line.role == role) for role in roles]


def _table(title: str, head: list[str], rows: list[list[str]], words: int) -> Table:
    """A table of the columns that have something in them; the first are words."""
    used = [k for k in range(len(head)) if k < words or any(row[k] for row in rows)]
    return Table(
        title,
        [head[k] for k in used],
        [[row[k] for k in used] for row in rows],
        [k >= words for k in used],
    )
