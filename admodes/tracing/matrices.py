"""The gradient, Jacobian or Hessian of a function of numbers at a point, by the names of inputs and
outputs, with what the rows of the function note: as data and as tables.

The function runs once; its derivatives are those of the list that was recorded.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.pytree import flatten
from admodes.derivatives.crossings import KinkWarning, crossing
from admodes.derivatives.gradients import jacobian, value_and_grad
from admodes.derivatives.stationary import classify
from admodes.errors import BadValue
from admodes.programs.count import Counts, count_program
from admodes.programs.replay import again
from admodes.programs.scalars import scalar_function
from admodes.tracing.trace import Trace, note_beyond_domain, note_nan, scalar_trace
from admodes.views.dialects import Latex, Text, dialect_of
from admodes.views.limits import MOST_LINES, check_lines
from admodes.views.result import Result
from admodes.views.tables import Formula, Table, jacobian_table

Names = Sequence[str] | None


@dataclass
class Jacobian(Result):
    """The Jacobian by both modes, and as exact formulas ("symbolic") where these were asked for
    (JSON contract "admodes.jacobian/1"): one row per output, one column per number of the inputs.
    notes: values that are not finite, kinks, branches."""

    inputs: dict[str, Any]
    outputs: list[str]
    jacobian: dict[str, list[list[Any]]]
    counts: Counts
    notes: list[str]
    title: str = ""

    def _data(self) -> dict[str, Any]:
        parts = {k: v for k, v in vars(self).items() if k != "title"}
        return {"schema": "admodes.jacobian/1", **parts, "counts": self.counts.to_dict()}

    def tables(
        self, format: str = "text", digits: int | None = 6, layout: str = "standard"
    ) -> list[Table]:
        """One matrix where both modes agree, otherwise that of each mode and how far they are
        apart; that of formulas, and the exact operation counts. digits: decimals that are printed.
        layout: "standard", or "transposed" with inputs as rows."""
        write, sweeps = dialect_of(format, digits), self.counts.sweeps
        matrices, difference = self._matrices()
        made = [
            jacobian_table(
                *(write, matrix, self.outputs, list(self.inputs), layout),
                {mode: sweeps.get(mode) for mode in modes},
            )
            for modes, matrix in matrices.items()
        ]
        numbers = max(k for k, modes in enumerate(matrices) if "reverse" in modes)
        made[numbers].notes.append(difference)
        made[-1].notes += self.notes
        return [*made, *self.counts.tables()]

    def _matrices(self) -> tuple[dict[tuple[str, ...], list], str]:
        """The matrices by their modes, and how far the two modes are apart."""
        forward, reverse, *_ = self.jacobian.values()
        apart = {
            (i, j): _ulps_apart(*map(float, entries))
            for i, lines in enumerate(zip(forward, reverse, strict=True))
            for j, entries in enumerate(zip(*lines, strict=True))
        }
        i, j = max(apart, key=lambda entry: apart[entry], default=(0, 0))
        far = apart.get((i, j), 0.0)
        if far == 0:
            merged: dict[tuple[str, ...], list] = {("forward", "reverse"): forward}
            merged |= {(k,): m for k, m in self.jacobian.items() if k not in ("forward", "reverse")}
            return merged, "both modes give the same numbers"
        entry = f"∂{self.outputs[i]}/∂{list(self.inputs)[j]}"
        values = f"{float(forward[i][j])} forward, {float(reverse[i][j])} reverse"
        how = f"by at most {far:g} ulp" if math.isfinite(far) else "where a number is not finite"
        return (
            {(mode,): matrix for mode, matrix in self.jacobian.items()},
            f"the modes differ {how}, in {entry}: {values}",
        )


@dataclass
class Gradient(Result):
    """The value and the gradient of a function with one output (JSON contract
    "admodes.gradient/1"), by one reverse sweep. symbolic: the same as exact formulas, where these
    were asked for."""

    inputs: dict[str, Any]
    value: float
    gradient: dict[str, Any]
    notes: list[str]
    title: str = ""
    symbolic: dict[str, Any] | None = None

    schema = "admodes.gradient/1"

    def _data(self) -> dict[str, Any]:
        hidden = {"title"} if self.symbolic is not None else {"title", "symbolic"}
        parts = {k: v for k, v in vars(self).items() if k not in hidden}
        return {"schema": self.schema, **parts}

    def tables(self, format: str = "text", digits: int | None = 6) -> list[Table]:
        """One line per input. digits: decimals that are printed."""
        table = self._gradient_table(dialect_of(format, digits))
        table.notes += self.notes
        return [table]

    def _gradient_table(self, write: Text) -> Table:
        rows = [
            [write.math(write.variable(n)), write.number(x), write.number(self.gradient[n])]
            for n, x in self.inputs.items()
        ]
        notes = [write.math(write.application(list(self.inputs.values()), [self.value]))]
        head = ["Input", "Value", "Derivative"]
        if self.symbolic is not None:
            head.append("Exact")
            for row, entry in zip(rows, self.symbolic["gradient"].values(), strict=True):
                row.append(entry.written(write))
        math = [False, *(True for _ in head[1:])]
        return Table("Gradient, reverse: 1 sweep", head, rows, math, notes)


@dataclass
class Hessian(Gradient):
    """The Hessian besides, forward over reverse (JSON contract "admodes.hessian/1"), its
    eigenvalues in ascending order, and the kind of the point by the second derivative test;
    obstacle says why that does not apply, where it does not."""

    hessian: Any = None
    eigenvalues: Sequence[float] = ()
    kind: str = ""
    obstacle: str | None = None

    schema = "admodes.hessian/1"

    def _data(self) -> dict[str, Any]:
        data = super()._data()
        del data["obstacle"]
        return data | {"notes": data.pop("notes")}

    def tables(self, format: str = "text", digits: int | None = 6) -> list[Table]:
        """The gradient and the Hessian. digits: decimals that are printed."""
        write = dialect_of(format, digits)
        names = [write.math(write.variable(n)) for n in self.inputs]
        rows = [
            [name, *map(write.number, line)]
            for name, line in zip(names, self.hessian.tolist(), strict=True)
        ]
        listed = ", ".join(map(Text(digits).number, self.eigenvalues))
        notes = [f"eigenvalues: {listed}"] if listed else []
        notes += [*self.notes, self._verdict()]
        math = [False, *(True for _ in names)]
        table = Table(
            "Hessian, forward over reverse", ["", *names], rows, math, notes, self._symbol()
        )
        return [self._gradient_table(write), *self._exact_tables(write, names), table]

    def _exact_tables(self, write: Text, names: list[str]) -> list[Table]:
        if self.symbolic is None:
            return []
        lines = [[entry.written(write) for entry in line] for line in self.symbolic["hessian"]]
        rows = [[name, *line] for name, line in zip(names, lines, strict=True)]
        math = [False, *(True for _ in names)]
        return [Table("Hessian, exact", ["", *names], rows, math, matrix=self._symbol())]

    def _symbol(self) -> str:
        """∇²f(x1, x2) in LaTeX."""
        return rf"\nabla^{{2}} f({', '.join(map(Latex().variable, self.inputs))})"

    def _verdict(self) -> str:
        if self.obstacle is not None:
            return f"{self.kind}: {self.obstacle}"
        if self.kind == "not stationary":
            return "not a stationary point: the gradient does not vanish"
        if self.kind == "undecided":
            return (
                "stationary point, undecided: an eigenvalue is 0, so second derivatives do not tell"
            )
        return f"stationary point: {self.kind}"


def _ulps_apart(a: float, b: float) -> float:
    """How far two numbers are apart in units in the last place of the larger one."""
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.inf
    return abs(a - b) / math.ulp(max(abs(a), abs(b)))


def named_jacobian(
    f: Callable,
    args: tuple,
    names: Names = None,
    outputs: Names = None,
    title: str = "",
    symbolic: bool = False,
) -> Jacobian:
    """The Jacobian of f at args, numbers or arrays of numbers, by forward and by reverse sweeps,
    and the exact operation counts of both. names, outputs: one per number; those of f unless given.
    symbolic: with the exact formulas of the entries besides, by sympy, on the branches that were
    taken.

    Raises ValueError for wrong numbers of names, for more entries than are printed and for what has
    no formulas, TypeError for arguments that are no numbers.

    >>> from admodes.tracing.matrices import named_jacobian
    >>> found = named_jacobian(lambda x, y: (x * y, x + y), (2.0, 3.0))
    >>> found.outputs, found.jacobian["reverse"]
    (['f1', 'f2'], [[3.0, 2.0], [1.0, 1.0]])
    """
    _check_entries("jacobian", f, args, lambda n, m: n * m)
    t = scalar_trace(f, args, names, outputs, modes=())
    columns, rows = [[end["name"] for end in ends] for ends in (t.inputs, t.outputs)]
    point, every = _point(t), tuple(range(len(t.inputs)))
    matrices = {
        mode: [list(row) for row in jacobian(again(t.program), every, mode)(*point)]
        for mode in ("forward", "reverse")
    }
    note_beyond_domain(t, matrices["forward"])
    note_nan(t, matrices["reverse"])
    exceptions: list[str] = []
    if symbolic:
        matrices["symbolic"], exceptions = _formulas(t, matrices["reverse"])
    counts = count_program(t.program, columns, rows)
    inputs = dict(zip(columns, point, strict=True))
    return Jacobian(inputs, rows, matrices, counts, [*_notes(t), *exceptions], title)


def named_gradient(
    f: Callable,
    args: tuple,
    names: Names = None,
    outputs: Names = None,
    title: str = "",
    symbolic: bool = False,
) -> Gradient:
    """The value and gradient of f at args by one reverse sweep; see named_jacobian.

    Raises ValueError as well where f has more than one output.

    >>> from admodes.tracing.matrices import named_gradient
    >>> named_gradient(lambda x, y: x * y, (2.0, 3.0)).gradient
    {'x': 3.0, 'y': 2.0}
    """
    t = _one_output(scalar_trace(f, args, names, outputs, modes=()))
    inputs, value, gradient = _value_and_gradient(t)
    exact, exceptions = _slopes(t, gradient) if symbolic else (None, [])
    notes = [*_notes(t), *exceptions]
    return Gradient(inputs, value, gradient, notes, title, exact and {"gradient": exact})


def named_hessian(
    f: Callable,
    args: tuple,
    names: Names = None,
    outputs: Names = None,
    title: str = "",
    symbolic: bool = False,
) -> Hessian:
    """The Hessian of f at args, forward over reverse, with value and gradient, and the kind of the
    point by the second derivative test; see named_gradient. At a kink f runs beside it too.

    >>> from admodes.tracing.matrices import named_hessian
    >>> found = named_hessian(lambda x, y: x**2 - y**2, (0.0, 0.0))
    >>> found.kind, found.hessian.tolist()
    ('saddle', [[2.0, 0.0], [0.0, -2.0]])
    """
    _check_entries("hessian", f, args, lambda n, m: n * n)
    t = _one_output(scalar_trace(f, args, names, outputs, modes=()))
    inputs, value, gradient = _value_and_gradient(t)
    point = _point(t)
    matrix, crossed = _second_derivatives(t, f, args)
    with quiet():
        tested = classify(tuple(gradient.values()), matrix, point)
    obstacle = _obstacle(t, value, tuple(gradient.values()), matrix, crossed)
    exact, exceptions = None, []
    if symbolic:
        slopes, first = _slopes(t, gradient)
        lines, second = _formulas(t, matrix, second=True)
        exact, exceptions = {"gradient": slopes, "hessian": lines}, [*first, *second]
    return Hessian(
        inputs,
        value,
        gradient,
        [*_notes(t), *crossed, *exceptions],
        title,
        exact,
        matrix,
        tested.eigenvalues,
        "not classified" if obstacle else tested.kind,
        obstacle,
    )


def _formulas(
    t: Trace, numbers: Any, second: bool = False
) -> tuple[list[list[Formula]], list[str]]:
    """The exact entries of the Jacobian, or of the Hessian, and notes where they are no numbers or
    others than these."""
    from admodes.symbolic import formulas_at

    return formulas_at(t, numbers, second)


def _slopes(t: Trace, gradient: dict[str, Any]) -> tuple[dict[str, Formula], list[str]]:
    """The exact derivatives by the names of the inputs; see _formulas."""
    (line,), notes = _formulas(t, [list(gradient.values())])
    return dict(zip(gradient, line, strict=True)), notes


def _value_and_gradient(t: Trace) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    point, names = _point(t), [x["name"] for x in t.inputs]
    replayed = again(t.program)
    value, slopes = value_and_grad(lambda *xs: replayed(*xs)[0], tuple(range(len(point))))(*point)
    note_beyond_domain(t, [slopes])
    note_nan(t, [slopes])
    return dict(zip(names, point, strict=True)), value, dict(zip(names, slopes, strict=True))


def _second_derivatives(t: Trace, f: Callable, args: tuple) -> tuple[np.ndarray, list[str]]:
    """The Hessian, and what there is to say of the kinks that it crosses."""
    point, replayed, scalars = _point(t), again(t.program), scalar_function(f, args)[0]
    every = tuple(range(len(point)))
    slopes = jacobian(lambda *xs: replayed(*xs)[0], every, "reverse")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KinkWarning)
        with crossing("hessian", lambda xs: scalars(*xs)[0], tuple(point)):
            lines = jacobian(slopes, every, "forward")(*point)
    crossed = [w.message.finding for w in caught if isinstance(w.message, KinkWarning)]
    return np.array(lines, dtype=float).reshape(len(point), len(point)), crossed


def _point(t: Trace) -> list[Any]:
    return [x["value"] for x in t.inputs]


def _one_output(t: Trace) -> Trace:
    names = [y["name"] for y in t.outputs]
    if len(names) != 1:
        shortened = names if len(names) <= 8 else [*names[:6], "…", names[-1]]
        raise BadValue(
            f"this takes a function with one output, and there are {len(names)} "
            f"({', '.join(shortened)}): choose one, or use admodes jacobian"
        )
    return t


def _notes(t: Trace) -> list[str]:
    """What the rows note: values that are not finite, kinks, branches."""
    notes = [f"{row.name}: {note}" for row in t.rows for note in row.notes]
    return notes if t.inputs else [*notes, "there are no inputs"]


def _obstacle(t: Trace, out: Any, slopes: Any, matrix: Any, crossed: list[str]) -> str | None:
    """Why the second derivative test does not apply, if it does not."""
    if not t.inputs:
        return "there are no inputs"
    for what, numbers in (("value", out), ("gradient", slopes), ("Hessian", matrix)):
        if not np.all(np.isfinite(numbers)):
            return f"the {what} is not finite"
    kinks = (
        f"{row.name}: {note}"
        for row in t.rows
        for note in row.notes
        if note.kind not in ("branch", "value")
    )
    return next(kinks, crossed[0]) if crossed else None


def _check_entries(what: str, f: Callable, args: tuple, entries: Callable[[int, int], int]) -> None:
    """Refuse a matrix that nobody prints, before it is made: entries(inputs, outputs) of them."""
    n = sum(int(np.size(x)) for x in args)
    m = n
    if entries(n, n) > MOST_LINES:
        with quiet():
            m = sum(int(np.size(y)) for y in flatten(f(*args))[0])
    check_lines(
        entries(n, m),
        f"{what}: {n} inputs and {m} outputs",
        "admodes sparsity shows which entries can be other than zero, ad.sparse_jacobian and "
        "ad.sparse_hessian make those, and admodes gradient prints one row",
    )
