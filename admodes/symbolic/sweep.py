"""One sweep over the list that carries all input directions, with bounds of their errors."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from admodes.core.linear import Linear
from admodes.core.record import Program, Ref, Step
from admodes.core.values import shape_of
from admodes.symbolic.arrays import broadcast, components, entrywise, fill, structural
from admodes.symbolic.kernels import NotExact, numbers_of
from admodes.symbolic.precision import number

SMALLEST = 2.0**-1074
"""The smallest positive double, which a product that underflows may be wrong by."""


class Term(NamedTuple):
    """A derivative with respect to one component of the inputs, the sum of the absolute values of
    all contributions to it, the error that inexact partials bring in, and whether every partial
    was symbolic."""

    derivative: Any
    magnitude: Any
    error: Any = 0
    symbolic: bool = True

    def __add__(self, other: Term) -> Term:  # type: ignore[override]
        return Term(
            self.derivative + other.derivative,
            self.magnitude + other.magnitude,
            self.error + other.error,
            self.symbolic and other.symbolic,
        )

    def scaled(self, p: Any, slack: Any, symbolic: bool) -> Term:
        """This times a partial p that is wrong by no more than slack; 0 times a partial is 0,
        however infinite that is."""
        d, m, e, known = self
        error = (abs(p) * e if e else e) + slack * m + SMALLEST
        return Term(p * d if d else d, abs(p) * m if m else m, error, known and symbolic)


class Sensitivity:
    """The Term of one number for each component of the inputs that contributes to it.

    It adds, scales and compares with 0, so that linear operations run on arrays of it.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: dict[int, Term]) -> None:
        self.terms = terms

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Sensitivity):
            return self if other == 0 else NotImplemented
        total = dict(self.terms)
        for j, term in other.terms.items():
            total[j] = total[j] + term if j in total else term
        return Sensitivity(total)

    __radd__ = __add__

    def __mul__(self, factor: Any) -> Any:
        return self.scaled(number(factor))

    __rmul__ = __mul__

    def __truediv__(self, factor: Any) -> Any:
        return self.scaled(1 / number(factor))

    def __eq__(self, other: object) -> bool:
        return other == 0 and all(term.derivative == 0 for term in self.terms.values())

    __hash__ = None  # type: ignore[assignment]

    def scaled(self, p: Any, slack: Any = 0, symbolic: bool = True) -> Sensitivity:
        return Sensitivity({j: term.scaled(p, slack, symbolic) for j, term in self.terms.items()})


def sensitivities(
    program: Program, partials: Sequence[Any], slacks: Sequence[Any] | None = None
) -> list[list[dict[int, Term]]]:
    """Accumulate local partials over the list into derivatives of each output component.

    partials[i][k] is that of row i by its argument k (a number, or an array of the row's shape;
    None for nothing); slacks[i][k] is (error bound, whether the partial is symbolic), in the same
    shape. Linear operations propagate by themselves, exactly. One list per output with the terms
    of Sensitivity for each component.
    """
    rows = row_sensitivities(program, partials, slacks)
    outputs = []
    for y in program.outputs:
        found = rows[y.row] if isinstance(y, Ref) else None
        parts = components(y if found is None else found)
        outputs.append([c.terms if isinstance(c, Sensitivity) else {} for c in parts])
    return outputs


def row_sensitivities(
    program: Program,
    partials: Sequence[Any],
    slacks: Sequence[Any] | None = None,
    arguments: Callable[[Step], tuple] | None = None,
) -> list[Any]:
    """The same for every row: a Sensitivity, an array of them, or None for what has no derivative.
    arguments(step) are the values that an operation on arrays is taken at, those that were
    recorded unless given; a row that has none to more digits is then None, and else NotExact."""
    at = arguments or program.arguments
    rows: list = []
    units = (Sensitivity({j: Term(number(1), number(1))}) for j in itertools.count())
    for i, step in enumerate(program.steps):
        if step.op is None:
            rows.append(fill(step.shape, units))
        elif step.is_test:
            rows.append(None)
        elif step.op.elementwise:
            rows.append(_chained(step, rows, partials[i], slacks[i] if slacks else None))
        else:
            xs = at(step)
            try:
                rows.append(None if any(x is None for x in xs) else _moved(step, rows, xs))
            except (TypeError, AttributeError, ValueError) as error:
                if arguments is None:
                    raise NotExact(step.op.name) from error
                rows.append(None)
    return rows


def _chained(step: Step, rows: list, partials: Any, slacks: Any) -> Any:
    """The chain rule of an elementwise operation: every argument's term times its partial."""
    shape = step.shape
    nothing: Iterator = iter(lambda: Sensitivity({}), None)
    total = fill(shape, nothing)
    for k, a in enumerate(step.args):
        if not isinstance(a, Ref) or rows[a.row] is None or partials[k] is None:
            continue
        slack, symbolic = slacks[k] if slacks else (0, True)

        def term(t: Any, p: Any, e: Any) -> Any:
            if not isinstance(t, Sensitivity) or (step.op.selects and p == 0 and e == 0):
                return Sensitivity({})
            return t.scaled(p, e, symbolic)

        total = total + broadcast(term, (rows[a.row], partials[k], slack), shape)
    return total


def _moved(step: Step, rows: list, xs: tuple) -> Any:
    """The tangent rule of a linear operation: itself, jointly or in each argument; of one that is
    not linear the difference of its values."""
    op = step.op
    if not isinstance(op, Linear):
        return _differenced(step, rows, xs)
    given = [
        rows[a.row] if isinstance(a, Ref) and op.active(i) else None
        for i, a in enumerate(step.args)
    ]
    if op.joint:
        filled = [
            t if t is not None else entrywise(lambda _: 0, x) if op.active(i) else x
            for i, (t, x) in enumerate(zip(given, xs, strict=True))
        ]
        return structural(op, filled, step.params)
    plain = [entrywise(number, x) for x in xs]
    terms = [
        structural(op, [*plain[:i], t, *plain[i + 1 :]], step.params)
        for i, t in enumerate(given)
        if t is not None
    ]
    return functools.reduce(operator.add, terms) if terms else None


def _differenced(step: Step, rows: list, xs: tuple) -> Any:
    """The tangents of an operation that is not linear, by central differences of its values at the
    precision that mpmath is set to: a third of the digits is the step."""
    import mpmath

    shape = step.shape
    given = {
        k: rows[a.row]
        for k, a in enumerate(step.args)
        if isinstance(a, Ref) and rows[a.row] is not None
    }
    directions = {
        j for t in given.values() for c in components(t) if isinstance(c, Sensitivity)
        for j in c.terms
    }  # fmt: skip
    total: list[dict[int, Term]] = [{} for _ in range(math.prod(shape))]
    h = mpmath.mpf(10) ** -(mpmath.mp.dps // 3)
    for j in sorted(directions):
        ends = []
        for side in (h, -h):

            def moved(x: Any, t: Any, side: Any = side, j: int = j) -> Any:
                term = t.terms.get(j) if isinstance(t, Sensitivity) else None
                return number(x) + side * term.derivative if term else number(x)

            args = [
                broadcast(moved, (x, given[k]), shape_of(x))
                if k in given
                else (entrywise(number, x) if step.op.active(k) else x)
                for k, x in enumerate(xs)
            ]
            ends.append(components(numbers_of(step.op, args, step.params)))
        for found, up, down in zip(total, *ends, strict=True):
            slope = (up - down) / (2 * h)
            found[j] = Term(slope, abs(slope))
    return fill(shape, map(Sensitivity, total))
