"""Instructions of random array programs: products, linear algebra, choices, complex numbers on the
way from real to real, and derivatives inside the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from array_programs import MARGIN, MOVES, ArrayProgram, At, Move, _broadcast, _smallest
from instructions_entrywise import (
    WIDE,
    _entries,
    _spread_out,
    any_shape,
    chooser,
    filled,
    instruction,
    matrix,
    one_axis,
    vector,
    with_axes,
)


def _factors(g: ArrayProgram) -> Any:
    """Two arguments of matmul, of any ranks."""
    a = g.pick(lambda s: len(s) > 0)
    if a is None:
        return None
    left = np.shape(g.of(a))
    n = left[-1]

    def fits(s: tuple) -> bool:
        inner = s and s[-2 if len(s) > 1 else -1]
        return inner == n and bool(s) and _broadcast(s[:-2], left[:-2]) is not None

    b = g.pick(fits)
    if b is None or g.rng.random() < 0.3:
        shapes = [(n,), (n, 2), (2, n, 3)] if len(left) < 3 else [(n,), (n, 2)]
        b = g.constant(shapes[g.rng.integers(len(shapes))])
    if g.rng.random() < 0.3:
        m = left[-2] if len(left) > 1 else left[0]
        return (g.constant((m,) if g.rng.random() < 0.5 else (2, m)), a), {}
    return (a, b), {}


@instruction(_factors)
def matmul(xp, a, b):
    return xp.matmul(a, b)


@instruction(_factors)
def at_sign(xp, a, b):
    return a @ b


SUBSCRIPTS = (
    *("ij,ij->i", "ij,j", "ij,kj->ik", "i,j->ij", "...i,i->...", "ij->ji", "ijk,k->ji", "ij->j"),
    *("i,i,i->i", "ij,jk,k", "ij,j->", "...ij,...kj->...ik", "ijk->ki", "ij,ij,i->j", "ii->i"),
)


def _operands(g: ArrayProgram) -> Any:
    subscripts = SUBSCRIPTS[g.rng.integers(len(SUBSCRIPTS))]
    sizes: dict[str, int] = {}
    args: list[Any] = []
    for term in subscripts.split("->")[0].split(","):
        letters = term.replace("...", "")

        def fits(s: tuple) -> bool:
            if len(s) != len(letters) or not filled(s):
                return False
            taken = dict(sizes)
            return all(taken.setdefault(c, n) == n for c, n in zip(letters, s, strict=True))

        a = g.pick(fits)
        if a is None or (args and g.rng.random() < 0.2):
            a = g.constant(tuple(sizes.get(c, 3) for c in letters))
        sizes.update(zip(letters, np.shape(g.of(a)), strict=True))
        args.append(a)
    return (
        (tuple(args), {"subscripts": subscripts}) if any(isinstance(a, At) for a in args) else None
    )


@instruction(_operands)
def einsum(xp, *xs, subscripts):
    return xp.einsum(subscripts, *xs)


@instruction(chooser(vector, vector))
def outer(xp, x, y):
    return xp.outer(x, y)


@instruction(chooser(vector, vector))
def convolve(xp, x, y):
    return xp.convolve(x, y)


@instruction(chooser(matrix))
def tensordot(xp, x):
    return xp.tensordot(x, x, ((0,), (0,))) + xp.inner(x.T, x.T)


@instruction(chooser(vector, vector))
def kron(xp, x, y):
    return xp.kron(x, y)


@instruction(chooser(lambda s: len(s) > 0 and s[-1] == 3 and filled(s)))
def cross(xp, x):
    return xp.cross(x, np.array([0.5, -1.0, 0.25]))


@instruction(chooser(matrix))
def trace(xp, x):
    return xp.trace(x) * xp.vdot(x, x)


def small_matrix(shape: tuple) -> bool:
    return len(shape) in (2, 3) and filled(shape) and shape[-2] < 5


def _regular(xp: Any, x: Any) -> Any:
    """x xᵀ + 2 plus something that is not symmetric: it has an inverse, whatever x is."""
    n = np.shape(x)[-2]
    skew = np.tril(np.full((n, n), 0.3), -1)
    return x @ xp.swapaxes(x, -1, -2) + 2.0 * np.eye(n) + skew - skew.T


def _symmetric(xp: Any, x: Any) -> Any:
    n = np.shape(x)[-2]
    return x @ xp.swapaxes(x, -1, -2) + np.diag(np.arange(1.0, n + 1))


@instruction(chooser(small_matrix))
def inv(xp, x):
    return xp.linalg.inv(_regular(xp, x))


@instruction(chooser(small_matrix))
def det(xp, x):
    return xp.sin(xp.linalg.det(_regular(xp, x)) / 8.0)


@instruction(chooser(small_matrix))
def logabsdet(xp, x):
    sign, log = xp.linalg.slogdet(_regular(xp, x))
    return sign * log


@instruction(chooser(small_matrix))
def cholesky(xp, x):
    return xp.linalg.cholesky(_symmetric(xp, x))


@instruction(chooser(matrix))
def matrix_power(xp, x):
    return xp.linalg.matrix_power(_regular(xp, x[:3]) / 5.0, 3)


def _system(g: ArrayProgram) -> Any:
    a = g.pick(small_matrix)
    if a is None:
        return None
    n = np.shape(g.of(a))[-2]
    b = g.pick(lambda s: s == (n,) or (len(s) == 2 and s[0] == n and filled(s)))
    if b is None or g.rng.random() < 0.2:
        b = g.constant((n,) if g.rng.random() < 0.5 else (n, 2))
    return (a, b), {}


@instruction(_system)
def solve(xp, x, b):
    return xp.linalg.solve(_regular(xp, x), b)


@instruction(_system)
def solve_right(xp, x, b):
    """Only the right hand side is traced."""
    n = np.shape(x)[-2]
    return xp.linalg.solve(3.0 * np.eye(n) + np.ones((n, n)), b)


def _apart(gaps: Callable, least: float, fits: Callable = matrix) -> Callable:
    return _spread_out(chooser(fits), gaps, least)


def _eigen_gaps(x: Any) -> Any:
    return np.diff(np.linalg.eigvalsh(_symmetric(np, x)))


def _singular_gaps(x: Any) -> Any:
    s = np.linalg.svd(x, compute_uv=False)
    return np.append(np.diff(s * s), s[-1])


@instruction(_apart(_eigen_gaps, 0.2))
def eigh(xp, x):
    w, v = xp.linalg.eigh(_symmetric(xp, x))
    # Eigenvectors have no sign of their own.
    return xp.tanh(w) @ (v * v) + xp.log(w)


@instruction(_apart(_eigen_gaps, 0.2))
def eigvalsh(xp, x):
    return xp.linalg.eigvalsh(_symmetric(xp, x))


@instruction(_apart(_singular_gaps, 0.3))
def svd(xp, x):
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return xp.concatenate([s, (u * u) @ s, s @ (vh * vh)])


@instruction(_apart(_singular_gaps, 0.3))
def singular_values(xp, x):
    s = xp.linalg.svd(x, compute_uv=False)
    return s + s**2


@instruction(_apart(lambda x: np.linalg.svd(x, compute_uv=False)[-1], 0.3))
def pinv(xp, x):
    return xp.linalg.pinv(x)


@instruction(_apart(lambda x: np.linalg.svd(x[:, : x.shape[0]], compute_uv=False)[-1], 0.3))
def qr(xp, x):
    q, r = xp.linalg.qr(x)
    return q @ xp.sin(r)


def _turning(x: Any) -> Any:
    """A matrix whose eigenvalues are far from each other, some of them complex."""
    n = np.shape(x)[-2]
    turn = np.diag(np.arange(1.0, n), 1) - np.diag(np.arange(1.0, n), -1)
    return turn + np.diag(np.arange(n)) + np.zeros((n, n))


@instruction(chooser(lambda s: matrix(s) and s[0] < 5))
def eig(xp, x):
    small = xp.tanh(x @ x.T / 4.0) / 8.0
    w, v = xp.linalg.eig(small + _turning(x))
    return (
        xp.real(xp.sum(w**3)) / 20.0
        + xp.sum(xp.abs(v) ** 2, axis=0) * xp.sum(xp.abs(w) ** 4) / 99.0
    )


@instruction(chooser(lambda s: matrix(s) and s[0] < 5))
def eigvals(xp, x):
    w = xp.linalg.eigvals(xp.tanh(x @ x.T / 4.0) / 8.0 + _turning(x))
    return xp.real(xp.sum(w * w * xp.sin(w))) / 20.0


def _apart_from_each_other(g: ArrayProgram) -> Any:
    picks = g.together(2)
    if picks is None or _smallest(np.subtract(*map(g.of, picks))) < MARGIN:
        return None
    return tuple(picks), {}


def _comparison(name: str) -> None:
    def run(xp: Any, x: Any, y: Any) -> Any:
        return xp.where(getattr(xp, name)(x, y), x * y, xp.sin(x) - y)

    MOVES[name] = Move(run, _apart_from_each_other)


for _name in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"):
    _comparison(_name)


@instruction(_apart_from_each_other)
def operators_compare(xp, x, y):
    return xp.where(x > y, x, 0.5) + xp.where(x <= y, 1.0, y)


@instruction(_apart_from_each_other)
def logic(xp, x, y):
    more = xp.logical_or(xp.greater(x, y), xp.less(y, -5.0))
    both = xp.logical_and(more, xp.logical_not(xp.isnan(x)))
    odd = both ^ xp.greater(y, 0.0)
    some = xp.logical_and(xp.any(both), xp.logical_not(xp.all(odd)))
    return xp.where(both, x * x, xp.cos(y)) + xp.where(xp.logical_or(odd, some), y, 1.0)


@instruction(chooser(any_shape))
def tests_of_numbers(xp, x):
    finite = xp.where(xp.isfinite(x), x, 0.0)
    return xp.where(xp.isinf(x), 1.0, finite) * xp.where(xp.isnan(x), 2.0, 0.5)


@instruction(_spread_out(chooser(any_shape), lambda x: x, MARGIN))
def signbit(xp, x):
    return xp.where(xp.signbit(x), xp.exp(x), 1.0 + x * x)


@instruction(chooser(with_axes, mask=lambda rng, x: rng.random(x.shape) < 0.5))
def where_nan_is_not_taken(xp, x, mask):
    return xp.where(mask, x, xp.sqrt(-1.0 - x * x))


@instruction(chooser(with_axes, axis=one_axis))
def fft(xp, x, axis):
    z = xp.fft.fft(x, axis=axis, norm="ortho")
    return xp.real(z) - xp.imag(z)


@instruction(chooser(with_axes, axis=one_axis))
def ifft(xp, x, axis):
    z = xp.fft.ifft(x, axis=axis, norm="ortho")
    return xp.real(z * xp.conj(z))


@instruction(chooser(lambda s: with_axes(s) and s[-1] > 1))
def low_pass(xp, x):
    z = xp.fft.rfft(x)
    n = np.shape(x)[-1]
    return xp.fft.irfft(z * np.exp(1j * np.arange(n // 2 + 1)), n)


@instruction(_entries((WIDE, (0.3, 2.0)), None))
def modulus(xp, x, y):
    return xp.abs(x + 1j * y)


@instruction(_entries((WIDE, (0.3, 2.0)), None))
def angle(xp, x, y):
    return xp.angle(y + 1j * x)


@instruction(chooser(with_axes))
def astype(xp, x):
    return xp.real(x.astype(complex) * (0.5 - 0.5j)) + xp.imag(xp.exp(0.5j * x))


@instruction(_entries((WIDE, WIDE), None))
def inner_jvp(xp, x, y):
    return xp.jvp(lambda z: xp.sin(z) * z * x, (x,), (x * 0.0 + 0.5,))[1] + y


@instruction(_entries((WIDE, WIDE), None))
def inner_gradient(xp, x, y):
    return xp.grad(lambda z: xp.sum(xp.exp(-z * z) * xp.tanh(z + y)))(x)


@instruction(chooser(vector))
def inner_curvature(xp, x):
    """The second derivative along x, forward over reverse."""
    slope = xp.grad(lambda z: xp.sum(z[::-1] * xp.cos(z) * xp.sqrt(1.0 + z * z)))
    return xp.jvp(slope, (x,), (xp.sin(x),))[1]


def _again(g: ArrayProgram) -> Any:
    """An intermediate value, once more."""
    if not g.steps:
        return None
    k = At(len(g.inputs) + int(g.rng.integers(0, len(g.steps))))
    return (k, k), {}


@instruction(_again)
def again(xp, x, y):
    return xp.tanh(x * y + x)
