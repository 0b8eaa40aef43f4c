"""ad.equations: a function and its arguments go in; what backpropagation computes comes out, as
equations between vectors and matrices, each checked at the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.contractions import is_indexed
from admodes.backpropagation.derive import Derivation
from admodes.backpropagation.evaluate import evaluate
from admodes.backpropagation.indices import with_indices
from admodes.backpropagation.matrix_chain import Adjoints, MatrixChain, matrix_chain
from admodes.backpropagation.softmax import with_cross_entropy
from admodes.backpropagation.terms import Kind, Term
from admodes.backpropagation.write import formula_text
from admodes.core.record import Ref
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue
from admodes.programs.arrays import array_program
from admodes.programs.names import NamedProgram
from admodes.programs.rewriting import reads
from admodes.programs.sweep import adjoints
from admodes.views.dialects import Latex, Text, dialect_of
from admodes.views.result import Result
from admodes.views.tables import Table

TOLERANCE = 1e-9
"""The largest relative error of an equation that is right, of float64."""


@dataclass
class Equation:
    """left = right. error is the largest difference between the right side, evaluated with NumPy
    at the data, and what the engine computed, relative to the largest entry of that and of the
    terms that are added up."""

    name: str
    left: str
    right: str
    latex: str
    shape: list[int]
    error: float
    holds: bool
    formula: Term = field(repr=False)

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


@dataclass
class Equations(Result):
    """forward: how each named variable is computed; adjoints: the backpropagation equations, last
    to first, without those that are the literal 1, which units names. constants: arrays without a
    name of their own. values: what symbols stand for at the data, by name and accent; end: the name
    of the row that is the first output. simplified: the variables whose adjoints are written in a
    shorter form that was proven equal. str() is the text tables."""

    inputs: list[str]
    outputs: list[str]
    forward: list[Equation]
    adjoints: list[Equation]
    units: list[str]
    given: list[str]
    constants: dict[str, Any]
    title: str = ""
    values: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    end: str = ""
    simplified: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every equation holds at the data."""
        return all(e.holds for e in [*self.forward, *self.adjoints])

    def __getitem__(self, name: str) -> str:
        """The right side for the adjoint of a variable.

        Raises KeyError for a name that has no equation.
        """
        for equation in self.adjoints:
            if equation.name == name:
                return equation.right
        raise KeyError(f"no equation for the adjoint of {name}")

    def chain(self, wrt: str) -> MatrixChain:
        """The derivative of the output by a variable as the product of the Jacobians on the way,
        each with its dimensions, as the chain rule of a network is written: a row 2 (ŷ − y)ᵀ,
        matrices W2 and diagonal matrices diag(1[z > 0]). It is checked at the data.

        Raises ValueError for several outputs, unknown variables, and where a derivative is no such
        product, as between matrices.

        >>> import admodes as ad
        >>> import numpy as np
        >>> def loss(x, y, W1, W2):
        ...     z = W1 @ x
        ...     h = np.maximum(z, 0)
        ...     ŷ = W2 @ h
        ...     return np.sum((ŷ - y) ** 2)
        >>> data = np.ones(3), np.zeros(2), np.ones((4, 3)), np.ones((2, 4))
        >>> ad.equations(loss, *data, outputs=["L"]).chain("x").formula
        '2 (ŷ − y)ᵀ · W2 · diag(1[z > 0]) · W1'
        """
        if len(self.outputs) != 1:
            listed = ", ".join(self.outputs)
            raise BadValue(f"chain: this is for one output, and there are {listed}")
        formulas = {e.name: e.formula for e in self.adjoints}
        formulas |= dict.fromkeys(self.units, terms.number(1.0))
        shapes = {name: shape_of(x) for (name, accent), x in self.values.items() if not accent}
        known = Adjoints(formulas, shapes, self.end)
        return matrix_chain(known, wrt, self.values, self.values.get((wrt, "bar")), self.title)

    def _data(self) -> dict[str, Any]:
        def listed(equations: list[Equation]) -> list[dict]:
            return [{k: v for k, v in vars(e).items() if k != "formula"} for e in equations]

        return {
            "schema": "admodes.equations/1",
            "inputs": self.inputs,
            "outputs": self.outputs,
            "forward": listed(self.forward),
            "adjoints": listed(self.adjoints),
            "units": self.units,
            "given": self.given,
            "constants": self.constants,
            "simplified": self.simplified,
            "passed": self.passed,
        }

    def tables(self, format: str = "text") -> list[Table]:
        """Two tables: forward, and the adjoints from the last to the first."""
        write = dialect_of(format)
        head = ["Equation", "Shape", "Error"]
        made = [
            Table(title, head, [_line(e, format) for e in found], [True, False, False])
            for title, found in (
                ("Forward equations", self.forward),
                ("Backpropagation equations", self.adjoints),
            )
        ]
        notes = made[1].notes
        if self.units:
            ones = " = ".join([*(write.bar(name) for name in self.units), "1"])
            notes.append(write.math(ones))
        if self.given:
            listed = ", ".join(write.math(write.bar(name)) for name in self.given)
            notes.append(f"{listed} {'is' if len(self.given) == 1 else 'are'} given")
        notes += [
            f"{write.math(write.variable(name))} is the constant {Text(6).array(x)}"
            for name, x in self.constants.items()
        ]
        if self.simplified:
            listed = ", ".join(write.math(write.bar(name)) for name in self.simplified)
            notes.append(
                f"{listed}: softmax and cross-entropy together, simplified, since the short form "
                "is proven equal"
            )
        wrong = [e for e in [*self.forward, *self.adjoints] if not e.holds]
        notes += [f"⚠ the equation of {e.name} does not hold: error {e.error:.1e}" for e in wrong]
        if not wrong:
            notes.append(
                "each right side, evaluated with NumPy, equals what the engine computes; errors "
                "are relative to the largest term"
            )
        return made

    def _repr_latex_(self) -> str:
        lines = [e.latex.replace("=", "&=", 1) for e in [*self.forward, *self.adjoints]]
        joined = " \\\\\n".join(lines)
        return f"$$\\begin{{aligned}}\n{joined}\n\\end{{aligned}}$$"


