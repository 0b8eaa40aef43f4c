"""The operation at which the digits of a derivative are lost, and how many digits the problem
itself leaves, by its condition."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from admodes.core.op import Op
from admodes.core.record import Ref, WengertList
from admodes.programs.rewriting import needed
from admodes.symbolic.arrays import components, fill
from admodes.symbolic.exact import Exactly, exactly, row_at, sweep_exactly
from admodes.symbolic.kernels import NotExact
from admodes.symbolic.precision import number, precise
from admodes.symbolic.sweep import SMALLEST, Sensitivity
from admodes.verification.accuracy import Accuracy, jacobian_terms
from admodes.verification.criterion import UNIT

SEARCHED = 150
"""The most rows whose rounding is followed one by one."""

BELOW = 30
"""Decimal orders of the steps below the smallest number in use."""

MOST = 1000
"""Digits beyond which a condition is not computed: gamma functions take minutes there."""

LEAP = 10.0
"""The least factor by which a row that loses digits makes a relative error larger."""


@dataclass
class Loss:
    """The row that loses the digits of a derivative, and by which factor it makes the relative
    error of what it is given larger (1 where its own rounding is to blame). sweep: whether that is
    of its tangent, not of its value."""

    row: int
    op: Op
    factor: float
    sweep: bool = False

    @property
    def cancels(self) -> bool:
        """Whether the row adds what cancels."""
        return self.sweep or self.op.kind == "additions" or not self.op.elementwise


def lost_in(found: Accuracy, i: int, j: int) -> Loss | None:
    """The row that loses the digits of the derivative of output component i with respect to input
    component j; None where none can be told from the others.

    The rounding error of every row is put into the exact calculation, one at a time. Where one of
    them moves the derivative by more than the rounding of the sweep, the digits are lost on its way
    to the output, in the row where the relative error of the values leaps. Otherwise they are lost
    in the sweep, in the row where the contributions to the tangent cancel.
    """
    program = found.program
    base = exactly(program, found.xs, found.digits)
    above = _above(program, i)
    if above is None:
        return None
    with precise(found.digits):
        rows = sweep_exactly(base)
        terms = {r: _term(rows[r], j) for r in above}
        source = _source(found, i, j, base, above) if len(above) <= SEARCHED else None
        magnitude = jacobian_terms(base, len(found.xs))[i][j][1]
        if source is not None and source[1] > LEAP * UNIT * magnitude:
            errors = {r: _relative_error(program, base, r) for r in above}
            below = _below(program, source[0], above)
            return _leap(program, below, lambda r: max(errors[r], UNIT)) or Loss(
                source[0], program.steps[source[0]].op, 1.0
            )
        loss = _leap(program, above, lambda r: terms[r])
        return loss and replace(loss, sweep=True)


def _above(program: WengertList, i: int) -> list[int] | None:
    """The rows that output component i depends on, in order."""
    sizes = [
        len(components(program.steps[y.row].value)) if isinstance(y, Ref) else 1
        for y in program.outputs
    ]
    which = next(k for k in range(len(sizes)) if i < sum(sizes[: k + 1]))
    y = program.outputs[which]
    if not isinstance(y, Ref):
        return None
    return [r for r in sorted(needed(program, [y.row])) if not program.steps[r].discrete]


def _below(program: WengertList, source: int, above: list[int]) -> list[int]:
    """Of the rows above an output those that depend on a source, and itself."""
    used = {source}
    for r in above:
        if any(isinstance(a, Ref) and a.row in used for a in program.steps[r].args):
            used.add(r)
    return sorted(used)


def _source(
    found: Accuracy, i: int, j: int, base: Exactly, above: list[int]
) -> tuple[int, Any] | None:
    """The row whose rounding moves the derivative most, and by how much."""
    assert found.pieces is not None
    digits = found.pieces.spread + 2 * BELOW + 50
    with precise(digits) as mpmath:
        h = mpmath.ldexp(1, found.pieces.step) * mpmath.mpf(10) ** -BELOW
        points = [[number(x) + s * h * (k == j) for k, x in enumerate(found.xs)] for s in (1, -1)]

        def slope(added: dict[int, Any] | None) -> Any:
            up, down = (exactly(found.program, p, digits, added).outputs()[i] for p in points)
            return (up - down) / (2 * h)

        plain = slope(None)
        moved = {}
        for r, error in _roundings(found.program, above, digits):
            effect = abs(slope({r: error}) - plain)
            moved[r] = effect if effect == effect else mpmath.inf
    if not moved:
        return None
    worst = max(moved, key=lambda r: moved[r])
    return worst, moved[worst]


def _roundings(program: WengertList, rows: list[int], digits: int) -> Iterator[tuple[int, Any]]:
    """What every row was wrong by, given what it was given."""
    for r in rows:
        step = program.steps[r]
        if step.op is None or step.op.passive:
            continue
        try:
            right = components(row_at(step, program.arguments(step), digits))
        except NotExact:
            continue
        errors = [number(a) - b for a, b in zip(components(step.value), right, strict=True)]
        if any(e == e and e for e in errors):
            clean = [e if e == e and abs(e) != math.inf else number(0) for e in errors]
            yield r, fill(step.shape, iter(clean))


def _term(row: Any, j: int) -> float:
    """How much larger the contributions to a tangent are than their sum."""
    worst = 1.0
    for c in components(row):
        term = c.terms.get(j) if isinstance(c, Sensitivity) else None
        if term is None or not term.magnitude or term.derivative != term.derivative:
            continue
        ratio = term.magnitude / abs(term.derivative) if term.derivative else math.inf
        worst = max(worst, _float(ratio))
    return worst


def _relative_error(program: WengertList, base: Exactly, r: int) -> float:
    worst = 0.0
    for got, right in zip(
        components(program.steps[r].value), components(base.rows[r]), strict=True
    ):
        error = abs(number(got) - right)
        if error and error == error:
            worst = max(worst, _float(error / abs(right)) if right else math.inf)
    return worst


def _float(x: Any) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf


def _leap(program: WengertList, rows: list[int], measure: Callable[[int], float]) -> Loss | None:
    """The row whose measure is larger than those of its arguments by the largest factor."""
    best = None
    for r in rows:
        step = program.steps[r]
        if step.op is None:
            continue
        given = [measure(a.row) for a in step.args if isinstance(a, Ref) and a.row in rows]
        mine, before = measure(r), max(given, default=measure(r))
        factor = mine / before if math.isfinite(before) else 1.0
        if factor >= LEAP and (best is None or factor > best.factor):
            best = Loss(r, step.op, factor)
    return best


class Conditions:
    """The relative condition of derivatives with respect to the inputs: of ∂y/∂x_j it is
    Σ|x_k ∂²y/∂x_j∂x_k| / |∂y/∂x_j|."""

    def __init__(self, found: Accuracy) -> None:
        assert found.pieces is not None
        self.found = found
        self.digits = found.digits + 2 * BELOW
        self.step = found.pieces.step
        self.table: dict[int, list[float | None]] = {}

    @functools.cached_property
    def here(self) -> list[list[tuple[Any, Any]]]:
        """The derivatives at the point."""
        return self._terms(self.found.xs)

    def _terms(self, xs: Sequence[Any]) -> list[list[tuple[Any, Any]]]:
        return jacobian_terms(exactly(self.found.program, xs, self.digits), len(xs))

    def of(self, i: int, j: int) -> float | None:
        """That of output component i by input component j; None where it is not known, or would
        take more than MOST digits."""
        if self.digits > MOST:
            return None
        if j not in self.table:
            with precise(self.digits) as mpmath:
                h = mpmath.ldexp(1, self.step) * mpmath.mpf(10) ** -BELOW
                moved = [number(x) + h * (k == j) for k, x in enumerate(self.found.xs)]
                pairs = zip(self.here, self._terms(moved), strict=True)
                self.table[j] = [self._ratio(line, other, h, j) for line, other in pairs]
        return self.table[j][i]

    def _ratio(self, line: list, other: list, h: Any, j: int) -> float | None:
        total = sum(
            abs(number(x) * (b - a)) / h
            for x, (a, _), (b, _) in zip(self.found.xs, line, other, strict=True)
        )
        own = abs(line[j][0])
        known = total == total and own == own and math.inf not in (total, own)
        return _float(total / own) if known and own > SMALLEST else None
