"""The declarations of reductions with their transposes: sum, mean, max, min, prod; and of sort.

Ties of max and min share the derivative equally, so that its weights add to 1; sort moves equal
entries in their order.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.forms import Domain, Example, Kink
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.space import dtype_of, space, zeros
from admodes.core.structure import ALONG, reduction
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.arithmetic import divide, multiply
from admodes.ops.comparisons import is_extreme, where
from admodes.ops.indexing import take_along_axis
from admodes.ops.scans import along, cumprod_
from admodes.ops.shaping import array, broadcast_to, concatenate, reshape, spread

MANY = 16
"""Of more ranks than this all entries are sorted."""


def all_axes(axis: Any, rank: int) -> tuple[int, ...]:
    """An axis argument of NumPy as a tuple of axes counted from 0. Raises np.exceptions.AxisError
    for an axis that is not there."""
    if axis is None:
        return tuple(range(rank))
    if axis.__class__ is int and -rank <= axis < rank:
        return (axis % rank,)
    if rank == 0 and axis.__class__ is int and axis in (0, -1):
        # As NumPy's ufuncs, which reduce a number along its first axis.
        return ()
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(np.lib.array_utils.normalize_axis_index(int(a), rank) for a in given)


def one_axis(axis: Any, rank: int) -> int:
    """An axis counted from 0. Raises np.exceptions.AxisError for one that is not there."""
    return int(np.lib.array_utils.normalize_axis_index(operator.index(axis), rank))


def reduced_axes(shape: tuple[int, ...], params: dict) -> tuple[int, ...]:
    """The axes of an array of this shape that a reduction combines."""
    return all_axes(params.get("axis"), len(shape))


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """A shape in which the given axes have length 1."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def fewer(kind: str) -> Callable[..., dict[str, int]]:
    """The cost of a reduction: n entries that become m take n - m operations."""

    def cost(args: tuple, y: Any, **params: Any) -> dict[str, int]:
        return {kind: max(math.prod(shape_of(args[0])) - math.prod(shape_of(y)), 0)}

    return cost


def _mean_cost(args: tuple, y: Any, **params: Any) -> dict[str, int]:
    return fewer("additions")(args, y) | {"divisions": math.prod(shape_of(y))}


