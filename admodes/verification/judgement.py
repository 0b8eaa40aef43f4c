"""One number against its reference: a local partial or the value of a row goes in; its error in
ulp, and whether that is within the bound, come out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from admodes.core.op import Op
from admodes.symbolic.forms import AtKink, local_form
from admodes.symbolic.limits import limit_at, value_at
from admodes.symbolic.precision import DIGITS, evaluate, number, one_sided, precise
from admodes.symbolic.sweep import SMALLEST
from admodes.verification.criterion import LOCAL, UNIT, ulps
from admodes.verification.differences import central_differences
from admodes.verification.pieces import STEPS, UNDECIDED, settled

DIFFERENCES = 1e-6
"""Relative tolerance where only numerical differences decide: for a local partial without
symbolic form."""


@dataclass
class Judged:
    """One number against its reference. source says what decided: symbolic, differences, kink or
    none; slack is the error that the sweep may take from the number."""

    got: float
    reference: Any
    source: str
    passed: bool = True
    ulp: float | None = None
    slack: Any = 0
    note: str = ""


def judge_partial(
    op: Op, k: int, xs: tuple, got: float, reference: Any, kink: str | None, value: Any
) -> Judged:
    """The partial of op by argument k at xs; kink is the note where they sit on one, value the
    reference of the value."""
    if value is not None and value != value:
        return Judged(got, number("nan"), "none", note="outside the domain")
    if kink:
        return _judge_kink(op, k, xs, got, kink)
    form = local_form(op)
    if form is None or form.derivatives[k] is None:
        return _judge_by_differences(op, k, xs, got)
    if math.isfinite(got) and (reference is None or reference != reference):
        limit = limit_at(form.derivatives[k], xs, DIGITS)
        reference = reference if limit is None else limit
    if reference is None:
        return Judged(got, number("nan"), "none", note="no symbolic reference here")
    return _judge_by_form(form.derivatives[k], xs, got, reference)


def judge_value(op: Op, xs: tuple, got: float, reference: Any) -> Judged:
    """The value of op at xs; -0 and poles, which mpmath does not have, are left alone."""
    form = local_form(op)
    negative_zero = any(x == 0 and math.copysign(1, x) < 0 for x in xs)
    outside = reference is not None and reference != reference and not math.isfinite(got)
    if reference is None or form is None or negative_zero or outside:
        return Judged(got, reference, "none")
    return _judge_by_form(form.value, xs, got, reference)


def _judge_by_form(function: Callable, xs: tuple, got: float, reference: Any) -> Judged:
    """By the criterion for a local partial, which serves for a value as well."""
    import mpmath

    if not (math.isfinite(got) and mpmath.isfinite(reference)):
        same = float(reference) == got or (mpmath.isnan(reference) and math.isnan(got))
        return Judged(got, reference, "symbolic", bool(same))
    error = abs(got - reference)
    allowed = LOCAL * UNIT * abs(reference) + LOCAL * SMALLEST
    if error > allowed:
        allowed += LOCAL * UNIT * _sensitivity(function, xs, reference)
    passed = bool(error <= allowed)
    return Judged(got, reference, "symbolic", passed, ulps(got, reference), error if passed else 0)


def _sensitivity(function: Callable, xs: tuple, here: Any) -> Any:
    """Σ|aⱼ ∂g/∂aⱼ|, how far g moves with relative changes of its arguments."""
    import mpmath

    total = mpmath.mpf(0)
    step = mpmath.mpf(10) ** -20
    for j in range(len(xs)):
        moved = [mpmath.mpf(x) * (1 + step) if i == j else x for i, x in enumerate(xs)]
        try:
            there = evaluate(function, moved)
        except AtKink:
            continue
        if there is not None and not mpmath.isnan(there):
            total += abs(there - here) / step
    return total


def _judge_kink(op: Op, k: int, xs: tuple, got: float, note: str) -> Judged:
    """At a kink the documented convention stands if it lies between the one-sided limits of
    sympy's derivative: an element of Clarke's generalised gradient, or their common infinity."""
    limits = one_sided(op, k, xs)
    if math.isnan(got) or not limits:
        return Judged(got, number(got), "kink", note=f"{note}: no symbolic reference here (kink)")
    if math.isinf(got):
        # Which infinity belongs to -0 is not known: mpmath has no -0.
        negative_zero = any(x == 0 and math.copysign(1, x) < 0 for x in xs)
        passed = got in limits or (negative_zero and -got in limits)
    else:
        margin = 1e-9 * max(1.0, abs(got))
        passed = min(limits) - margin <= got <= max(limits) + margin
        # A convention may cut an infinite slope off.
        passed = passed or (got == 0 and math.inf in map(abs, limits))
    if not passed:
        slopes = _slopes(op, k, xs)
        passed = bool(slopes) and min(slopes) <= got <= max(slopes)
    return Judged(got, number(got), "kink", passed, note=note)


def _slopes(op: Op, k: int, xs: tuple) -> list[Any]:
    """The slopes of op along argument k alone, the others staying where they are."""
    form = local_form(op)
    assert form is not None
    found = []
    for side in (-1, 1):
        quotients = []
        for power in STEPS[:3]:
            with precise(2 * power + 400) as mpmath:
                h = side * mpmath.mpf(10) ** (-power - 330)
                point = [number(x) + h * (i == k) for i, x in enumerate(xs)]
                ends = [value_at(op, form.value, p, mpmath.mp.dps) for p in (xs, point)]
                quotients.append((ends[1] - ends[0]) / h)
        s = settled([None if q != q else q for q in quotients])
        if s is not None and s is not UNDECIDED:
            found.append(s)
    return found


def _judge_by_differences(op: Op, k: int, xs: tuple, got: float) -> Judged:
    def along(x: float) -> list[float]:
        return [op.plain((*map(float, xs[:k]), float(x), *map(float, xs[k + 1 :])))]

    ((estimate, error),) = central_differences(along, xs[k])
    if not math.isfinite(estimate):
        return Judged(got, number("nan"), "none", note="the differences are not finite")
    allowed = DIFFERENCES * max(abs(estimate), abs(got)) + 10 * error
    passed = abs(got - estimate) <= allowed
    slack = 2 * allowed if passed else 0
    return Judged(got, number(estimate), "differences", passed, slack=slack)
