"""Slopes on logarithmic axes with their confidence, and where two curves cross."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t at 97.5 % for 1, 2, … degrees of freedom."""


class Slope(NamedTuple):
    """A slope, and the bounds of its 95 % confidence interval (None where two points fix it)."""

    slope: float
    lower: float | None
    upper: float | None


def fit(xs: Sequence[float], ys: Sequence[float | None]) -> Slope | None:
    """The least-squares slope of log y against log x, over the points where both are positive;
    None with fewer than two different x.

    >>> found = fit([1, 2, 4, 8], [3, 6, 12, 24])
    >>> round(found.slope, 9), round(found.upper - found.lower, 9)
    (1.0, 0.0)
    >>> fit([1, 2], [5.0, 5.0])
    Slope(slope=0.0, lower=None, upper=None)
    """
    pairs = zip(xs, ys, strict=True)
    logs = [(math.log(x), math.log(y)) for x, y in pairs if x > 0 and y is not None and y > 0]
    k = len(logs)
    if len({x for x, _ in logs}) < 2:
        return None
    mx, my = (math.fsum(part) / k for part in zip(*logs, strict=True))
    square = math.fsum((x - mx) ** 2 for x, _ in logs)
    slope = math.fsum((x - mx) * (y - my) for x, y in logs) / square
    if k < 3:
        return Slope(slope, None, None)
    left = math.fsum((y - my - slope * (x - mx)) ** 2 for x, y in logs)
    quantile = QUANTILES[k - 3] if k - 3 < len(QUANTILES) else 1.96 + 2.6 / (k - 2)
    half = quantile * math.sqrt(left / (k - 2) / square)
    return Slope(slope, slope - half, slope + half)


def crossover(
    xs: Sequence[float], a: Sequence[float | None], b: Sequence[float | None]
) -> float | None:
    """Where a and b first cost the same, between two neighbouring x by interpolation on logarithmic
    axes; None where they do not cross.

    >>> crossover([1, 4, 16], [1, 4, 16], [8, 8, 8])
    8.0
    """
    known = [
        (math.log(x), math.log(p / q))
        for x, p, q in zip(xs, a, b, strict=True)
        if x > 0 and p is not None and q is not None and p > 0 and q > 0
    ]
    for (x0, d0), (x1, d1) in itertools.pairwise(known):
        if d0 == 0:
            return math.exp(x0)
        if d0 * d1 < 0 or d1 == 0:
            return round(math.exp(x0 + (x1 - x0) * d0 / (d0 - d1)), 12)
    return None
