"""The declarations of decompositions of matrices: eigh, svd, singular values and their squares, qr.

Each gives its factors in one vector, so that it is one operation with one result; NumPy's functions
(numpy_functions/decompositions.py) take it apart again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.forms import Domain, Kink
from admodes.core.linear import linear
from admodes.core.op import REGISTRY, Op
from admodes.core.space import is_complex
from admodes.core.structure import MATRICES, MOVES
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.comparisons import both, greater, less, where
from admodes.ops.linalg import adjoint, diagonal, from_lower, solve
from admodes.ops.products import matmul
from admodes.ops.reductions import sum_
from admodes.ops.shaping import concatenate, matrix_transpose, reshape
from admodes.ops.strong import strong_mul


def unpacked(y: Any, lead: tuple[int, ...], shapes: list[tuple[int, ...]]) -> list:
    """The factors in the vector y, which have these shapes after the axes of the stack."""
    found, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        part = reshape(y[..., start:stop], shape=(*lead, *shape))
        # NumPy's results are arrays of their own.
        found.append(part.clone() if isinstance(part, Carrier) else part)
        start = stop
    return found


def joined(lead: tuple[int, ...], *parts: Any) -> Any:
    """Factors as one vector, after the axes of the stack."""
    rows = [reshape(p, shape=(*lead, math.prod(shape_of(p)[len(lead) :]))) for p in parts]
    return concatenate(rows, axis=len(lead))


def _eigh_value(a: Any, uplo: Any) -> Any:
    w, v = np.linalg.eigh(a, uplo)
    return np.concatenate([w[..., None, :], v], axis=-2).reshape(*a.shape[:-2], -1)


def gaps_of(w: Any) -> Any:
    """1 / (w_j - w_i), 0 on the diagonal; infinite where two values are equal."""
    n = shape_of(w)[-1]
    across = reshape(w, shape=(*shape_of(w)[:-1], 1, n))
    down = reshape(w, shape=(*shape_of(w), 1))
    off = 1.0 - np.eye(n)
    return off / (across - down + np.eye(n))


def _turn(x: Any, dx: Any) -> Any:
    """The angle by which each vector turns in the complex plane so that its component x stays real
    where it is: LAPACK gives such vectors. 0 where x says nothing about the angle."""
    real, imag = REGISTRY["real"], REGISTRY["imag"]
    told = both(less(REGISTRY["abs"](imag(x)), 1e-12), greater(REGISTRY["abs"](real(x)), 1e-8))
    return where(told, -imag(dx) / where(told, real(x), 1.0), 0.0)


def _turned(x: Any, dx: Any, angle: Any) -> Any:
    """dx for columns x that turn by these angles as well."""
    lead, n = shape_of(angle)[:-1], shape_of(angle)[-1]
    return dx + x * REGISTRY["times_i"](reshape(angle, shape=(*lead, 1, n)), sign=1.0)


def _eigh_tangent(tangents: list, y: Any, a: Any, uplo: str) -> Any:
    lead, n = shape_of(a)[:-2], shape_of(a)[-1]
    w, v = unpacked(y, lead, [(n,), (n, n)])
    t = tangents[0]
    t = from_lower(t if uplo == "L" else adjoint(t))
    inside = matmul(matmul(adjoint(v), t), v)
    dv = matmul(v, strong_mul(gaps_of(w), inside))
    if is_complex(a):
        row = 0 if uplo == "L" else n - 1
        dv = _turned(v, dv, _turn(v[..., row, :], dv[..., row, :]))
    return joined(lead, diagonal(inside), dv)


eigh: Op = tangential(
    "eigh",
    _eigh_value,
    _eigh_tangent,
    domain=Domain(
        kink=Kink(
            lambda a, uplo: np.diff(np.linalg.eigvalsh(a, uplo)) == 0, "eigenvalues that are equal"
        ),
        convention="of equal eigenvalues, that of the vectors that LAPACK gives",
    ),
    structure=MATRICES,
    takes_complex=True,
    conjugates=True,
    raises=True,
    doc="The eigenvalues of a symmetric or Hermitian matrix, and its eigenvectors, in one vector. "
    "The derivatives of eigenvalues are finite also where some are equal; those of eigenvectors "
    "are not, where they are used.",
)


def _svd_shapes(a: Any) -> tuple[tuple, int, int, int]:
    *lead, m, n = shape_of(a)
    return tuple(lead), m, n, min(m, n)


def _svd_value(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    lead = a.shape[:-2]
    parts = (p.reshape(*lead, math.prod(p.shape[len(lead) :])) for p in (u, s, vh))
    return np.concatenate(list(parts), axis=-1)


def _svd_tangent(tangents: list, y: Any, a: Any) -> Any:
    (t,) = tangents
    lead, m, n, k = _svd_shapes(a)
    u, s, vh = unpacked(y, lead, [(m, k), (k,), (k, n)])
    s = REGISTRY["real"](s) if is_complex(a) else s
    v, uh = adjoint(vh), adjoint(u)
    inside = matmul(matmul(uh, t), v)
    other = adjoint(inside)
    row = reshape(s, shape=(*lead, 1, k))
    # No singular value is squared: the square of 1e-200 is 0.
    even = strong_mul(gaps_of(s), 0.5 * (inside + other))
    odd = strong_mul(1.0 / (row + matrix_transpose(row)), 0.5 * (inside - other))
    du, dv = matmul(u, even + odd), matmul(v, even - odd)
    if m > k:
        du = du + strong_mul(1.0 / row, matmul(t, v) - matmul(u, inside))
    if n > k:
        dv = dv + strong_mul(1.0 / row, matmul(adjoint(t), u) - matmul(v, other))
    if is_complex(a):
        real_one = (v, dv) if m >= n else (u, du)
        angle = _turn(*(x[..., 0, :] for x in real_one))
        du, dv = _turned(u, du, angle), _turned(v, dv, angle)
    return joined(lead, du, diagonal(inside), adjoint(dv))


svd: Op = tangential(
    "svd",
    _svd_value,
    _svd_tangent,
    structure=MATRICES,
    takes_complex=True,
    conjugates=True,
    raises=True,
    doc="The reduced singular value decomposition U, s, Vᴴ in one vector. The derivatives of "
    "singular values are finite also where some are equal.",
)


def _squares_tangent(tangents: list, y: Any, a: Any) -> Any:
    """2 uᵀ ȧ aᵀ u, where u has as many vectors as there are singular values, so that nothing is
    divided by one that is 0."""
    lead, m, n, k = _svd_shapes(a)
    u, _, vh = unpacked(svd(a), lead, [(m, k), (k,), (k, n)])
    if m <= n:
        turned = matrix_transpose(u)
        return 2.0 * sum_(matmul(turned, tangents[0]) * matmul(turned, a), axis=-1)
    turned = matrix_transpose(vh)
    return 2.0 * sum_(matmul(tangents[0], turned) * matmul(a, turned), axis=-2)


singular_squares: Op = tangential(
    "singular_squares",
    lambda a: np.square(np.linalg.svd(a, compute_uv=False)),
    _squares_tangent,
    structure=MATRICES,
    doc="The squares of the singular values, which are smooth where these are 0.",
)


def _singular_part(y: Any, a: Any) -> Any:
    _, m, _, k = _svd_shapes(a)
    return y[..., m * k : m * k + k].copy()


def _singular_kink(whole: Any, a: Any) -> Any:
    s = _singular_part(whole, a)
    found = s == 0
    found[..., 1:] |= s[..., 1:] == s[..., :-1]
    return found


def _singular_transpose(w: Any, y: Any, whole: Any, a: Any) -> Any:
    lead, m, n, k = _svd_shapes(a)
    return joined(lead, np.zeros((*lead, m, k)), w, np.zeros((*lead, k, n)))


singular_values: Op = linear(
    "singular_values",
    _singular_part,
    _singular_transpose,
    lambda w, y, whole, a: None,
    arity=2,
    differentiable=(True, False),
    kind="moves",
    structure=MOVES,
    batch=lambda args, mapped: singular_values(*args),
    domain=Domain(
        kink=Kink(
            _singular_kink,
            "a singular value that is 0, or equal to another",
        ),
        convention="of a value that is 0, that of the vectors that LAPACK gives; of equal ones too",
    ),
    squared=lambda whole, a: None if is_complex(a) else singular_squares(a),
    doc="The singular values of a matrix out of its decomposition.",
)


def _qr_value(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return np.concatenate([p.reshape(*a.shape[:-2], math.prod(p.shape[-2:])) for p in (q, r)], -1)


def _qr_tangent(tangents: list, y: Any, a: Any) -> Any:
    """Tangents of the thin decomposition of a matrix with at least as many rows as columns."""
    (t,) = tangents
    *lead, m, n = shape_of(a)
    q, r = unpacked(y, tuple(lead), [(m, n), (n, n)])
    scaled = matrix_transpose(solve(matrix_transpose(r), matrix_transpose(t)))
    inside = matmul(adjoint(q), scaled)
    below = inside * np.tril(np.ones((n, n)), -1)
    turn = below - adjoint(below)
    if is_complex(a):
        # The diagonal of R is real.
        turn = turn + REGISTRY["times_i"](REGISTRY["imag"](inside) * np.eye(n), sign=1.0)
    dq = scaled - matmul(q, inside) + matmul(q, turn)
    return joined(tuple(lead), dq, matmul(inside - turn, r))


qr: Op = tangential(
    "qr",
    _qr_value,
    _qr_tangent,
    structure=MATRICES,
    takes_complex=True,
    conjugates=True,
    doc="The thin QR decomposition in one vector, of matrices of full column rank.",
)
