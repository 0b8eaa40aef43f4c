"""Where digits of a derivative are lost although those of the value are right: both sweeps against
the exact chain rule. A derivative of which no calculation in doubles could know more, as near a
stationary point, is no finding."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.record import Ref
from admodes.diagnosis.bounds import cancellation
from admodes.diagnosis.digits import LEAP, NORMAL, inputs_of, left, work
from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject
from admodes.programs.rewriting import needed
from admodes.programs.sweep import Numbers, adjoints, has_derivative, pull, tangents
from admodes.symbolic.arrays import components
from admodes.symbolic.exact import exactly, sweep_exactly
from admodes.symbolic.precision import number, precise
from admodes.symbolic.sweep import Sensitivity
from admodes.verification.criterion import UNIT

DIGITS = 150
"""Digits of the exact sweep, and twice as many to see that they stay the same."""

MOST_WORK = 50_000
"""Work, as digits count it, times inputs up to which the exact chain rule runs."""

REQUIRED = 8.0
"""Digits that a derivative has to have."""

SUSPICIOUS = 1e6
"""How much larger than their sum contributions to a derivative have to be for a closer look."""

PERMITTED = 100.0
"""Times the condition of a derivative and the unit roundoff: what no calculation avoids."""

FELT = 1e-3
"""How large what cancels has to be beside the value, for relative changes of an input."""

BELOW = 30
"""Decimal orders of the relative changes that show the condition."""


@dataclass
class Slope:
    """One derivative: the output row with its entry, the input's component, the exact value."""

    row: int
    entry: int
    component: int
    exact: Any


def in_derivatives(subject: Subject, notes: list[str]) -> Iterator[Finding]:
    """The row at which a forward sweep loses digits, and that at which a reverse sweep does."""
    xs = inputs_of(subject)
    if not xs or not subject.results or cancellation(subject) < SUSPICIOUS:
        return
    if len(xs) * work(subject) > MOST_WORK:
        notes.append(
            "digits of derivatives: contributions to a tangent cancel, and the function is too "
            "large for the exact chain rule to tell what is lost"
        )
        return
    rows = _exact(subject, xs, DIGITS)
    again = _exact(subject, xs, 2 * DIGITS)
    found = list(_slopes(subject, rows, again))
    worst = _worst(subject, found, _by_forward(subject, found))
    if worst is not None and not _permitted(subject, xs, worst[0]):
        row = _forward_row(subject, worst[0], again)
        if not _is_felt(subject, xs, row, worst[0].component):
            return
        yield _finding(subject, "forward", row, worst)
    worst = _worst(subject, found, _by_reverse(subject, found))
    if worst is not None and not _permitted(subject, xs, worst[0]):
        row, source = _reverse_row(subject, worst[0])
        yield _finding(subject, "reverse", row, worst, source)


def _exact(subject: Subject, xs: list[Any], digits: int) -> list[Any]:
    """The derivatives of all rows by all components of the inputs."""
    return sweep_exactly(exactly(subject.program, xs, digits))


def _term(rows: list[Any], row: int, entry: int, component: int) -> Any:
    """One of them; None where it is not known."""
    if rows[row] is None:
        return None
    found = components(rows[row])[entry]
    if not isinstance(found, Sensitivity):
        return None
    term = found.terms.get(component)
    return None if term is None or term.derivative != term.derivative else term.derivative


def _slopes(subject: Subject, rows: list[Any], again: list[Any]) -> Iterator[Slope]:
    """The derivatives of outputs that are known and are not 0."""
    import mpmath

    with precise(DIGITS):
        for row in sorted(subject.results):
            for entry in range(subject.steps[row].size):
                for j in range(len(inputs_of(subject))):
                    a, b = (_term(r, row, entry, j) for r in (rows, again))
                    if a is None or b is None or not mpmath.isfinite(b) or abs(b) < NORMAL:
                        continue
                    if abs(a - b) <= mpmath.mpf(10) ** -25 * abs(b):
                        yield Slope(row, entry, j, b)


def _places(subject: Subject) -> list[tuple[int, int]]:
    """The row and the entry of each component of the inputs."""
    rows = [x.row for x in subject.program.inputs]
    return [(row, k) for row in rows for k in range(subject.steps[row].size)]


def _unit(subject: Subject, row: int, entry: int) -> Any:
    step = subject.steps[row]
    if not step.shape:
        return 1.0
    made = np.zeros(step.shape, step.dtype)
    made.flat[entry] = 1.0
    return made


def _tangents(subject: Subject, component: int) -> list[Any]:
    row, entry = _places(subject)[component]
    return tangents(subject.program, {row: _unit(subject, row, entry)})


def _by_forward(subject: Subject, slopes: list[Slope]) -> list[float]:
    made = {j: _tangents(subject, j) for j in dict.fromkeys(s.component for s in slopes)}
    return [_entry(made[s.component][s.row], s.entry) for s in slopes]


def _by_reverse(subject: Subject, slopes: list[Slope]) -> list[float]:
    places = _places(subject)
    made = {}
    for row, entry in dict.fromkeys((s.row, s.entry) for s in slopes):
        made[row, entry] = adjoints(subject.program, _weights(subject, row, entry))
    return [
        _entry(made[s.row, s.entry][places[s.component][0]], places[s.component][1]) for s in slopes
    ]


def _weights(subject: Subject, row: int, entry: int) -> list[Any]:
    """Weights of the outputs that pick one number."""
    weights = []
    told = False
    for y in subject.program.outputs:
        mine = isinstance(y, Ref) and y.row == row and not told
        told = told or mine
        weights.append(
            _unit(subject, row, entry) if mine else np.zeros(np.shape(_value(subject, y)))
        )
    return weights


