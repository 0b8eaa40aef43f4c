"""NumPy's linear algebra on traced values: inv, solve, det, cholesky, pinv, matrix_power, multi_dot
and others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, implements
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.layout import size_of
from admodes.numpy_functions.splits import best_splits
from admodes.ops.linalg import cholesky, det, det_sign, inv, logdet, pinv, solve
from admodes.ops.options import no_out
from admodes.ops.products import matmul
from admodes.ops.shaping import array, broadcast_to, matrix_transpose, rank_of, reshape


def square_matrix(a: Any, who: str) -> Any:
    """a as a square matrix, or a stack of them. Raises LinAlgError."""
    a = array(a)
    shape = shape_of(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise np.linalg.LinAlgError(f"{who}: a square matrix is needed, got shape {shape}")
    return a


@implements(np.linalg.inv)
def _inv(a: Any) -> Any:
    return inv(square_matrix(a, "inv"))


@implements(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    a, b = square_matrix(a, "solve"), array(b)
    if rank_of(b) == 1:
        return solve(a, reshape(b, shape=(*shape_of(b), 1)))[..., 0]
    return solve(a, b)


@implements(np.linalg.det)
def _det(a: Any) -> Any:
    return det(square_matrix(a, "det"))


@implements(np.linalg.slogdet)
def _slogdet(a: Any) -> Any:
    a = square_matrix(a, "slogdet")
    return type(np.linalg.slogdet(np.eye(1)))(det_sign(a), logdet(a))


@implements(np.linalg.cholesky)
def _cholesky(a: Any, *, upper: bool = False) -> Any:
    a = square_matrix(a, "cholesky")
    return matrix_transpose(cholesky(matrix_transpose(a))) if upper else cholesky(a)


@implements(np.linalg.pinv)
def _pinv(a: Any, rcond: Any = None, **options: Any) -> Any:
    given = {k: v for k, v in (options | {"rcond": rcond}).items() if v is not None}
    return pinv(array(a), **{k: v for k, v in given.items() if v is not np._NoValue})


@implements(np.linalg.matrix_power)
def _matrix_power(a: Any, n: int) -> Any:
    a = square_matrix(a, "matrix_power")
    if n == 0:
        return broadcast_to(np.eye(shape_of(a)[-1], dtype=a.dtype), shape=shape_of(a))
    base, n = (inv(a), -n) if n < 0 else (a, n)
    found = None
    while n:
        if n & 1:
            found = base if found is None else matmul(found, base)
        n >>= 1
        base = matmul(base, base) if n else base
    return found


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Any, *, out: None = None) -> Any:
    no_out(out, "np.linalg.multi_dot")
    parts = [array(a) for a in arrays]
    if len(parts) < 2:
        raise BadValue("multi_dot: at least two arrays are needed")
    rows = shape_of(parts[0])[0] if rank_of(parts[0]) == 2 else 1
    columns = (shape_of(p)[-1] if rank_of(p) == 2 else 1 for p in parts[1:])
    dims = [rows, shape_of(parts[0])[-1], *columns]
    splits = best_splits(dims)

    def product(i: int, j: int) -> Any:
        if j - i == 1:
            return parts[i]
        k = int(splits[i, j])
        return matmul(product(i, k), product(k, j))

    return product(0, len(parts))


@implements(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = array(a), array(b)
    if axes is not None:
        last = [k % rank_of(a) for k in axes]
        a = FUNCTIONS[np.moveaxis](a, last, range(rank_of(a) - len(last), rank_of(a)))
    inner = shape_of(a)[rank_of(b) :]
    square = reshape(a, shape=(size_of(b), math.prod(inner)))
    return reshape(_solve(square, reshape(b, shape=(size_of(b),))), shape=inner)


@implements(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    a = array(a)
    outer, inner = shape_of(a)[:ind], shape_of(a)[ind:]
    square = reshape(a, shape=(math.prod(outer), math.prod(inner)))
    return reshape(_inv(square), shape=inner + outer)