def equations(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    weights: Sequence[Any] | None = None,
    title: str = "",
) -> Equations:
    """The backpropagation equations of f between its arrays, in symbols, and checked at args.

    The variables are the arguments and the local variables of f, by their own names; what has no
    name is written out where it is used. The equations are derived from the transposes and
    partials of the operations. W2ᵀ is a transpose, ⊙ the elementwise product, σ' and 1[z > 0] are
    partials, and vectors are columns. The adjoint of a single number is 1, other outputs have
    adjoints that are given; for the check these are weights, or ones. names are those of the
    arguments, outputs those of the results.

    Raises ValueError for wrong numbers of names or weights, TypeError for arguments that are no
    numbers and for complex values.

    >>> import admodes as ad
    >>> import numpy as np
    >>> def loss(W, x, s):
    ...     z = W @ x
    ...     h = ad.sigmoid(z)
    ...     return np.sum((h - s) ** 2) / 2
    >>> found = ad.equations(loss, np.ones((2, 3)), np.ones(3), np.zeros(2))
    >>> found["h"], found["z"], found["W"], found.passed
    ('h − s', "σ'(z) ⊙ h̄", 'z̄ xᵀ', True)
    """
    recorded = array_program(f, args, names, outputs)
    derived = Derivation(recorded, fold=True)
    for name, step in zip(derived.names, derived.steps, strict=True):
        if step.dtype.kind == "c":
            raise BadType(f"equations are of real arrays, and {name} has complex entries")
    seeds, values, given = output_seeds(recorded, derived, weights)
    engine = adjoints(recorded.program, values)
    long = derived.adjoints(seeds)
    found = with_cross_entropy(derived, long)
    data = derived.values(engine)
    add_seeds(data, derived, given, values)
    steps = recorded.program.steps
    rows = sorted(derived.shown)
    forward = [
        _equation(derived.names[i], "", derived.own[i], steps[i].value, data)
        for i in rows
        if steps[i].op is not None
    ]
    free = {i for i, t in seeds.items() if t.kind == Kind.SYMBOL and found.get(i) == t}
    bars = [
        (i, _named_seed(found.get(i, terms.number(0.0)), seeds, derived))
        for i in reversed(rows)
        if engine[i] is not None
    ]
    units = [derived.names[i] for i, t in bars if t.is_number(1.0)]
    back = [
        _equation(derived.names[i], "bar", terms.repeat(t, shape_of(engine[i])), engine[i], data)
        for i, t in bars
        if i not in free and not t.is_number(1.0)
    ]
    constants = dict(derived.constants.listed)
    name = getattr(f, "__name__", "f")
    return Equations(
        recorded.names,
        recorded.outputs,
        forward,
        back,
        units,
        [] if len(given) == 1 and not free else given,
        constants,
        title or ("" if name == "<lambda>" else name),
        data,
        derived.names[next(iter(seeds))] if seeds else "",
        [derived.names[i] for i in found if found[i] is not long[i]],
    )


