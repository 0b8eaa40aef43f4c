"""NumPy's reductions as compositions: var, std, norm, median, percentile, diff, gradient, ….

argmax, any and their like give plain integers and truth values, which have no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.builders import is_complex
from admodes.core.carrier import FUNCTIONS, METHODS, UFUNCS, Carrier, implements, value
from admodes.core.op import REGISTRY, Op, shape_of
from admodes.ops.comparisons import both, either, where
from admodes.ops.indexing import plain_index, take_along_axis
from admodes.ops.layout import flat, moveaxis, rank_of, size_of
from admodes.ops.reductions import (
    all_axes,
    amax,
    amin,
    argsort,
    array,
    cumprod_,
    cumsum_,
    kept_shape,
    mean_,
    prod_,
    sort_,
    sum_,
)
from admodes.ops.shaping import broadcast_to, concatenate, reshape

NONE = np._NoValue


def _given(options: dict, who: str) -> dict:
    """The options that were given a value other than NumPy's own defaults."""
    found = {k: v for k, v in options.items() if v is not None and v is not NONE}
    dtype = found.pop("dtype", None)
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(f"{who}: dtype={dtype} of a traced value would lose its derivative")
    return found


def _refuse(options: dict, who: str) -> None:
    if options:
        names = ", ".join(f"{k}=" for k in options)
        raise TypeError(f"{who} of a traced value does not take {names}")


def _masked(a: Any, options: dict, neutral: float) -> Any:
    """a with the neutral element wherever where= is false."""
    mask = options.pop("where", True)
    return a if mask is True else where(mask, a, neutral)


@implements(np.sum)
def np_sum(a: Any, axis: Any = None, **options: Any) -> Any:
    given = _given(options, "np.sum")
    keepdims = bool(given.pop("keepdims", False))
    initial = given.pop("initial", None)
    a = _masked(array(a), given, 0.0)
    _refuse(given, "np.sum")
    y = sum_(a, axis=_axis(axis), keepdims=keepdims)
    return y if initial is None else y + initial


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


@implements(np.mean)
def np_mean(a: Any, axis: Any = None, **options: Any) -> Any:
    given = _given(options, "np.mean")
    keepdims = bool(given.pop("keepdims", False))
    mask = given.pop("where", None)
    _refuse(given, "np.mean")
    a = array(a)
    if mask is None:
        return mean_(a, axis=_axis(axis), keepdims=keepdims)
    count = np.sum(np.broadcast_to(value(mask), shape_of(a)), axis=axis, keepdims=keepdims)
    return np_sum(a, axis, keepdims=keepdims, where=mask) / count


@implements(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, **options: Any) -> Any:
    given = _given(options, "np.average")
    returned = given.pop("returned", False)
    keepdims = bool(given.pop("keepdims", False))
    _refuse(given, "np.average")
    a = array(a)
    if weights is None:
        y = mean_(a, axis=_axis(axis), keepdims=keepdims)
        total = np.full(shape_of(y), size_of(a) / max(size_of(y), 1))[()]
    else:
        weights = array(weights)
        if shape_of(weights) != shape_of(a):
            (k,) = all_axes(axis, rank_of(a))
            lined = (1,) * k + shape_of(weights) + (1,) * (rank_of(a) - k - 1)
            weights = broadcast_to(reshape(weights, shape=lined), shape=shape_of(a))
        total = sum_(weights, axis=_axis(axis), keepdims=keepdims)
        y = sum_(a * weights, axis=_axis(axis), keepdims=keepdims) / total
    return (y, total) if returned else y


@implements(np.var)
def np_var(a: Any, axis: Any = None, **options: Any) -> Any:
    given = _given(options, "np.var")
    ddof = given.pop("ddof", 0) or given.pop("correction", 0)
    keepdims = bool(given.pop("keepdims", False))
    _refuse(given, "np.var")
    a = array(a)
    shape = kept_shape(shape_of(a), all_axes(axis, rank_of(a)))
    centred = a - mean_(a, axis=_axis(axis), keepdims=True)
    count = size_of(a) // max(math.prod(shape), 1) - ddof
    squares = absolute_square(centred)
    return sum_(squares, axis=_axis(axis), keepdims=keepdims) / max(count, 0)


def absolute_square(x: Any) -> Any:
    """|x|², which has a derivative at 0 for complex x too."""
    if is_complex(x):
        return REGISTRY["square"](REGISTRY["real"](x)) + REGISTRY["square"](REGISTRY["imag"](x))
    return REGISTRY["square"](x)


