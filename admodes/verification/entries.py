"""The entries of the Jacobian, judged one by one. Forward and reverse mode are compared with the
exact derivative of the whole function, with the chain rule on the rows as they were rounded, and
with central differences; an Entry with its verdict comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from admodes.symbolic.precision import number
from admodes.symbolic.sweep import SMALLEST, BoundedSlope
from admodes.verification.accuracy import Truth
from admodes.verification.criterion import ALL_DIGITS, UNIT, digits_right, ulps
from admodes.verification.nearby import Nearby
from admodes.verification.pieces import UNDECIDED

VERIFIED = "verified"
UNPROVED = "not proved"
WRONG = "wrong"
FEW = "few digits"
NOT_FINITE = "not finite"
NOT_DIFFERENTIABLE = "not differentiable"
NOT_DEFINED = "not defined"
NOT_DECIDED = "not decided"

DISAGREE = 1e-4
"""Relative difference from which converged numerical differences speak against an entry."""

RESIDUE = 1e-12
"""The most, relative to the size of the function, that counts as what rounding leaves of a
derivative that is exactly 0."""

CONVERGED = 1e-3
"""The largest relative error estimate of differences that have converged."""

NOTHING = 1e-7
"""A difference that is none."""

UNTRACED = (
    "the numerical differences disagree: part of the function is not traced (ad.value, or a "
    "constant made from an input)"
)


@dataclass
class Entry:
    """∂output/∂input four ways. symbolic is the derivative of the whole function at exactly the
    inputs given, as a double (None where it is not known), differences the central differences
    with their own error estimate. ulp_forward and ulp_reverse are the errors of both engines
    against symbolic, digits how many of the worse one are right. verdict: verified, not proved,
    few digits, wrong, not finite, not differentiable, not defined or not decided. slopes are those
    from the left and from the right, where they were needed (None where the function is not
    defined). condition is that of the derivative with respect to the inputs, lost the name of the
    row that lost digits. tolerance, absolute, is what the sweep of the rounded rows may be wrong
    by."""

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
    verdict: str = NOT_DECIDED
    digits: float | None = None
    condition: float | None = None
    slopes: list[float | None] | None = None
    lost: str | None = None

    def decide(self, verdict: str, note: str = "") -> None:
        """Set the verdict, which passes where nothing speaks against the entry."""
        self.verdict, self.passed = verdict, verdict in (VERIFIED, UNPROVED)
        self.note = note or self.note


def compared(
    output: str,
    name: str,
    engines: tuple[float, float],
    truth: Truth,
    term: BoundedSlope | None,
    numerical: tuple[float, float],
    constant: int,
    scale: float,
) -> Entry:
    """One entry of both engines, forward and reverse, against the truth and the swept rows; term is
    None where the rows cannot be swept. scale is the size of the output for each of the input."""
    import mpmath

    found = Entry(output, name, *engines, None, *numerical, None, None, math.nan, False)
    if truth.left is not None or truth.right is not None:
        found.slopes = [_slope(truth.left), _slope(truth.right)]
    if truth.known:
        _measure(found, truth, scale)
    infinite = truth.known and mpmath.isinf(truth.derivative)
    if any(not math.isfinite(g) for g in engines):
        agreed = infinite and engines[0] == engines[1] == found.symbolic
        found.decide(VERIFIED if agreed else NOT_FINITE, "infinite" if agreed else "")
    elif not _follows(found, term, constant):
        found.decide(WRONG)
    elif infinite:
        found.decide(NOT_DIFFERENTIABLE, _slopes_in_words(found, truth))
    elif truth.kind == "missing":
        _by_differences(found, term)
    elif truth.known:
        found.decide(VERIFIED, "one-sided: the edge of the domain" if truth.kind == "edge" else "")
    elif truth.kind in ("kink", "direction"):
        found.decide(NOT_DIFFERENTIABLE, _slopes_in_words(found, truth))
    elif truth.kind == "undefined":
        found.decide(NOT_DEFINED, "no real value there or beside it that could be followed")
    else:
        found.decide(NOT_DECIDED, "could not be decided")
    return found


def _slope(x: object) -> float | None:
    return None if x is None or x is UNDECIDED else float(x)  # type: ignore[arg-type]


def _measure(found: Entry, truth: Truth, scale: float) -> None:
    """The truth as a double, and how far both engines are from it. A derivative that is exactly 0
    has no digits; what rounding leaves of it is measured against the scale, if it is no more."""
    found.symbolic = float(truth.derivative)
    engines = (found.forward, found.reverse)
    residue = max(map(abs, engines))
    if truth.derivative == 0 and 0 < residue <= RESIDUE * min(scale, 1.0):
        found.ulp_forward, found.ulp_reverse = (abs(g) / math.ulp(scale) for g in engines)
        found.digits = min(-math.log10(residue / scale), ALL_DIGITS)
        found.note = f"exactly 0; rounding leaves {residue:.1e}"
        return
    found.ulp_forward, found.ulp_reverse = (ulps(g, truth.derivative) for g in engines)
    found.digits = min(digits_right(g, truth.derivative) for g in engines)


def _follows(found: Entry, term: BoundedSlope | None, constant: int) -> bool:
    """Whether the engines did with the rounded rows what the chain rule says."""
    import mpmath

    if term is None or not mpmath.isfinite(term.derivative):
        return True
    tolerance = constant * UNIT * term.magnitude + term.error + SMALLEST
    found.tolerance = float(tolerance)
    if not math.isfinite(found.tolerance):
        return True
    engines = (found.forward, found.reverse)
    return all(abs(g - term.derivative) <= tolerance for g in engines)


def _by_differences(found: Entry, term: BoundedSlope | None) -> None:
    """Where an operation on the way is not known to more digits, differences are all there is."""
    got, off = found.differences, found.differences_error
    engines = (found.forward, found.reverse)
    size = max(abs(got), *map(abs, engines))
    agree = off <= CONVERGED * size + NOTHING and all(
        abs(got - g) <= DISAGREE * size + 100 * off + NOTHING for g in engines
    )
    if agree or (term is not None and number(term.derivative) == term.derivative):
        found.decide(UNPROVED, "no symbolic form: compared with differences")
    else:
        found.decide(NOT_DECIDED, "no symbolic form, and the differences do not decide")


def _slopes_in_words(found: Entry, truth: Truth) -> str:
    if truth.kind == "direction":
        return "not differentiable there, though the partial derivatives exist"
    if found.slopes is None:
        return f"not differentiable there: the slope is {found.symbolic}"
    left, right = ("none" if s is None else f"{s:.10g}" for s in found.slopes)
    return (
        f"not differentiable there: slope {left} from the left, {right} from the right; the "
        f"convention gives {found.forward:.10g}"
    )


def weigh_digits(entry: Entry, required: float) -> None:
    """Too few digits are not verified."""
    if entry.verdict == VERIFIED and entry.digits is not None and entry.digits < required:
        entry.decide(FEW)


def weigh_differences(entry: Entry, near: Nearby, i: int, j: int, kinked: bool) -> None:
    """Let converged differences that disagree speak against entry i, j where the recorded list is
    not the function off the point; say why they do not where it is."""
    got, off = entry.differences, entry.differences_error
    claimed = entry.forward
    if not entry.passed or not (math.isfinite(got) and math.isfinite(claimed)):
        return
    if _agree(got, off, claimed):
        return
    if kinked or near.crosses(j):
        note = "a kink within the steps of the numerical differences"
    elif not near.traced and _differ(got, near.differences_of_list(j)[i][0]):
        entry.decide(WRONG, UNTRACED)
        return
    else:
        note = "the numerical differences have not converged"
    entry.note = entry.note or note


def _agree(got: float, off: float, claimed: float) -> bool:
    """Whether differences with an error estimate agree with a derivative."""
    size = max(abs(got), abs(claimed))
    return abs(got - claimed) <= DISAGREE * size + min(100 * off, size / 10) + NOTHING


def _differ(outside: float, inside: float) -> bool:
    """Whether the differences of the function are others than those of the recorded list."""
    return not abs(outside - inside) <= DISAGREE * max(abs(outside), abs(inside))
