"""Linear algebra: inv, solve, det, cholesky, qr, eigh, svd, norm and their like.

Tangents after M. B. Giles, Collected matrix derivative results for forward and reverse mode
algorithmic differentiation (2008). Stacks of matrices are taken where NumPy takes them. What reads
one triangle of a matrix (cholesky, eigh) has derivatives with respect to that triangle.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.builders import aligned, is_complex
from admodes.core.carrier import FUNCTIONS, Carrier, implements, value
from admodes.core.op import REGISTRY, Op, shape_of
from admodes.core.tangential import tangential
from admodes.ops.layout import matrix_transpose, moveaxis, rank_of, size_of
from admodes.ops.products import matmul
from admodes.ops.reductions import all_axes, kept_shape, sum_
from admodes.ops.shaping import array, broadcast_to, concatenate, reshape
from admodes.ops.statistics import absolute_square, np_max, np_min, np_sum, root
from admodes.ops.strong import strong_mul


def _square(a: Any, who: str) -> Any:
    a = array(a)
    shape = shape_of(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise np.linalg.LinAlgError(f"{who}: a square matrix is needed, got shape {shape}")
    return a


def _adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    flipped = matrix_transpose(x)
    return REGISTRY["conj"](flipped) if is_complex(x) else flipped


def _diagonal(x: Any) -> Any:
    return FUNCTIONS[np.diagonal](x, 0, -2, -1)


def _eye(n: int) -> np.ndarray:
    return np.eye(n)


inv: Op = tangential(
    "inv",
    np.linalg.inv,
    lambda tangents, y, a: -matmul(matmul(y, tangents[0]), y),
    cotangent=lambda w, y, a: -matmul(matmul(matrix_transpose(y), w), matrix_transpose(y)),
    batch=lambda args, mapped: inv(args[0]),
    holomorphic=True,
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


solve: Op = tangential(
    "solve",
    np.linalg.solve,
    _solve_tangent,
    arity=2,
    batch=lambda args, mapped: solve(*aligned(args, mapped)),
    holomorphic=True,
    doc="The solution X of A X = B, of matrices.",
)


@implements(np.linalg.inv)
def _inv(a: Any) -> Any:
    return inv(_square(a, "inv"))


@implements(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    a, b = _square(a, "solve"), array(b)
    if rank_of(b) == 1:
        return solve(a, reshape(b, shape=(*shape_of(b), 1)))[..., 0]
    return solve(a, b)


def _cofactors(a: np.ndarray) -> np.ndarray:
    """The matrix of cofactors, also of a singular matrix, from its singular values."""
    u, s, vh = np.linalg.svd(a)
    n = a.shape[-1]
    others = np.stack([np.prod(np.delete(s, k, -1), axis=-1) for k in range(n)], axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return np.asarray(sign)[..., None, None] * ((u * others[..., None, :]) @ vh)


def _det_slope(y: Any, a: Any) -> Any:
    """∂det/∂A: det A A⁻ᵀ, or the cofactors where A has no inverse."""
    if not isinstance(a, Carrier) and not is_complex(a):
        return _cofactors(a) if shape_of(a)[-1] else a
    return matrix_transpose(inv(a)) * reshape(y, shape=(*shape_of(y), 1, 1))


det: Op = tangential(
    "det",
    np.linalg.det,
    lambda tangents, y, a: sum_(_det_slope(y, a) * tangents[0], axis=(-2, -1)),
    cotangent=lambda w, y, a: reshape(w, shape=(*shape_of(w), 1, 1)) * _det_slope(y, a),
    batch=lambda args, mapped: det(args[0]),
    holomorphic=True,
    doc="The determinant; its gradient holds for singular matrices too.",
)
logdet: Op = tangential(
    "logabsdet",
    lambda a: np.linalg.slogdet(a)[1],
    lambda tangents, y, a: sum_(matrix_transpose(inv(a)) * tangents[0], axis=(-2, -1)),
    cotangent=lambda w, y, a: reshape(w, shape=(*shape_of(w), 1, 1)) * matrix_transpose(inv(a)),
    batch=lambda args, mapped: logdet(args[0]),
    doc="The logarithm of the absolute value of the determinant.",
)


@implements(np.linalg.det)
def _det(a: Any) -> Any:
    return det(_square(a, "det"))


@implements(np.linalg.slogdet)
def _slogdet(a: Any) -> Any:
    a = _square(a, "slogdet")
    return type(np.linalg.slogdet(np.eye(1)))(REGISTRY["sign"](det(a)), logdet(a))


def _lower_half(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    n = shape_of(x)[-1]
    return x * (np.tril(np.ones((n, n)), -1) + 0.5 * _eye(n))


def _from_lower(x: Any) -> Any:
    """The symmetric (Hermitian) matrix of which x's lower triangle is read."""
    n = shape_of(x)[-1]
    strictly = x * np.tril(np.ones((n, n)), -1)
    return strictly + _adjoint(strictly) + x * _eye(n)


