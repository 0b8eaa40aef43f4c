"""Interpolation, grids and moments: interp, linspace, vander, cov, corrcoef, apply_along_axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import implements, value
from admodes.core.op import shape_of
from admodes.ops.comparisons import greater, less, where
from admodes.ops.layout import flat, moveaxis, rank_of, size_of
from admodes.ops.products import matmul
from admodes.ops.reductions import mean_
from admodes.ops.shaping import array, concatenate, reshape, stack
from admodes.ops.statistics import root


@implements(np.interp)
def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None):
    if period is not None:
        raise TypeError("np.interp of a traced value does not take period=")
    x, xp, fp = array(x), array(xp), array(fp)
    n = shape_of(xp)[0]
    bool(xp[0] == xp[0]), bool(flat(x)[0] == 0) if size_of(x) else None
    found = np.searchsorted(value(xp), value(x), side="right")
    low = np.clip(found - 1, 0, max(n - 2, 0))
    high = np.minimum(low + 1, n - 1)
    slope = (fp[high] - fp[low]) / where(np.equal(low, high), 1.0, xp[high] - xp[low])
    y = fp[low] + (x - xp[low]) * slope
    y = where(less(x, xp[0]), fp[0] if left is None else left, y)
    return where(greater(x, xp[-1]), fp[-1] if right is None else right, y)


@implements(np.linspace)
def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, **options: Any) -> Any:
    if set(options) - {"dtype", "axis"} or options.get("axis", 0) or options.get("dtype"):
        raise TypeError("np.linspace of a traced value takes start, stop, num and endpoint")
    start, stop = array(start), array(stop)
    rank = max(rank_of(start), rank_of(stop))
    steps = np.linspace(0.0, 1.0, num, endpoint).reshape(-1, *(1,) * rank)
    return start * (1.0 - steps) + stop * steps


@implements(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    count = shape_of(x)[0] if N is None else N
    powers = [x**k if k else np.ones(shape_of(x)) for k in range(count)]
    return stack(powers if increasing else powers[::-1], axis=1)


@implements(np.cov)
def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None
) -> Any:
    rows = _variables(m, rowvar)
    if y is not None:
        rows = concatenate([rows, _variables(y, rowvar)], axis=0)
    ddof = int(not bias) if ddof is None else ddof
    centred = rows - mean_(rows, axis=1, keepdims=True)
    found = matmul(centred, centred.T) / (shape_of(rows)[1] - ddof)
    return reshape(found, shape=()) if shape_of(found) == (1, 1) else found


def _variables(m: Any, rowvar: bool) -> Any:
    m = array(m)
    if rank_of(m) < 2:
        return reshape(m, shape=(1, size_of(m)))
    return m if rowvar else m.T


@implements(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = _cov(x, y, rowvar)
    if rank_of(c) == 0:
        return c / c
    scale = root(c[np.arange(shape_of(c)[0]), np.arange(shape_of(c)[0])])
    return c / reshape(scale, shape=(-1, 1)) / scale


@implements(np.apply_along_axis)
def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    lines = moveaxis(array(arr), axis, -1)
    outer = shape_of(lines)[:-1]
    found = [array(func1d(lines[k], *args, **kwargs)) for k in np.ndindex(*outer)]
    y = reshape(stack(found), shape=(*outer, *shape_of(found[0])))
    inner = tuple(range(len(outer), rank_of(y)))
    return moveaxis(y, inner, tuple(axis % rank_of(arr) + k for k in range(len(inner))))