def output_seeds(
    recorded: NamedProgram, derived: Derivation, weights: Sequence[Any] | None
) -> tuple[dict[int, Term], list[Any], list[str]]:
    """The adjoints of the outputs by row, as formulas and as values, and their names. The adjoint
    of a result that is one number is 1; others have a symbol, and weights or ones as values."""
    program = recorded.program
    outs = program.outputs
    shapes = [shape_of(program.value(y)) for y in outs]
    if weights is not None and len(weights) != len(outs):
        raise BadValue(f"weights: {len(outs)} are needed, one per output, got {len(weights)}")
    single = len(outs) == 1 and shapes == [()] and weights is None
    rows = [y.row for y in outs if isinstance(y, Ref)]
    # A row that others read, or that is two results, has an adjoint beside its seeds.
    readers = reads(program)
    own = {row for row in rows if not readers[row] and rows.count(row) == 1}
    seeds: dict[int, Term] = {}
    values: list[Any] = []
    given: list[str] = []
    for k, (y, shape) in enumerate(zip(outs, shapes, strict=True)):
        values.append(_weight(weights[k] if weights is not None else 1.0, shape))
        row = y.row if isinstance(y, Ref) else None
        name = derived.names[row] if row in own else recorded.outputs[k]
        while row is not None and row not in own and name in (*derived.names, *given):
            name += "_seed"
        given.append(name)
        if row is None:
            continue
        seed = terms.number(1.0) if single else terms.symbol(name, shape, "bar")
        seeds[row] = terms.total_of([seeds[row], seed], shape) if row in seeds else seed
        derived.shown.add(row)
    return seeds, values, given


def _named_seed(t: Term, seeds: dict[int, Term], derived: Derivation) -> Term:
    """The adjoint of the result, which is 1, before an identity matrix that would stand alone:
    ȳ I says what it is a derivative of."""
    if terms.factored(t)[1].kind != Kind.EYE:
        return t
    (row,) = seeds
    return terms.product([terms.symbol(derived.names[row], (), "bar"), t])


def add_seeds(data: dict, derived: Derivation, given: list[str], values: list[Any]) -> None:
    """Enter the adjoints that are given, where their names are not those of rows."""
    for name, w in zip(given, values, strict=True):
        if name not in derived.names:
            data[name, "bar"] = w


def _weight(w: Any, shape: tuple) -> Any:
    made = np.asarray(w, float)
    if made.shape not in ((), shape):
        raise BadValue(f"weights: shape {made.shape} for an output of shape {shape}")
    return np.broadcast_to(made, shape).copy() if shape else float(made)


def _equation(name: str, accent: str, t: Term, expected: Any, data: dict) -> Equation:
    error = discrepancy(t, expected, data)
    latex = Latex(6)
    (left, right), (above, below) = (_sides(name, accent, t, d) for d in (Text(6), latex))
    return Equation(
        name,
        left,
        right,
        f"{above} = {latex.ascii(below)}",
        list(shape_of(expected)),
        error,
        holds(error, expected),
        t,
    )


def _sides(name: str, accent: str, t: Term, dialect: Text) -> tuple[str, str]:
    """Both sides of an equation, entry by entry where it is one of a contraction."""
    left = dialect.bar(name) if accent else dialect.variable(name)
    return with_indices(left, t, dialect) if is_indexed(t) else (left, formula_text(t, dialect))


def holds(error: float, expected: Any) -> bool:
    """Whether an error is one of rounding."""
    kind = getattr(expected, "dtype", np.dtype(float))
    return error <= (TOLERANCE if kind != np.float32 else 1e-4)


def discrepancy(t: Term, expected: Any, data: dict) -> float:
    """How far the formula's value at the data is from the expected one, relative to the largest
    entry of it and of the terms that it adds up; inf where the shapes differ or nothing comes
    out."""
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(evaluate(t, data))
            added = [evaluate(p, data) for p in t.parts] if t.kind == Kind.SUM else []
    except (TypeError, ValueError, KeyError):
        return float("inf")
    wanted = np.asarray(expected)
    if wanted.dtype.kind == "b":
        wanted = wanted.astype(float)
    if found.shape != wanted.shape:
        return float("inf")
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    if np.all(same):
        return 0.0
    with np.errstate(all="ignore"):
        scale = max(float(np.max(np.abs(x), initial=1e-300)) for x in (wanted, *added))
        error = np.max(np.abs(found - wanted)[~same]) / scale
    return float(error) if np.isfinite(error) else float("inf")


def _line(e: Equation, format: str) -> list[str]:
    text = e.latex if dialect_of(format).name == "latex" else str(e)
    mark = "" if e.holds else "⚠ "
    return [text, Text().shape(e.shape), mark + ("0" if e.error == 0 else f"{e.error:.1e}")]
