"""A recorded list as a graph: its rows as plain data, with their adjoints and what each argument
contributes to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from admodes.core.carrier import quiet
from admodes.core.program import WengertList
from admodes.core.reverse import conjugate
from admodes.core.values import shape_of
from admodes.drawing.graphs import Graph
from admodes.drawing.kinds import ROW_KEYS, Rows, nodes_and_edges
from admodes.drawing.labels import printable
from admodes.errors import BadValue
from admodes.programs.sweep import Numbers, adjoints, is_active, zero_of
from admodes.tracing.backward import Directions, gradient_rows
from admodes.tracing.rows import Row, local_partials


def drawn(
    rows: Sequence[Row],
    program: WengertList,
    ends: tuple[list[dict], list[dict]],
    directions: Directions,
    kind: str,
    digits: int,
    title: str,
) -> Graph:
    """The graph of rows of a program; ends: its inputs and its outputs by name, row and value."""
    data = [row.data(ROW_KEYS) | {"adjoints": {}, "contributions": {}} for row in rows]
    for row in data:
        row["partials"] = row["partials"] or _partials(program, row["row"])
    for name, weights in directions.items():
        _pull(program, data, name, weights)
    names = {row.row: row.name for row in rows}
    if kind == "gradient":
        data += gradient_rows(program, names, ends[0], directions)
        names |= {row["row"]: row["name"] for row in data}
    nodes, edges = nodes_and_edges(kind, Rows(data, names, *ends, digits=digits))
    return Graph(kind, nodes, edges, title, digits)


def _partials(program: WengertList, row: int) -> list[Any]:
    """The partials of a row that are numbers, None in place of others."""
    step = program.steps[row]
    if step.op is None or step.shape or any(map(shape_of, program.likes(step))):
        return [None] * len(step.args)
    return local_partials(step, program.arguments(step))


def chosen(directions: Directions, outputs: Sequence[str] | None) -> Directions:
    """The directions that are asked for: all, or those of these outputs."""
    for name in outputs or ():
        if name not in directions:
            known = ", ".join(directions) or "none at all"
            raise BadValue(f"graph: no output {printable(name)}: choose from {known}")
    return directions if outputs is None else {name: directions[name] for name in outputs}


def _pull(program: WengertList, data: list[dict], name: str, weights: Sequence[Any]) -> None:
    """Give the rows in data their adjoints for weights of the outputs, under this name, and what
    they contribute to the adjoint of each argument."""
    bars, numbers = adjoints(program, weights), Numbers(program)
    for row in data:
        bar, step = bars[row["row"]], program.steps[row["row"]]
        row["adjoints"][name] = bar
        for k, a in enumerate(step.args):
            if bar is not None and is_active(step, k):
                with quiet():
                    term = numbers.pull(row["row"], k, conjugate(bar))
                shown = zero_of(program.steps[a.row]) if term is None else conjugate(term)
                row["contributions"].setdefault(k, {})[name] = shown
