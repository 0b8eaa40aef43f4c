"""Rows of entry numbers: for every entry of an array, the entries of the input that it depends on,
as a scipy.sparse CSR matrix of truth values with one row per entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.errors import BadValue, MissingPackage

MOST = 2**27
"""A pattern with more entries than this is refused: 128 million, 1.5 GB as a float64 matrix."""

Rows = Any
"""A scipy.sparse CSR array of truth values, or None where nothing depends on the input."""


def sparse() -> Any:
    """scipy.sparse. Raises ImportError with what to install."""
    try:
        import scipy.sparse
    except ImportError as error:
        raise MissingPackage(
            "sparse derivatives need scipy, which is not installed: pip install 'admodes[sparse]'"
        ) from error
    return scipy.sparse


def check_entries(count: int) -> None:
    """Refuse a pattern that is not sparse. Raises ValueError."""
    if count > MOST:
        raise BadValue(
            f"the derivative is not sparse: on the way to its pattern {count} entries are needed; "
            "use ad.jacobian or ad.hessian, or products with it (ad.jvp, ad.vjp, ad.hvp)"
        )


def csr(indptr: Any, indices: Any, n: int) -> Rows:
    """The matrix of n columns whose row i has the entries indices[indptr[i]:indptr[i + 1]]."""
    wide = np.int64 if max(n, len(indices)) >= 2**31 else np.int32
    data = np.ones(len(indices), bool)
    parts = data, indices.astype(wide, copy=False), indptr.astype(wide, copy=False)
    return sparse().csr_array(parts, shape=(len(indptr) - 1, n))


def identity(n: int) -> Rows:
    """Every entry depends on itself."""
    return csr(np.arange(n + 1), np.arange(n), n)


def _summed(counts: np.ndarray) -> np.ndarray:
    """Where each row starts, and the last one ends, from the numbers of their entries."""
    starts = np.zeros(len(counts) + 1, np.intp)
    np.cumsum(counts, out=starts[1:])
    return starts


def gathered(rows: Rows, origin: np.ndarray) -> Rows:
    """The rows with the numbers origin; -1 stands for an empty row."""
    origin = origin.ravel()
    if len(origin) == rows.shape[0] and np.array_equal(origin, np.arange(len(origin))):
        return rows
    start = rows.indptr[origin]
    # Of an empty row the start is the last number and the end the first.
    count = np.maximum(rows.indptr[origin + 1] - start, 0)
    indptr = _summed(count)
    check_entries(int(indptr[-1]))
    within = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - start, count)
    return csr(indptr, rows.indices[within], rows.shape[1])


def collected(rows: Rows, into: np.ndarray, of: np.ndarray, size: int) -> Rows:
    """size rows: row into[k] is the union of the rows of[k], for all k."""
    check_entries(int(np.diff(rows.indptr)[of.ravel()].sum()))
    ones = np.ones(of.size, bool)
    shape = (size, rows.shape[0])
    which = sparse().coo_array((ones, (into.ravel(), of.ravel())), shape=shape).tocsr()
    found = which @ rows
    found.sort_indices()
    return found


def stacked(parts: list[Rows], sizes: list[int], n: int) -> Rows:
    """The rows of several arrays one below the other; a part that is None has empty rows."""
    counts = [
        np.zeros(size, np.intp) if part is None else np.diff(part.indptr)
        for part, size in zip(parts, sizes, strict=True)
    ]
    indptr = _summed(np.concatenate(counts))
    indices = [part.indices for part in parts if part is not None]
    return csr(indptr, np.concatenate(indices), n)


def union(parts: list[Rows]) -> Rows:
    """What any of the parts depends on; None where there is none."""
    total = None
    for part in parts:
        if part is not None and part is not total:
            total = part if total is None else total + part
    return total
