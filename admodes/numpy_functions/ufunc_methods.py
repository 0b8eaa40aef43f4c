"""The methods of NumPy's ufuncs (reduce, accumulate, outer) and their options (out, where) on
traced values, by the operations and functions that do the same."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np

from admodes.core.calling import storing
from admodes.core.carrier import Carrier
from admodes.core.op import REGISTRY
from admodes.core.space import is_complex
from admodes.core.tables import METHODS, UFUNCS
from admodes.core.truth import is_whole
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue
from admodes.numpy_functions.layout import moveaxis
from admodes.numpy_functions.statistics import np_max, np_min, np_prod, np_sum
from admodes.ops.assignment import change
from admodes.ops.comparisons import both, either, where
from admodes.ops.entropies import logaddexp2_reduce, logaddexp_reduce
from admodes.ops.indexing import place, plain_index
from admodes.ops.options import plain_axis, refuse, steered, taken
from admodes.ops.reductions import all_axes, kept_shape, one_axis
from admodes.ops.running import logaddexp2_scan, logaddexp_scan
from admodes.ops.scans import accumulate, cumprod_, cumsum_
from admodes.ops.shaping import array, broadcast_to, concatenate, rank_of, reshape

REDUCTIONS = {np.add: np_sum, np.multiply: np_prod, np.maximum: np_max, np.minimum: np_min}
ALONG_AXES = {np.logaddexp: logaddexp_reduce, np.logaddexp2: logaddexp2_reduce}
"""Ufuncs whose reduction along one axis is an operation."""
SCANS = {
    np.add: cumsum_,
    np.multiply: cumprod_,
    np.logaddexp: logaddexp_scan,
    np.logaddexp2: logaddexp2_scan,
}
"""Ufuncs whose accumulation is an operation."""


def _reduce(ufunc: Any, op: Any, inputs: tuple, options: dict) -> Any:
    """ufunc.reduce."""
    (a,) = inputs
    axis = plain_axis(options.pop("axis", 0))
    if ufunc in REDUCTIONS:
        return REDUCTIONS[ufunc](a, axis, **options)
    keepdims = bool(options.pop("keepdims", False))
    who = f"np.{ufunc.__name__}.reduce"
    taken(options, who)
    if _is_plain(ufunc, op, a):
        return steered(ufunc.reduce, a, axis=axis, keepdims=keepdims)
    shape, y = shape_of(a), a
    axes = all_axes(axis, rank_of(a))
    if len(axes) > 1 and ufunc.identity is None:
        raise BadValue(f"{who}: the order of the entries of several axes matters; name one axis")
    for k in sorted(axes, reverse=True):
        y = _folded(ufunc, y, k)
    return reshape(y, shape=kept_shape(shape, axes)) if keepdims else y


def _folded(ufunc: Any, x: Any, axis: int) -> Any:
    """The entries along an axis, combined one after the other."""
    n, others = shape_of(x)[axis], (*shape_of(x)[:axis], *shape_of(x)[axis + 1 :])
    if n == 0:
        if ufunc.identity is None:
            raise BadValue(f"np.{ufunc.__name__}.reduce of an empty axis")
        return np.full(others, ufunc.identity)
    if ufunc in ALONG_AXES:
        return ALONG_AXES[ufunc](x, axis=axis)
    return accumulate(x, of=ufunc.__name__, axis=axis)[(*(slice(None),) * axis, -1)]


def _is_plain(ufunc: Any, op: Any, a: Any) -> bool:
    """Whether the results of a ufunc have no derivative."""
    return getattr(op, "passive", False) or is_whole(a) or "dd->?" in ufunc.types


def _accumulate(ufunc: Any, op: Any, inputs: tuple, options: dict) -> Any:
    """ufunc.accumulate."""
    (a,) = inputs
    axis = one_axis(options.pop("axis", 0), rank_of(a))
    taken(options, f"np.{ufunc.__name__}.accumulate")
    if ufunc in SCANS and (ufunc in REDUCTIONS or not is_whole(a)):
        return SCANS[ufunc](a, axis=axis)
    if _is_plain(ufunc, op, a):
        return steered(ufunc.accumulate, a, axis=axis)
    return accumulate(a, of=ufunc.__name__, axis=axis)


def _reduceat(ufunc: Any, op: Any, inputs: tuple, options: dict) -> Any:
    """ufunc.reduceat: segments, from each index to the next; one entry where that is not later."""
    a, starts = inputs
    who = f"np.{ufunc.__name__}.reduceat"
    axis = one_axis(options.pop("axis", 0), rank_of(a))
    taken(options, who)
    x = moveaxis(a, axis, 0) if axis else a
    n = shape_of(x)[0]
    starts = np.asarray(plain_index(starts))
    if starts.ndim != 1 or np.any((starts < 0) | (starts >= n)):
        raise BadValue(f"{who}: indices from 0 to {n - 1} in one axis are needed, got {starts}")
    lengths = np.maximum(np.append(starts[1:], n) - starts, 1)
    if ufunc is np.add:
        segment = np.repeat(np.arange(starts.size), lengths)
        entries = np.arange(lengths.sum()) + np.repeat(starts - _before(lengths), lengths)
        y = place(x[entries], index=segment, shape=(starts.size, *shape_of(x)[1:]))
    else:
        y = _segments(ufunc, op, x, starts, lengths)
    return moveaxis(y, 0, axis) if axis else y


def _before(lengths: np.ndarray) -> np.ndarray:
    return np.cumsum(lengths) - lengths


def _segments(ufunc: Any, op: Any, x: Any, starts: np.ndarray, lengths: np.ndarray) -> Any:
    """Segments of one length are reduced together."""
    parts, order = [], []
    for length in np.unique(lengths):
        own = np.flatnonzero(lengths == length)
        rows = x[starts[own][:, None] + np.arange(length)]
        parts.append(_reduce(ufunc, op, (rows,), {"axis": 1}))
        order.append(own)
    return concatenate(parts, 0)[np.argsort(np.concatenate(order))]


def _outer(ufunc: Any, op: Any, inputs: tuple, options: dict) -> Any:
    """ufunc.outer."""
    refuse(options, f"np.{ufunc.__name__}.outer")
    a, b = map(array, inputs)
    return op(reshape(a, shape=shape_of(a) + (1,) * rank_of(b)), b)


class _Probe:
    """Tells how many references an array has that NumPy is to write into."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> int:
        return sys.getrefcount(options["out"][0])


