"""ArrayTrace, the trace of array code: a recorded list goes in; one row per operation on whole
arrays comes out, with its value, tangent and adjoint and the equations of these in symbols."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.derive import Derivation
from admodes.backpropagation.result import add_seeds, output_seeds
from admodes.backpropagation.terms import Term
from admodes.backpropagation.write import formula_text
from admodes.core.values import shape_of
from admodes.drawing.graphs import DotText
from admodes.errors import BadValue
from admodes.programs.names import NamedProgram
from admodes.programs.sweep import adjoints, tangents
from admodes.tracing.array_sweeps import ArraySweep, forward_sweeps, is_right, reverse_sweeps
from admodes.tracing.base import TraceBase, check_directions, ends, rows_under
from admodes.tracing.rows import Row, note_rows, rows_of
from admodes.views.arrays import array_tables
from admodes.views.dialects import Latex, Text
from admodes.views.limits import check_lines
from admodes.views.lines import SEED
from admodes.views.preset_files import preset_of
from admodes.views.presets import UBC, Preset
from admodes.views.tables import Table


@dataclass
class ArrayTrace(TraceBase):
    """The rows of a function of arrays at a point (JSON contract "admodes.array-trace/1", with all
    entries of every array). str() is the text tables.

    seeds: the direction of the tangents by input, or None; weights: the adjoints of the outputs;
    constants: arrays without a name of their own; derived: the equations of the list; asked: the
    weights that the user gave, or None."""

    seeds: dict[str, Any] | None = None
    weights: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    derived: Derivation = field(kw_only=True, repr=False, compare=False)
    asked: dict[str, Any] | None = field(default=None, repr=False, compare=False)

    schema = "admodes.array-trace/1"
    keys = (
        *("row", "name", "op", "args", "symbolic", "value", "shape"),
        *("tangent", "tangent_symbolic", "adjoint", "adjoint_symbolic", "notes"),
    )
    parts = ("seeds", "weights", "constants")

    def tables(
        self, format: str = "text", preset: str | Preset = "ubc", **options: Any
    ) -> list[Table]:
        """The tables of a textbook, with the equations between arrays.

        digits: decimals that are printed (6). tables: a subset of evaluation, forward, reverse,
        buffers. full: all entries of every array. Raises ValueError for unknown words, and for a
        preset other than "ubc".
        """
        self.under(preset)
        return array_tables(self._data("forms"), format, **options)

    def _asked(self, **options: Any) -> dict[str, Any]:
        return self.under(options.get("preset", UBC))._data()

    def under(self, preset: str | Preset) -> Self:
        """The trace itself, which has the layout of ubc alone. Raises ValueError for another."""
        rows_under(preset_of(preset), "array")
        return self

    def _directions(self) -> dict[str, list[Any]]:
        return {
            name: [w if y == name else np.zeros_like(w) for y, w in self.weights.items()]
            for name in self.weights
        }

    def sweeps(self) -> dict[str, list[ArraySweep]]:
        """The sweeps that a page steps through, "forward" and "reverse"."""
        return {
            "forward": forward_sweeps(self.derived, self.inputs, self.rows, self.seeds),
            "reverse": reverse_sweeps(self.derived, self.outputs, self.rows, self.asked),
        }

    def draw(self) -> DotText:
        """graph("both") as text in the language of Graphviz: the nodes with their shapes and, in a
        second colour, the equations of their adjoints. A notebook shows the picture."""
        return DotText(self.graph("both"))


def array_trace(
    recorded: NamedProgram,
    numbering: str | None = None,
    seeds: dict[str, Any] | None = None,
    weights: dict[str, Any] | None = None,
    title: str = "",
) -> ArrayTrace:
    """The trace of a list by arrays; see ad.trace."""
    program = recorded.program
    check_lines(
        2 * len(program.steps),
        f"trace: {len(program.steps)} operations",
        "admodes count (ad.count) counts them, and ad.grad (admodes gradient) gives the "
        "derivatives alone",
    )
    derived = Derivation(recorded, fold=False, numbering=numbering or "zero")
    given = None if weights is None else _directions(recorded, weights)
    bars, ws, seeded = output_seeds(recorded, derived, given)
    found = derived.adjoints(bars)
    inputs = [program.steps[x.row].value for x in program.inputs]
    unreached = [terms.repeat(terms.number(0.0), step.shape) for step in program.steps]
    found = dict(enumerate(unreached)) | found
    dots: dict[int, Term] = {}
    moved: list[Any] = [None] * len(program.steps)
    directions: dict[str, Any] = {}
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
    found = {i: t for i, t in found.items() if is_right(t, engine[i], data)}
    dots = {i: t for i, t in dots.items() if is_right(t, moved[i], data)}
    rows = rows_of(program, derived.names)
    note_rows(rows, program, derived.names)
    for row, w, t in zip(rows, engine, moved, strict=True):
        _derived(row, derived, found.get(row.row), w, dots.get(row.row), t)
    starts, results = ends(recorded, "shape")
    weighed = dict(zip(recorded.outputs, ws, strict=True))
    return ArrayTrace(
        starts,
        rows,
        results,
        program,
        title,
        seeds=None if seeds is None else {n: v for n, v in directions.items() if n in seeds},
        weights=weighed,
        constants=dict(derived.constants.listed),
        derived=derived,
        asked=None if weights is None else {n: weighed[n] for n in weights},
    )


def _derived(
    row: Row, derived: Derivation, bar: Term | None, w: Any, dot: Term | None, t: Any
) -> None:
    """Give a row its equations, tangent and adjoint."""
    own = terms.symbol(row.name, tuple(row.shape), "bar")
    row.forms = {
        dialect.name: {
            "value": formula_text(derived.own[row.row], dialect),
            "adjoint": None if bar in (None, own) else formula_text(bar, dialect),
            "tangent": None if dot is None else formula_text(dot, dialect),
        }
        for dialect in (Text(6), Latex(6))
    }
    text = row.forms["text"]
    row.symbolic = str(text["value"])
    row.tangents, row.tangent_symbolic = {SEED: t}, text["tangent"]
    row.adjoints, row.adjoint_symbolic = {SEED: w}, text["adjoint"]


def _directions(recorded: NamedProgram, given: dict[str, Any]) -> list[Any]:
    check_directions(given, recorded.outputs, "weights")
    program = recorded.program
    for name, y in zip(recorded.outputs, program.outputs, strict=True):
        shape = shape_of(program.value(y))
        if np.shape(given.get(name, 0.0)) not in ((), shape):
            raise BadValue(f"weights: {name} has shape {shape}, its weight {np.shape(given[name])}")
    return [given.get(name, 0.0) for name in recorded.outputs]


def _input_directions(names: list[str], inputs: list, given: dict[str, Any]) -> dict[str, Any]:
    check_directions(given, names, "seeds")
    made = {}
    for name, x in zip(names, inputs, strict=True):
        shape = shape_of(x)
        v = np.asarray(given.get(name, 0.0), float)
        if v.shape not in ((), shape):
            raise BadValue(f"seeds: {name} has shape {shape}, its direction {v.shape}")
        made[name] = np.broadcast_to(v, shape).copy() if shape else float(v)
    return made
