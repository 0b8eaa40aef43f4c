"""ad.trace and Trace: a function and its arguments go in; its operations come out as rows of plain
data, with tangents and adjoints.

The rows come from one recording. Tangents are pushed forward through them, adjoints pulled back, by
the same rules that the engines use; here every contribution is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from admodes.core.carrier import value
from admodes.core.notes import Note
from admodes.core.pytree import flatten
from admodes.errors import BadValue
from admodes.programs.arrays import program_of
from admodes.programs.names import NamedProgram, row_names
from admodes.programs.scalars import scalar_program
from admodes.programs.sweep import Numbers, output_seeds, pull, push, zero_of
from admodes.tracing.base import TraceBase, check_directions, check_no_seed, ends
from admodes.tracing.rows import Row, note_scalars, rows_of, with_formulas
from admodes.views.dialects import dialect_of
from admodes.views.limits import check_lines, check_numbers
from admodes.views.lines import SEED
from admodes.views.pages import Page
from admodes.views.preset_files import preset_of
from admodes.views.presets import Preset, adapted
from admodes.views.tables import Table

if TYPE_CHECKING:
    from admodes.tracing.arrays import ArrayTrace

NUMBERINGS = ("zero", "griewank")
MODES = ("forward", "reverse")
INSTEAD = (
    'rows="array" (--rows array) has one row per operation on whole arrays, and ad.grad and '
    "ad.jacobian give the derivatives as arrays"
)


@dataclass
class Trace(TraceBase):
    """The rows of a function at a point (JSON contract "admodes.trace/1"). str() is the text
    tables."""

    seeds: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    jacobian: dict[str, Any] = field(default_factory=dict)
    numbering: str | None = None

    schema = "admodes.trace/1"
    keys = (
        *("row", "name", "op", "args", "symbolic", "substituted", "value", "shape"),
        *("rule", "partials", "tangents", "adjoints", "contributions", "notes"),
    )
    parts = ("seeds", "jacobian")

    def tables(
        self,
        format: str = "text",
        preset: str | Preset = "ubc",
        digits: int | None = 6,
        notation: str | None = None,
        layout: str | None = None,
        tables: Sequence[str] | None = None,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        steps: bool = False,
        evaluation: str | None = None,
    ) -> list[Table]:
        """The tables of a textbook.

        preset: whose layout they have, one of admodes.views.presets by name, or a user's own by the
        path of its file ("mine.toml"). digits: decimals that are printed. notation: "leibniz" or
        "dot" for tangents. layout: "standard", "transposed" Jacobian, or "side-by-side", with all
        directions of a mode in one table. tables: a subset of evaluation, partials, forward,
        reverse, jacobian. inputs, outputs: names to restrict the tangent and adjoint tables to.
        steps: show the adjoints' accumulation step by step. evaluation: whether tangents and
        adjoints are evaluated with partials as "numbers" (2 × 0 = 0), as formulas ("symbols",
        v1 × 0 = 0), or "both". An option that is not None wins over
        the preset. Raises ValueError for unknown words and for a file that holds no preset.

        >>> import admodes as ad
        >>> t = ad.trace(lambda x: ad.sin(x * x), 2.0)
        >>> print(t.to_table(preset="osu", digits=3, tables=["reverse"]), end="")
        Backward pass for y
        Equation                           Value
        ---------------------------------  ------------------------------------
        ∂y/∂b = 1                          1
        ∂y/∂a = ∂y/∂b ∂b/∂a                1 × (-0.654) = -0.654
        ∂y/∂x = ∂y/∂a ∂a/∂x + ∂y/∂a ∂a/∂x  (-0.654) × 2 + (-0.654) × 2 = -2.615
          f(2) = -0.757
        """
        chosen = adapted(preset_of(preset), notation, layout, tables, evaluation)
        shown = self.under(chosen)
        if shown is not self:
            note_scalars(shown.rows, self.program, [row.name for row in shown.rows])
            note_beyond_domain(shown)
        write = dialect_of(format, digits, chosen.times, chosen.between)
        return Page(shown._data("forms"), write, chosen, steps).tables(inputs, outputs)

    def _directions(self) -> dict[str, list[float]]:
        names = [y["name"] for y in self.outputs]
        seeds = self.seeds["reverse"]
        return {
            direction: [
                seeds[direction][y] if direction in seeds else float(y == direction) for y in names
            ]
            for direction in seeds or names
        }

    def _asked(self, **options: Any) -> dict[str, Any]:
        return self.under(options.get("preset", "ubc"))._data()

    def under(self, preset: str | Preset) -> Self:
        """The trace with the names of rows that a preset gives; itself where it has these."""
        chosen = preset_of(preset)
        numbering = self.numbering or chosen.numbering
        inputs, outputs = [[end["name"] for end in ends] for ends in (self.inputs, self.outputs)]
        names = row_names(
            *(self.program, inputs, outputs, numbering, False),
            letter=chosen.letter,
            named=chosen.named,
        )
        if names == [row.name for row in self.rows]:
            return self
        pairs = zip(self.rows, names, strict=True)
        return replace(self, rows=[replace(row, name=name) for row, name in pairs])


def trace(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str | None = None,
    seeds: dict[str, Any] | None = None,
    weights: dict[str, Any] | None = None,
    title: str = "",
    rows: str = "auto",
) -> Trace | ArrayTrace:
    """Evaluate f at args and return its trace: values, local partials, tangents and adjoints.

    rows: "scalar" (a Trace: the components of array arguments are input rows of their own), "array"
    (an ArrayTrace: one row per operation on whole arrays) or "auto": arrays where an argument is an
    array and f computes with a whole one, scalars otherwise, and where f takes an input vector
    apart (x[0]) or names and directions are given for components.

    Each row of a Trace has row (position from 0, inputs first), name (what is printed), op, args
    ({"row": i} or {"const": c}), symbolic and substituted form, value, shape, rule, partials (one
    per argument, null for constants), tangents (per input), adjoints and contributions (per
    output), notes. names are those of the inputs, outputs those of the outputs. seeds adds the
    tangent direction "seed", weights the adjoint direction "seed".

    Rows have the names of the local variables of f that hold them when it returns, the others
    numbers; the ends of a Trace are numbered (v0 is x1, y is v3), those of an ArrayTrace have the
    names of arguments and results. Rows of an ArrayTrace have the equations of value, tangent and
    adjoint. Tangents are for the direction seeds, by input, adjoints for weights, by
    output (ones unless given).

    Raises ValueError for wrong numbers of names and unknown numberings, rows or seeds, TypeError
    for arguments that are no numbers.

    >>> import admodes as ad
    >>> t = ad.trace(lambda x1, x2: x1 * ad.sin(x2), 2.0, 0.0)
    >>> [row.symbolic for row in t.rows], t.jacobian["reverse"]
    (['x1', 'x2', 'sin v1', 'v0 v2'], [[0.0, 2.0]])
    >>> import numpy as np
    >>> t = ad.trace(lambda W, x: np.sum((W @ x) ** 2), np.ones((2, 3)), np.ones(3))
    >>> [(row.name, row.symbolic, row.adjoint_symbolic) for row in t.rows[2:]]
    [('v2', 'W x', '2 v2'), ('v3', 'v2²', 'ones(2)'), ('y', 'Σ v3', '1')]
    """
    check_numbering(numbering)
    directions = [*(seeds or ()), *(weights or ())]
    recorded = program_of(
        f, args, rows, names, outputs, directions, check=lambda: check_inputs(args)
    )
    return trace_of(recorded, numbering, seeds, weights, title)


def check_numbering(numbering: str | None) -> None:
    """Refuse what is no numbering."""
    if numbering not in (None, *NUMBERINGS):
        raise BadValue(f"numbering {numbering!r}: choose {' or '.join(NUMBERINGS)}")


def trace_of(recorded: NamedProgram, *options: Any, **more: Any) -> Trace | ArrayTrace:
    """The trace of a list, by arrays or by scalars as it was recorded. options are those of traced
    and array_trace."""
    if recorded.by_array:
        from admodes.tracing.arrays import array_trace

        return array_trace(recorded, *options, **more)
    return traced(recorded, *options, **more)


def scalar_trace(
    f: Callable,
    args: tuple,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str | None = None,
    seeds: dict[str, float] | None = None,
    weights: dict[str, float] | None = None,
    title: str = "",
    modes: Sequence[str] = MODES,
) -> Trace:
    """The trace of f at args by scalars; see trace. modes: those of which there are tables."""
    check_inputs(args, modes)
    recorded = scalar_program(f, args, names, outputs)
    return traced(recorded, numbering, seeds, weights, title, modes)


def check_inputs(args: tuple, modes: Sequence[str] = MODES) -> None:
    """Refuse tables of more inputs than are printed, before f runs."""
    n = sum(int(np.size(value(x))) for x in flatten(args)[0])
    check_numbers(n, "trace", INSTEAD)
    _check_tables(n * ("forward" in modes), n)


def traced(
    recorded: NamedProgram,
    numbering: str | None = None,
    seeds: dict[str, float] | None = None,
    weights: dict[str, float] | None = None,
    title: str = "",
    modes: Sequence[str] = MODES,
) -> Trace:
    """The trace of a list by scalars."""
    sides = {"forward": (recorded.names, seeds), "reverse": (recorded.outputs, weights)}
    tables = sum(len(names) for mode, (names, _) in sides.items() if mode in modes)
    _check_tables(tables, len(recorded.program.steps))
    words = {"forward": "seeds", "reverse": "weights"}
    program = recorded.program
    starts, results = ends(recorded)
    rows = rows_of(program, recorded.row_names(numbering or "zero"))
    result = Trace(
        starts,
        with_formulas(rows, program, recorded.names),
        results,
        program,
        title,
        numbering=numbering,
        seeds={
            mode: _directions(*side, words[mode]) if mode in modes else {}
            for mode, side in sides.items()
        },
    )
    _sweep_forward(result)
    _sweep_reverse(result)
    result.jacobian = _jacobian(result, modes)
    note_beyond_domain(result)
    note_nan(result)
    return result


def note_beyond_domain(t: Trace, jacobian: list | None = None) -> None:
    """Say at the first row that is nan that a finite derivative beside it is none. jacobian: that
    of the trace unless given."""
    jacobian = jacobian or t.jacobian["forward"] or t.jacobian["reverse"] or []
    first = next((row for row in t.rows if np.any(np.isnan(row.value))), None)
    beside = any(
        np.isnan(y["value"]) and any(np.isfinite(p) and p != 0 for p in line)
        for y, line in zip(t.outputs, jacobian, strict=bool(jacobian))
    )
    if first is not None and beside:
        text = (
            "the derivative formula goes on outside the domain: what it gives there is no "
            "derivative of the function"
        )
        first.notes.append(Note(text, "domain"))


def note_nan(t: Trace, jacobian: list | None = None) -> None:
    """Say at the row whose infinite partial makes nan of a reverse sweep that it does, where all
    values are numbers. jacobian: that by reverse mode, of the trace unless given."""
    if any(np.any(np.isnan(row.value)) for row in t.rows):
        return
    lost = [
        f"∂{y['name']}/∂{x['name']}"
        for y, line in zip(t.outputs, jacobian or t.jacobian["reverse"] or [], strict=False)
        for x, p in zip(t.inputs, line, strict=True)
        if np.isnan(p)
    ]
    infinite = (row for row in reversed(t.rows) if _has_infinite_partial(row))
    culprit = next(infinite, None) if lost else None
    if culprit is not None:
        more = f" and {len(lost) - 1} more" * (len(lost) > 1)
        text = (
            f"reverse mode gives nan for {lost[0]}{more}: the adjoint that goes back from here is "
            "infinite, and meets a partial of 0 or another infinity; admodes diagnose says where, "
            "and the way out"
        )
        culprit.notes.append(Note(text, "partial"))


def _has_infinite_partial(row: Row) -> bool:
    return any(p is not None and bool(np.any(np.isinf(p))) for p in row.partials)


def _check_tables(tables: int, rows: int) -> None:
    """Refuse more tables of so many rows than are printed."""
    check_lines(tables * rows, f"trace: {tables} tables of {rows} rows", INSTEAD)


def _directions(names: list[str], extra: dict[str, float] | None, what: str) -> dict:
    unit = {n: {k: 1.0 if k == n else 0.0 for k in names} for n in names}
    if extra:
        check_no_seed(names, what)
        check_directions(extra, names, what)
        unit[SEED] = {n: float(extra.get(n, 0.0)) for n in names}
    return unit


def _sweep_forward(t: Trace) -> None:
    """The tangents of every row for each direction; 0 where none arrives."""
    zeros = [zero_of(step) for step in t.program.steps]
    for direction, seed in t.seeds["forward"].items():
        seeds = {x["row"]: seed[x["name"]] for x in t.inputs}
        for row, tangent in push(t.program, seeds, Numbers(t.program)):
            t.rows[row].tangents[direction] = zeros[row] if tangent is None else tangent


def _sweep_reverse(t: Trace) -> None:
    """The adjoints of every row for each direction. Every row starts with 0, so that those are
    visited as well on which the output does not depend."""
    zeros = enumerate(map(zero_of, t.program.steps))
    starts = [(row, zero) for row, zero in zeros if zero is not None]
    for direction, seed in t.seeds["reverse"].items():
        seeds = output_seeds(t.program, [seed[y["name"]] for y in t.outputs])
        for row in t.rows:
            row.adjoints[direction], row.contributions[direction] = None, []
        domain = _Contributions(t, direction)
        for i, adjoint in pull(t.program, starts + seeds, domain):
            t.rows[i].adjoints[direction] = adjoint
            t.rows[i].contributions[direction].sort(key=lambda c: (c["row"], c["arg"]))


class _Contributions(Numbers):
    """Numbers, of which every contribution to an adjoint is kept with its row."""

    def __init__(self, t: Trace, direction: str) -> None:
        super().__init__(t.program)
        self.trace, self.direction = t, direction

    def pull(self, row: int, k: int, adjoint: Any) -> Any:
        term = super().pull(row, k, adjoint)
        source = self.steps[row].args[k].row
        partial = self.trace.rows[row].partials[k]
        shown = zero_of(self.steps[source]) if term is None else term
        self.trace.rows[source].contributions[self.direction].append(
            {"row": row, "arg": k, "adjoint": adjoint, "partial": partial, "value": shown}
        )
        return term


def _jacobian(t: Trace, modes: Sequence[str]) -> dict:
    inputs = [i["name"] for i in t.inputs]

    def forward(output: dict, name: str) -> float:
        return 0.0 if output["row"] is None else t.rows[output["row"]].tangents[name] or 0.0

    def reverse(output: dict, x: dict) -> float:
        return cast(float, t.rows[x["row"]].adjoints[output["name"]])

    made = {
        "forward": lambda: [[forward(y, n) for n in inputs] for y in t.outputs],
        "reverse": lambda: [[reverse(y, x) for x in t.inputs] for y in t.outputs],
    }
    return {mode: made[mode]() if mode in modes else None for mode in MODES} | {"symbolic": None}
