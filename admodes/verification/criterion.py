"""The criterion: how far an engine may be from the reference.

The reference is exact up to 50 digits and taken at exactly the doubles that the engines saw, so
the bound on the engines' errors is that of their own rounding, not that of the problem's
conditioning: |error| ≤ C·u·Σ|contributions| + (the rounding of the local partials).

- u = 2^-53. Σ|contributions| is the same sweep on absolute values.
- C = 2 L, L being the number of (operation, argument) pairs of the list. Each contribution to an
  entry is a product of partials along a path. A path passes every pair at most once, and each pair
  costs it at most one multiplication and one addition, so that it collects at most 2 L factors
  1 + δ with |δ| ≤ u, whose product differs from 1 by at most 2Lu / (1 - 2Lu): N. J. Higham,
  Accuracy and Stability of Numerical Algorithms, 2nd edition (2002), lemma 3.1.
- The rounding of a local partial is measured against sympy's partial of the same row. It enters,
  swept on, only where it is within LOCAL·u·(|p| + Σ|aⱼ ∂p/∂aⱼ|), that is, where the computed
  partial is a nearly right partial at nearly the right arguments (mixed forward-backward
  stability, Higham 2002, section 1.5). A wrong partial gets no such allowance.
"""

from __future__ import annotations

import math
from typing import Any

from admodes.core.record import Ref, WengertList
from admodes.symbolic.precision import DIGITS, precise

UNIT = 2.0**-53
"""The unit roundoff u of doubles."""

PER_PAIR = 2
"""Roundings per (operation, argument) pair."""

LOCAL = 16
"""Units of roundoff that the formula of one local partial or value may take: some five roundings
and elementary functions, each wrong by no more than an ulp or two."""


def sweep_constant(program: WengertList) -> int:
    """C: PER_PAIR times the (operation, argument) pairs of the list, counted by components."""
    return PER_PAIR * sum(
        max(program.steps[a.row].size, step.size)
        for step in program.steps
        for a in step.args
        if isinstance(a, Ref)
    )


def ulps(x: float, reference: Any) -> float:
    """The error of a double in units in the last place of the double nearest to the reference
    (an mpmath number or a float); nan where either is not finite.

    >>> from admodes.verification.criterion import ulps
    >>> ulps(1.0 + 2.0**-52, 1.0), ulps(0.0, 0.0)
    (1.0, 0.0)
    """
    nearest = float(reference)
    if not math.isfinite(x) or not math.isfinite(nearest):
        return math.nan
    with precise(DIGITS) as mpmath:
        return float(abs(mpmath.mpf(x) - reference) / math.ulp(nearest))


ALL_DIGITS = 53 * math.log10(2.0)
"""The decimal digits of a double."""


def digits_right(x: float, reference: Any) -> float:
    """How many decimal digits of a double are those of the reference: all where it is within an
    ulp, none where it is not finite and the reference is.

    >>> from admodes.verification.criterion import digits_right
    >>> round(digits_right(1.001, 1.0), 6), digits_right(-5.6e-17, 0.0)
    (3.0, 0.0)
    """
    if x == float(reference):
        return ALL_DIGITS
    error = ulps(x, reference)
    if math.isnan(error):
        return 0.0
    if error <= 1.0:
        return ALL_DIGITS
    with precise(DIGITS) as mpmath:
        reference = mpmath.mpf(reference)
        if reference == 0:
            return 0.0
        right = -mpmath.log10(abs(mpmath.mpf(x) - reference) / abs(reference))
        return float(min(max(right, 0), ALL_DIGITS))
