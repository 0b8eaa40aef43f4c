"""1 / cosh² from tanh, for a generator of array code: NumPy's cosh is that of the library of C, one
entry after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.optimisation.folding import Folding, Table, by_kernel
from admodes.optimisation.literals import number

COSH, TANH = REGISTRY["cosh"], REGISTRY["tanh"]
FLAT = 0.0625
"""From this slope on 1 - tanh² is accurate to 64 times the rounding of tanh."""


def _slope(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1 - y², where y = tanh a; where that would cancel, 4 e / (1 + e)² with e = exp(-2 |a|)."""
    slope = np.square(y)
    np.subtract(1.0, slope, out=slope)
    # NumPy is slow to pick entries by truth values: they are looked up in the order of the memory.
    line = slope.ravel("K")
    flat = (line < FLAT).nonzero()[0]
    if flat.size:
        if a.strides != slope.strides:
            a = np.positive(a, out=np.empty_like(slope))
        e = a.ravel("K").take(flat)
        np.exp(np.multiply(np.abs(e, out=e), -2.0, out=e), out=e)
        square = np.square(e + 1.0)
        np.multiply(e, 4.0, out=e)
        line[flat] = np.divide(e, square, out=e)
    return slope


SLOPE = by_kernel(
    REGISTRY["divide"],
    _slope,
    "tanh_slope",
    "1 / cosh² of an array from that and its tanh.",
)


def slope(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """(1 / cosh a)² where tanh a is there."""
    share = copy.made(args[0], "divide")
    if share is None or number(share.args[0]) != 1 or not copy.once(args[0]):
        return None
    inner = copy.made(share.args[1], "cosh")
    if inner is None or not copy.once(share.args[1]) or value.dtype != np.float64:
        return None
    y = copy.earlier(TANH, inner.args, inner.params)
    if y is None or not copy.alike(y, value) or not copy.alike(inner.args[0], value):
        return None
    return copy.row(SLOPE, (*inner.args, y), None, value)


TABLE: Table = {REGISTRY["square"]: (slope,)}
