"""What a graph is made of: Node, Edge and Diagram, plain data. Every writer of a format reads
these, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Node:
    """One node. kind: "input", "operation", "output", "variable", "constant", "gradient" or
    "group". row is its row in the trace, or None; name and op are None where it has none. adjoints
    are by output.

    formulas: the right side of its equation by dialect ("text", "latex"), without for constants;
    ends: the names of inputs and outputs that the row is (x1 of v0, y1 of v8); bar: the equation of
    its adjoint by dialect, where there is one in symbols; adjoint_of: the names of the rows of
    which a gradient node is the adjoint; members: the rows of a group, size: how many there are, in
    words, content: what they compute; lit: whether it stands out."""

    id: str
    row: int | None
    kind: str
    name: str | None = None
    op: str | None = None
    value: Any = None
    shape: list[int] = field(default_factory=list)
    adjoints: dict[str, Any] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    bar: dict[str, str] = field(default_factory=dict)
    adjoint_of: list[str] = field(default_factory=list)
    members: Sequence[int] = ()
    size: str = ""
    content: str = ""
    lit: bool = False

    @property
    def covered(self) -> Sequence[int]:
        """The rows that it stands for."""
        return self.members if self.row is None else (self.row,)

    @property
    def title(self) -> str | None:
        """Its name; of a group without one the names of its first and last row."""
        return " … ".join(self.ends) if self.members and self.name is None else self.name

    @property
    def says(self) -> str:
        """What a group is made of."""
        return f"{self.size}: {self.content}"

    def data(self) -> dict[str, Any]:
        """The node in the JSON contract "admodes.graph/1"."""
        keys = ("id", "row", "kind", "name", "op", "value", "shape", "adjoints")
        told = {"name": self.title, "op": self.says} if self.members else {}
        return {key: getattr(self, key) for key in keys} | told


@dataclass
class Edge:
    """One edge, from source to target (ids of nodes). arg: which argument of the operation it is;
    value: what flows along it; partial: the derivative of the operation with respect to that
    argument; adjoints: what it contributes to the adjoint of the argument, by output; lit: whether
    it stands out."""

    source: str
    target: str
    arg: int | None = None
    value: Any = None
    partial: Any = None
    adjoints: dict[str, Any] = field(default_factory=dict)
    lit: bool = False

    def data(self) -> dict[str, Any]:
        """The edge in the JSON contract "admodes.graph/1"."""
        rest = {key: getattr(self, key) for key in ("arg", "value", "partial", "adjoints")}
        return {"from": self.source, "to": self.target, **rest}


@dataclass(frozen=True)
class Shown:
    """What a kind of graph shows beside the names of rows. formulas: what each row computes;
    adjoints: those of the rows; at_edges: "value", "partial" or "adjoint", or nothing; symbols: a
    partial that is no number is written as a derivative; upward: edges lead from the outputs back;
    apart: operations stand apart from their results."""

    formulas: bool = False
    adjoints: bool = False
    at_edges: str = ""
    symbols: bool = False
    upward: bool = False
    apart: bool = False


SHOWN = {
    "computation": Shown(formulas=True, at_edges="value"),
    "both": Shown(formulas=True, adjoints=True, at_edges="partial"),
    "backpropagation": Shown(formulas=True, adjoints=True, at_edges="adjoint", upward=True),
    "bipartite": Shown(apart=True),
    "linearised": Shown(at_edges="partial", symbols=True),
    "gradient": Shown(formulas=True),
}
"""By kind of graph."""


@dataclass
class Diagram:
    """Nodes and edges of one kind of graph, in the order of the trace. digits: the decimals with
    which figures are written."""

    kind: str
    nodes: list[Node]
    edges: list[Edge]
    title: str = ""
    digits: int = 6

    @property
    def shown(self) -> Shown:
        """What its kind shows."""
        return SHOWN[self.kind]

    def look(self, node: Node) -> str:
        """What a node is drawn as: its kind, or "step" for an operation apart from its result."""
        return "step" if self.shown.apart and node.kind == "operation" else node.kind
