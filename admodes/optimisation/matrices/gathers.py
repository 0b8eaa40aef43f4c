"""Sums over entries or rows that an index picks, and their transposes, as products with a sparse
matrix: what is picked is added up where it is read, without an array of all that is picked, and
what is added to every entry of a stretched array is read once.

The matrix has a number for each pick, 1 or the factor that the pick is taken times. scipy has the
product, and where it is not installed nothing changes. Sums are taken in another order.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref
from admodes.core.values import shape_of
from admodes.ops.indexing import picked_rows
from admodes.optimisation.folding import Folding, Table, params_of

MANY = 256
"""So many picks are added faster by a sparse product, which takes longer to call."""


class Picks(NamedTuple):
    """The rows that an index picks out of so many rows of a width, and the lengths of its axes."""

    rows: np.ndarray
    among: int
    width: int

    def order(self, axes: tuple[int, ...]) -> tuple[int, ...]:
        """The axes of the index, those that are summed last."""
        return (*(k for k in range(self.rows.ndim) if k not in axes), *axes)

    def matrix(self, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, int]:
        """The places of a matrix in CSR with a row for each sum over these axes of the index, and
        how many rows it has."""
        each = math.prod(self.rows.shape[k] for k in axes)
        kind = np.int32 if max(self.rows.size, self.among) < np.iinfo(np.int32).max else np.int64
        indices = np.ascontiguousarray(self.rows.transpose(self.order(axes))).ravel().astype(kind)
        return indices, np.arange(0, indices.size + 1, each, dtype=kind), indices.size // each


def _picks(index: Any, shape: tuple[int, ...]) -> Picks | None:
    rows = picked_rows(index, shape)
    if rows is None or rows.size < MANY or not find_spec("scipy"):
        return None
    lead = len(index) if isinstance(index, tuple) else 1
    return Picks(rows, math.prod(shape[:lead]), math.prod(shape[lead:]))


def _is_double(copy: Folding, a: Any) -> bool:
    return a.__class__ is Ref and getattr(copy.value(a), "dtype", None) == np.float64


def _lined(copy: Folding, x: Any, rows: int, width: int) -> Any:
    """An array as one row for each of rows."""
    shape = (rows,) if width == 1 else (rows, width)
    return copy.make("reshape", x, shape=shape) if shape_of(copy.value(x)) != shape else x


def _picked(copy: Folding, a: Any) -> tuple[Any, Picks] | None:
    """The array and the picks where an argument is picked out of it for this row alone."""
    step = copy.made(a, "getitem")
    if step is None or not copy.once(a) or step.dtype != np.float64:
        return None
    found = _picks(params_of(step)["index"], shape_of(copy.value(step.args[0])))
    return None if found is None else (step.args[0], found)


def _product(copy: Folding, data: Any, picks: Picks, axes: tuple, x: Any, back: bool) -> Any:
    indices, indptr, sums = picks.matrix(axes)
    shape = (picks.among, sums) if back else (sums, picks.among)
    lined = _lined(copy, x, shape[1], picks.width)
    data = np.ones(indices.size) if data is None else data
    return copy.make("sparse_matmul", data, indices, indptr, lined, shape=shape, transposed=back)


def total(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Σ x[index] over axes of the index; a mean is that over their length."""
    found = _picked(copy, args[0])
    if found is None or value.__class__ is not np.ndarray:
        return None
    x, picks = found
    shape = shape_of(copy.value(args[0]))
    axes = op.structure.axes(shape, params)
    if not axes or max(axes) >= picks.rows.ndim:
        return None
    summed = _product(copy, None, picks, axes, x, False)
    whole = copy.make("reshape", summed, like=value, shape=value.shape)
    each = math.prod(shape[k] for k in axes)
    return copy.make("divide", whole, float(each), like=value) if op.structure.averages else whole


