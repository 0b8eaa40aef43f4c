"""What a product or a sum that is taken in another order rests on: that it neither overflows nor
underflows where the order that was written does not.

In a compiled program these are decisions, taken at each run; where one does not hold, the exact
program is run. They cost a pass over what is new, so that rewritings which need one are made only
where they save more (`LARGE`).
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
