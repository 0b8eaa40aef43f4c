"""Tests whether a product or sum can be taken in another order without overflow or underflow that
the original order does not have: what a change of order by the optimiser rests on.

In a compiled program these tests are made at each run; where one fails, the exact program, in the
original order, is run instead. A test costs a pass over the new intermediate array, so the
optimiser makes a change that needs one only where it saves more (`LARGE`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

LARGE = 2048
"""Entries that are no longer written, from which a decision at each run is worth while."""

LOW, HIGH = 2.0**-240, 2.0**240
"""The products of four numbers between these, and sums of 2^60 of them, are normal numbers."""
LARGEST = float(np.finfo(np.float64).max)
TINY = {np.dtype(t): float(np.finfo(t).tiny) for t in (np.float16, np.float32, np.float64)}


def finite(*xs: Any) -> bool:
    """Whether every entry is finite."""
    return all(_has_finite_norm(x) or bool(np.isfinite(x).all()) for x in xs)


def _has_finite_norm(x: Any) -> bool:
    """Whether the sum of squares is finite, which is told in one pass and is seldom too large where
    all entries are finite."""
    if x.__class__ is not np.ndarray or x.dtype != np.float64:
        return False
    flat = x.ravel("K")
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(flat.dot(flat) < np.inf)


def moderate(*xs: Any) -> bool:
    """Whether every entry is 0 or of moderate size, so that products of any of them are safe."""
    return all(map(_moderate, xs))


def _moderate(x: Any) -> bool:
    sizes = np.abs(x)
    if _within(sizes, LOW, HIGH):
        return True
    if not np.max(sizes, initial=0.0) <= HIGH:
        return False
    return bool(np.min(sizes, initial=HIGH) >= LOW) or not ((sizes > 0) & (sizes < LOW)).any()


def _within(sizes: Any, low: float, high: float) -> bool:
    """Whether all of these are in an interval, where that is quickly told: mostly they are, and
    none is 0."""
    found = _extremes(sizes)
    return found is not None and found[0] >= low and found[1] <= high


def _extremes(sizes: Any) -> tuple[float, float] | None:
    """The smallest and the largest, nan where one is; None where there are none."""
    if sizes.__class__ is not np.ndarray:
        return float(sizes), float(sizes)
    if not sizes.size:
        return None
    flat = sizes.ravel("K")
    return np.minimum.reduce(flat), np.maximum.reduce(flat)


def normal_product(v: Any, w: Any) -> bool:
    """Whether every entry of v w is a normal number, or 0 because a factor is."""
    if _extremes_are_normal(v, w):
        return True
    with np.errstate(all="ignore"):
        sizes = np.abs(np.multiply(v, w))
    tiny = TINY[np.asarray(sizes).dtype]
    if _within(sizes, tiny, LARGEST):
        return True
    if not np.max(sizes, initial=0.0) < np.inf:
        return False
    small = sizes < tiny
    return not (small.any() and (small & np.not_equal(v, 0) & np.not_equal(w, 0)).any())


def _extremes_are_normal(v: Any, w: Any) -> bool:
    """Whether the products of the smallest and of the largest of two float64 arrays are normal
    numbers: so much is told without the product of all entries, where that is larger than both."""
    if not all(getattr(x, "dtype", np.float64) == np.float64 for x in (v, w)):
        return False
    if np.broadcast(v, w).size <= np.size(v) + np.size(w):
        return False
    one, other = _extremes(np.abs(v)), _extremes(np.abs(w))
    if one is None or other is None:
        return True
    low, high = float(one[0]) * float(other[0]), float(one[1]) * float(other[1])
    return low >= TINY[np.dtype(float)] and high <= LARGEST


def normal_sum(total: Any, v: Any, w: Any) -> bool:
    """Whether total, a sum of entries of v w, has lost nothing that matters to products that are
    too small, and is finite."""
    if _within(np.abs(total), TINY[np.dtype(float)], LARGEST):
        return True
    return finite(total) and normal_product(v, w)
