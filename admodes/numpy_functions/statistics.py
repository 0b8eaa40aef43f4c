"""NumPy's reductions and scans on traced values, as compositions of operations: sum, mean, var,
std, max, prod, cumsum, sort and others.

Those whose names begin with nan leave out the entries that are nan, which get no derivative.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, implements
from admodes.core.inplace import become
from admodes.core.op import REGISTRY, Op
from admodes.core.truth import is_whole
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.layout import flat, size_of
from admodes.ops.arithmetic import absolute_square, root
from admodes.ops.comparisons import where
from admodes.ops.indexing import plain_index, take_along_axis
from admodes.ops.options import (
    NONE,
    given_options,
    is_simple,
    masked,
    plain_axis,
    prepared,
    refuse,
    taken,
)
from admodes.ops.reductions import (
    all_axes,
    amax,
    amin,
    argpartition,
    argsort,
    kept_shape,
    mean_,
    one_axis,
    prod_,
    sort_,
    sum_,
)
from admodes.ops.scans import cumprod_, cumsum_
from admodes.ops.shaping import array, broadcast_to, concatenate, constant, rank_of, reshape


@implements(np.sum)
def np_sum(a: Any, axis: Any = None, **options: Any) -> Any:
    if is_simple(a, options):
        return sum_(a, axis=plain_axis(axis), **options)
    a, keepdims, initial, mask = prepared(a, options, "np.sum", "initial", "where")
    y = sum_(masked(a, mask, 0.0), axis=plain_axis(axis), keepdims=keepdims)
    return y if initial is None else y + initial


def _count(mask: Any, like: Any, axis: Any, keepdims: bool) -> Any:
    """How many entries a mask leaves along the axes."""
    ones = where(mask, constant(1.0, like), constant(0.0, like))
    if shape_of(ones) != shape_of(like):
        ones = broadcast_to(ones, shape=shape_of(like))
    return sum_(ones, axis=plain_axis(axis), keepdims=keepdims)


def _singly(function: Callable) -> Callable:
    """Halves are averaged in single precision, whose sums and counts do not overflow."""

    @functools.wraps(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        a = array(a)
        if a.dtype != np.float16 or options.get("dtype") is not None:
            return function(a, axis, **options)
        y = function(REGISTRY["astype"](a, dtype=np.dtype(np.float32)), axis, **options)
        parts = y if isinstance(y, tuple) else (y,)
        made = tuple(REGISTRY["astype"](p, dtype=np.dtype(np.float16)) for p in parts)
        return made if isinstance(y, tuple) else made[0]

    return handler


@_singly
def _masked_mean(a: Any, axis: Any, *, mask: Any, keepdims: bool) -> Any:
    total = np_sum(a, axis, keepdims=keepdims, where=mask)
    return total / _count(mask, a, axis, keepdims)


@implements(np.mean)
def np_mean(a: Any, axis: Any = None, **options: Any) -> Any:
    if is_simple(a, options):
        return mean_(a, axis=plain_axis(axis), **options)
    a, keepdims, mask = prepared(a, options, "np.mean", "where")
    if mask is None:
        return mean_(a, axis=plain_axis(axis), keepdims=keepdims)
    return _masked_mean(a, axis, mask=mask, keepdims=keepdims)


@implements(np.average)
@_singly
def _average(a: Any, axis: Any = None, weights: Any = None, **options: Any) -> Any:
    keepdims, returned = taken(options, "np.average", "keepdims", "returned")
    a, keepdims = array(a), bool(keepdims)
    if weights is None:
        y = mean_(a, axis=plain_axis(axis), keepdims=keepdims)
        total = np.full(shape_of(y), size_of(a) / max(size_of(y), 1))[()]
    else:
        weights = array(weights)
        kind = np.result_type(a.dtype, weights.dtype)
        weights = weights if weights.dtype == kind else REGISTRY["astype"](weights, dtype=kind)
        if shape_of(weights) != shape_of(a):
            axes = all_axes(axis, rank_of(a))
            lined = iter(shape_of(weights))
            line = tuple(next(lined) if k in axes else 1 for k in range(rank_of(a)))
            weights = broadcast_to(reshape(weights, shape=line), shape=shape_of(a))
        total = sum_(weights, axis=plain_axis(axis), keepdims=keepdims)
        y = sum_(a * weights, axis=plain_axis(axis), keepdims=keepdims) / total
    return (y, total) if returned else y


@implements(np.var)
@_singly
def np_var(a: Any, axis: Any = None, **options: Any) -> Any:
    names = ("ddof", "correction", "where", "mean")
    a, keepdims, ddof, correction, mask, mean = prepared(a, options, "np.var", *names)
    ddof, axis = ddof or correction or 0, plain_axis(axis)
    if mask is not None:
        count = _count(mask, a, axis, keepdims) - ddof
        mean = np_mean(a, axis, keepdims=True, where=mask) if mean is None else mean
        squares = where(mask, absolute_square(where(mask, a - mean, 0.0)), 0.0)
        return sum_(squares, axis=axis, keepdims=keepdims) / where(count < 0, 0.0, count)
    shape = kept_shape(shape_of(a), all_axes(axis, rank_of(a)))
    centred = a - (mean_(a, axis=axis, keepdims=True) if mean is None else mean)
    entries = size_of(a) // max(math.prod(shape), 1) - ddof
    return sum_(absolute_square(centred), axis=axis, keepdims=keepdims) / max(entries, 0)


@implements(np.std)
def np_std(a: Any, axis: Any = None, **options: Any) -> Any:
    return root(np_var(a, axis, **options))


def _extreme(op: Op, function: Callable, wins: str, edge: float) -> Callable:
    @implements(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        if is_simple(a, options):
            return op(a, axis=plain_axis(axis), keepdims=options.get("keepdims", False))
        who = f"np.{op.name[1:]}"
        a, keepdims, initial, mask = prepared(a, options, who, "initial", "where")
        a = masked(a, mask, edge if initial is None else initial)
        if initial is not None and size_of(a) == 0:
            shape = kept_shape(shape_of(a), all_axes(axis, rank_of(a)))
            y = sum_(a, axis=plain_axis(axis), keepdims=keepdims) if 0 in shape else initial
            return broadcast_to(y, shape=np.sum(np.empty(shape_of(a)), axis).shape)
        y = op(a, axis=plain_axis(axis), keepdims=keepdims)
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
    a, keepdims, initial, mask = prepared(a, options, "np.prod", "initial", "where")
    y = a = masked(a, mask, 1.0)
    shape, axes = shape_of(a), all_axes(plain_axis(axis), rank_of(a))
    if axis is None:
        y = prod_(flat(a), axis=0)
    else:
        for k in sorted(axes, reverse=True):
            y = prod_(y, axis=k)
    if keepdims:
        y = reshape(y, shape=kept_shape(shape, axes))
    return y if initial is None else y * initial


def _scan(op: Op, *functions: Callable) -> Callable:
    who = f"np.{op.name}"

    @implements(*functions)
    def handler(a: Any, axis: int | None = None, **options: Any) -> Any:
        a, keepdims = prepared(a, options, who)
        refuse({"keepdims": True} if keepdims else {}, who)
        return op(flat(a), axis=0) if axis is None else op(a, axis=one_axis(axis, rank_of(a)))

    return handler


np_cumsum = _scan(cumsum_, np.cumsum)
np_cumprod = _scan(cumprod_, np.cumprod)


def _cumulative(op: Op, start: float) -> Callable:
    """The scans of the array interface, which may begin with the neutral element."""
    who = f"np.cumulative_{op.name[3:]}"

    def handler(x: Any, /, *, axis: int | None = None, **options: Any) -> Any:
        x, _, include_initial = prepared(x, options, who, "include_initial")
        if axis is None and rank_of(x) != 1:
            raise BadValue(f"{who}: name the axis of an array of any rank")
        axis = 0 if axis is None else one_axis(axis, rank_of(x))
        y = op(x, axis=axis)
        if not include_initial:
            return y
        shape = (*shape_of(x)[:axis], 1, *shape_of(x)[axis + 1 :])
        return concatenate([np.full(shape, start, y.dtype), y], axis)

    return handler


if hasattr(np, "cumulative_sum"):
    FUNCTIONS[np.cumulative_sum] = _cumulative(cumsum_, 0.0)
    FUNCTIONS[np.cumulative_prod] = _cumulative(cumprod_, 1.0)


@implements(np.sort)
def np_sort(a: Any, axis: int | None = -1, **options: Any) -> Any:
    options.pop("kind", None), options.pop("stable", None)
    taken(options, "np.sort")
    return sort_(flat(a), axis=0) if axis is None else sort_(a, axis=one_axis(axis, rank_of(a)))


@implements(np.argsort)
def _argsort(a: Any, axis: int | None = -1, **options: Any) -> Any:
    options.pop("kind", None), options.pop("stable", None)
    taken(options, "np.argsort")
    if axis is None or rank_of(a) == 0:
        return argsort(flat(a), axis=0)
    return argsort(a, axis=one_axis(axis, rank_of(a)))


@implements(np.partition)
def _partition(a: Any, kth: Any, axis: int | None = -1, kind: Any = None) -> Any:
    a, axis = (flat(a), 0) if axis is None else (a, one_axis(axis, rank_of(a)))
    return take_along_axis(a, argpartition(a, axis=axis, kth=plain_index(kth)), axis=axis)


@implements(np.argpartition)
def _argpartition(a: Any, kth: Any, axis: int | None = -1, kind: Any = None) -> Any:
    a, axis = (flat(a), 0) if axis is None else (a, one_axis(axis, rank_of(a)))
    return argpartition(a, axis=axis, kth=plain_index(kth))


@implements(np.nan_to_num)
def _nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if is_whole(x):
        return x
    largest = float(np.finfo(x.dtype).max)
    y = where(np.isnan(x), nan, x)
    y = where(y == np.inf, largest if posinf is None else posinf, y)
    y = where(y == -np.inf, -largest if neginf is None else neginf, y)
    who = "np.nan_to_num(x, copy=False)"
    return y if copy else become(x, y, who, "x = np.nan_to_num(x)")


def _skipping(function: Callable, base: Callable, neutral: float) -> None:
    @implements(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        a = array(a)
        missing = np.isnan(a)
        y = base(where(missing, neutral, a), axis, **options)
        if not np.isinf(neutral):
            return y
        keepdims = bool(given_options(options, "np.nanmax").get("keepdims", False))
        return where(_count(~missing, a, axis, keepdims) == 0, np.nan, y)

    handler.__name__ = function.__name__


_skipping(np.nansum, np_sum, 0.0)
_skipping(np.nanprod, np_prod, 1.0)
_skipping(np.nanmax, np_max, -np.inf)
_skipping(np.nanmin, np_min, np.inf)
_skipping(np.nancumsum, np_cumsum, 0.0)
_skipping(np.nancumprod, np_cumprod, 1.0)


def _present(a: Any, options: dict) -> Any:
    """Where a counts: where= and not nan."""
    mask = options.pop("where", None)
    present = ~np.isnan(a)
    return present if mask is None or mask is NONE else present & mask


@implements(np.nanmean)
def _nanmean(a: Any, axis: Any = None, **options: Any) -> Any:
    a = array(a)
    return np_mean(a, axis, where=_present(a, options), **options)


@implements(np.nanvar)
def _nanvar(a: Any, axis: Any = None, **options: Any) -> Any:
    a = array(a)
    return np_var(a, axis, where=_present(a, options), **options)


@implements(np.nanstd)
def _nanstd(a: Any, axis: Any = None, **options: Any) -> Any:
    return root(_nanvar(a, axis, **options))