def _sum_transpose(w: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    shape = shape_of(x)
    if axis is not None and not keepdims:
        w = reshape(w, shape=kept_shape(shape, all_axes(axis, len(shape))))
    return broadcast_to(w, shape=shape)


def _total(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


sum_: Op = linear(
    "sum",
    _total,
    _sum_transpose,
    structure=reduction(reduced_axes),
    kind="additions",
    text="Σ {0}",
    latex=r"\sum {0}",
    example=Example(((4,),)),
    doc="The sum of the entries of an array, over all axes or the given ones.",
)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    # Halves are added up in single precision, as in NumPy: their sum would overflow.
    half = getattr(x, "dtype", None) == np.float16
    total = _total(x.astype(np.float32) if half else x, axis, keepdims)
    y = total / (np.size(x) / max(np.size(total), 1))
    return y.astype(np.float16) if half else y


def _mean_transpose(w: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    count = max(math.prod(shape_of(x)) / max(math.prod(shape_of(y)), 1), 1.0)
    # A large count is no half, but its inverse is.
    share = multiply(w, 1.0 / count) if dtype_of(x) == np.float16 else divide(w, count)
    return _sum_transpose(share, y, x, axis, keepdims)


mean_: Op = linear(
    "mean",
    _mean,
    _mean_transpose,
    structure=reduction(reduced_axes, averages=True),
    cost=_mean_cost,
    kind="additions",
    example=Example(((4,),)),
    doc="The mean of the entries of an array, over all axes or the given ones.",
)


def sum(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of an array, or of a list that may hold traced values, over all or some axes.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.grad(lambda x: ad.sum(x * x))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return sum_(array(values), axis=axis, keepdims=keepdims)


def _chosen(y: Any, x: Any, axis: Any) -> tuple[Any, Any]:
    """Which entries were chosen, and how many where there are ties, of which each has the same
    share; 1 where there is none."""
    shape = shape_of(y)
    if shape and len(shape) < len(shape_of(x)):
        shape = kept_shape(shape_of(x), all_axes(axis, len(shape_of(x))))
        y = reshape(y, shape=shape)
    picked = is_extreme(x, y)
    if picked.__class__ is np.ndarray and np.count_nonzero(picked) == math.prod(shape):
        return picked, 1.0
    counted = where(picked, 1.0, 0.0) if isinstance(picked, Carrier) else picked
    return picked, sum_(counted, axis=axis, keepdims=True)


def _extreme(name: str, ufunc: np.ufunc, doc: str) -> Op:
    kernel = ufunc.reduce

    def tangent(tangents: list, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        picked, count = _chosen(y, x, axis)
        share = divide(where(picked, tangents[0], 0.0), count)
        return sum_(share, axis=axis, keepdims=keepdims)

    def cotangent(w: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        picked, count = _chosen(y, x, axis)
        if shape_of(w):
            w = reshape(w, shape=kept_shape(shape_of(x), all_axes(axis, len(shape_of(x)))))
        return where(picked, divide(w, count), 0.0)

    def ties(x: Any, axis: Any, keepdims: bool) -> Any:
        picked = x == kernel(x, axis=axis, keepdims=True)
        return picked & (np.sum(picked, axis=axis, keepdims=True) > 1)

    op: Op = tangential(
        name,
        lambda x, axis, keepdims: kernel(x, axis=axis, keepdims=keepdims),
        tangent,
        cotangent,
        domain=Domain(
            kink=Kink(ties, f"{name[1:]}: a tie, whose entries share the derivative"),
            convention="at a tie: equal shares",
        ),
        structure=reduction(reduced_axes, ufunc),
        cost=fewer("comparisons"),
        example=Example(((4,),), {"axis": None, "keepdims": False}),
        selects=True,
        kind="comparisons",
        takes_complex=True,
        doc=doc,
    )
    return op


amax = _extreme("amax", np.maximum, "The largest entry, over all axes or the given ones.")
amin = _extreme("amin", np.minimum, "The smallest entry, over all axes or the given ones.")


def _others(x: Any, axis: int) -> Any:
    """For each entry the product of the others along the axis, without a division."""
    before, after = along(axis, None, -1), along(axis, None, 0, -1)
    shape = kept_shape(shape_of(x), (axis,))
    one = np.ones(shape, dtype_of(x))
    first = concatenate([one, cumprod_(x[before], axis=axis)], axis)
    last = concatenate([one, cumprod_(x[after], axis=axis)], axis)
    return first * last[along(axis, None, None, -1)]


def _prod_tangent(tangents: list, y: Any, x: Any, axis: int) -> Any:
    (t,) = tangents
    if shape_of(x)[axis] == 0:
        return zeros(shape_of(y), y)
    return sum_(space.strong(_others(x, axis), t), axis=axis)


def _prod_cotangent(w: Any, y: Any, x: Any, axis: int) -> Any:
    if shape_of(x)[axis] == 0:
        return zeros(shape_of(x), x)
    return space.strong(_others(x, axis), reshape(w, shape=kept_shape(shape_of(x), (axis,))))


prod_: Op = tangential(
    "prod",
    lambda x, axis: np.prod(x, axis=axis),
    _prod_tangent,
    _prod_cotangent,
    structure=reduction(reduced_axes, np.multiply),
    cost=fewer("multiplications"),
    kind="multiplications",
    takes_complex=True,
    example=Example(((4,),), {"axis": 0}),
    doc="The product of the entries along an axis; its derivatives hold where entries are 0.",
)


def repeated(x: Any, axis: int) -> Any:
    """Of the sorted entries along an axis, whether the next one is the same."""
    return np.diff(np.sort(x, axis=axis), axis=axis) == 0


argsort: Op = linear(
    "argsort",
    lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
    differentiable=(False,),
    structure=ALONG,
    kind="comparisons",
    doc="The positions that sort an array along an axis; they have no derivative.",
)
argpartition: Op = linear(
    "argpartition",
    lambda x, axis, kth: np.argpartition(x, kth, axis=axis),
    differentiable=(False,),
    structure=ALONG,
    kind="comparisons",
    doc="The positions that partition an array along an axis; they have no derivative.",
)


def _argrank(x: Any, ranks: Any, axis: int) -> Any:
    if np.ndim(x) == 1 and np.shape(ranks) == (1,):
        # One entry of one line, as in a median, is found without what lines need.
        (rank,) = map(int, np.asarray(ranks))
        value = np.partition(x, rank)[rank]
        same = x == value
        if np.count_nonzero(same) == 1:
            return same.argmax(keepdims=True)
    lines, ranks = (np.moveaxis(np.asarray(z), axis, -1) for z in (x, ranks))
    shape = ranks.shape
    lines = lines.reshape(-1, lines.shape[-1])
    ranks = ranks.reshape(len(lines), shape[-1]).astype(np.intp)
    wanted = np.unique(ranks)
    if wanted.size > MANY:
        found = np.take_along_axis(np.argsort(lines, axis=1, kind="stable"), ranks, 1)
    else:
        values = np.take_along_axis(np.partition(lines, wanted, axis=1), ranks, 1)
        found = np.stack([_nth(lines, v[:, None], k) for v, k in zip(values.T, ranks.T)], 1)
    return np.moveaxis(found.reshape(shape), -1, axis)


def _nth(lines: np.ndarray, value: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Where in each line the entry of a rank is, which has this value."""
    nan = value != value
    same = np.where(nan, lines != lines, lines == value) if nan.any() else lines == value
    if np.count_nonzero(same) > len(lines):
        below = np.where(nan, lines == lines, lines < value).sum(axis=1)
        same &= np.cumsum(same, axis=1) == (rank - below + 1)[:, None]
    return np.argmax(same, axis=1)


argrank: Op = linear(
    "argrank",
    _argrank,
    arity=2,
    differentiable=(False, False),
    structure=ALONG,
    domain=Domain(
        kink=Kink(
            lambda x, ranks, axis: repeated(x, axis), "order: equal entries, which keep their order"
        ),
        convention="equal entries keep their order",
    ),
    batch=lambda args, mapped, axis: argrank(*spread(args, mapped), axis=axis + 1),
    kind="comparisons",
    doc="The positions of the entries with given ranks in ascending order along an axis, where "
    "equal entries keep their order; they have no derivative.",
)
sort_: Op = tangential(
    "sort",
    lambda x, axis: np.sort(x, axis=axis),
    lambda tangents, y, x, axis: take_along_axis(tangents[0], argsort(x, axis=axis), axis=axis),
    domain=Domain(
        kink=Kink(lambda x, axis: repeated(x, axis), "sort: equal entries, which keep their order"),
        convention="equal entries keep their order",
    ),
    structure=ALONG,
    kind="comparisons",
    selects=True,
    doc="The entries in ascending order along an axis; equal entries keep their order.",
)
