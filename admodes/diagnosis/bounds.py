"""How wrong the rows of a function may be by rounding: a bound in doubles, swept with the values
(J. H. Wilkinson, Rounding Errors in Algebraic Processes, 1963). It is quick and looks on the dark
side: what it clears needs no exact evaluation, and it decides alone where that would take too
long."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.linear import Linear
from admodes.core.record import Ref, Step
from admodes.diagnosis.subject import Subject, direction
from admodes.programs.sweep import tangents
from admodes.verification.criterion import UNIT

TINY = 2.0**-1074

MATRICES = ("solve", "inv", "det", "logabsdet")
"""Operations that solve with a matrix, their first argument."""


def error_bounds(subject: Subject) -> list[Any]:
    """For each row a bound of its absolute errors, to first order, as an array; zeros for inputs
    and for what is no number."""
    found: list[Any] = []
    with quiet():
        for row, step in enumerate(subject.steps):
            if step.op is None or step.dtype.kind != "f":
                found.append(np.zeros(step.shape))
                continue
            incoming = [found[a.row] if isinstance(a, Ref) else None for a in step.args]
            made = _passed_on(subject, row, step, incoming)
            made = np.abs(np.asarray(made, float)) + _own(subject, row, step)
            found.append(np.where(np.isnan(made), math.inf, made))
    return found


def cancellation(subject: Subject) -> float:
    """By how much, at most, what adds up to the tangent of an output is larger than their sum, in
    one direction that is special for nothing."""
    largest = 1.0
    dots = _dots(subject)
    found: list[Any] = []
    with quiet():
        for row, step in enumerate(subject.steps):
            if step.op is None or step.dtype.kind != "f":
                found.append(np.abs(dots[row]) if dots[row] is not None else np.zeros(step.shape))
                continue
            incoming = [found[a.row] if isinstance(a, Ref) else None for a in step.args]
            found.append(np.abs(np.asarray(_passed_on(subject, row, step, incoming), float)))
            if row in subject.results and dots[row] is not None:
                net = np.abs(np.asarray(dots[row], float))
                ratio = np.where(found[row] > 0, found[row] / np.where(net == 0, TINY, net), 1.0)
                largest = max(largest, float(np.max(ratio, initial=1.0)))
    return largest


def _dots(subject: Subject) -> list[Any]:
    """The tangents of all rows in that direction."""
    program = subject.program
    spread = np.cos(1.0 + 2.4 * np.arange(len(program.inputs)) ** 1.1)
    seeds = {
        x.row: direction(subject.steps[x.row].value) * float(s)
        for x, s in zip(program.inputs, spread, strict=True)
    }
    return tangents(program, seeds)


def _own(subject: Subject, row: int, step: Step) -> Any:
    """The rounding of a row itself."""
    op = step.op
    if op.kind in ("moves", "comparisons") or op.passive:
        return 0.0
    unit = UNIT * (float(np.finfo(step.dtype).eps) / 2.0**-52)
    size = np.abs(np.asarray(step.value, float))
    if op.elementwise:
        return unit * size + TINY
    if op.name in MATRICES:
        return unit * skeel(subject.program.value(step.args[0])) * np.max(size, initial=0.0) + TINY
    if isinstance(op, Linear):
        size = _of_absolute(subject, step, subject.program.arguments(step))
    most = max((np.size(x) for x in subject.program.arguments(step)), default=1)
    return unit * (1 + math.log2(most + 1)) * size + TINY


def skeel(matrices: Any) -> float:
    """The condition of matrices by R. D. Skeel (1979), which the units of rows do not change: by
    how much relative errors of their entries grow in what is solved with them."""
    a = np.asarray(matrices)
    if a.dtype.kind != "f" or not a.size or not np.isfinite(a).all():
        return 1.0
    try:
        return float(np.max(np.sum(np.abs(np.linalg.inv(a)) @ np.abs(a), axis=-1)))
    except np.linalg.LinAlgError:
        return math.inf


def _passed_on(subject: Subject, row: int, step: Step, incoming: list[Any]) -> Any:
    """The errors of the arguments, times the absolute partials."""
    op, xs = step.op, subject.program.arguments(step)
    active = [k for k, e in enumerate(incoming) if e is not None and op.active(k) and e.any()]
    total: Any = np.zeros(step.shape)
    if op.passive or not active:
        return total
    if op.elementwise:
        for k in active:
            p = np.abs(np.asarray(op.partial(k, step.value, xs), float))
            total = total + np.where(incoming[k] == 0, 0.0, p * incoming[k])
        return total
    if isinstance(op, Linear) and not op.joint:
        for k in active:
            total = total + _of_absolute(subject, step, [*xs[:k], incoming[k], *xs[k + 1 :]])
        return total
    tangents = [incoming[k] if k in active else None for k in range(len(xs))]
    shaped = [t if t is None or np.ndim(t) else float(t) for t in tangents]
    return op.jvp(shaped, step.value, xs, step.params)


def _of_absolute(subject: Subject, step: Step, xs: Any) -> Any:
    """A linear operation of absolute values."""
    lifted = tuple(np.abs(x) if step.op.active(k) else x for k, x in enumerate(xs))
    lifted = tuple(x if np.ndim(x) or not isinstance(x, np.generic) else float(x) for x in lifted)
    return np.abs(np.asarray(step.op.plain(lifted, step.params), float))
