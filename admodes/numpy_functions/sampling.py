"""NumPy's interpolation, moments and choices on traced values: interp, cov, corrcoef,
apply_along_axis, select, unique."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier, implements
from admodes.core.op import REGISTRY
from admodes.core.truth import is_whole
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue
from admodes.numpy_functions.layout import flat, moveaxis, size_of
from admodes.ops.comparisons import equal, greater, less, where
from admodes.ops.indexing import place, take_along_axis
from admodes.ops.options import no_out, steered, taken
from admodes.ops.products import matmul
from admodes.ops.reductions import argsort, mean_, sum_
from admodes.ops.sampling import searchsorted
from admodes.ops.selection import maximum, minimum
from admodes.ops.shaping import array, concatenate, floating, rank_of, reshape, stack
from admodes.ops.steps import remainder


@implements(np.interp)
def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    x, xp, fp = floating(x), floating(xp), floating(fp)
    if period is not None:
        x, xp = remainder(x, period), remainder(xp, period)
        order = argsort(xp, axis=0)
        xp, fp = take_along_axis(xp, order, axis=0), take_along_axis(fp, order, axis=0)
        xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    shape, n = shape_of(x), shape_of(xp)[0]
    x = flat(x)
    low = maximum(minimum(searchsorted(xp, x) - 1.0, n - 2.0), 0.0)
    high = minimum(low + 1.0, n - 1.0)
    x0, x1, y0, y1 = (take_along_axis(p, k, axis=0) for p in (xp, fp) for k in (low, high))
    y = y0 + (x - x0) * ((y1 - y0) / where(equal(x0, x1), 1.0, x1 - x0))
    y = where(less(x, xp[0]), fp[0] if left is None else left, y)
    y = where(greater(x, xp[-1]), fp[-1] if right is None else right, y)
    return reshape(y, shape=shape)


@implements(np.cov)
def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    **options: Any,
) -> Any:
    taken(options, "np.cov")
    rows = _variables(m, rowvar)
    if y is not None:
        rows = concatenate([rows, _variables(y, rowvar)], axis=0)
    ddof = int(not bias) if ddof is None else ddof
    centred = rows - mean_(rows, axis=1, keepdims=True)
    found = matmul(centred, np.conj(centred.T)) / (shape_of(rows)[1] - ddof)
    return reshape(found, shape=()) if shape_of(found) == (1, 1) else found


def _variables(m: Any, rowvar: bool) -> Any:
    """Variables in rows, in double precision at least, as NumPy has them."""
    m = array(m)
    if m.dtype != np.result_type(m.dtype, np.float64):
        m = REGISTRY["astype"](m, dtype=np.result_type(m.dtype, np.float64))
    if rank_of(m) < 2:
        return reshape(m, shape=(1, size_of(m)))
    return m if rowvar else m.T


@implements(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = _cov(x, y, rowvar)
    if rank_of(c) == 0:
        return c / c
    scale = np.sqrt(np.real(FUNCTIONS[np.diagonal](c)))
    return c / reshape(scale, shape=(-1, 1)) / scale


@implements(np.apply_along_axis)
def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    lines = moveaxis(array(arr), axis, -1)
    outer = shape_of(lines)[:-1]
    found = [array(func1d(lines[k], *args, **kwargs)) for k in np.ndindex(*outer)]
    y = reshape(stack(found), shape=(*outer, *shape_of(found[0])))
    inner = tuple(range(len(outer), rank_of(y)))
    return moveaxis(y, inner, tuple(axis % rank_of(arr) + k for k in range(len(inner))))


@implements(np.apply_over_axes)
def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    y = array(a)
    rank = rank_of(y)
    for axis in axes if isinstance(axes, (tuple, list)) else (axes,):
        found = func(y, axis)
        y = found if rank_of(found) == rank else np.expand_dims(found, axis)
    return y


@implements(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0.0) -> Any:
    y = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        y = where(condition, choice, y)
    return y


@implements(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Any:
    no_out(out, "np.choose")
    a = steered(np.asarray, a)
    if mode != "raise" or np.any(a < 0) or np.any(a >= len(choices)):
        raise BadValue("np.choose of traced values takes positions of the choices")
    y = choices[0]
    for k in range(1, len(choices)):
        y = where(np.equal(a, k), choices[k], y)
    return where(np.equal(a, 0), choices[0], y)


@implements(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    if is_whole(x):
        raise BadType(
            "np.piecewise of truth values or whole numbers cuts its results to that type, where "
            "their derivatives would be lost: pass x.astype(float)"
        )
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    functions = list(funclist)
    y: Any = np.zeros(shape_of(x))
    if len(functions) == len(conditions) + 1:
        last = functions.pop()
        y = last(x, *args, **kw) if callable(last) else y + last
    for condition, f in zip(conditions, functions, strict=True):
        y = where(condition, f(x, *args, **kw) if callable(f) else f, y)
    return y


@implements(np.unique)
def _unique(ar: Any, **options: Any) -> Any:
    taken({k: v for k, v in options.items() if v}, "np.unique")
    _, first = steered(np.unique, ar, return_index=True)
    return flat(ar)[first]


@implements(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    x = steered(np.asarray, x)
    if x.dtype.kind not in "iu":
        raise BadType(
            f"np.bincount counts whole numbers, not {x.dtype}: write "
            "np.bincount(np.floor(ad.value(x)).astype(int), weights)"
        )
    if weights is None:
        return np.bincount(x, None, minlength)
    return _summed(weights, x, max(minlength, int(np.max(x, initial=-1)) + 1), "np.bincount")


def _summed(weights: Any, places: Any, count: int, who: str) -> Any:
    """The sums of the weights that have the same place; those of a place below 0 are left out."""
    weights = array(weights)
    if shape_of(weights) != places.shape:
        raise BadValue(f"{who}: weights has shape {shape_of(weights)}, the data {places.shape}")
    kept = np.nonzero(places >= 0)
    return place(weights[kept], index=(places[kept],), shape=(count,))


@implements(np.histogram)
def _histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    automatic = isinstance(bins, str) or (np.ndim(bins) == 0 and range is None)
    if isinstance(bins, Carrier) or (isinstance(a, Carrier) and automatic):
        raise BadType(
            "np.histogram of a traced value: give bins= as a plain array of edges, or range=, so "
            "that the edges do not depend on it"
        )
    if isinstance(bins, str) and weights is not None:
        raise BadType(f"np.histogram with weights: give the edges or their number, not {bins!r}")
    edges = np.histogram_bin_edges(a if automatic else np.zeros(1), bins, range)
    places, count = steered(_bins_of, a, edges), len(edges) - 1
    if weights is None:
        y: Any = np.bincount(places[places >= 0], None, count)
    else:
        y = _summed(weights, places, count, "np.histogram")
    return (y / (sum_(y) * np.diff(edges)) if density else y), edges


def _bins_of(x: Any, edges: Any) -> Any:
    """The number of the bin of every entry, -1 outside of all; the last bin has both its edges."""
    x = np.asarray(x)
    found = np.searchsorted(edges, x, side="right") - 1
    found[x == edges[-1]] = len(edges) - 2
    return np.where((x >= edges[0]) & (x <= edges[-1]), found, -1)