@implements(np.std)
def np_std(a: Any, axis: Any = None, **options: Any) -> Any:
    return root(np_var(a, axis, **options))


def root(x: Any) -> Any:
    """√x of a sum of squares; where it is 0 the derivative is 0, the subgradient of a norm."""
    zero = x == 0
    return where(zero, 0.0, REGISTRY["sqrt"](where(zero, 1.0, x)))


def _extreme(op: Op, function: Callable, wins: Callable, edge: float) -> Callable:
    @implements(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        given = _given(options, f"np.{op.name}")
        keepdims = bool(given.pop("keepdims", False))
        initial = given.pop("initial", None)
        a = _masked(array(a), given, edge if initial is None else initial)
        _refuse(given, f"np.{op.name}")
        y = op(a, axis=_axis(axis), keepdims=keepdims)
        return y if initial is None else REGISTRY[wins](y, initial)

    return handler


np_max = _extreme(amax, np.max, "maximum", -np.inf)
np_min = _extreme(amin, np.min, "minimum", np.inf)
FUNCTIONS[np.amax], FUNCTIONS[np.amin] = np_max, np_min


@implements(np.ptp)
def _ptp(a: Any, axis: Any = None, **options: Any) -> Any:
    return np_max(a, axis, **options) - np_min(a, axis, **options)


@implements(np.prod)
def np_prod(a: Any, axis: Any = None, **options: Any) -> Any:
    given = _given(options, "np.prod")
    keepdims = bool(given.pop("keepdims", False))
    initial = given.pop("initial", None)
    a = _masked(array(a), given, 1.0)
    _refuse(given, "np.prod")
    shape, axes = shape_of(a), all_axes(axis, rank_of(a))
    y = a
    if axis is None:
        y = prod_(flat(a), axis=0)
    else:
        for k in sorted(axes, reverse=True):
            y = prod_(y, axis=k)
    if keepdims:
        y = reshape(y, shape=kept_shape(shape, axes))
    return y if initial is None else y * initial


def _scan(function: Callable, op: Op) -> None:
    @implements(function)
    def handler(a: Any, axis: int | None = None, **options: Any) -> Any:
        _refuse(_given(options, f"np.{op.name}"), f"np.{op.name}")
        a = array(a)
        return op(flat(a), axis=0) if axis is None else op(a, axis=axis % rank_of(a))


_scan(np.cumsum, cumsum_)
_scan(np.cumprod, cumprod_)


@implements(np.sort)
def np_sort(a: Any, axis: int | None = -1, **options: Any) -> Any:
    options.pop("kind", None), options.pop("stable", None)
    _refuse(_given(options, "np.sort"), "np.sort")
    return sort_(flat(a), axis=0) if axis is None else sort_(a, axis=axis % rank_of(a))


@implements(np.partition)
def _partition(a: Any, kth: Any, axis: int | None = -1, kind: Any = None) -> Any:
    a, axis = (flat(a), 0) if axis is None else (a, axis % rank_of(a))
    order = np.argpartition(value(a), plain_index(kth), axis=axis)
    return take_along_axis(a, order, axis=axis)


@implements(np.median)
def _median(a: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
    _refuse(_given(options, "np.median"), "np.median")
    return quantile(a, 0.5, axis, keepdims)


def quantile(a: Any, q: Any, axis: Any, keepdims: bool) -> Any:
    """Linear interpolation between the two entries of the sorted array that enclose q."""
    a = array(a)
    rank, axes = rank_of(a), all_axes(axis, rank_of(a))
    others = [i for i in range(rank) if i not in axes]
    last = moveaxis(a, axes, tuple(range(len(others), rank))) if rank else reshape(a, shape=(1,))
    outer = tuple(shape_of(a)[i] for i in others)
    n = size_of(a) // max(math.prod(outer), 1)
    rows = sort_(reshape(last, shape=(*outer, n)), axis=len(outer))
    positions = np.asarray(q, float) * (n - 1)
    low = np.floor(positions).astype(int)
    high = np.minimum(low + 1, n - 1)
    below, above = rows[..., low], rows[..., high]
    y = below + (above - below) * (positions - low)
    if np.ndim(q):
        y = moveaxis(y, tuple(range(len(outer), rank_of(y))), tuple(range(np.ndim(q))))
    if keepdims:
        y = reshape(y, shape=np.shape(q) + kept_shape(shape_of(a), axes))
    return y


def _fraction(q: Any, scale: float, who: str, method: str, options: dict) -> Any:
    if method != "linear" or isinstance(q, Carrier):
        raise TypeError(f"{who} of a traced value takes plain fractions and method='linear'")
    _refuse(_given(options, who), who)
    return np.asarray(q, float) / scale


@implements(np.percentile)
def _percentile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False, **options: Any
) -> Any:
    q = _fraction(q, 100.0, "np.percentile", method, options)
    return quantile(a, q, axis, keepdims)


@implements(np.quantile)
def _quantile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False, **options: Any
) -> Any:
    return quantile(a, _fraction(q, 1.0, "np.quantile", method, options), axis, keepdims)


