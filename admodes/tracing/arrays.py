"""Traces of array code: one row per operation on whole arrays, with its equation in symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.derive import Derivation
from admodes.backpropagation.result import add_seeds, discrepancy, holds, output_seeds
from admodes.backpropagation.terms import Term
from admodes.backpropagation.write import formula_text
from admodes.core.carrier import value
from admodes.core.notes import Note
from admodes.core.record import Guard, Program, Ref
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.programs.arrays import ArrayProgram, array_program
from admodes.programs.sweep import adjoints, tangents
from admodes.tracing.rows import row_notes
from admodes.views.arrays import array_tables
from admodes.views.dialects import Latex, Text
from admodes.views.graph import dot
from admodes.views.limits import check_lines
from admodes.views.result import Result
from admodes.views.tables import Table


@dataclass
class ArrayRow:
    """One row. symbolic, tangent_symbolic and adjoint_symbolic say how value, tangent and adjoint
    come from those of other rows; tangent is None where nothing that is seeded reaches the row, and
    both are for comparisons."""

    row: int
    name: str
    op: str
    args: list[dict]
    symbolic: str
    value: Any
    shape: list[int]
    tangent: Any = None
    tangent_symbolic: str | None = None
    adjoint: Any = None
    adjoint_symbolic: str | None = None
    notes: list[Note] = field(default_factory=list)
    forms: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class ArrayTrace(Result):
    """The rows of a function of arrays at a point (JSON contract "admodes.array-trace/1", with all
    entries of every array). str() is the text tables.

    seeds: the direction of the tangents by input, or None; weights: the adjoints of the outputs;
    constants: arrays without a name of their own."""

    inputs: list[dict]
    rows: list[ArrayRow]
    outputs: list[dict]
    seeds: dict[str, Any] | None
    weights: dict[str, Any]
    constants: dict[str, Any]
    program: Program = field(repr=False)
    title: str = ""

    def _data(self) -> dict[str, Any]:
        rows = [{k: v for k, v in vars(row).items() if k != "forms"} for row in self.rows]
        parts = ("inputs", "outputs", "seeds", "weights", "constants")
        data = {"schema": "admodes.array-trace/1", "rows": rows}
        return data | {k: getattr(self, k) for k in parts}

    def tables(self, format: str = "text", **options: Any) -> list[Table]:
        """The tables of a textbook, with the equations between arrays.

        digits: decimals that are printed (6). tables: a subset of evaluation, forward, reverse,
        buffers. full: all entries of every array. Raises ValueError for unknown words.
        """
        data = {**vars(self), "rows": [vars(row) for row in self.rows]}
        return array_tables(data, format, **options)

    def draw(self) -> str:
        """The graph on the nodes of the rows in Graphviz's DOT language, each with its shape and,
        in a second colour, the equation of its adjoint. `dot -Tsvg` turns it into a picture."""
        write = Text(6)
        return dot([_node(row, write) for row in self.rows])


def _node(row: ArrayRow, write: Text) -> dict[str, Any]:
    equation = None
    if row.adjoint is not None:
        bar, right = write.bar(row.name), row.adjoint_symbolic
        equation = bar if right is None else f"{bar} = {right}"
    return {
        "id": f"n{row.row}",
        "kind": "input" if row.op == "input" else "result",
        "label": row.name,
        "value": write.shape(row.shape),
        "op": None if row.op == "input" else row.op,
        "children": [f"n{a['row']}" for a in row.args if "row" in a],
        "grad": equation,
    }


def array_trace(
    f: Callable,
    args: tuple,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str = "zero",
    seeds: dict[str, Any] | None = None,
    weights: dict[str, Any] | None = None,
    title: str = "",
) -> ArrayTrace:
    """The trace of f at args with one row per operation; see ad.trace."""
    recorded = array_program(f, args, names, outputs)
    program = recorded.program
    check_lines(
        2 * len(program.steps),
        f"trace: {len(program.steps)} operations",
        "admodes count (ad.count) counts them, and ad.grad (admodes gradient) gives the "
        "derivatives alone",
    )
    derived = Derivation(recorded, fold=False, numbering=numbering)
    given = None if weights is None else _directions(recorded, weights)
    bars, ws, seeded = output_seeds(recorded, derived, given)
    found = derived.adjoints(bars)
    inputs = [program.steps[x.row].value for x in program.inputs]
    unreached = [terms.repeat(terms.number(0.0), step.shape) for step in program.steps]
    found = dict(enumerate(unreached)) | found
    dots: dict[int, Term] = {}
    moved: list[Any] = [None] * len(program.steps)
    directions = None
    if seeds is not None:
        directions = _input_directions(recorded.names, inputs, seeds)
        seeded_rows = {
            x.row: directions[n]
            for x, n in zip(program.inputs, recorded.names, strict=True)
            if n in seeds
        }
        dots = derived.tangents(set(seeded_rows))
        moved = tangents(program, seeded_rows)
    engine = adjoints(program, ws)
    data = derived.values(engine)
    add_seeds(data, derived, seeded, ws)
    data |= {(n, "dot"): t for n, t in zip(derived.names, moved, strict=True)}
    if any(step.dtype.kind == "c" for step in program.steps):
        found, dots = {}, {}  # the adjoints of complex values have conjugates, the formulas none
    found = {i: t for i, t in found.items() if _right(t, engine[i], data)}
    dots = {i: t for i, t in dots.items() if _right(t, moved[i], data)}
    branches = program.branches()
    rows = [
        _row(derived, i, branches.get(i, ()), found.get(i), engine[i], dots.get(i), moved[i])
        for i in range(len(engine))
    ]
    return ArrayTrace(
        [
            {"name": n, "row": x.row, "shape": list(shape_of(v)), "value": v}
            for n, x, v in zip(recorded.names, program.inputs, inputs, strict=True)
        ],
        rows,
        [_output(n, y, program) for n, y in zip(recorded.outputs, program.outputs, strict=True)],
        None if directions is None else {n: v for n, v in directions.items() if n in (seeds or {})},
        dict(zip(recorded.outputs, ws, strict=True)),
        dict(derived.constants.listed),
        program,
        title,
    )


def _right(t: Term, expected: Any, data: dict) -> bool:
    """Whether a formula holds at the data; one that does not is not printed."""
    return expected is not None and holds(discrepancy(t, expected, data), expected)


def _row(
    derived: Derivation,
    i: int,
    branches: Sequence[Guard],
    bar: Term | None,
    w: Any,
    dot: Term | None,
    t: Any,
) -> ArrayRow:
    step = derived.steps[i]
    own = terms.symbol(derived.names[i], step.shape, "bar")
    forms = {
        dialect.name: {
            "value": formula_text(derived.own[i], dialect),
            "adjoint": None if bar in (None, own) else formula_text(bar, dialect),
            "tangent": None if dot is None else formula_text(dot, dialect),
        }
        for dialect in (Text(6), Latex(6))
    }
    args = [{"row": a.row} if isinstance(a, Ref) else {"const": a} for a in step.args]
    text = forms["text"]
    return ArrayRow(
        i,
        derived.names[i],
        "input" if step.op is None else step.op.name,
        args,
        str(text["value"]),
        step.value,
        list(step.shape),
        t,
        text["tangent"],
        w,
        text["adjoint"],
        row_notes(derived.program, i, branches, derived.names),
        forms,
    )


def _output(name: str, y: Any, program: Program) -> dict:
    v = program.steps[y.row].value if isinstance(y, Ref) else value(y)
    row = y.row if isinstance(y, Ref) else None
    return {"name": name, "row": row, "shape": list(shape_of(v)), "value": v}


def _directions(recorded: ArrayProgram, given: dict[str, Any]) -> list[Any]:
    unknown = sorted(set(given) - set(recorded.outputs))
    if unknown:
        known = ", ".join(recorded.outputs)
        raise BadValue(f"weights: no {', '.join(unknown)}; the names are {known}")
    return [given.get(name, 0.0) for name in recorded.outputs]


def _input_directions(names: list[str], inputs: list, given: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise BadValue(f"seeds: no {', '.join(unknown)}; the names are {', '.join(names)}")
    made = {}
    for name, x in zip(names, inputs, strict=True):
        shape = shape_of(x)
        v = np.asarray(given.get(name, 0.0), float)
        if v.shape not in ((), shape):
            raise BadValue(f"seeds: {name} has shape {shape}, its direction {v.shape}")
        made[name] = np.broadcast_to(v, shape).copy() if shape else float(v)
    return made
