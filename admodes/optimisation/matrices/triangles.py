"""Systems with a triangular matrix are solved by substitution: a Cholesky factor, the R of a QR
decomposition, what np.tril or np.triu gives, or the transpose of one, needs no LU factors, so that
n³ operations are left of 8/3 n³ where there are n right-hand sides, and n² of 2/3 n³ where there is
one.

NumPy has no such function; scipy's LAPACK has, and is taken where it is installed. The result
differs by rounding: substitution is backward stable (N. Higham, Accuracy and Stability of Numerical
Algorithms, 2002, 8.1), as Gaussian elimination with pivots is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.optimisation.folding import Folding, Table, by_kernel, params_of

SOLVE = REGISTRY["solve"]


@functools.cache
def _routine() -> Callable[..., tuple]:
    from scipy.linalg.lapack import dtrtrs

    return dtrtrs  # type: ignore[no-any-return]


def _substituted(a: np.ndarray, b: np.ndarray, lower: bool) -> np.ndarray:
    """The solution of a x = b by LAPACK, whose matrices lie column by column in memory."""
    rows = a.flags.c_contiguous
    x, info = _routine()(a.T if rows else a, b, lower=lower != rows, trans=rows)
    if info:
        raise np.linalg.LinAlgError("Singular matrix")
    return x  # type: ignore[no-any-return]


SUBSTITUTION = by_kernel(
    SOLVE,
    _substituted,
    "solve_triangular",
    "The solution X of A X = B, where A has zeros above or below its diagonal.",
)


def solve(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A solution by substitution, where the matrix has zeros on one side of its diagonal."""
    a, b = args
    held = copy.value(a), copy.value(b)
    if any(x.__class__ is not np.ndarray or x.dtype != np.float64 for x in held) or not value.size:
        return None
    lower = _is_lower(copy, a)
    if lower is None or held[0].ndim != 2 or value.ndim > 2 or not find_spec("scipy"):
        return None
    return copy.row(SUBSTITUTION, args, {"lower": lower}, value)


def _is_lower(copy: Folding, a: Any) -> bool | None:
    """Whether a matrix has zeros above its diagonal for certain; False for below, else None."""
    turned = copy.made(a, "transpose")
    if turned is not None and params_of(turned)["axes"] == (1, 0):
        found = _is_lower(copy, turned.args[0])
        return None if found is None else not found
    if copy.made(a, "cholesky") is not None or _cut(copy, a, "tril") <= 0:
        return True
    return False if _is_r(copy, a) or _cut(copy, a, "triu") >= 0 else None


def _cut(copy: Folding, a: Any, name: str) -> float:
    """The diagonal at which np.tril or np.triu cuts; nan where a matrix is not what that gives."""
    cut = copy.made(a, name)
    return math.nan if cut is None else float(params_of(cut).get("k", 0))


def _is_r(copy: Folding, a: Any) -> bool:
    """Whether a matrix is the second part of what qr gives."""
    shaped = copy.made(a, "reshape")
    part = shaped and copy.made(shaped.args[0], "getitem")
    if not part or copy.made(part.args[0], "qr") is None:
        return False
    index = params_of(part)["index"]
    last = index[-1] if isinstance(index, tuple) else index
    joined, n = copy.value(part.args[0]).size, copy.value(a).size
    return isinstance(last, slice) and last.indices(joined) == (joined - n, joined, 1)


TABLE: Table = {SOLVE: (solve,)}