@functools.cache
def _references() -> tuple[int, int]:
    """The references to an array that has one name, in x += v, and to one without a name, given as
    out=."""
    probe: Any = _Probe()
    named: Any = np.zeros(1)
    named += probe
    return named, np.add(probe, 1.0, out=np.zeros(1))


def _written(name: str, out: Any, count: int, operator: bool) -> None:
    """Refuse to write into an array that something else may still read: it would keep its old
    entries, without derivative."""
    if out.base is not None or count > _references()[0 if operator else 1]:
        raise storing(
            f"{name} cannot write a traced value into a plain array that has another name, is a "
            "view, or is read later: write x = x + v, and leave out= away"
        )


def _options(ufunc: Any, op: Any, inputs: tuple, options: dict) -> Any:
    """ufunc(…, out=…, where=…): a new value. An array given as out= may have no other use."""
    count = sys.getrefcount(options["out"][0]) if "out" in options else 0
    name = f"np.{ufunc.__name__}"
    (out,) = options.pop("out", (None,)) or (None,)
    mask = options.pop("where", True)
    options.pop("casting", None)
    kind = options.pop("dtype", None)
    refuse(options, name)
    y = op(*inputs)
    if out is not None and isinstance(y, Carrier) and not isinstance(out, Carrier):
        _written(name, out, count, any(a is out for a in inputs))
    if mask is not True:
        if out is None:
            raise BadType(
                f"{name} with where= and without out= leaves entries undefined: write "
                f"np.where(condition, {name}(…), otherwise)"
            )
        y = where(mask, y, out.copy())
    if out is not None:
        if shape_of(y) != out.shape:
            y = broadcast_to(y, shape=out.shape)
        if isinstance(out, Carrier):
            return change(out, out.constant(y) if y.__class__ is np.ndarray else y, f"{name}, out=")
        if not isinstance(y, Carrier):
            out[...] = y
            return out
        if out.dtype.kind not in "fc":
            raise BadType(f"{name}: out= of dtype {out.dtype} would lose the derivative")
        if out.dtype.kind == "f" and is_complex(y):
            raise BadType(f"{name}: out= of dtype {out.dtype} would lose the imaginary parts")
        kind = out.dtype
    if kind is not None and np.dtype(kind) != y.dtype:
        y = REGISTRY["astype"](y, dtype=np.dtype(kind))
    return y


METHODS.update(
    {
        "__call__": _options,
        "reduce": _reduce,
        "accumulate": _accumulate,
        "outer": _outer,
        "reduceat": _reduceat,
    }
)
UFUNCS.setdefault(np.bitwise_and, both), UFUNCS.setdefault(np.bitwise_or, either)
