"""Derivatives along several directions at once, of which one alone reaches a value: an array with a
leading axis of directions that is zero but for one row is that row, placed. What is done to such
arrays is done to the row, and their sum is a stack of rows (see `collecting`).

The seeds of a Jacobian with respect to several numbers are like that. An exact zero stays 0 in a
strong product, whatever the other factor is, so that no bit changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.values import shape_of
from admodes.optimisation.dataflow import finite
from admodes.optimisation.folding import Folding, Table, params_of

SHORTEST = 16
"""Entries of a row from which it is treated by itself."""


def _row_of(copy: Folding, a: Any, value: Any) -> tuple[int, Any] | None:
    """(k, x) where a, of which value tells the shape, is zero but for its k-th row, x."""
    shape = shape_of(copy.value(a))
    if len(shape) != value.ndim or shape[0] != value.shape[0] or shape[0] < 2:
        return None
    if a.__class__ is np.ndarray:
        if a.dtype != np.float64:
            return None
        used = np.flatnonzero(a.reshape(len(a), -1).any(axis=1))
        return (int(used[0]), a[used[0]]) if len(used) == 1 else None
    placed = copy.made(a, "place")
    index = params_of(placed)["index"] if placed is not None else None
    if index.__class__ is not tuple or len(index) != 1 or index[0].__class__ is not int:
        return None
    return index[0], placed.args[0]  # type: ignore[union-attr]


def _placed(copy: Folding, k: int, x: Any, value: Any) -> Any:
    row = value.shape[1:]
    if shape_of(copy.value(x)) != row:
        x = copy.make("broadcast_to", x, shape=row)
    return copy.make("place", x, like=value, index=(k,), shape=value.shape)


def product(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """p (x in row k) = (p x) in row k, where p is the same for all rows."""
    if value.__class__ is not np.ndarray or value.dtype != np.float64 or value.ndim < 2:
        return None
    if value.size < SHORTEST * value.shape[0]:
        return None
    strong = op is REGISTRY["strong_mul"]
    for p, t in (args,) if strong else (args, args[::-1]):
        shape = shape_of(copy.value(p))
        if len(shape) == value.ndim and shape[0] != 1:
            continue
        if op is REGISTRY["multiply"] and not finite(copy, p):
            continue
        found = _row_of(copy, t, value)
        if found is None:
            continue
        k, x = found
        if len(shape) == value.ndim:
            p = copy.make("reshape", p, shape=shape[1:])
        given = (p, x) if p is args[0] or strong or op.numerics.symmetric else (x, p)
        return _placed(copy, k, copy.row(op, given), value)
    return None


def negate(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """-(x in row k) = (-x) in row k."""
    (a,) = args
    if value.__class__ is not np.ndarray or value.ndim < 2 or not copy.made(a, "place"):
        return None
    found = _row_of(copy, a, value) if copy.once(a) and copy.zeros_are_alike() else None
    return None if found is None else _placed(copy, found[0], copy.make("negate", found[1]), value)


TABLE: Table = {
    **{REGISTRY[name]: (product,) for name in ("strong_mul", "tangent_mul", "multiply")},
    REGISTRY["negate"]: (negate,),
}