def _value(subject: Subject, y: Any) -> Any:
    return subject.program.value(y)


def _entry(x: Any, k: int) -> float:
    return math.nan if x is None else float(np.asarray(x, float).flat[k])


def _worst(
    subject: Subject, slopes: list[Slope], got: list[float]
) -> tuple[Slope, float, float] | None:
    """The derivative with the fewest digits, what it was calculated as, and its relative error;
    None where all have enough."""
    worst, most = None, 10.0**-REQUIRED
    largest: dict[tuple[int, int], Any] = {}
    for s in slopes:
        largest[s.row, s.entry] = max(largest.get((s.row, s.entry), 0), abs(s.exact))
    with precise(DIGITS):
        for s, g in zip(slopes, got, strict=True):
            if not math.isfinite(g) or subject.steps[s.row].dtype.itemsize < 8:
                continue
            error = float(abs(number(g) - s.exact) / largest[s.row, s.entry])
            if error > most:
                worst, most = (s, g, error), error
    return worst


def _permitted(subject: Subject, xs: list[Any], worst: Slope) -> bool:
    """Whether the derivative changes as much where the inputs change by their rounding."""
    change = 0.0
    for turn in (1.0, 2.0):
        with precise(DIGITS) as mpmath:
            h = mpmath.mpf(10) ** -BELOW
            signs = [1 if math.cos(turn + 2.4 * k**1.1) > 0 else -1 for k in range(len(xs))]
            moved = [number(x) * (1 + s * h) for x, s in zip(xs, signs, strict=True)]
            there = _term(_exact(subject, moved, DIGITS), worst.row, worst.entry, worst.component)
            if there is not None:
                change = max(change, float(abs(there - worst.exact) / (h * abs(worst.exact))))
    error = 10.0**-REQUIRED
    return error <= PERMITTED * change * UNIT


def _is_felt(subject: Subject, xs: list[Any], row: int, component: int) -> bool:
    """Whether what cancels at a row is of the size of its value: an iteration that has converged
    hardly depends on where it began, and the digits of that serve for nothing."""
    step = subject.steps[row]
    x = abs(float(xs[component]))
    if not step.op.elementwise or not x:
        return True
    made = _tangents(subject, component)
    args, values = step.args, subject.program.arguments(step)
    size = sum(
        np.abs(np.asarray(step.op.partial(k, step.value, values), float)) * np.abs(made[a.row])
        for k, a in enumerate(args)
        if isinstance(a, Ref) and made[a.row] is not None
    )
    return bool(np.any(size * x >= FELT * np.abs(np.asarray(step.value, float))))


def _forward_row(subject: Subject, slope: Slope, exact: list[Any]) -> int:
    """The row at which the relative error of the tangent leaps most."""
    made = _tangents(subject, slope.component)

    def error(row: int) -> float:
        worst = UNIT
        for k in range(subject.steps[row].size):
            right = _term(exact, row, k, slope.component)
            if right is not None and abs(right) >= NORMAL:
                got = _entry(made[row], k)
                worst = max(worst, float(abs(number(got) - right) / abs(right)))
        return worst

    with precise(DIGITS):
        return _leap(subject, slope.row, error)


def _leap(subject: Subject, end: int, measure: Callable[[int], float]) -> int:
    best, most = end, 1.0
    for row in sorted(needed(subject.program, [end])):
        step = subject.steps[row]
        if step.op is None or not has_derivative(step):
            continue
        before = max((measure(a.row) for a in step.args if isinstance(a, Ref)), default=UNIT)
        factor = measure(row) / before
        if factor > most:
            best, most = row, factor
    return best


class _Cancelling(Numbers):
    """Adjoints as numbers, with how much larger their contributions are than their sum."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.program)
        self.ratios: dict[int, float] = {}
        self.sources: dict[int, int] = {}

    def pull(self, row: int, k: int, adjoint: Any) -> Any:
        self.sources.setdefault(self.steps[row].args[k].row, row)
        return super().pull(row, k, adjoint)

    def add(self, row: int, contributions: list) -> Any:
        total = super().add(row, contributions)
        if len(contributions) > 1:
            size = sum(np.abs(np.asarray(c, float)) for c in contributions)
            net = np.maximum(np.abs(np.asarray(total, float)), np.asarray(size) * UNIT)
            ratios = np.where(np.asarray(size) == 0, 1.0, size / np.where(net == 0, 1.0, net))
            self.ratios[row] = float(np.max(ratios, initial=1.0))
        return total


def _reverse_row(subject: Subject, slope: Slope) -> tuple[int, int | None]:
    """The row at whose adjoint contributions cancel most, and the last row that contributes; that
    of the forward sweep where nothing cancels so."""
    domain = _Cancelling(subject)
    seeds = [(slope.row, _unit(subject, slope.row, slope.entry))]
    for _ in pull(subject.program, seeds, domain):
        pass
    row = max(domain.ratios, key=lambda r: domain.ratios[r], default=slope.row)
    if domain.ratios.get(row, 0.0) < LEAP:
        return slope.row, None
    return row, domain.sources.get(row)


def _finding(
    subject: Subject,
    sweep: str,
    row: int,
    worst: tuple[Slope, float, float],
    source: int | None = None,
) -> Finding:
    slope, got, error = worst
    with precise(20) as mpmath:
        shown = mpmath.nstr(slope.exact, 7)
    name, what = subject.names[row], "tangent" if sweep == "forward" else "adjoint"
    reason = (
        f"the contributions to the {what} of {name} cancel: the derivative comes out as "
        f"{got:.7g}, exactly {shown}, though the value is right"
    )
    line = None if source is None or subject.lines[row] else subject.lines[source]
    return finding_at(subject, "lost digits", sweep, row, reason, left(error), line=line)
