"""Norms of vectors and matrices, and the condition number, on traced values."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import implements
from admodes.core.op import REGISTRY
from admodes.core.space import is_complex
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.decompositions import svd_of
from admodes.numpy_functions.layout import moveaxis
from admodes.numpy_functions.linalg import square_matrix
from admodes.numpy_functions.statistics import np_max, np_min, np_sum
from admodes.ops.arithmetic import absolute_square, root
from admodes.ops.comparisons import where
from admodes.ops.linalg import inv
from admodes.ops.reductions import all_axes, kept_shape, sum_
from admodes.ops.shaping import array, constant, rank_of, reshape


def _size_of_vector(x: Any, order: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if order is None or order == 2:
        total = sum_(absolute_square(x), axis=axis, keepdims=keepdims)
        return root(total)
    size = REGISTRY["abs"](x) if not is_complex(x) else np.abs(x)
    if isinstance(order, str):
        raise BadValue(f"np.linalg.norm: there is no norm of order {order!r} of a vector")
    if order == np.inf:
        return np_max(size, axis, keepdims=keepdims)
    if order == -np.inf:
        return np_min(size, axis, keepdims=keepdims)
    if order == 0:
        return sum_(where(x != 0, constant(1.0, x), constant(0.0, x)), axis=axis, keepdims=keepdims)
    if order == 1:
        return sum_(size, axis=axis, keepdims=keepdims)
    return sum_(size**order, axis=axis, keepdims=keepdims) ** (1.0 / order)


def _size_of_matrix(x: Any, order: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    row, column = axes
    if order in (None, "fro"):
        return _size_of_vector(x, 2, axes, keepdims)
    if order in (1, -1, np.inf, -np.inf):
        inner, outer = (row, column) if order in (1, -1) else (column, row)
        sums = np_sum(np.abs(x), inner, keepdims=True)
        y = (np_max if order > 0 else np_min)(sums, outer, keepdims=True)
    elif order in (2, -2, "nuc"):
        s = svd_of(moveaxis(x, axes, (-2, -1)), compute_uv=False)
        y = np_sum(s, -1) if order == "nuc" else s[..., 0 if order == 2 else -1]
        y = reshape(y, shape=kept_shape(shape_of(x), axes))
    else:
        raise BadValue(f"np.linalg.norm: there is no norm of order {order!r} of a matrix")
    if keepdims:
        return y
    kept = tuple(n for i, n in enumerate(shape_of(x)) if i not in axes)
    return reshape(y, shape=kept)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm with all orders; the derivative of the 2-norm at 0 is 0, in both modes."""
    x = array(x)
    if axis is None and ord is None:
        return _size_of_vector(x, None, tuple(range(rank_of(x))), keepdims)
    axes = all_axes(axis, rank_of(x))
    if len(axes) == 1:
        return _size_of_vector(x, ord, axes, keepdims)
    if len(axes) != 2:
        raise BadValue("np.linalg.norm: an order needs one axis or two")
    return _size_of_matrix(x, ord, (axes[0], axes[1]), keepdims)


if hasattr(np.linalg, "vector_norm"):

    @implements(np.linalg.vector_norm)
    def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
        axes = all_axes(axis, rank_of(x))
        return _size_of_vector(x, ord, axes, keepdims)

    @implements(np.linalg.matrix_norm)
    def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
        rank = rank_of(x)
        return _size_of_matrix(x, ord, (rank - 2, rank - 1), keepdims)


@implements(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    x = array(x)
    if p in (None, 2, -2):
        s = svd_of(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    axes = (rank_of(x) - 2, rank_of(x) - 1)
    turned = inv(square_matrix(x, "cond"))
    return _size_of_matrix(x, p, axes, False) * _size_of_matrix(turned, p, axes, False)