@implements(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = NONE, append: Any = NONE) -> Any:
    a = array(a)
    axis %= rank_of(a)
    before = (slice(None),) * axis

    def edge(x: Any) -> list:
        if x is NONE:
            return []
        shape = list(shape_of(a))
        shape[axis] = 1 if rank_of(x) == 0 else shape_of(x)[axis]
        return [broadcast_to(array(x), shape=tuple(shape))]

    ends = edge(prepend), edge(append)
    a = concatenate([*ends[0], a, *ends[1]], axis) if ends[0] or ends[1] else a
    for _ in range(n):
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


@implements(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    inner = _diff(flat(ary))
    ends = [None if e is None else flat(array(e)) for e in (to_begin, to_end)]
    return concatenate([p for p in (ends[0], inner, ends[1]) if p is not None])


@implements(np.gradient)
def _gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    axes = all_axes(axis, rank_of(f))
    steps = spacing or (1.0,)
    steps = steps * len(axes) if len(steps) == 1 else steps
    found = [_slope(f, h, k, edge_order) for h, k in zip(steps, axes, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slope(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    """Second-order differences inside, one-sided ones at the ends, after np.gradient."""
    rank, n = rank_of(f), shape_of(f)[axis]
    if n < edge_order + 1:
        raise ValueError(f"np.gradient: {n} entries along axis {axis} are too few")

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
    axis %= rank_of(y)
    before = (slice(None),) * axis
    width = dx
    if x is not None:
        x = array(x)
        width = _diff(x, axis=0 if rank_of(x) == 1 else axis)
        if rank_of(x) == 1:
            width = reshape(width, shape=(-1,) + (1,) * (rank_of(y) - axis - 1))
    pairs = y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]
    return sum_(width * pairs / 2.0, axis=axis)


def _plain(function: Callable) -> None:
    """A function of positions or truth values: it is applied to the plain values."""

    @implements(function)
    def handler(*args: Any, **kwargs: Any) -> Any:
        for a in args:
            if isinstance(a, Carrier) and np.shape(value(a)) != a.shape:
                bool(a)
        plain = [_deep(a) for a in args]
        return function(*plain, **{k: _deep(v) for k, v in kwargs.items()})


def _deep(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_deep, x))
    return value(x)


for _function in (
    np.argmax,
    np.argmin,
    np.argpartition,
    np.nonzero,
    np.flatnonzero,
    np.argwhere,
    np.count_nonzero,
    np.searchsorted,
    np.digitize,
    np.lexsort,
    np.allclose,
    np.isclose,
    np.array_equal,
    np.array_equiv,
    np.nanargmax,
    np.nanargmin,
    np.isposinf,
    np.isneginf,
    np.iscomplex,
    np.isreal,
    np.isscalar,
    np.unravel_index,
    np.histogram,
    np.bincount,
    np.isin,
    np.array_repr,
    np.array_str,
    np.array2string,
    np.can_cast,
    np.min_scalar_type,
    np.shares_memory,
    np.may_share_memory,
    np.savetxt,
    np.save,
    np.savez,
    np.linalg.matrix_rank,
    np.linalg.cond,
):
    _plain(_function)


@implements(np.argsort)
def _argsort(a: Any, axis: int | None = -1, **options: Any) -> Any:
    return argsort(flat(a), axis=0) if axis is None else argsort(a, axis=axis % rank_of(a))


def _truth(function: Callable) -> None:
    @implements(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        given = _given(options, f"np.{function.__name__}")
        return function(value(_known(a)), axis=axis, **given)


def _known(a: Any) -> Any:
    if isinstance(a, Carrier):
        if np.shape(value(a)) != a.shape:
            bool(a)
        if a.shape == () and a.dtype.kind == "b":
            return bool(a)
    return a


_truth(np.any)
_truth(np.all)


@implements(np.nan_to_num)
def _nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
):
    largest = np.finfo(x.dtype).max
    x = where(np.isnan(x), nan, x)
    x = where(x == np.inf, largest if posinf is None else posinf, x)
    return where(x == -np.inf, -largest if neginf is None else neginf, x)


def _skipping(function: Callable, base: Callable, neutral: float) -> None:
    """nansum and its like: entries that are nan are left out, and get no derivative."""

    @implements(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        return base(where(np.isnan(a), neutral, a), axis, **options)


_skipping(np.nansum, np_sum, 0.0)
_skipping(np.nanprod, np_prod, 1.0)
_skipping(np.nanmax, np_max, -np.inf)
_skipping(np.nanmin, np_min, np.inf)


@implements(np.nanmean)
def _nanmean(a: Any, axis: Any = None, **options: Any) -> Any:
    return np_mean(a, axis, where=~np.isnan(value(_known(a))), **options)


def _reduce(ufunc: Any, op: Op, inputs: tuple, options: dict) -> Any:
    """ufunc.reduce."""
    (a,) = inputs
    axis = options.pop("axis", 0)
    known = {np.add: np_sum, np.multiply: np_prod, np.maximum: np_max, np.minimum: np_min}
    if ufunc in known:
        return known[ufunc](a, axis, **options)
    keepdims = bool(options.pop("keepdims", False))
    _refuse(_given(options, f"np.{ufunc.__name__}.reduce"), f"np.{ufunc.__name__}.reduce")
    shape, y = shape_of(a), a
    axes = all_axes(axis, rank_of(a))
    for k in sorted(axes, reverse=True):
        y = _folded(op, y, k)
    return reshape(y, shape=kept_shape(shape, axes)) if keepdims else y


def _folded(op: Op, x: Any, axis: int) -> Any:
    before = (slice(None),) * axis
    if shape_of(x)[axis] == 0:
        raise ValueError(f"np.{op.name}.reduce of an empty axis")
    y = x[(*before, 0)]
    for k in range(1, shape_of(x)[axis]):
        y = op(y, x[(*before, k)])
    return y


def _accumulate(ufunc: Any, op: Op, inputs: tuple, options: dict) -> Any:
    """ufunc.accumulate."""
    (a,) = inputs
    axis = options.pop("axis", 0) % rank_of(a)
    _refuse(_given(options, f"np.{ufunc.__name__}.accumulate"), f"np.{ufunc.__name__}.accumulate")
    if ufunc in (np.add, np.multiply):
        return (cumsum_ if ufunc is np.add else cumprod_)(a, axis=axis)
    before = (slice(None),) * axis
    found = [a[(*before, slice(0, 1))]]
    for k in range(1, shape_of(a)[axis]):
        found.append(op(found[-1], a[(*before, slice(k, k + 1))]))
    return concatenate(found, axis)


def _outer(ufunc: Any, op: Op, inputs: tuple, options: dict) -> Any:
    """ufunc.outer."""
    _refuse(options, f"np.{ufunc.__name__}.outer")
    a, b = map(array, inputs)
    return op(reshape(a, shape=shape_of(a) + (1,) * rank_of(b)), b)


def _options(ufunc: Any, op: Op, inputs: tuple, options: dict) -> Any:
    """ufunc(…, out=…, where=…): a new value; a plain array given as out= is filled with nan, so
    that nobody takes it for the result."""
    name = f"np.{ufunc.__name__}"
    (out,) = options.pop("out", (None,)) or (None,)
    mask = options.pop("where", True)
    options.pop("casting", None), options.pop("dtype", None)
    _refuse(options, name)
    if isinstance(out, Carrier):
        raise TypeError(f"{name}: out= cannot be a traced value; use the value that is returned")
    y = op(*inputs)
    if mask is not True:
        if out is None:
            raise TypeError(
                f"{name} with where= and without out= leaves entries undefined: write "
                f"np.where(condition, {name}(…), otherwise)"
            )
        y = where(mask, y, out.copy())
    if out is not None:
        if shape_of(y) != out.shape:
            raise ValueError(f"{name}: the result has shape {shape_of(y)}, out= {out.shape}")
        if out.dtype.kind not in "fc":
            raise TypeError(f"{name}: out= of dtype {out.dtype} would lose the derivative")
        out[...] = np.nan
    return y


METHODS.update(
    {"__call__": _options, "reduce": _reduce, "accumulate": _accumulate, "outer": _outer}
)
UFUNCS.setdefault(np.bitwise_and, both), UFUNCS.setdefault(np.bitwise_or, either)
