"""What is written on the nodes and edges of a graph, the same in all formats: lines of formulas in
a dialect (admodes.views.dialects), each with its role, by which a format colours it."""

from __future__ import annotations

from typing import Any, NamedTuple

from admodes.drawing.parts import Diagram, Edge, Node
from admodes.views.dialects import Text
from admodes.views.visible import visible

LONGEST_NAME = 25
LONGEST_FORMULA = 40
"""Characters of an equation in plain text; of a longer one only the operation is written."""

MOST_ENTRIES = 3
"""Of a vector of more entries the first two are written, of a matrix those of the first row."""


class Line(NamedTuple):
    """role: "name" (an equation), "shape", "value", "partial" or "adjoint"."""

    role: str
    text: str


def printable(text: str) -> str:
    """A text without control characters and without those that turn the direction of writing."""
    return visible(text, lines=False)


def short(name: str) -> str:
    """A name that is not too long to stand on a node.

    >>> short("x1"), short("a" * 30)
    ('x1', 'aaaaaaaaaaaaaaaaaaaaaaaa…')
    """
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def first_entries(x: Any) -> Any:
    """A nested list with dots in place of all entries but the first."""
    if not isinstance(x, list) or not x:
        return x
    most = 1 if isinstance(x[0], list) else MOST_ENTRIES
    if len(x) <= most:
        return [first_entries(part) for part in x]
    return [*(first_entries(part) for part in x[: max(1, most - 1)]), "…"]


class Labels:
    """The lines of one graph in one dialect."""

    def __init__(self, diagram: Diagram, write: Text) -> None:
        self.shown, self.write, self.look = diagram.shown, write, diagram.look
        self.names = {node.id: node.title for node in diagram.nodes}
        self.sources = {edge.source for edge in diagram.edges}
        self.groups = {node.id for node in diagram.nodes if node.kind == "group"}

    def node(self, node: Node) -> list[Line]:
        """The lines on a node, from the top: its equation, its value, its adjoints."""
        if node.kind == "constant":
            return self.figure("value", node.value)
        if node.kind == "group":
            names = [] if node.name is None else [self._title(node)]
            lines = [Line("name", text) for text in (*names, self.extent(node))]
            return [*lines, Line("shape", self.write.word(node.says))]
        lines = [Line("name", self.equation(node))]
        if self.look(node) == "step":
            return lines
        if node.shape:
            lines.append(Line("shape", self.write.shape(node.shape)))
        if self.shown.at_edges != "value" or node.shape or node.id not in self.sources:
            role = "adjoint" if node.kind == "gradient" else "value"
            lines += self.figure(role, node.value)
        if self.shown.adjoints:
            lines += self.adjoints(node)
        return list(dict.fromkeys(lines))

    def edge(self, edge: Edge) -> list[Line]:
        """The lines at an edge: what flows along it, or by what it is multiplied."""
        if self.shown.at_edges == "value":
            array = isinstance(edge.value, list)
            return [] if array else self.figure("value", edge.value)
        if edge.partial is None and self.groups & {edge.source, edge.target}:
            return []
        if self.shown.symbols and not isinstance(edge.partial, (int, float, str)):
            names = [self.names.get(end) for end in (edge.target, edge.source)]
            return [Line("partial", self.write.derivative(*(short(n or "") for n in names)))]
        if self.shown.at_edges == "partial":
            return [] if isinstance(edge.partial, list) else self.figure("partial", edge.partial)
        if self.shown.at_edges == "adjoint":
            return [
                Line("adjoint", f"{self.of(y)}{line.text}" if len(edge.adjoints) > 1 else line.text)
                for y, term in edge.adjoints.items()
                for line in self.figure("adjoint", term)
            ]
        return []

    def equation(self, node: Node) -> str:
        """y1 = v8 = v3 + v7, or a part of it; of a group its rows and what they compute."""
        if node.kind == "group":
            if node.name is None:
                return f"{self.extent(node)}: {self.write.word(node.content)}"
            return f"{self._title(node)}: {self.extent(node)}"
        ends = [self.write.variable(short(end)) for end in node.ends]
        names = [] if node.name is None else [self.write.variable(short(node.name))]
        sides = [*names, *ends] if node.kind == "input" else [*ends, *names]
        if node.adjoint_of:
            sides = [self.write.bar(short(name)) for name in node.adjoint_of]
        if node.op is not None and (self.shown.formulas or self.look(node) == "step"):
            fits = 0 < len(node.formulas.get("text", "")) <= LONGEST_FORMULA
            sides.append(
                node.formulas[self.write.name] if fits else self.write.word(printable(node.op))
            )
        return " = ".join(sides)

    def extent(self, node: Node) -> str:
        """The first and the last row of a group."""
        ends = (self.write.variable(short(end)) for end in node.ends)
        return f" {self.write.dots} ".join(ends)

    def _title(self, node: Node) -> str:
        return self.write.word(short(node.name or ""))

    def adjoints(self, node: Node) -> list[Line]:
        """One line an output: v̄2 = 7.389, or ∂y1/∂v2 = 7.389 where there are several. Adjoints that
        are arrays have their equation too."""
        name = short(node.name or "")
        lines = []
        for y, adjoint in node.adjoints.items():
            left = self.write.bar(name)
            if len(node.adjoints) > 1:
                left = self.write.derivative(short(y), name)
            elif 0 < len(node.bar.get("text", "")) <= LONGEST_FORMULA:
                lines.append(Line("adjoint", f"{left} = {node.bar[self.write.name]}"))
            lines += [
                Line("adjoint", f"{left} = {line.text}") for line in self.figure("adjoint", adjoint)
            ]
        return lines

    def of(self, output: str) -> str:
        """Says to which output a figure belongs."""
        return f"{self.write.variable(short(output))}: "

    def figure(self, role: str, x: Any) -> list[Line]:
        """A number, or the first entries of an array; nothing for None."""
        return [] if x is None else [Line(role, self.write.number(first_entries(x)))]
