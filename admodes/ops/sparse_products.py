"""The declaration of the product of a sparse matrix of scipy with a vector or a matrix. The matrix
is its numbers and the places of them, by rows (CSR); it is no carrier, and its numbers may be."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.structure import Linked
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.ops.arithmetic import multiply
from admodes.ops.indexing import first_last, last_first
from admodes.ops.products import matrix_transpose
from admodes.ops.reductions import sum_
from admodes.ops.shaping import reshape, stack


def _places(indices: Any, indptr: Any, transposed: bool) -> tuple[np.ndarray, np.ndarray]:
    """The row and the column of every number of the matrix, or of its transpose."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return (np.asarray(indices), rows) if transposed else (rows, np.asarray(indices))


@functools.cache
def _bare() -> Any:
    """What scipy's products end in, which is handed arrays: an object that holds them takes longer
    to make than a short product. None where this scipy has none such."""
    try:
        from scipy.sparse import _sparsetools
    except ImportError:
        return None
    names = ("csr_matvec", "csr_matvecs", "csc_matvec", "csc_matvecs")
    return _sparsetools if all(hasattr(_sparsetools, name) for name in names) else None


def _by_scipy(data: Any, indices: Any, indptr: Any, x: Any, shape: Any, transposed: bool) -> Any:
    kind = "csc" if transposed else "csr"
    sizes = len(indptr) - 1, len(indices), len(indices)
    fits = sizes == (shape[1 if transposed else 0], data.size, indptr[-1])
    if _bare() is None or not fits or data.dtype != x.dtype or indices.dtype != indptr.dtype:
        import scipy.sparse

        made = getattr(scipy.sparse, f"{kind}_array")
        return made((data, indices, indptr), shape=shape) @ x
    y = np.zeros((shape[0], *x.shape[1:]), x.dtype)
    if x.ndim == 1:
        getattr(_bare(), f"{kind}_matvec")(*shape, indptr, indices, data, x, y)
    else:
        product = getattr(_bare(), f"{kind}_matvecs")
        product(*shape, x.shape[1], indptr, indices, data, x.ravel(), y.ravel())
    return y


def _value(data: Any, indices: Any, indptr: Any, x: Any, shape: Any, transposed: bool) -> Any:
    if data.dtype.kind in "fc" and x.dtype.kind in "fc":
        return _by_scipy(data, indices, indptr, x, shape, transposed)
    # Expressions and numbers of many digits.
    into, of = _places(indices, indptr, transposed)
    y = np.zeros((shape[0], *x.shape[1:]), np.result_type(data, x))
    np.add.at(y, into, data.reshape(-1, *(1,) * (x.ndim - 1)) * x[of])
    return y


def _of_data(w: Any, y: Any, data: Any, indices: Any, indptr: Any, x: Any, **params: Any) -> Any:
    into, of = _places(indices, indptr, params["transposed"])
    products = multiply(w[into], x[of])
    return products if len(shape_of(x)) == 1 else sum_(products, axis=1)


def _of_array(
    w: Any, y: Any, data: Any, indices: Any, indptr: Any, x: Any, shape: Any, transposed: bool
) -> Any:
    return sparse_matmul(data, indices, indptr, w, shape=shape[::-1], transposed=not transposed)


def _none(*args: Any, **params: Any) -> None:
    return None


def _batch(args: tuple, mapped: tuple, **params: Any) -> Any:
    """Samples of an array are further columns; of the numbers of the matrix, one product each."""
    data, indices, indptr, x = args
    if mapped[0]:
        samples = range(shape_of(data)[0])
        made = [(data[k], indices, indptr, x[k] if mapped[3] else x) for k in samples]
        return stack([sparse_matmul(*each, **params) for each in made])
    n, length, *columns = shape_of(x)
    wide = reshape(first_last(x), shape=(length, math.prod(columns) * n))
    y = sparse_matmul(data, indices, indptr, wide, **params)
    return last_first(reshape(y, shape=(params["shape"][0], *columns, n)))


def _links(i: int, args: tuple, params: dict) -> tuple[np.ndarray, np.ndarray]:
    _, indices, indptr, x = args
    into, of = _places(indices, indptr, params["transposed"])
    of = np.arange(len(of)) if i == 0 else of
    columns = np.arange(math.prod(shape_of(x)[1:]))
    into = into[:, None] * len(columns) + columns
    read = of[:, None] * (1 if i == 0 else len(columns)) + (0 if i == 0 else columns)
    return into.ravel(), np.broadcast_to(read, into.shape).ravel()


def _cost(args: tuple, y: Any, **params: Any) -> dict[str, int]:
    """A multiplication and an addition for each number of the matrix and each column."""
    count = len(args[1]) * math.prod(shape_of(args[3])[1:])
    filled = len(np.unique(_places(args[1], args[2], params["transposed"])[0]))
    return {
        "multiplications": count,
        "additions": count - filled * math.prod(shape_of(args[3])[1:]),
    }


sparse_matmul: Op = linear(
    "sparse_matmul",
    _value,
    _of_data,
    _none,
    _none,
    _of_array,
    arity=4,
    joint=False,
    differentiable=(True, False, False, True),
    structure=Linked(_links),
    batch=_batch,
    cost=_cost,
    text="{0}[{1}, {2}] {3}",
    latex="{0}[{1}, {2}] {3}",
    doc="The product of a sparse matrix, given by its numbers and their places in CSR, or of its "
    "transpose, with a vector or a matrix.",
    kind="multiplications",
)


def sparse_product(a: Any, b: Any, left: bool = False) -> Any:
    """a @ b, where the one is a sparse matrix of scipy, b if left, and the other a traced vector or
    matrix. Raises ValueError for shapes that do not fit."""
    if left:
        if len(shape_of(a)) == 1:
            return sparse_product(b.T, a)
        return matrix_transpose(sparse_product(b.T, matrix_transpose(a)))
    if len(shape_of(b)) not in (1, 2) or a.ndim != 2 or a.shape[1] != shape_of(b)[0]:
        raise BadValue(
            f"the product of a sparse matrix of shape {a.shape} with an array of shape "
            f"{shape_of(b)}: the columns of the one are the rows of the other"
        )
    columns = a.format == "csc"
    rows = a if columns or a.format == "csr" else a.tocsr()
    data = rows.data if rows.data.dtype.kind in "fc" else rows.data.astype(float)
    return sparse_matmul(
        data, rows.indices, rows.indptr, b, shape=tuple(a.shape), transposed=columns
    )
