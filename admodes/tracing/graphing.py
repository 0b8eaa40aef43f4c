"""ad.graph: a function and its arguments go in; the graph of what it computed comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.record import Ref
from admodes.drawing.around import MOST_NODES
from admodes.drawing.graphs import Graph
from admodes.programs.arrays import program_of
from admodes.programs.names import NamedProgram
from admodes.tracing.arrays import array_trace
from admodes.tracing.base import ends, rows_under
from admodes.tracing.drawn import Drawing
from admodes.tracing.rows import Row, templated_rows
from admodes.views.limits import NEAR
from admodes.views.preset_files import preset_of
from admodes.views.presets import UBC, Preset


def graph(
    f: Callable,
    *args: Any,
    kind: str = "computation",
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str | None = None,
    rows: str = "auto",
    of: str | Sequence[str] | None = None,
    around: str | int | None = None,
    depth: int = NEAR,
    digits: int = 6,
    title: str = "",
    collapse: str | None = None,
    opened: str | Sequence[str] = (),
    preset: str | Preset = "ubc",
) -> Graph:
    """The graph of what f computes at args, with the rows that ad.trace has: plain data that a
    notebook shows as a picture, and that .save("graph.svg") writes.

    kind: "computation" (inputs, constants and operations, values on edges), "backpropagation"
    (adjoints that flow back), "both" (values, partials and adjoints in one picture), "bipartite"
    (operations and variables in turn), "linearised" (partials on edges alone) or "gradient" (the
    function, and what its reverse sweeps compute). of: the outputs whose adjoints are shown, all
    unless given. around: the name or number of a row; only what is at most depth steps from it is
    drawn. digits: decimals of figures. names, outputs, numbering and rows are those of ad.trace.
    preset: whose names rows have, by name ("griewank") or as the path of a file of the user's own.

    Of more than 400 rows, groups are drawn: calls of functions (`layer`, `layer (2)`), rounds of
    loops, of many the first two, the last and those between, and what a list repeats. collapse:
    groups of one of these, "function", "loop" or "array", however many rows there are, or "none".
    opened: groups, by their names or by a row in them, in place of which the rows are drawn.

    Raises ValueError for unknown kinds, presets, outputs, rows and groups, and where there are more
    than 400 nodes all the same.

    >>> import admodes as ad
    >>> g = ad.graph(lambda x1, x2: x1 * ad.sin(x2), 2.0, 0.0, kind="linearised")
    >>> [(edge.source, edge.target, edge.partial) for edge in g.edges]
    [('r1', 'r2', 1.0), ('r0', 'r3', 0.0), ('r2', 'r3', 2.0)]
    >>> g.to_svg()[:4]
    '<svg'
    """
    chosen = preset_of(preset)
    recorded = program_of(f, args, rows_under(chosen, rows), names, outputs, located=True)
    drawing = drawing_of(recorded, numbering, title, chosen)
    return drawing.graph(kind, of, around, depth, digits, collapse, opened)


def drawing_of(
    recorded: NamedProgram, numbering: str | None = None, title: str = "", preset: Preset = UBC
) -> Drawing:
    """What the graphs of a recorded list are drawn of, with the names that a preset gives to rows;
    numbering wins over it."""

    def rows(kept: Sequence[int]) -> Sequence[Row]:
        if recorded.by_array and len(recorded.program.steps) <= MOST_NODES:
            whole = array_trace(recorded, numbering).rows
            return [whole[row] for row in kept]
        return templated_rows(recorded.program, labels, kept)

    named = "" if recorded.by_array else preset.named
    labels = recorded.row_names(numbering or preset.numbering, preset.letter, named)
    return Drawing(recorded.program, labels, ends(recorded), _directions(recorded), rows, title)


def _directions(recorded: NamedProgram) -> dict[str, list[Any]]:
    """Ones for each output in turn."""
    program = recorded.program
    values = [program.value(y) if isinstance(y, Ref) else y for y in program.outputs]
    ones = [np.ones_like(v) if np.ndim(v) else 1.0 for v in values]
    zeros = [np.zeros_like(v) if np.ndim(v) else 0.0 for v in values]
    return {
        name: [one if j == k else zero for j, (one, zero) in enumerate(zip(ones, zeros))]
        for k, name in enumerate(recorded.outputs)
    }
