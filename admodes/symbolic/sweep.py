"""The chain rule to many digits: local partials go in; derivatives with respect to every component
of the inputs come out, each with the sum of the absolute contributions, which bounds its rounding
error."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from admodes.core.linear import Linear
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.programs.sweep import DerivativeDomain, push
from admodes.symbolic.arrays import broadcast, components, entrywise, fill, structural
from admodes.symbolic.kernels import NotExact, numbers_of
from admodes.symbolic.precision import number

SMALLEST = 2.0**-1074
"""The smallest positive double, which a product that underflows may be wrong by."""


class BoundedSlope(NamedTuple):
    """A derivative with respect to one component of the inputs, the sum of the absolute values of
    all contributions to it, the error that inexact partials bring in, and whether every partial
    was symbolic."""

    derivative: Any
    magnitude: Any
    error: Any = 0
    symbolic: bool = True

    def __add__(self, other: BoundedSlope) -> BoundedSlope:  # type: ignore[override]
        return BoundedSlope(
            self.derivative + other.derivative,
            self.magnitude + other.magnitude,
            self.error + other.error,
            self.symbolic and other.symbolic,
        )

    def scaled(self, p: Any, slack: Any, symbolic: bool) -> BoundedSlope:
        """This times a partial p that is wrong by no more than slack; 0 times a partial is 0,
        however infinite that is."""
        d, m, e, known = self
        error = (abs(p) * e if e else e) + slack * m + SMALLEST
        return BoundedSlope(p * d if d else d, abs(p) * m if m else m, error, known and symbolic)


class Sensitivity:
    """The BoundedSlope of one number for each component of the inputs that contributes to it.

    It adds, scales and compares with 0, so that linear operations run on arrays of it.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: dict[int, BoundedSlope]) -> None:
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
    program: WengertList, partials: Sequence[Any], slacks: Sequence[Any] | None = None
) -> list[dict[int, BoundedSlope]]:
    """Accumulate local partials over the list into derivatives of each output component.

    partials[i][k] is that of row i by its argument k (a number, or an array of the row's shape;
    None for nothing); slacks[i][k] is (error bound, whether the partial is symbolic), in the same
    shape. Linear operations propagate by themselves, exactly. What comes out are the terms of the
    Sensitivity of each component of the outputs, in order.
    """
    return output_terms(program, row_sensitivities(program, partials, slacks))


def output_terms(program: WengertList, rows: Sequence[Any]) -> list[dict[int, BoundedSlope]]:
    """The terms of every component of the outputs, from the sensitivities of all rows; none where a
    row has none."""
    found: list[dict[int, BoundedSlope]] = []
    for y in program.outputs:
        row = rows[y.row] if isinstance(y, Ref) else None
        size = program.steps[y.row].size if isinstance(y, Ref) else 1
        parts = [None] * size if row is None else components(row)
        found += [c.terms if isinstance(c, Sensitivity) else {} for c in parts]
    return found


def row_sensitivities(
    program: WengertList,
    partials: Sequence[Any],
    slacks: Sequence[Any] | None = None,
    arguments: Callable[[Step], tuple] | None = None,
) -> list[Any]:
    """The same for every row: a Sensitivity, an array of them, or None for what has no derivative.
    arguments(step) are the values that an operation on arrays is taken at, those that were
    recorded unless given; a row that has none to more digits is then None, and else NotExact."""
    units = (Sensitivity({j: BoundedSlope(number(1), number(1))}) for j in itertools.count())
    inputs = (i for i, step in enumerate(program.steps) if step.op is None)
    seeds = {i: fill(program.steps[i].shape, units) for i in inputs}
    domain = _Sensitivities(program, partials, slacks, arguments)
    return [t for _, t in push(program, seeds, domain)]


class _Sensitivities(DerivativeDomain):
    """Tangents as a Sensitivity or an array of them; see row_sensitivities."""

    def __init__(
        self,
        program: WengertList,
        partials: Sequence[Any],
        slacks: Sequence[Any] | None,
        arguments: Callable[[Step], tuple] | None,
    ) -> None:
        super().__init__(program)
        self.partials, self.slacks, self.arguments = partials, slacks, arguments

    def push(self, row: int, tangents: list) -> Any:
        step = self.steps[row]
        if step.op.elementwise:
            slacks = self.slacks[row] if self.slacks else [(0, True)] * len(tangents)
            return _chained(step, tangents, self.partials[row], slacks)
        xs = (self.arguments or self.program.arguments)(step)
        if any(x is None for x in xs):
            return None
        try:
            return _moved(step, tangents, xs)
        except (TypeError, AttributeError, ValueError) as error:
            if self.arguments is None:
                raise NotExact(step.op.name) from error
            return None


def _chained(step: Step, tangents: list, partials: Any, slacks: Any) -> Any:
    """The chain rule of an elementwise operation: every argument's term times its partial."""
    nothing: Iterator = iter(lambda: Sensitivity({}), None)
    total = fill(step.shape, nothing)
    for tangent, partial, known in zip(tangents, partials, slacks, strict=True):
        if tangent is None or partial is None:
            continue
        slack, symbolic = known

        def term(t: Any, p: Any, e: Any, symbolic: bool = symbolic) -> Any:
            if not isinstance(t, Sensitivity) or (step.op.selects and p == 0 and e == 0):
                return Sensitivity({})
            return t.scaled(p, e, symbolic)

        total = total + broadcast(term, (tangent, partial, slack), step.shape)
    return total


def _moved(step: Step, tangents: list, xs: tuple) -> Any:
    """The tangent rule of a linear operation: itself, jointly or in each argument; of one that is
    not linear the difference of its values."""
    op = step.op
    if not isinstance(op, Linear):
        return _differenced(step, tangents, xs)
    if op.joint:
        filled = [
            t if t is not None else entrywise(lambda _: 0, x) if op.active(i) else x
            for i, (t, x) in enumerate(zip(tangents, xs, strict=True))
        ]
        return structural(op, filled, step.params)
    plain = [entrywise(number, x) for x in xs]
    terms = [
        structural(op, [*plain[:i], t, *plain[i + 1 :]], step.params)
        for i, t in enumerate(tangents)
        if t is not None
    ]
    return functools.reduce(operator.add, terms) if terms else None


def _differenced(step: Step, tangents: list, xs: tuple) -> Any:
    """The tangents of an operation that is not linear, by central differences of its values at the
    precision that mpmath is set to: a third of the digits is the step."""
    import mpmath

    shape = step.shape
    directions = {
        j for t in tangents if t is not None for c in components(t)
        if isinstance(c, Sensitivity) for j in c.terms
    }  # fmt: skip
    total: list[dict[int, BoundedSlope]] = [{} for _ in range(math.prod(shape))]
    h = mpmath.mpf(10) ** -(mpmath.mp.dps // 3)
    for j in sorted(directions):
        ends = []
        for side in (h, -h):

            def moved(x: Any, t: Any, side: Any = side, j: int = j) -> Any:
                term = t.terms.get(j) if isinstance(t, Sensitivity) else None
                return number(x) + side * term.derivative if term else number(x)

            args = [
                broadcast(moved, (x, tangents[k]), shape_of(x))
                if tangents[k] is not None
                else (entrywise(number, x) if step.op.active(k) else x)
                for k, x in enumerate(xs)
            ]
            ends.append(components(numbers_of(step.op, args, step.params)))
        for found, up, down in zip(total, *ends, strict=True):
            slope = (up - down) / (2 * h)
            found[j] = BoundedSlope(slope, abs(slope))
    return fill(shape, map(Sensitivity, total))
