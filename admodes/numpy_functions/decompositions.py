"""NumPy's decompositions of matrices on traced values: eigh, svd and qr, whose factors are taken
out of the one vector that the operation gives, and least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import implements
from admodes.core.op import REGISTRY
from admodes.core.space import is_complex
from admodes.core.values import shape_of
from admodes.errors import BadType
from admodes.numpy_functions.linalg import square_matrix
from admodes.ops.arithmetic import absolute_square
from admodes.ops.decompositions import _svd_shapes, eigh, qr, singular_values, svd, unpacked
from admodes.ops.linalg import adjoint, pinv
from admodes.ops.options import steered
from admodes.ops.products import matmul
from admodes.ops.shaping import array, concatenate, floating, rank_of


@implements(np.linalg.eigh)
def _eigh(a: Any, UPLO: str = "L") -> Any:
    a = square_matrix(a, "eigh")
    lead, n = shape_of(a)[:-2], shape_of(a)[-1]
    w, v = unpacked(eigh(a, uplo=UPLO), lead, [(n,), (n, n)])
    w = REGISTRY["real"](w) if is_complex(a) else w
    return type(np.linalg.eigh(np.eye(1)))(w, v)


@implements(np.linalg.eigvalsh)
def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return _eigh(a, UPLO)[0]


@implements(np.linalg.svd)
def svd_of(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """np.linalg.svd."""
    a = array(a)
    lead, m, n, k = _svd_shapes(a)
    if compute_uv and full_matrices and m != n:
        raise BadType(
            "np.linalg.svd of a traced value: full_matrices=True has columns without a derivative; "
            "write full_matrices=False"
        )
    whole = svd(a)
    u, _, vh = unpacked(whole, lead, [(m, k), (k,), (k, n)])
    s = singular_values(whole, a)
    s = REGISTRY["real"](s) if is_complex(a) else s
    return type(np.linalg.svd(np.eye(1)))(u, s, vh) if compute_uv else s


if hasattr(np.linalg, "svdvals"):
    implements(np.linalg.svdvals)(lambda x, /: svd_of(x, compute_uv=False))


@implements(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    a = array(a)
    *lead, m, n = shape_of(a)
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise BadType(f"np.linalg.qr of a traced value: mode={mode!r} has no derivative")
    k = min(m, n)
    q, r = unpacked(qr(a[..., :k]), tuple(lead), [(m, k), (k, k)])
    if n > m:
        r = concatenate([r, matmul(adjoint(q), a[..., k:])], axis=rank_of(a) - 1)
    return r if mode == "r" else type(np.linalg.qr(np.eye(1)))(q, r)


@implements(np.linalg.lstsq)
def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The solution by the Moore-Penrose inverse, so that it also holds where columns depend on each
    other."""
    a, b = floating(a), floating(b)
    m, n = shape_of(a)
    cut = np.finfo(a.dtype).eps * max(m, n) if rcond is None else rcond
    x = matmul(pinv(a, rcond=max(cut, np.finfo(a.dtype).eps)), b)
    rank = steered(lambda plain: np.linalg.lstsq(plain, np.zeros(m), rcond)[2], a)
    left = absolute_square(b - matmul(a, x))
    residuals = np.sum(left, axis=0, keepdims=rank_of(b) == 1)
    return x, residuals if rank == n < m else np.zeros(0), int(rank), svd_of(a, compute_uv=False)
