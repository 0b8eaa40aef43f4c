"""Entries that are added into zeros where an index of integers says, in both back ends: a function
of the entries comes out, for an index that does not change."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from admodes.core.entries import meetings
from admodes.core.record import Step
from admodes.ops.indexing import picked_entries, picked_rows, place
from admodes.ops.sparse_products import sparse_matmul

MANY = 256
"""So many entries are added by a sparse product, which is slower to call and faster then."""


def scattered(step: Step, x: Any) -> Callable[[np.ndarray], Any] | None:
    """What runs a row that adds an array like x into zeros; None for other rows."""
    if step.op is not place or x.__class__ is not np.ndarray or x.dtype != np.float64:
        return None
    if not meetings(step.op, step.params, step.shape):
        return None
    return summed((step.params or {})["index"], step.shape, x.size)


def summed(index: Any, shape: tuple[int, ...], size: int) -> Callable[[np.ndarray], Any] | None:
    """What adds an array of so many entries of 64 bits into zeros of a shape, one after the other
    as np.add.at does; None for other indices.

    That is np.bincount, or, where scipy is installed, the product of a matrix of ones with the
    array's rows: what meets in one place lies together there, and the index is not looked through
    at each call. Both have the same bits.
    """
    rows = picked_rows(index, shape)
    width = math.prod(shape[len(index) if isinstance(index, tuple) else 1 :])
    if rows is None or rows.size * width != size:
        return None
    if size < MANY or not find_spec("scipy"):
        entries = picked_entries(index, shape).ravel()  # type: ignore[union-attr]
        count = math.prod(shape)
        return lambda w: np.bincount(entries, w.ravel(), count).reshape(shape)
    return _product(rows.ravel(), shape, width)


def _product(rows: np.ndarray, shape: tuple[int, ...], width: int) -> Callable[[np.ndarray], Any]:
    count = math.prod(shape) // width
    order = np.argsort(rows, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
    kind = np.int32 if max(rows.size, count) < np.iinfo(np.int32).max else np.int64
    places = order.astype(kind), ends.astype(kind)
    ones = np.ones(rows.size)
    kernel, sizes = sparse_matmul.array, {"shape": (count, rows.size), "transposed": False}
    flat = rows.size if width == 1 else (rows.size, width)
    return lambda w: kernel(ones, *places, w.reshape(flat), **sizes).reshape(shape)
