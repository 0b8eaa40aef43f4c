"""The entries of the Jacobian: both engines against the swept reference, then the differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from admodes.symbolic.precision import number
from admodes.symbolic.sweep import SMALLEST, Term
from admodes.verification.criterion import UNIT, ulps
from admodes.verification.differences import central_differences, crosses

DISAGREE = 1e-4
"""Relative difference from which converged numerical differences speak against an entry."""

CONVERGED = 1e-3
"""The largest relative error estimate of differences that have converged."""

UNTRACED = (
    "the numerical differences disagree: part of the function is not traced (ad.value, or a "
    "constant made from an input)"
)


@dataclass
class Entry:
    """∂output/∂input four ways. symbolic is the 50-digit reference as a double (None where a row
    on the way has no symbolic form), differences the central differences with their own error
    estimate; errors are in ulp of the reference, tolerance is absolute."""

    output: str
    input: str
    forward: float
    reverse: float
    symbolic: float | None
    differences: float
    differences_error: float
    ulp_forward: float | None
    ulp_reverse: float | None
    tolerance: float
    passed: bool
    note: str = ""


def compared(
    output: str,
    name: str,
    engines: tuple[float, float],
    term: Term | None,
    numerical: tuple[float, float],
    constant: int,
) -> Entry:
    """One entry of both engines, forward and reverse, against the swept reference."""
    import mpmath

    forward, reverse = engines
    exact, magnitude, allowed, symbolic = term or Term(number(0), number(0))
    found = Entry(output, name, forward, reverse, None, *numerical, None, None, math.nan, False)
    if mpmath.isnan(exact):
        found.note = "not a number: no symbolic reference here"
        return found
    reference = float(exact)
    found.symbolic = reference if symbolic else None
    if math.isinf(reference):
        found.passed = forward == reverse == reference and mpmath.isinf(exact)
        found.note = (
            "infinite at a documented kink" if found.passed else "infinite, or beyond any double"
        )
        return found
    tolerance = constant * UNIT * magnitude + allowed + SMALLEST
    found.tolerance = float(tolerance)
    if symbolic:
        found.ulp_forward, found.ulp_reverse = ulps(forward, exact), ulps(reverse, exact)
    else:
        found.note = "no symbolic form: compared with differences of the rows"
    found.passed = all(math.isfinite(g) and abs(g - exact) <= tolerance for g in engines)
    return found


def weigh_differences(
    entry: Entry, f: Callable, xs: Sequence[float], i: int, j: int, kinked: bool
) -> None:
    """Let converged differences that disagree speak against entry i, j, or say why they may not."""
    got, off = entry.differences, entry.differences_error
    claimed = entry.forward
    if not entry.passed or not (math.isfinite(got) and math.isfinite(claimed)):
        return
    if _agree(got, off, claimed):
        return
    if kinked or crosses(f, xs, j):
        found = "a kink within the steps of the numerical differences"
    elif off > CONVERGED * abs(got) or any(
        _agree(*central_differences(f, xs, j, i + 1, 2.0**-finer)[i], claimed)
        for finer in (12, 24, 36)
    ):
        found = "the numerical differences have not converged"
    else:
        entry.passed = False
        found = UNTRACED
    entry.note = entry.note or found


def _agree(got: float, off: float, claimed: float) -> bool:
    """Whether differences with an error estimate agree with a derivative."""
    size = max(abs(got), abs(claimed))
    return abs(got - claimed) <= DISAGREE * size + min(100 * off, size / 10) + 1e-7
