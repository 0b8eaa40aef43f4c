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
TINY = {np.dtype(t): float(np.finfo(t).tiny) for t in (np.float16, np.float32, np.float64)}


def finite(*xs: Any) -> bool:
    """Whether every entry is finite."""
    return all(bool(np.isfinite(x).all()) for x in xs)


def moderate(*xs: Any) -> bool:
    """Whether every entry is 0 or of moderate size, so that products of any of them are safe."""
    return all(map(_moderate, xs))


def _moderate(x: Any) -> bool:
    sizes = np.abs(x)
    if not np.max(sizes, initial=0.0) <= HIGH:
        return False
    return bool(np.min(sizes, initial=HIGH) >= LOW) or not ((sizes > 0) & (sizes < LOW)).any()


def normal_product(v: Any, w: Any) -> bool:
    """Whether every entry of v w is a normal number, or 0 because a factor is."""
    with np.errstate(all="ignore"):
        sizes = np.abs(np.multiply(v, w))
    if not np.max(sizes, initial=0.0) < np.inf:
        return False
    small = sizes < TINY[np.asarray(sizes).dtype]
    return not (small.any() and (small & np.not_equal(v, 0) & np.not_equal(w, 0)).any())
