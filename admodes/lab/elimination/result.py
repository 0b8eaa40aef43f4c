"""eliminate: what a Jacobian costs in each order of elimination, as data, tables and pictures.

A function at a point goes in; its rows become a linearised graph (vertices.py), which is eliminated
in each order (orders.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from admodes.core.carrier import value as plain_value
from admodes.core.pytree import flatten
from admodes.core.record import Ref, is_active
from admodes.drawing.graphs import Graph
from admodes.drawing.parts import Edge, Node
from admodes.errors import BadValue, choices
from admodes.lab.elimination import orders
from admodes.lab.elimination.vertices import LinearisedGraph, Step, Vertex
from admodes.programs.names import NamedProgram
from admodes.programs.scalars import scalar_program
from admodes.programs.sweep import reached
from admodes.tracing.drawn import Drawing
from admodes.tracing.graphing import drawing_of
from admodes.tracing.rows import local_partials
from admodes.views.amounts import counted
from admodes.views.dialects import dialect_of
from admodes.views.limits import check_lines, check_numbers
from admodes.views.result import Result
from admodes.views.tables import Table

ORDERS = {
    "forward": orders.forward,
    "reverse": orders.reverse,
    "markowitz": orders.markowitz,
    "optimum": orders.optimum,
}

INSTEAD = "admodes count (ad.count) has the exact cost of both modes"

MOST_SEARCHED = 64
"""Vertices up to which the optimum is searched for."""

MOST_LISTED = 40
"""Steps up to which all of an order are printed."""


@dataclass
class Elimination(Result):
    """The orders of elimination of a function at a point (JSON contract "admodes.elimination/1").

    forward, reverse, markowitz and optimum are lists of steps, optimum None where it was not found,
    and reason then says why; lower_bound is what no order can go below. jacobian has a line per
    output and an entry per input. linearised is the graph before the first step."""

    inputs: list[str]
    outputs: list[str]
    names: dict[Vertex, str]
    forward: list[Step]
    reverse: list[Step]
    markowitz: list[Step]
    optimum: list[Step] | None
    reason: str | None
    lower_bound: int
    jacobian: list[list[float]]
    linearised: LinearisedGraph = field(repr=False)
    drawing: Drawing = field(repr=False)
    title: str = ""

    def steps(self, order: str) -> list[Step]:
        """The steps of an order. Raises ValueError for an unknown one, and for an optimum that was
        not found."""
        if order not in ORDERS:
            raise BadValue(f"order {order!r}: {choices(order, ORDERS)}")
        steps: list[Step] | None = getattr(self, order)
        if steps is None:
            raise BadValue(f"order 'optimum': {self.reason}")
        return steps

    @property
    def best(self) -> str:
        """The order with the fewest multiplications, the first of the list at a tie."""
        known = [name for name in ORDERS if getattr(self, name) is not None]
        return min(known, key=lambda name: orders.multiplications(getattr(self, name)))

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.elimination/1",
            "function": self.title,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "vertices": len(self.linearised.between),
            "edges": len(self.linearised.partials),
            "lower_bound": self.lower_bound,
            **{name: self._order_data(getattr(self, name)) for name in ORDERS},
            "jacobian": self.jacobian,
        }

    def _order_data(self, steps: list[Step] | None) -> dict[str, Any]:
        if steps is None:
            return {"multiplications": None, "reason": self.reason}
        return {
            "multiplications": orders.multiplications(steps),
            "additions": sum(step.additions for step in steps),
            "steps": [
                {
                    "row": step.vertex if isinstance(step.vertex, int) else None,
                    "name": self.names[step.vertex],
                    "sources": [self.names[v] for v in step.sources],
                    "targets": [self.names[v] for v in step.targets],
                    "multiplications": step.multiplications,
                    "additions": step.additions,
                    "edges": step.edges,
                }
                for step in steps
            ],
        }

    def tables(self, format: str = "text", order: str | None = None) -> list[Table]:
        """What each order costs, and the steps of one: of the best unless another is named."""
        write = dialect_of(format)
        rows = []
        for name in ORDERS:
            data = self._order_data(getattr(self, name))
            first = [str(step["name"]) for step in data.get("steps", [])[:MOST_LISTED]]
            more = len(data.get("steps", [])) - len(first)
            listed = " ".join(write.math(write.variable(x)) for x in first)
            listed += f" and {more} more" if more else ""
            if data["multiplications"] is None:
                rows.append([name, "not found", "", ""])
            else:
                counts = (str(data["multiplications"]), str(data["additions"]))
                rows.append([name, *counts, listed])
        head = ["Order", "Multiplications", "Additions", "Eliminated"]
        summary = Table("Orders of elimination", head, rows, [False] * 4, self._notes())
        return [summary, self._steps_table(order or self.best, format)]

    def _steps_table(self, order: str, format: str) -> Table:
        write = dialect_of(format)

        def shown(vertices: Sequence[Vertex]) -> str:
            return write.math(", ".join(write.variable(self.names[v]) for v in vertices))

        steps = self.steps(order)
        rows = []
        total = 0
        for k, step in enumerate(steps[:MOST_LISTED], 1):
            total += step.multiplications
            degree = f"{len(step.sources)} × {len(step.targets)} = {step.multiplications}"
            rows.append(
                [
                    str(k),
                    shown([step.vertex]),
                    shown(step.sources),
                    shown(step.targets),
                    degree,
                    str(total),
                    str(step.edges),
                ]
            )
        notes = []
        if len(steps) > MOST_LISTED:
            notes = [f"the first {MOST_LISTED} of {len(steps)} steps; --format json has all"]
        head = ["Step", "Row", "Reads", "Read by", "In × out", "In all", "Edges left"]
        return Table(f"{order}, step by step", head, rows, [False] * 7, notes)

    def _notes(self) -> list[str]:
        graph = self.linearised
        counts = (
            counted(len(self.inputs), "input"),
            counted(len(self.outputs), "output"),
            counted(len(graph.between), "row") + " between them",
            counted(len(graph.partials), "edge"),
        )
        notes = [
            ", ".join(counts),
            "an elimination costs in-degree × out-degree multiplications, by partials of 1 too; "
            f"no order of rows costs less than {self.lower_bound}",
        ]
        return notes if self.reason is None else [*notes, f"optimum: {self.reason}"]

    def graph(self, order: str | None = None, step: int = 0, digits: int = 6) -> Graph:
        """The linearised graph after so many steps of an order, the best one unless another is
        named; step -1 is after all. Edges that the last step made or changed stand out.

        Raises ValueError for an unknown order or step, and where there are too many nodes.
        """
        steps = self.steps(order or self.best)
        if not -1 <= step <= len(steps):
            raise BadValue(f"step {step}: give a number from 0 to {len(steps)}, or -1 for the last")
        left = self.linearised.copy()
        taken = steps[: len(steps) if step == -1 else step]
        for one in taken:
            left.eliminate(one.vertex)
        whole = self.drawing.graph("linearised", digits=digits)
        ids: dict[Vertex | None, str] = {node.row: node.id for node in whole.nodes}
        eliminated = {one.vertex for one in taken}
        nodes = [node for node in whole.nodes if node.row not in eliminated]
        copies = [v for v in self.linearised.outputs if isinstance(v, str)]
        nodes += [Node(f"copy {v}", None, "output", name=v) for v in copies]
        ids |= {v: f"copy {v}" for v in copies}
        lit = set()
        if taken:
            lit = {(a, b) for a in taken[-1].sources for b in taken[-1].targets}
        edges = [
            Edge(ids[a], ids[b], partial=partial, lit=(a, b) in lit)
            for (a, b), partial in left.partials.items()
        ]
        title = f"{self.title}: " if self.title else ""
        title += f"{order or self.best}, after {len(taken)} of {len(steps)} eliminations"
        return replace(whole, nodes=nodes, edges=edges, title=title)


def eliminate(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str = "",
) -> Elimination:
    """What it costs to form the Jacobian of f at args by eliminating the rows between inputs and
    outputs from the linearised graph, in multiplications: forward, in reverse, by Markowitz's rule,
    and by the best order of rows, which is searched for in small graphs.

    A row costs in-degree × out-degree when it is eliminated, partials of 1 included. An output that
    other rows read, or that is an input, has an edge with the partial 1 to a vertex of its own.
    Arrays are taken apart into numbers. names and outputs are those of ad.trace.

    Raises TypeError for arguments that are no numbers, ValueError for wrong numbers of names.

    A. Griewank and S. Reese, On the calculation of Jacobian matrices by the Markowitz rule (1991).

    >>> import admodes as ad
    >>> def f(x1, x2):
    ...     a = x1 * x2
    ...     c = ad.sin(a) * ad.cos(a)
    ...     return ad.exp(c), ad.ln(c)
    >>> found = ad.eliminate(f, 1.0, 0.5)
    >>> [found.to_dict()[k]["multiplications"] for k in ("forward", "reverse", "optimum")]
    [12, 12, 8]
    """
    numbers = sum(np.size(plain_value(x)) for x in flatten(args)[0])
    check_numbers(int(numbers), "eliminate", INSTEAD)
    named = scalar_program(f, args, names, outputs)
    check_lines(len(named.program.steps), f"eliminate: {len(named.program.steps)} rows", INSTEAD)
    graph = linearised(named)
    best, reason = None, None
    if len(graph.between) > MOST_SEARCHED:
        reason = f"not searched for: {len(graph.between)} rows, and {MOST_SEARCHED} is the limit"
    else:
        best = orders.optimum(graph)
        if best is None:
            reason = f"the search was given up after {orders.MOST_STATES} sets of rows"
    by_rule = orders.markowitz(graph)
    left = graph.copy()
    for step in by_rule:
        left.eliminate(step.vertex)
    labels: dict[Vertex, str] = dict(enumerate(named.row_names()))
    labels |= {v: v for v in graph.outputs if isinstance(v, str)}
    return Elimination(
        named.names,
        named.outputs,
        labels,
        orders.forward(graph),
        orders.reverse(graph),
        by_rule,
        best,
        reason,
        sum(orders.lower_bounds(graph).values()),
        left.jacobian(),
        graph,
        drawing_of(named),
        title,
    )


def linearised(named: NamedProgram) -> LinearisedGraph:
    """The partials between the rows of a list of numbers. Where a row reads another one twice, one
    edge has the sum of both. Raises ValueError where a row is an array, or complex."""
    program, names = named.program, named.row_names()
    active = reached(program)
    partials: dict[tuple[Vertex, Vertex], float] = {}
    for row in sorted(active):
        step = program.steps[row]
        if step.shape or step.dtype.kind == "c":
            kind = f"an array of shape {step.shape}" if step.shape else "a complex number"
            raise BadValue(
                f"eliminate: {names[row]} is {kind}, and an edge leads from one real number to "
                "the next: write the function on numbers, as x[0] * x[1]"
            )
        found = [] if step.op is None else local_partials(step, program.arguments(step))
        for k, partial in enumerate(found):
            if is_active(step, k) and step.args[k].row in active:
                edge = (step.args[k].row, row)
                partials[edge] = partials.get(edge, 0.0) + float(partial)
    ends: list[Vertex] = []
    read = {a for a, _ in partials} | {x.row for x in program.inputs}
    for y, name in zip(program.outputs, named.outputs, strict=True):
        if not isinstance(y, Ref) or y.row not in active:
            ends.append(name)
        elif y.row in read or y.row in ends:
            partials[y.row, name] = 1.0
            ends.append(name)
        else:
            ends.append(y.row)
    return LinearisedGraph(partials, [x.row for x in program.inputs], ends)
