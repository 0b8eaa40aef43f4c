"""Central differences: a function of one number goes in, the derivatives of its results with error
estimates come out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Estimate = tuple[float, float]
"""A derivative, and how wrong it may be."""


def ridders(f: Callable[[float], list[float]], x: float, first: float = 0.125) -> list[Estimate]:
    """df/dx of a function with several results by central differences, extrapolated to step 0,
    with the error estimates (Ridders 1982). first is the largest step of ten; nan, inf where no
    step gives finite values.

    >>> import math
    >>> from admodes.verification.differences import ridders
    >>> round(ridders(lambda x: [math.exp(x)], 0.0)[0][0], 11)
    1.0
    """
    above: list[np.ndarray] = []
    best, error = np.array(math.nan), np.array(math.inf)
    with np.errstate(all="ignore"):
        for level in range(10):
            h = first / 2.0**level
            up, down = x + h, x - h
            line = [(np.array(f(up), float) - np.array(f(down), float)) / (up - down)]
            for order, coarser in enumerate(above):
                factor = 4.0 ** (order + 1)
                line.append((factor * line[order] - coarser) / (factor - 1))
                off = np.maximum(abs(line[-1] - line[-2]), abs(line[-1] - coarser))
                best = np.where(off < error, line[-1], best)
                error = np.where(off < error, off, error)
            above = line
    return [(float(b), float(e)) for b, e in zip(best, error, strict=True)]


def central_differences(f: Callable[[float], list[float]], x: float) -> list[Estimate]:
    """df/dx of every result of f, with steps of at most reach(x)."""
    return ridders(f, x, reach(x))


def reach(x: float) -> float:
    """The largest step from x."""
    return max(abs(x), 0.01) / 8
