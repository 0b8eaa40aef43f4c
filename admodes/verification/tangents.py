"""The tangent that an operation on arrays declares, compared with differences of its value: for
operations that have no symbolic form.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.record import Step
from admodes.core.values import shape_of
from admodes.symbolic.arrays import components, entrywise
from admodes.symbolic.kernels import NotExact, numbers_of
from admodes.symbolic.precision import DIGITS, number, precise
from admodes.verification.criterion import UNIT
from admodes.verification.differences import ridders
from admodes.verification.judgement import Judged

RELATIVE = 1e-10
"""The error of a tangent, relative to its largest entry, that is rounding."""

ROUNDINGS = 1e3
"""How many units of roundoff in every argument a tangent may be wrong by, besides."""

IN_DOUBLES = 1e-5
"""RELATIVE where the differences are of doubles."""


def judge_tangent(step: Step, k: int, xs: tuple) -> Judged:
    """The tangent of a row along one direction of argument k, by its worst entry."""
    direction = _direction(xs[k])
    tangents: list = [None] * len(xs)
    tangents[k] = direction
    got = np.asarray(step.op.jvp(tangents, step.value, xs, step.params), float)
    try:
        with precise(DIGITS):
            return _judged_exactly(step, k, xs, direction, got)
    except NotExact:
        return _judged_in_doubles(step, k, xs, direction, got)


def _direction(x: Any) -> Any:
    """A direction that no symmetry of a matrix or order of a list is special for."""
    n = int(np.size(x))
    t = np.cos(1.0 + 2.4 * np.arange(n) ** 1.1).reshape(shape_of(x))
    return t if t.shape else float(t)


def _judged_exactly(step: Step, k: int, xs: tuple, direction: Any, got: np.ndarray) -> Judged:
    import mpmath

    h = mpmath.mpf(10) ** (-DIGITS // 3)

    def slopes(args: list) -> tuple[list, list]:
        ends = []
        for side in (-h, 0, h):
            moved = [*args]
            moved[k] = args[k] + side * entrywise(number, direction)
            ends.append(components(numbers_of(step.op, moved, step.params)))
        low, here, high = ends
        left = [(b - a) / h for a, b in zip(low, here, strict=True)]
        return left, [(b - a) / h for a, b in zip(here, high, strict=True)]

    plain = [entrywise(number, x) if step.op.active(i) else x for i, x in enumerate(xs)]
    left, right = slopes(plain)
    size = max((abs(s) for s in (*left, *right)), default=number(0))
    small = mpmath.mpf(10) ** -8 * (1 + size)
    kink = any(abs(a - b) > small for a, b in zip(left, right, strict=True))
    nearby, _ = slopes([_nudged(step.op, i, x) for i, x in enumerate(plain)])
    spread = max((abs(a - b) for a, b in zip(left, nearby, strict=True)), default=number(0))
    allowed = RELATIVE * size + ROUNDINGS * UNIT * spread / mpmath.mpf(10) ** -12
    errors = [
        max(min(a, b) - g, g - max(a, b), number(0)) if math.isfinite(g) else mpmath.inf
        for g, a, b in zip(got.ravel().tolist(), left, right, strict=True)
    ]
    worst = max(range(len(errors)), key=lambda i: errors[i])
    passed = kink or bool(errors[worst] <= allowed)
    if kink:
        passed = bool(errors[worst] <= small)
    note = f"{step.op.name} at a tie" if kink else ""
    reference = (left[worst] + right[worst]) / 2
    return Judged(
        float(got.flat[worst]), reference, "kink" if kink else "symbolic", passed, note=note
    )


def _nudged(op: Op, i: int, x: Any) -> Any:
    """An argument moved by one part in 10^12, entry by entry in other directions."""
    import mpmath

    if not op.active(i):
        return x
    part = mpmath.mpf(10) ** -12
    return x * (1 + part * entrywise(number, _direction(x)))


def _judged_in_doubles(step: Step, k: int, xs: tuple, direction: Any, got: np.ndarray) -> Judged:
    def moved(h: float) -> list[float]:
        args = [*xs[:k], xs[k] + h * direction, *xs[k + 1 :]]
        y = np.asarray(step.op.plain(tuple(args), step.params))
        return [float(z) for z in y.ravel()]

    if got.dtype.kind == "c" or step.dtype.kind == "c":
        return Judged(math.nan, number("nan"), "none", note="complex: not compared")
    found = ridders(moved, 0.0, 1e-2)
    size = max((abs(value) for value, _ in found), default=0.0)
    errors = [abs(g - value) - 10 * off for g, (value, off) in zip(got.ravel(), found, strict=True)]
    worst = max(range(len(errors)), key=lambda i: errors[i])
    passed = not errors[worst] > IN_DOUBLES * (1 + size)
    return Judged(float(got.flat[worst]), number(found[worst][0]), "differences", passed)
