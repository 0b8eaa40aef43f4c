"""The declarations of linear algebra: inv, solve, det and its logarithm, cholesky, pinv.

Tangents after M. B. Giles, Collected matrix derivative results for forward and reverse mode
algorithmic differentiation (2008). Stacks of matrices are taken where NumPy takes them. What reads
one triangle of a matrix (cholesky, eigh) has derivatives with respect to that triangle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier, settled
from admodes.core.linear import linear
from admodes.core.numerics import Numerics
from admodes.core.op import REGISTRY, Op
from admodes.core.reverse import conjugate
from admodes.core.space import is_complex
from admodes.core.structure import MATRICES
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.products import matmul
from admodes.ops.reductions import sum_
from admodes.ops.shaping import matrix_transpose, reshape, unbroadcast


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    flipped = matrix_transpose(x)
    return REGISTRY["conj"](flipped) if is_complex(x) else flipped


def diagonal(x: Any) -> Any:
    """The diagonals of a stack of matrices."""
    return FUNCTIONS[np.diagonal](x, 0, -2, -1)


inv: Op = tangential(
    "inv",
    np.linalg.inv,
    lambda tangents, y, a: -matmul(matmul(y, tangents[0]), y),
    lambda w, y, a: -matmul(matmul(matrix_transpose(y), w), matrix_transpose(y)),
    structure=MATRICES,
    raises=True,
    takes_complex=True,
    text="{0}⁻¹",
    latex="{{0}}^{-1}",
    doc="The inverse of a square matrix.",
)


def _solve_tangent(tangents: list, y: Any, a: Any, b: Any) -> Any:
    da, db = tangents
    right = None if da is None else -matmul(da, y)
    if db is not None:
        right = db if right is None else right + db
    return solve(a, right)


def _solve_left(w: Any, y: Any, a: Any, b: Any) -> Any:
    return _summed(-matmul(solve(matrix_transpose(a), w), matrix_transpose(y)), a)


def _solve_right(w: Any, y: Any, a: Any, b: Any) -> Any:
    return _summed(solve(matrix_transpose(a), w), b)


def _summed(w: Any, x: Any) -> Any:
    """A cotangent of x, where stacks of matrices were stretched."""
    shape = shape_of(x)
    return w if shape_of(w) == shape else unbroadcast(w, shape=shape)


solve: Op = tangential(
    "solve",
    np.linalg.solve,
    _solve_tangent,
    _solve_left,
    _solve_right,
    arity=2,
    structure=MATRICES,
    raises=True,
    takes_complex=True,
    numerics=Numerics(solves=True),
    doc="The solution X of A X = B, of matrices.",
)


def _cofactors(a: np.ndarray) -> np.ndarray:
    """The matrix of cofactors, also of a singular matrix, from its singular values; nan where the
    matrix is not finite."""
    lost = ~np.isfinite(a).all(axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(lost, 0.0, a) if lost.any() else a)
    n = a.shape[-1]
    others = np.stack([np.prod(np.delete(s, k, -1), axis=-1) for k in range(n)], axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    found = np.asarray(sign)[..., None, None] * ((u * others[..., None, :]) @ vh)
    return np.where(lost, np.nan, found) if lost.any() else found


def _adjugate(a: Any) -> Any:
    """The transposed cofactors as a polynomial in the entries, by D. K. Faddeev and U. Le Verrier:
    for matrices without inverse, whose cofactors are differentiated again."""
    n = shape_of(a)[-1]
    found: Any = np.eye(n)
    for k in range(1, n):
        y = matmul(a, found)
        shape = (*shape_of(y)[:-2], 1, 1)
        found = y - reshape(sum_(diagonal(y), axis=-1), shape=shape) * np.eye(n) / k
    return found if n % 2 else -found


def _has_no_inverse(a: np.ndarray) -> bool:
    """Whether a matrix of a stack is singular; one that is not finite counts as having an inverse,
    which is nan."""
    finite = np.isfinite(a).all(axis=(-2, -1))
    return bool(np.any(np.linalg.matrix_rank(a[finite]) < a.shape[-1]))


def _det_slope(y: Any, a: Any) -> Any:
    """∂det/∂A: det A A⁻ᵀ, or the cofactors where A has no inverse."""
    if not isinstance(a, Carrier) and not is_complex(a):
        return _cofactors(a) if shape_of(a)[-1] else a
    if settled(_has_no_inverse, a):
        return matrix_transpose(_adjugate(a))
    return matrix_transpose(inv(a)) * reshape(y, shape=(*shape_of(y), 1, 1))


det: Op = tangential(
    "det",
    np.linalg.det,
    lambda tangents, y, a: sum_(_det_slope(y, a) * tangents[0], axis=(-2, -1)),
    lambda w, y, a: reshape(w, shape=(*shape_of(w), 1, 1)) * _det_slope(y, a),
    structure=MATRICES,
    takes_complex=True,
    doc="The determinant; its gradient holds for singular matrices too.",
)
logdet: Op = tangential(
    "logabsdet",
    lambda a: np.linalg.slogdet(a)[1],
    lambda tangents, y, a: sum_(matrix_transpose(inv(a)) * tangents[0], axis=(-2, -1)),
    lambda w, y, a: reshape(w, shape=(*shape_of(w), 1, 1)) * matrix_transpose(inv(a)),
    structure=MATRICES,
    doc="The logarithm of the absolute value of the determinant.",
)

det_sign: Op = linear(
    "det_sign",
    lambda a: np.linalg.slogdet(a)[0],
    differentiable=(False,),
    structure=MATRICES,
    conjugates=True,
    kind="comparisons",
    doc="The sign of the determinant; it has no derivative.",
)


def _lower_half(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    n = shape_of(x)[-1]
    return x * (np.tril(np.ones((n, n)), -1) + 0.5 * np.eye(n))


def from_lower(x: Any) -> Any:
    """The symmetric (Hermitian) matrix of which x's lower triangle is read."""
    n = shape_of(x)[-1]
    strictly = x * np.tril(np.ones((n, n)), -1)
    on = REGISTRY["real"](x) if is_complex(x) else x
    return strictly + adjoint(strictly) + on * np.eye(n)