def weighted(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Σ w x[index] over the last axes of the index, where x has one axis for each array of it."""
    terms, output = params["terms"], params["output"]
    if len(args) != 2 or terms[0] != terms[1] or not terms[0].startswith(output):
        return None
    for a, w in (args, args[::-1]):
        found = _picked(copy, a)
        if found is None or not _is_double(copy, w) or found[1].width != 1 or not output:
            continue
        x, picks = found
        axes = tuple(range(len(output), picks.rows.ndim))
        data = _lined(copy, w, picks.rows.size, 1)
        summed = _product(copy, data, picks, axes, x, False)
        return copy.make("reshape", summed, like=value, shape=value.shape)
    return None


def added(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """What is stretched along axes of the index, or taken times a weight after that, and then added
    where the index says."""
    (x,) = args
    if x.__class__ is not Ref or not copy.once(x) or value.dtype != np.float64:
        return None
    step = copy.made(x, "broadcast_to", "multiply")
    picks = None if step is None else _picks(params["index"], value.shape)
    if step is None or picks is None or step.shape[: picks.rows.ndim] != picks.rows.shape:
        return None
    if step.op is REGISTRY["broadcast_to"]:
        found = _added(copy, picks, None, step.args[0], step.shape)
    else:
        found = None
        for w, y in (step.args, step.args[::-1]) if picks.width == 1 else ():
            if found is None and _is_double(copy, w) and shape_of(copy.value(w)) == step.shape:
                found = _added(copy, picks, _lined(copy, w, step.size, 1), y, step.shape)
    return None if found is None else copy.make("reshape", found, like=value, shape=value.shape)


def minus(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """What is added with a minus sign, where the sum has fewer entries."""
    (x,) = args
    negated = copy.made(x, "negate")
    if negated is None or not copy.once(x) or negated.size <= value.size:
        return None
    if not copy.zeros_are_alike():
        return None
    placed = copy.make("place", *negated.args, like=value, **params)
    return copy.make("negate", placed, like=value)


def difference(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """What is added in some places and taken away in others, as what flows along the edges of a
    graph, in one product: its matrix has 1 and -1."""
    one, two = (copy.made(a, "place") for a in args)
    if one is None or two is None or not all(map(copy.once, args)):
        return None
    (x,), (y,), shape = one.args, two.args, value.shape
    same = _is_double(copy, x) and y.__class__ is Ref and x == y
    if not same or not one.shape == two.shape == shape:
        return None
    added, taken = (_picks(params_of(step)["index"], shape) for step in (one, two))
    if added is None or taken is None or added.width != taken.width:
        return None
    rows = np.concatenate([added.rows.ravel(), taken.rows.ravel()])
    among, count = added.among, added.rows.size
    order = np.argsort(rows, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=among))])
    kind = np.int32 if max(rows.size, among) < np.iinfo(np.int32).max else np.int64
    matrix = np.where(order < count, 1.0, -1.0), (order % count).astype(kind), ends.astype(kind)
    lined = _lined(copy, x, count, added.width)
    summed = copy.make("sparse_matmul", *matrix, lined, shape=(among, count), transposed=False)
    return copy.make("reshape", summed, like=value, shape=shape)


def _added(copy: Folding, picks: Picks, data: Any, y: Any, shape: tuple[int, ...]) -> Any:
    own = shape_of(copy.value(y))
    rank = picks.rows.ndim
    if not _is_double(copy, y) or len(own) != len(shape) or own[rank:] != shape[rank:]:
        return None
    axes = tuple(k for k in range(rank) if own[k] != shape[k])
    if not axes:
        return None
    if data is not None and picks.order(axes) != tuple(range(rank)):
        return None
    return _product(copy, data, picks, axes, y, True)


TABLE: Table = {
    REGISTRY["sum"]: (total,),
    REGISTRY["mean"]: (total,),
    REGISTRY["einsum"]: (weighted,),
    REGISTRY["place"]: (minus, added),
    REGISTRY["subtract"]: (difference,),
}