def _cholesky_tangent(tangents: list, y: Any, a: Any) -> Any:
    inside = solve(y, _adjoint(solve(y, _from_lower(tangents[0]))))
    return matmul(y, _lower_half(_adjoint(inside)))


cholesky: Op = tangential(
    "cholesky",
    np.linalg.cholesky,
    _cholesky_tangent,
    batch=lambda args, mapped: cholesky(args[0]),
    doc="The lower triangular L with L Lᵀ = A; the lower triangle of A is read.",
)


@implements(np.linalg.cholesky)
def _cholesky(a: Any, *, upper: bool = False) -> Any:
    a = _square(a, "cholesky")
    return matrix_transpose(cholesky(matrix_transpose(a))) if upper else cholesky(a)


def _pinv_tangent(tangents: list, y: Any, a: Any, **params: Any) -> Any:
    """G. H. Golub and V. Pereyra (1973), for matrices of locally constant rank."""
    (t,) = tangents
    m, n = shape_of(a)[-2:]
    th, yh = matrix_transpose(t), matrix_transpose(y)
    left = matmul(matmul(matmul(y, yh), th), _eye(m) - matmul(a, y))
    right = matmul(matmul(_eye(n) - matmul(y, a), th), matmul(yh, y))
    return left + right - matmul(matmul(y, t), y)


pinv: Op = tangential(
    "pinv",
    lambda a, **params: np.linalg.pinv(a, **params),
    _pinv_tangent,
    batch=lambda args, mapped, **params: pinv(args[0], **params),
    doc="The Moore-Penrose inverse, of matrices whose rank does not change nearby.",
)


@implements(np.linalg.pinv)
def _pinv(a: Any, rcond: Any = None, **options: Any) -> Any:
    given = {k: v for k, v in (options | {"rcond": rcond}).items() if v is not None}
    return pinv(array(a), **{k: v for k, v in given.items() if v is not np._NoValue})


def _packed(*parts: Any) -> np.ndarray:
    """Arrays of one stack, flattened and joined along the last axis."""
    lead = parts[0].shape[0]
    return np.concatenate([p.reshape(lead, -1) for p in parts], axis=1)


def _unpacked(y: Any, lead: tuple[int, ...], shapes: list[tuple[int, ...]]) -> list:
    found, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        found.append(reshape(y[..., start:stop], shape=(*lead, *shape)))
        start = stop
    return found


