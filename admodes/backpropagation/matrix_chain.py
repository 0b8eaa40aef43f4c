"""The chain rule of a network as a product of Jacobians, read from its backpropagation equations:
an adjoint W2ᵀ ȳ is the row ∂L/∂y times the Jacobian W2, one 1[z > 0] ⊙ h̄ the row ∂L/∂h times the
diagonal matrix of 1[z > 0].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.evaluate import evaluate
from admodes.backpropagation.terms import Kind, Term
from admodes.backpropagation.write import FormulaWriter
from admodes.errors import BadValue
from admodes.views.dialects import Latex, Text, dialect_of
from admodes.views.result import Result
from admodes.views.tables import Table

LONGEST = 40
"""The most factors of a chain that is written out."""

TOO_LONG = f"it would have more than {LONGEST} factors"

TOLERANCE = 1e-9

Values = Mapping[tuple[str, str], Any]


@dataclass(frozen=True)
class Factor:
    """A Jacobian: top and bottom are the variables that it is of and by, empty where one step has
    several. addends are the products that it is the sum of, where there are several; otherwise
    term is a matrix."""

    top: str
    bottom: str
    shape: tuple[int, int]
    term: Term | None = None
    addends: tuple[tuple[Factor, ...], ...] = ()

    def written(self, write: Text) -> str:
        if self.term is not None:
            return FormulaWriter(write).write(self.term)[0]
        return " + ".join(product_text(addend, write) for addend in self.addends)

    def value(self, values: Values, entries: Callable = np.asarray) -> np.ndarray:
        """The matrix. entries: what is done to each one that is written: np.abs for the sizes of
        what the entries of a product add up."""
        if self.term is not None:
            return entries(evaluate(self.term, values)).reshape(self.shape)  # type: ignore[no-any-return]
        return sum(product_value(addend, values, entries) for addend in self.addends)  # type: ignore[return-value]

    @property
    def length(self) -> int:
        """How many matrices are written."""
        return sum(f.length for addend in self.addends for f in addend) or 1


def product_text(factors: Sequence[Factor], write: Text) -> str:
    """2 (ŷ − y)ᵀ · W2 · diag(1[z > 0]) · W1"""
    between = r" \cdot " if write.name == "latex" else " · "
    single = len(factors) == 1
    texts: list[str] = []
    for factor in factors:
        text = factor.written(write)
        many = factor.addends or (factor.term is not None and factor.term.kind == Kind.SUM)
        signed = texts and text.startswith(("-", "−"))
        texts.append(write.bracket(text) if (many or signed) and not single else text)
    return between.join(texts)


def product_value(
    factors: Sequence[Factor], values: Values, entries: Callable = np.asarray
) -> np.ndarray:
    """The matrix product, from the left as reverse mode multiplies; entries as in Factor.value."""
    found = factors[0].value(values, entries)
    for factor in factors[1:]:
        found = found @ factor.value(values, entries)
    return found


@dataclass
class MatrixChain(Result):
    """The derivative of one variable by another as a product of Jacobians (JSON contract
    "admodes.matrix-chain/1"): formula and latex of the whole, and of each factor with its shape;
    error is how far the product is from the adjoint that the engine computes, relative to the
    sizes of the products that its largest entry adds up. by a matrix: what stands to the right of
    the transposed row, else empty."""

    of: str
    wrt: str
    formula: str
    latex: str
    shape: list[int]
    factors: list[dict[str, Any]]
    error: float
    holds: bool
    title: str = ""

    def _data(self) -> dict[str, Any]:
        parts = {k: v for k, v in vars(self).items() if k != "title"}
        return {"schema": "admodes.matrix-chain/1", **parts}

    def tables(self, format: str = "text") -> list[Table]:
        """The formula, and a line for each factor with its dimensions."""
        write = dialect_of(format)
        rows = [
            [
                write.derivative(f["top"], f["bottom"]) if f["top"] else "",
                f["latex" if write.name == "latex" else "formula"],
                _dimensions(f["shape"], write),
            ]
            for f in self.factors
        ]
        left = write.derivative(self.of, self.wrt)
        whole = self.latex if write.name == "latex" else self.formula
        several = len(rows) > 1 or rows[0][0] != left
        if several:
            rows.append([left, f"= {whole}", _dimensions(self.shape, write)])
        mark = "" if self.holds else "⚠ "
        notes = [
            f"{mark}the product, evaluated with NumPy, equals the adjoint that the engine computes "
            f"to {self.error:.0e} of what it adds up"
            if self.error
            else "the product, evaluated with NumPy, equals the adjoint that the engine computes"
        ]
        if not several:
            notes.append("one factor: variables for intermediate results in the function part it")
        title = f"{write.math(left)} as a product of Jacobians"
        return [Table(title, ["Jacobian", "Matrix", "Dimensions"], rows, [True] * 3, notes)]

    def _repr_latex_(self) -> str:
        return f"$${Latex().derivative(self.of, self.wrt)} = {self.latex}$$"


def _dimensions(shape: Sequence[int], write: Text) -> str:
    return write.times.join(map(str, shape)) or "1"


class Unwritten(Exception):
    """An adjoint that is no product of a row and matrices; the message says why."""


@dataclass
class Adjoints:
    """The formulas of adjoints by variable, those that are 1 or given as themselves; of is the
    output whose derivatives they are."""

    formulas: Mapping[str, Term]
    shapes: Mapping[str, tuple[int, ...]]
    of: str

    def row(self, name: str, steps: int = 0) -> tuple[Factor, ...]:
        """The derivative of the output by a variable, as a product; none of the output itself.
        steps: how many variables on the way were met before."""
        if steps > LONGEST:
            raise Unwritten(TOO_LONG)
        if name == self.of or name not in self.formulas:
            return ()
        t = self.formulas[name]
        parts = t.parts if t.kind == Kind.SUM else (t,)
        linear = [part for part in parts if part.has_bar]
        constant = [part for part in parts if not part.has_bar]
        addends = [self.product(name, part, steps) for part in linear]
        if sum(f.length for addend in addends for f in addend) > LONGEST:
            raise Unwritten(TOO_LONG)
        if constant:
            rest = terms.total_of(constant, t.shape)
            addends.insert(0, (self.constant(name, rest),))
        if len(addends) == 1:
            return addends[0]
        return (Factor(self.of, name, (self.rows, _size(t.shape)), None, tuple(addends)),)

    @property
    def rows(self) -> int:
        return _size(self.shapes[self.of])

    def constant(self, name: str, t: Term) -> Factor:
        """What the output being a number, whose adjoint is 1, makes a row."""
        return Factor(self.of, name, (1, _size(t.shape)), _raised(t))

    def product(self, name: str, t: Term, met: int) -> tuple[Factor, ...]:
        """What one addend of an adjoint is, which has the adjoint of one other variable in it."""
        source, steps = _linear(t)
        steps = _scaled_once(steps)
        before = self.row(source, met + 1)
        made: list[Factor] = []
        top, rows = source, _size(self.shapes[source])
        for k, step in enumerate(steps):
            columns = step.shape[1] if len(step.shape) == 2 else 1
            made.append(Factor("" if k else top, "" if k else name, (rows, columns), step))
            rows = columns
        if not before and not made:
            return (Factor(source, name, (rows, rows), terms.eye(rows)),)
        return (*before, *made)


def _size(shape: tuple[int, ...]) -> int:
    if len(shape) > 1:
        raise Unwritten("one of the variables on the way is a matrix")
    return shape[0] if shape else 1


def _scaled_once(steps: list[Term]) -> list[Term]:
    """The matrices without multiples of the identity, where there is a neighbour to multiply."""
    made: list[Term] = []
    for step in steps:
        c, rest = terms.factored(step)
        before = terms.factored(made[-1]) if made else (0.0, step)
        if made and rest.kind == Kind.EYE:
            made[-1] = terms.scaled(c, made[-1])
        elif made and before[1].kind == Kind.EYE:
            made[-1] = terms.scaled(before[0], step)
        else:
            made.append(step)
    return made


def _raised(t: Term) -> Term:
    """A vector as a row, with the number in front of it outside."""
    c, rest = terms.factored(t)
    if not t.shape:
        return t
    return terms.scaled(c, Term(Kind.T, (rest,), None, (1, *t.shape)))


def _linear(t: Term) -> tuple[str, list[Term]]:
    """The variable whose adjoint is in a formula, and the matrices by which the row of that is
    multiplied, from the left on."""
    if t.kind == Kind.SYMBOL:
        return t.data[0], []
    inner = [p for p in t.parts if p.has_bar]
    read: Callable | None = _READERS.get(t.kind)
    if len(inner) != 1 or read is None or any(len(p.shape) > 1 for p in (t, *inner)):
        raise Unwritten("an adjoint on the way is no matrix times another one")
    source, steps = _linear(inner[0])
    if t.kind == Kind.TOTAL and steps and steps[-1].kind == Kind.DIAG:
        return source, [*steps[:-1], *steps[-1].parts]
    others = [p for p in t.parts if not p.has_bar]
    return source, [*steps, *read(t, inner[0], others)]


def _of_scaled(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    return [terms.scaled(t.data, terms.eye(_size(t.shape)))] if t.shape else [terms.number(t.data)]


def _of_product(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    rest = terms.product(others)
    if not inner.shape:
        return [_raised(rest)]
    if not rest.shape:
        return [terms.product([rest, terms.eye(_size(inner.shape))])]
    return [terms.diagonal_matrix(rest)]


def _of_quotient(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    return _of_product(t, inner, [terms.quotient(terms.number(1.0), others[0])])


def _of_matrix(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    return [terms.transposed(others[0])]


def _of_dot(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    return others


def _of_total(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    return [terms.repeat(terms.number(1.0), (*inner.shape, 1))]


def _of_repeat(t: Term, inner: Term, others: list[Term]) -> list[Term]:
    if inner.shape:
        raise Unwritten("an adjoint on the way is repeated along an axis")
    return [_raised(terms.repeat(terms.number(1.0), t.shape))]


_READERS: dict[Kind, Callable[[Term, Term, list[Term]], list[Term]]] = {
    Kind.SCALED: _of_scaled,
    Kind.PRODUCT: _of_product,
    Kind.QUOTIENT: _of_quotient,
    Kind.MATRIX: _of_matrix,
    Kind.DOT: _of_dot,
    Kind.TOTAL: _of_total,
    Kind.REPEAT: _of_repeat,
}


def matrix_chain(
    known: Adjoints, wrt: str, values: Values, engine: Any, title: str = ""
) -> MatrixChain:
    """The derivative of the output by a variable as a product of Jacobians; by a matrix in an outer
    product u vᵀ, as the row of u, transposed, times vᵀ. engine is the adjoint that it is checked
    with.

    Raises BadValue where it is no such product.
    """
    t = None if wrt == known.of else known.formulas.get(wrt)
    if t is None:
        names = ", ".join(n for n in known.formulas if n != known.of)
        raise BadValue(f"chain: {wrt!r} is no variable that {known.of} depends on; choose {names}")
    outer = t.kind == Kind.OUTER and [p.has_bar for p in t.parts] == [True, False]
    try:
        if outer and known.rows > 1:
            raise Unwritten(f"{known.of} has several entries and {wrt} is a matrix")
        if outer:
            column = {**known.formulas, wrt: t.parts[0]}
            chain = Adjoints(column, known.shapes, known.of).row(wrt)
        else:
            chain = known.row(wrt)
    except Unwritten as reason:
        raise BadValue(
            f"chain: ∂{known.of}/∂{wrt} is not written as a product of matrices: {reason}; "
            "ad.equations (admodes equations) has it between arrays"
        ) from None
    found, sizes = (product_value(chain, values, entries) for entries in (np.asarray, np.abs))
    right = t.parts[1] if outer else None
    if right is not None:
        row = evaluate(right, values)
        found, sizes = found.reshape(-1, 1) * row, sizes.reshape(-1, 1) * np.abs(row)
    weights = np.ravel(values[known.of, "bar"])
    adjoint, size = (found, sizes) if outer else (weights @ found, np.abs(weights) @ sizes)
    error = _distance(adjoint, size, np.asarray(engine, float))
    text, latex = (_formula(chain, right, write) for write in (Text(6), Latex(6)))
    factors = list(chain)
    if right is not None:
        factors.append(Factor("", "", (1, right.shape[0]), _raised(right)))
    return MatrixChain(
        known.of,
        wrt,
        text,
        Latex().ascii(latex),
        list(found.shape),
        list(map(_listed, factors)),
        error,
        error <= TOLERANCE,
        title,
    )


def _listed(factor: Factor) -> dict[str, Any]:
    return {
        "top": factor.top,
        "bottom": factor.bottom,
        "formula": factor.written(Text(6)),
        "latex": Latex().ascii(factor.written(Latex(6))),
        "shape": list(factor.shape),
    }


def _formula(chain: Sequence[Factor], right: Term | None, write: Text) -> str:
    product = product_text(chain, write)
    if right is None:
        return product
    column = write.bracket(product) + (r"^{\top}" if write.name == "latex" else "ᵀ")
    if len(chain) == 1 and chain[0].term is not None:
        c, row = terms.factored(chain[0].term)
        column = FormulaWriter(write).write(terms.scaled(c, row.parts[0]))[0]
    between = r" \cdot " if write.name == "latex" else " · "
    return column + between + FormulaWriter(write).write(_raised(right))[0]


def _distance(found: np.ndarray, sizes: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, relative to the largest of the sizes, as entries may cancel to 0;
    nan is no difference from nan."""
    a, b = found.ravel(), wanted.ravel()
    differs = (a != b) & ~(np.isnan(a) & np.isnan(b))
    scale = max(float(np.max(sizes, initial=0.0)), 1e-300)
    return float(np.max(np.abs(a - b)[differs], initial=0.0)) / scale
