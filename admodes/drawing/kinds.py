"""Which nodes and edges a graph of each kind has, from the rows of a trace.

computation: inputs and constants apart from operations. backpropagation: adjoints that flow back.
both: both passes in one picture. bipartite: operations and variables in turn. linearised: partial
derivatives on edges, and no constants. gradient: the function, and what its reverse sweeps compute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admodes.drawing.labels import printable, short
from admodes.drawing.parts import SHOWN, Edge, Node
from admodes.errors import BadValue, choices
from admodes.views.dialects import Latex, Text
from admodes.views.filling import fill
from admodes.views.result import plain

ROW_KEYS = (
    *("row", "name", "op", "args", "value", "shape"),
    *("partials", "adjoints", "contributions", "forms"),
)
"""What a graph reads of a row (admodes.tracing.rows.Row)."""


Parts = tuple[list[Node], list[Edge]]


@dataclass(frozen=True)
class Group:
    """Rows that are drawn as one node, the rows outside that they read, what they are called, if
    anything, how many there are, in words, and what they compute."""

    rows: range
    reads: list[int]
    name: str
    size: str
    content: str

    @property
    def id(self) -> str:
        """The id of its node."""
        return f"g{self.rows[0]}"


class Rows:
    """The rows that are drawn, in the order of the trace, and what a graph says of each.

    rows: dicts with ROW_KEYS, of which contributions are by argument and output; names: those of
    all rows of the trace, drawn or not; inputs, outputs: its ends, with name, row and value;
    groups: what stands in place of further rows."""

    def __init__(
        self,
        rows: Sequence[dict],
        names: Mapping[int, str],
        inputs: Sequence[dict],
        outputs: Sequence[dict],
        digits: int = 6,
        groups: Sequence[Group] = (),
    ) -> None:
        self.groups = groups
        self.group_of = {row: group for group in groups for row in group.rows}
        self.by_row = {row["row"]: row for row in rows}
        self.names, self.outputs = names, outputs
        self.inputs = {x["row"]: x["name"] for x in inputs}
        self.final = {y["row"] for y in outputs}
        self.dialects = (Text(digits), Latex(digits))
        self.ends: dict[int, list[str]] = {}
        for end in (*inputs, *outputs):
            row = self.by_row.get(end["row"])
            if row is not None and end["name"] != row["name"]:
                self.ends.setdefault(end["row"], []).append(printable(end["name"]))

    def __iter__(self) -> Iterator[dict]:
        return iter(self.by_row.values())

    def arguments(self, row: dict) -> list[int]:
        """The positions of the arguments that are rows which are drawn."""
        return [k for k, a in enumerate(row["args"]) if self.place(a.get("row")) is not None]

    def place(self, row: int | None) -> str | None:
        """The node that is a row, or a group with it; None where it is not drawn."""
        if row in self.by_row:
            return f"r{row}"
        return self.group_of[row].id if row in self.group_of else None

    def node(self, row: dict, kind: str = "operation") -> Node:
        """The node of a row; kind: what it is where it is neither input nor output."""
        final = row["row"] in self.final
        return Node(
            f"r{row['row']}",
            row["row"],
            "input" if row["op"] == "input" else "output" if final else kind,
            printable(row["name"]),
            None if row["op"] == "input" else row["op"],
            plain(row["value"]),
            list(row["shape"]),
            _given(row["adjoints"]),
            {w.name: self.formula(row, w) for w in self.dialects if row["op"] != "input"},
            self.ends.get(row["row"], []),
            {d: form["adjoint"] for d, form in row["forms"].items() if form.get("adjoint")},
        )

    def gradient(self, row: dict) -> Node:
        """The node of a row of a reverse sweep."""
        labels = [printable(name) for name in row["adjoint_of"]]
        return Node(
            f"r{row['row']}",
            None,
            "gradient",
            Text().bar(labels[0]) if labels else row["name"],
            row["op"],
            plain(row["value"]),
            row["shape"],
            formulas={w.name: self.formula(row, w) for w in self.dialects if row["op"]},
            adjoint_of=labels,
        )

    def formula(self, row: dict, write: Text) -> str:
        """The right side of the equation of a row."""
        form: str = row["forms"][write.name]["value"]
        if "⟦" in form:  # a template; the equations of arrays are whole
            form = fill(form, [self.atom(a, write) for a in row["args"]], write)
        return printable(form)

    def atom(self, a: dict, write: Text) -> tuple[str, bool]:
        """An argument as it is printed, and whether it is a number."""
        if "row" in a:
            bars = self.by_row.get(a["row"], {}).get("adjoint_of")
            name = short(bars[0] if bars else self.names[a["row"]])
            return write.bar(name) if bars else write.variable(name), False
        return write.array(plain(a["const"])), True

    def constants(self, row: dict) -> Iterator[tuple[Node, Edge]]:
        """The constants that a row reads, each with its edge."""
        for k, a in enumerate(row["args"]):
            if "const" in a:
                name, x = f"c{row['row']}_{k}", plain(a["const"])
                shape = list(getattr(a["const"], "shape", ()))
                yield (
                    Node(name, None, "constant", value=x, shape=shape),
                    Edge(name, f"r{row['row']}", k, x),
                )

    def edge(self, row: dict, k: int) -> Edge:
        """The edge from an argument of a row that is a row."""
        source = row["args"][k]["row"]
        value = self.by_row[source]["value"] if source in self.by_row else None
        return Edge(
            self.place(source) or "",
            f"r{row['row']}",
            k,
            plain(value),
            plain(row["partials"][k]) if row["partials"] else None,
            _given(row["contributions"].get(k, {})),
        )

    def with_groups(self, nodes: list[Node], edges: list[Edge], upward: bool) -> Parts:
        """Nodes and edges with the groups among them, each before the rows that follow it."""
        waiting = list(self.groups)
        placed: list[Node] = []
        for node in nodes:
            while waiting and node.row is not None and node.row > waiting[0].rows[0]:
                placed.append(self._group(waiting.pop(0)))
            placed.append(node)
        for group in self.groups:
            sources = dict.fromkeys(self.place(row) for row in group.reads)
            ends = [(source, group.id) for source in sources if source not in (None, group.id)]
            edges += [Edge(*(pair[::-1] if upward else pair)) for pair in ends]
        return [*placed, *map(self._group, waiting)], edges

    def _group(self, group: Group) -> Node:
        return Node(
            group.id,
            None,
            "group",
            printable(group.name) or None,
            ends=[self.called(group.rows[k]) for k in (0, -1)],
            members=group.rows,
            size=group.size,
            content=printable(group.content),
        )

    def called(self, row: int) -> str:
        """The name of a row, for an input that of the input."""
        return printable(self.inputs.get(row, self.names[row]))

    def loose_ends(self) -> list[Node]:
        """The outputs that depend on no row: numbers."""
        return [
            Node(f"y{k}", None, "output", printable(y["name"]), value=plain(y["value"]))
            for k, y in enumerate(self.outputs)
            if y["row"] is None
        ]


def _given(adjoints: dict[str, Any]) -> dict[str, Any]:
    """The adjoints of a row that has any, by output."""
    return {printable(y): plain(x) for y, x in adjoints.items() if x is not None}


def _with_constants(rows: Rows) -> Parts:
    nodes, edges = [], []
    for row in rows:
        for node, edge in rows.constants(row):
            nodes.append(node)
            edges.append(edge)
        nodes.append(rows.node(row))
        edges += [rows.edge(row, k) for k in rows.arguments(row)]
    return nodes, edges


def _backpropagation(rows: Rows) -> Parts:
    edges = [rows.edge(row, k) for row in rows for k in rows.arguments(row)]
    for edge in edges:
        edge.source, edge.target = edge.target, edge.source
    return [rows.node(row) for row in rows], edges


def _linearised(rows: Rows) -> Parts:
    edges: dict[tuple[int, int], Edge] = {}
    for row in rows:
        for k in rows.arguments(row):
            edge = rows.edge(row, k)
            first = edges.setdefault((row["args"][k]["row"], row["row"]), edge)
            if first is not edge:
                _add(first, edge, row["partials"])
    return [rows.node(row) for row in rows], list(edges.values())


def _add(first: Edge, other: Edge, partials: list) -> None:
    """Let one edge carry what another between the same nodes does."""
    both = [partials[e.arg] for e in (first, other) if partials and e.arg is not None]
    first.partial = plain(sum(both)) if both and None not in both else None
    for y, x in other.adjoints.items():
        first.adjoints[y] += x


def _bipartite(rows: Rows) -> Parts:
    nodes, edges = [], []
    for row in rows:
        variable = rows.node(row, "variable")
        if row["op"] != "input":
            operation = Node(
                f"o{row['row']}",
                row["row"],
                "operation",
                op=row["op"],
                formulas=variable.formulas,
            )
            nodes.append(operation)
            for k in rows.arguments(row):
                edge = rows.edge(row, k)
                edge.target = operation.id
                edges.append(edge)
            edges.append(Edge(operation.id, variable.id, None, variable.value))
        nodes.append(variable)
    return nodes, edges


def _gradient(rows: Rows) -> Parts:
    """The rows of the function, and after them those of the reverse sweeps."""
    nodes = [rows.gradient(row) if "adjoint_of" in row else rows.node(row) for row in rows]
    return nodes, [rows.edge(row, k) for row in rows for k in rows.arguments(row)]


_PARTS: dict[str, Callable[[Rows], Parts]] = {
    "computation": _with_constants,
    "both": _with_constants,
    "backpropagation": _backpropagation,
    "bipartite": _bipartite,
    "linearised": _linearised,
    "gradient": _gradient,
}


KINDS = tuple(_PARTS)


def check_kind(kind: str) -> None:
    """Refuse unknown kinds. Raises ValueError."""
    if kind not in KINDS:
        raise BadValue(f"graph: kind {printable(kind)!r}: {choices(kind, KINDS)}")


def nodes_and_edges(kind: str, rows: Rows) -> Parts:
    """The nodes and edges of a kind of graph."""
    nodes, edges = rows.with_groups(*_PARTS[kind](rows), upward=SHOWN[kind].upward)
    return [*nodes, *rows.loose_ends()], edges
