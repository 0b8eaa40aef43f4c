"""Median, quantiles and percentiles on traced values, and the same without the entries that are
nan: the result lies between two entries, whose positions are sought among the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, implements
from admodes.core.space import cast
from admodes.core.values import shape_of
from admodes.errors import BadType
from admodes.numpy_functions.layout import moveaxis
from admodes.ops.comparisons import where
from admodes.ops.indexing import take_along_axis
from admodes.ops.options import plain_axis, taken
from admodes.ops.reductions import all_axes, argrank, kept_shape, sum_
from admodes.ops.selection import ceil, floor, minimum
from admodes.ops.shaping import array, concatenate, constant, rank_of, reshape

METHODS: dict[str, Callable] = {
    "linear": lambda position: position,
    "lower": floor,
    "higher": ceil,
    "midpoint": lambda position: position,
}


def _rows(a: Any, axis: Any) -> tuple[Any, tuple, tuple]:
    """The entries along the given axes, along one last axis; the other axes; and the shape that
    keepdims leaves."""
    rank, axes = rank_of(a), all_axes(plain_axis(axis), rank_of(a))
    others = [i for i in range(rank) if i not in axes]
    last = moveaxis(a, axes, tuple(range(len(others), rank))) if rank else reshape(a, shape=(1,))
    outer = tuple(shape_of(a)[i] for i in others)
    n = math.prod(shape_of(a)[i] for i in axes)
    return reshape(last, shape=(*outer, n)), outer, kept_shape(shape_of(a), axes)


def quantile(
    a: Any, q: Any, axis: Any, keepdims: bool, method: str = "linear", skip: bool = False
) -> Any:
    """Interpolation between the two entries of the sorted array that enclose q; nan where an entry
    is nan, unless those are skipped."""
    rows, outer, kept = _rows(array(a), axis)
    n = shape_of(rows)[-1]
    if n == 0:
        return np.full(np.shape(q) + (kept if keepdims else outer), np.nan)[()]
    # Positions are counted in double precision, whatever the entries are.
    flat_q = np.ravel(q)
    missing = np.isnan(rows)
    if skip:
        count = sum_(where(missing, 0.0, 1.0), axis=-1, keepdims=True)
        positions = flat_q * where(count > 0, count - 1.0, 0.0)
        undefined = count == 0
    else:
        positions = np.broadcast_to(flat_q * (n - 1.0), (*outer, flat_q.size))
        undefined = np.any(missing, axis=-1, keepdims=True)
    low, share = _between(positions, method)
    if isinstance(share, Carrier) or share.any():
        share = cast(share, rows)
        high = minimum(low + 1.0, n - 1.0)
        enclosing = _ranked(rows, concatenate([low, high], len(outer)))
        below, above = enclosing[..., : flat_q.size], enclosing[..., flat_q.size :]
        y = where(share == 0, below, below + (above - below) * share)
    else:
        y = _ranked(rows, low)
    y = where(undefined, np.nan, y)
    y = moveaxis(y, -1, 0)
    return reshape(y, shape=np.shape(q) + (kept if keepdims else outer))


def _ranked(rows: Any, ranks: Any) -> Any:
    """The entries with given ranks along the last axis."""
    axis = rank_of(rows) - 1
    return take_along_axis(rows, argrank(rows, ranks, axis=axis), axis=axis)


def _between(positions: Any, method: str) -> tuple[Any, Any]:
    """The entry at or below each position, and how far towards the next one the result lies."""
    positions = METHODS[method](positions)
    low = floor(positions)
    share = positions - low
    return low, where(share > 0, constant(0.5, low), share) if method == "midpoint" else share


def _enter(function: Callable, scale: float, skip: bool) -> None:
    who = f"np.{function.__name__}"

    @implements(function)
    def handler(
        a: Any,
        q: Any,
        axis: Any = None,
        method: str = "linear",
        keepdims: Any = False,
        **options: Any,
    ) -> Any:
        options.pop("overwrite_input", None)
        taken(options, who)
        if method not in METHODS or isinstance(q, Carrier):
            names = ", ".join(METHODS)
            raise BadType(f"{who} of a traced value takes plain fractions, and methods {names}")
        return quantile(a, np.asarray(q, float) / scale, axis, keepdims is True, method, skip)


_enter(np.quantile, 1.0, False)
_enter(np.percentile, 100.0, False)
_enter(np.nanquantile, 1.0, True)
_enter(np.nanpercentile, 100.0, True)


def _enter_median(function: Callable, skip: bool) -> None:
    @implements(function)
    def handler(a: Any, axis: Any = None, keepdims: Any = False, **options: Any) -> Any:
        who = f"np.{function.__name__}"
        options.pop("overwrite_input", None)
        taken(options, who)
        return quantile(a, 0.5, axis, keepdims is True, skip=skip)


_enter_median(np.median, False)
_enter_median(np.nanmedian, True)
