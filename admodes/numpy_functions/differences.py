"""NumPy's differences and integrals of samples on traced values, as compositions of operations:
diff, gradient, trapezoid, unwrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, implements
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.layout import flat, size_of
from admodes.ops.comparisons import where
from admodes.ops.options import NONE
from admodes.ops.reductions import all_axes, one_axis, sum_
from admodes.ops.scans import cumsum_
from admodes.ops.shaping import (
    array,
    broadcast_to,
    concatenate,
    constant,
    floating,
    rank_of,
    reshape,
)
from admodes.ops.steps import remainder


def _fitting(x: Any, like: Any) -> Any:
    """x, or a plain x in the precision of like."""
    return x if isinstance(x, Carrier) else constant(array(x), like)


@implements(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = NONE, append: Any = NONE) -> Any:
    a = array(a)
    axis = one_axis(axis, rank_of(a))
    before = (slice(None),) * axis

    def edge(x: Any) -> list:
        if x is NONE:
            return []
        shape = list(shape_of(a))
        shape[axis] = 1 if rank_of(x) == 0 else shape_of(x)[axis]
        return [broadcast_to(_fitting(x, a), shape=tuple(shape))]

    ends = edge(prepend), edge(append)
    a = concatenate([*ends[0], a, *ends[1]], axis) if ends[0] or ends[1] else a
    for _ in range(n):
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


@implements(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    inner = _diff(flat(ary))
    ends = [None if e is None else flat(_fitting(e, ary)) for e in (to_begin, to_end)]
    return concatenate([p for p in (ends[0], inner, ends[1]) if p is not None])


@implements(np.gradient)
def _gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f, spacing = floating(f), tuple(map(floating, spacing))
    axes = all_axes(axis, rank_of(f))
    steps = spacing or (1.0,)
    steps = steps * len(axes) if len(steps) == 1 else steps
    found = [_slope(f, h, k, edge_order) for h, k in zip(steps, axes, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slope(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    """Second-order differences inside, one-sided ones at the ends, after np.gradient."""
    rank, n = rank_of(f), shape_of(f)[axis]
    h = _fitting(h, f)
    if n < edge_order + 1:
        raise BadValue(f"np.gradient: {n} entries along axis {axis} are too few")

    def at(part: Any) -> Any:
        return f[(*(slice(None),) * axis, part)]

    def along(x: Any) -> Any:
        return reshape(x, shape=(1,) * axis + (n_of(x),) + (1,) * (rank - axis - 1))

    def n_of(x: Any) -> int:
        return size_of(x)

    if rank_of(h) == 0:
        inner = (at(slice(2, None)) - at(slice(None, -2))) / (2.0 * h)
        first, last = h, h
        second, before_last = h, h
    else:
        gaps = _diff(h)
        a, b = gaps[:-1], gaps[1:]
        inner = (
            along(-b / (a * (a + b))) * at(slice(None, -2))
            + along((b - a) / (a * b)) * at(slice(1, -1))
            + along(a / (b * (a + b))) * at(slice(2, None))
        )
        first, last = gaps[0], gaps[-1]
        second, before_last = (gaps[1], gaps[-2]) if n > 2 else (first, last)
    if edge_order == 1:
        start = (at(slice(1, 2)) - at(slice(0, 1))) / first
        stop = (at(slice(n - 1, n)) - at(slice(n - 2, n - 1))) / last
    else:
        start = _one_sided(at, (0, 1, 2), first, second, 1.0)
        stop = _one_sided(at, (n - 1, n - 2, n - 3), last, before_last, -1.0)
    return concatenate([start, inner, stop], axis)


def _one_sided(at: Callable, where: tuple, d1: Any, d2: Any, sign: float) -> Any:
    f0, f1, f2 = (at(slice(i, i + 1)) for i in where)
    a = -(2.0 * d1 + d2) / (d1 * (d1 + d2))
    b = (d1 + d2) / (d1 * d2)
    c = -d1 / (d2 * (d1 + d2))
    return sign * (a * f0 + b * f1 + c * f2)


@implements(np.trapezoid if hasattr(np, "trapezoid") else np.trapz)  # type: ignore[attr-defined]
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = array(y)
    axis = one_axis(axis, rank_of(y))
    before = (slice(None),) * axis
    width = dx
    if x is not None:
        x = array(x)
        differences = _diff if isinstance(x, Carrier) else np.diff
        width = differences(x, axis=0 if rank_of(x) == 1 else axis)
        if rank_of(x) == 1:
            width = reshape(width, shape=(-1,) + (1,) * (rank_of(y) - axis - 1))
    pairs = y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]
    return sum_(width * pairs / 2.0, axis=axis)


@implements(np.unwrap)
def _unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2 * np.pi) -> Any:
    """Jumps of more than half a period are taken out; the jumps have no derivative."""
    p = array(p)
    axis = one_axis(axis, rank_of(p))
    steps = _diff(p, axis=axis)
    half = period / 2.0
    least = half if discont is None else max(discont, half)
    turned = remainder(steps + half, period) - half
    turned = where(turned == -half, where(steps > 0, half, turned), turned)
    whole = where(abs(steps) < least, 0.0, _steady(turned - steps, period))
    first = (*(slice(None),) * axis, slice(0, 1))
    return p + concatenate([np.zeros(shape_of(p[first]), p.dtype), cumsum_(whole, axis=axis)], axis)


def _steady(x: Any, period: float) -> Any:
    """Multiples of the period, of which only rounding depends on x."""
    return np.round(x / period) * period