def _joined(lead: tuple[int, ...], *parts: Any) -> Any:
    rows = [reshape(p, shape=(*lead, size_of(p) // max(math.prod(lead), 1))) for p in parts]
    return concatenate(rows, axis=len(lead))


def _eigh_value(a: Any, uplo: str) -> Any:
    w, v = np.linalg.eigh(a, uplo)
    return np.concatenate([w[..., None, :], v], axis=-2).reshape(*a.shape[:-2], -1)


def _gaps(w: Any) -> Any:
    """1 / (w_j - w_i), 0 on the diagonal; infinite where two values are equal."""
    n = shape_of(w)[-1]
    across = reshape(w, shape=(*shape_of(w)[:-1], 1, n))
    down = reshape(w, shape=(*shape_of(w), 1))
    off = 1.0 - _eye(n)
    return off / (across - down + _eye(n))


def _eigh_tangent(tangents: list, y: Any, a: Any, uplo: str) -> Any:
    lead, n = shape_of(a)[:-2], shape_of(a)[-1]
    w, v = _unpacked(y, lead, [(n,), (n, n)])
    t = tangents[0]
    t = _from_lower(t if uplo == "L" else _adjoint(t))
    inside = matmul(matmul(matrix_transpose(v), t), v)
    return _joined(lead, _diagonal(inside), matmul(v, strong_mul(_gaps(w), inside)))


eigh: Op = tangential(
    "eigh",
    _eigh_value,
    _eigh_tangent,
    batch=lambda args, mapped, uplo: eigh(args[0], uplo=uplo),
    doc="The eigenvalues of a symmetric matrix, and its eigenvectors, in one vector. The "
    "derivatives of eigenvalues are finite also where some are equal; those of eigenvectors are "
    "not, where they are used.",
)


@implements(np.linalg.eigh)
def _eigh(a: Any, UPLO: str = "L") -> Any:
    a = _square(a, "eigh")
    lead, n = shape_of(a)[:-2], shape_of(a)[-1]
    found = _unpacked(eigh(a, uplo=UPLO), lead, [(n,), (n, n)])
    return type(np.linalg.eigh(np.eye(1)))(*found)


@implements(np.linalg.eigvalsh)
def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return _eigh(a, UPLO)[0]


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
    u, s, vh = _unpacked(y, lead, [(m, k), (k,), (k, n)])
    v, uh = matrix_transpose(vh), matrix_transpose(u)
    inside = matmul(matmul(uh, t), v)
    row = reshape(s, shape=(*lead, 1, k))
    gaps = _gaps(s * s)
    other = matrix_transpose(inside)
    du = matmul(u, strong_mul(gaps, inside * row + matrix_transpose(row) * other))
    dv = matmul(v, strong_mul(gaps, matrix_transpose(row) * inside + other * row))
    if m > k:
        du = du + strong_mul(1.0 / row, matmul(t, v) - matmul(u, inside))
    if n > k:
        dv = dv + strong_mul(1.0 / row, matmul(matrix_transpose(t), u) - matmul(v, other))
    return _joined(lead, du, _diagonal(inside), matrix_transpose(dv))


svd: Op = tangential(
    "svd",
    _svd_value,
    _svd_tangent,
    batch=lambda args, mapped: svd(args[0]),
    doc="The reduced singular value decomposition U, s, Vᵀ in one vector. The derivatives of "
    "singular values are finite also where some are equal.",
)


@implements(np.linalg.svd)
def _svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    a = array(a)
    lead, m, n, k = _svd_shapes(a)
    if compute_uv and full_matrices and m != n:
        raise TypeError(
            "np.linalg.svd of a traced value: full_matrices=True has columns without a derivative; "
            "write full_matrices=False"
        )
    u, s, vh = _unpacked(svd(a), lead, [(m, k), (k,), (k, n)])
    return type(np.linalg.svd(np.eye(1)))(u, s, vh) if compute_uv else s


if hasattr(np.linalg, "svdvals"):
    implements(np.linalg.svdvals)(lambda x, /: _svd(x, compute_uv=False))


def _qr_value(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return np.concatenate([p.reshape(*a.shape[:-2], math.prod(p.shape[-2:])) for p in (q, r)], -1)


def _qr_tangent(tangents: list, y: Any, a: Any) -> Any:
    """Tangents of the thin decomposition of a matrix with at least as many rows as columns."""
    (t,) = tangents
    *lead, m, n = shape_of(a)
    q, r = _unpacked(y, tuple(lead), [(m, n), (n, n)])
    scaled = matrix_transpose(solve(matrix_transpose(r), matrix_transpose(t)))
    inside = matmul(matrix_transpose(q), scaled)
    below = inside * np.tril(np.ones((n, n)), -1)
    turn = below - matrix_transpose(below)
    dq = scaled - matmul(q, inside) + matmul(q, turn)
    return _joined(tuple(lead), dq, matmul(inside - turn, r))


qr: Op = tangential(
    "qr",
    _qr_value,
    _qr_tangent,
    batch=lambda args, mapped: qr(args[0]),
    doc="The thin QR decomposition in one vector, of matrices of full column rank.",
)


@implements(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    a = array(a)
    *lead, m, n = shape_of(a)
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise TypeError(f"np.linalg.qr of a traced value: mode={mode!r} has no derivative")
    k = min(m, n)
    q, r = _unpacked(qr(a[..., :k]), tuple(lead), [(m, k), (k, k)])
    if n > m:
        r = concatenate([r, matmul(matrix_transpose(q), a[..., k:])], axis=rank_of(a) - 1)
    return r if mode == "r" else type(np.linalg.qr(np.eye(1)))(q, r)


@implements(np.linalg.matrix_power)
def _matrix_power(a: Any, n: int) -> Any:
    a = _square(a, "matrix_power")
    if n == 0:
        return broadcast_to(_eye(shape_of(a)[-1]), shape=shape_of(a))
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
    parts = [array(a) for a in arrays]
    if len(parts) < 2:
        raise ValueError("multi_dot: at least two arrays are needed")
    rows = shape_of(parts[0])[0] if rank_of(parts[0]) == 2 else 1
    columns = (shape_of(p)[-1] if rank_of(p) == 2 else 1 for p in parts[1:])
    dims = [rows, shape_of(parts[0])[-1], *columns]
    return _chained(parts, dims, 0, len(parts))


def _chained(parts: list, dims: list[int], first: int, last: int) -> Any:
    """The product of parts first … last-1, split where the multiplications are fewest."""
    if last - first == 1:
        return parts[first]
    cost: dict[tuple[int, int], tuple[int, int]] = {(i, i + 1): (0, i) for i in range(first, last)}
    for length in range(2, last - first + 1):
        for i in range(first, last - length + 1):
            j = i + length
            cost[i, j] = min(
                (cost[i, k][0] + cost[k, j][0] + dims[i] * dims[k] * dims[j], k)
                for k in range(i + 1, j)
            )

    def product(i: int, j: int) -> Any:
        if j - i == 1:
            return parts[i]
        k = cost[i, j][1]
        return matmul(product(i, k), product(k, j))

    return product(first, last)


def _size_of_vector(x: Any, order: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if order is None or order == 2:
        total = sum_(absolute_square(x), axis=axis, keepdims=keepdims)
        return root(total)
    size = REGISTRY["abs"](x) if not is_complex(x) else np.abs(x)
    if order == np.inf:
        return np_max(size, axis, keepdims=keepdims)
    if order == -np.inf:
        return np_min(size, axis, keepdims=keepdims)
    if order == 0:
        return np.sum(np.not_equal(value(x), 0), axis=axis, keepdims=keepdims, dtype=float)
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
        s = _svd(moveaxis(x, axes, (-2, -1)), compute_uv=False)
        y = np_sum(s, -1) if order == "nuc" else s[..., 0 if order == 2 else -1]
        y = reshape(y, shape=kept_shape(shape_of(x), axes))
    else:
        raise ValueError(f"np.linalg.norm: there is no norm of order {order!r} of a matrix")
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
        raise ValueError("np.linalg.norm: an order needs one axis or two")
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


@implements(np.linalg.lstsq)
def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    raise TypeError(
        "np.linalg.lstsq of a traced value: write np.linalg.pinv(a) @ b, or np.linalg.solve("
        "a.T @ a, a.T @ b)"
    )
