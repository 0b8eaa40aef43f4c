"""Products with a sparse matrix of which all is constant: the transpose, if it is not the matrix
itself, is laid out by rows once, so that its product writes each entry once; and a factor is taken
out of what the matrix is multiplied with."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref
from admodes.optimisation.folding import Folding, Table
from admodes.optimisation.literals import number
from admodes.optimisation.rules.sums import factor


def by_rows(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Aᵀ x by the rows of Aᵀ, with the same order of additions; A x where A is symmetric."""
    *matrix, x = args
    if not params["transposed"] or any(a.__class__ is Ref for a in matrix):
        return None
    data, indices, indptr = matrix
    if data.dtype != np.float64:
        return None
    n, m = params["shape"]
    order = np.argsort(indices, kind="stable")
    rows = np.repeat(np.arange(m, dtype=indices.dtype), np.diff(indptr))
    ends = np.concatenate([[0], np.cumsum(np.bincount(indices, minlength=n))])
    turned = data[order], rows[order], ends.astype(indptr.dtype)
    if n == m and all(map(np.array_equal, turned, matrix)):
        turned = data, indices, indptr
    return copy.make("sparse_matmul", *turned, x, like=value, shape=(n, m), transposed=False)


def scaled(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A (c x) = c (A x) where |c| is at most 1, so that nothing becomes smaller on the way."""
    *matrix, x = args
    product = copy.made(x, "multiply")
    if product is None or not copy.once(x) or value.dtype != np.float64 or not copy.shows():
        return None
    for a, y in (product.args, product.args[::-1]):
        c = number(a)
        if c is not None and factor(c) and abs(c) <= 1 and copy.alike(y, product.like):
            inner = copy.make("sparse_matmul", *matrix, y, like=value, **params)
            return copy.make("multiply", c, inner, like=value)
    return None


TABLE: Table = {REGISTRY["sparse_matmul"]: (by_rows, scaled)}