def _cholesky_tangent(tangents: list, y: Any, a: Any) -> Any:
    inside = solve(y, adjoint(solve(y, from_lower(tangents[0]))))
    return matmul(y, _lower_half(adjoint(inside)))


def _cholesky_cotangent(w: Any, y: Any, a: Any) -> Any:
    """L⁻ᴴ P L⁻¹ and its adjoint, of which the lower triangle is meant; P is that of Lᴴ w, with half
    the diagonal."""
    upper = adjoint(y)
    half = _lower_half(matmul(upper, conjugate(w)))
    inside = adjoint(solve(upper, adjoint(solve(upper, half))))
    return conjugate(_lower_half(inside + adjoint(inside)))


cholesky: Op = tangential(
    "cholesky",
    np.linalg.cholesky,
    _cholesky_tangent,
    _cholesky_cotangent,
    structure=MATRICES,
    takes_complex=True,
    conjugates=True,
    raises=True,
    doc="The lower triangular L with L Lᴴ = A; the lower triangle of A is read.",
)


def _pinv_tangent(tangents: list, y: Any, a: Any, **params: Any) -> Any:
    """G. H. Golub and V. Pereyra (1973), for matrices of locally constant rank. Products are taken
    in the order in which no matrix has the longer side twice."""
    (t,) = tangents
    m, n = shape_of(a)[-2:]
    th, yh = adjoint(t), adjoint(y)

    def product(p: Any, q: Any, r: Any) -> Any:
        return matmul(matmul(p, q), r) if m >= n else matmul(p, matmul(q, r))

    left = product(y, yh, th)
    left = left - product(left, a, y)
    right = product(th - product(y, a, th), yh, y)
    return left + right - product(y, t, y)


pinv: Op = tangential(
    "pinv",
    lambda a, **params: np.linalg.pinv(a, **params),
    _pinv_tangent,
    structure=MATRICES,
    takes_complex=True,
    conjugates=True,
    raises=True,
    doc="The Moore-Penrose inverse, of matrices whose rank does not change nearby.",
)
