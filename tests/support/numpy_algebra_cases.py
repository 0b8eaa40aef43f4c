"""Cases for products, linear algebra and Fourier transforms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from case_builder import Case, M, V, cases

la, fft = np.linalg, np.fft


def of_products() -> Iterator[Case]:
    for pair in [
        (V, V),
        (M, V),
        ((3,), M),
        (M, (4, 2)),
        ((2, 3, 4), (4, 2)),
        ((2, 1, 2, 3), (2, 3, 2)),
    ]:
        yield from cases([np.matmul, np.dot], pair)
    yield from cases([np.dot, np.inner], ((), M), {}, lambda a, b: np.dot(b, a))
    yield from cases(np.dot, ((2, 3), (2, 3, 2)))
    for f, pair in [
        ("vecdot", (M, V)),
        ("vecdot", (V, V)),
        ("matvec", ((2, 3, 4), V)),
        ("vecmat", ((2, 3), (3, 4))),
    ]:
        if hasattr(np, f):
            yield from cases(getattr(np, f), pair)
    yield from cases([np.vdot, np.inner], (V, V))
    yield from cases([np.outer, np.kron], (M, V))
    yield from cases(np.kron, ((2,), (3, 1)))
    yield from cases(
        [np.tensordot, la.tensordot], ((2, 3, 4), (3, 4, 2)), {}, {"axes": ((1, 2), (0, 1))}
    )
    yield from cases(np.tensordot, (M, V), {"axes": 0}, {"axes": ((1,), (0,))})
    yield from cases([np.cross, la.cross], ((2, 3), (2, 3)))
    yield from cases(np.cross, ((3, 2), (3,)), {"axisa": 0, "axisc": 0})
    yield from cases(np.trace, ((3, 4),), {}, {"offset": 1})
    yield from cases(np.trace, ((2, 3, 4),), {"axis1": 2, "axis2": 0})
    yield from cases([la.trace, la.diagonal], ((2, 3, 4),), {}, {"offset": -1})
    yield from cases([la.matmul, la.outer], (V, V))
    yield from cases(la.vecdot, (M, M))
    yield from cases(
        np.einsum,
        ((3, 3),),
        *(lambda a, s=s: np.einsum(s, a) for s in ("ii", "ii->i", "ij->ji", "ij->", "...i->...")),
    )
    yield from cases(
        np.einsum,
        (M, (4, 2)),
        *(
            lambda a, b, s=s: np.einsum(s, a, b)
            for s in ("ij,jk", "ij,jk->ki", "ij,jk->", "...j,jk")
        ),
    )
    yield from cases(np.einsum, (V, V, M), lambda a, b, c: np.einsum("i,i,ki->k", a, b, c))
    modes = [{"mode": m} for m in ("full", "same", "valid")]
    yield from cases([np.convolve, np.correlate], ((5,), (3,)), *modes)
    yield from cases([np.convolve, np.correlate], ((2,), (4,)), *modes)


def of_algebra() -> Iterator[Case]:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(3, 3)) + 2 * np.eye(3)
    p, stack = a @ a.T + np.diag([1.0, 2, 4]), rng.normal(size=(2, 3, 3)) + 3 * np.eye(3)
    wide = 0.3 * rng.normal(size=M) + 3 * np.diag([1.0, 2.0, 3.0, 4.0])[:3]
    turning = a + np.array([[0, 4, 0], [-1, 0, 0], [0, 0, 5]])
    mixed = a + 1j * rng.normal(size=(3, 3))
    for x in (a, stack, mixed):
        yield from cases([la.inv, la.det], (x,))
        yield from cases(la.matrix_power, (x,), (3,), (-1,), (0,))
        yield from cases(la.eigvals, (x,))
    for b in ((3,), (3, 2)):
        yield from cases(la.solve, (a, b))
    yield from cases(la.solve, (mixed, (3, 2)))
    yield from cases(la.solve, (stack, (2, 3, 2)))
    yield from cases(la.slogdet, (a,))
    yield from cases(la.slogdet, (stack,))
    yield from cases(la.cholesky, (p,), lambda x: la.cholesky(x @ x.T))
    yield from cases(la.cholesky, (p,), lambda x: la.cholesky(x @ x.T, upper=True))
    yield from cases(la.pinv, (wide,), {}, {"rcond": 1e-9})
    symmetric = [
        lambda x, f=f, u=u: f(x + np.swapaxes(x, -1, -2), UPLO=u)
        for f in (la.eigvalsh,)
        for u in "LU"
    ]
    for x in (p, stack):
        yield from cases(la.eigvalsh, (x,), *symmetric)
    yield from cases(la.eigh, (p,), lambda x: la.eigh(x + x.T), lambda x: la.eigh(x, UPLO="U"))
    yield from cases(la.eig, (turning,))
    yield from cases(la.eig, (p,), lambda x: (la.eig(x)[0], la.eig(x)[1] ** 2))
    yield from cases(la.eig, (mixed,))
    yield from cases(la.svd, (wide,), {"full_matrices": False}, {"compute_uv": False})
    yield from cases(la.svd, (p,))
    yield from cases(la.svdvals, (wide,))
    yield from cases(la.qr, (wide.T.copy(),), {}, {"mode": "r"})
    yield from cases(la.qr, (wide,), {}, {"mode": "complete"})
    yield from cases(la.multi_dot, (V, (4, 2), (2, 5)), lambda *xs: la.multi_dot(xs))
    yield from cases(la.multi_dot, ((2, 5), (5, 1), (1, 3), (3,)), lambda *xs: la.multi_dot(xs))
    yield from cases(
        la.lstsq,
        ((5, 2), (5,)),
        lambda a, b: la.lstsq(a, b)[0],
        lambda a, b: la.lstsq(a, b)[1],
        samples=False,
    )
    yield from cases(la.lstsq, ((5, 2), (5, 3)), lambda a, b: la.lstsq(a, b)[3], samples=False)
    four = rng.normal(size=(4, 4)) + 3 * np.eye(4)
    yield from cases(la.tensorsolve, (four.reshape(4, 2, 2), V))
    yield from cases(la.tensorsolve, (four.reshape(2, 4, 2), V), {"axes": (0,)})
    yield from cases(
        la.tensorinv,
        ((4, 2, 2),),
        lambda x: la.tensorinv(x + 3 * np.eye(4).reshape(4, 2, 2), ind=1),
    )
    orders = [
        {"ord": o, **k}
        for o in (None, 1, 2, 3, np.inf, -np.inf)
        for k in ({"axis": 0}, {"axis": 1, "keepdims": True})
    ]
    yield from cases(la.norm, (M,), {}, {"keepdims": True}, *orders, {"ord": 0, "axis": 0})
    yield from cases(
        la.norm, (wide,), *({"ord": o} for o in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf))
    )
    yield from cases(
        la.norm,
        ((2, 3, 4),),
        {"axis": (0, 2), "ord": 1},
        {"axis": (2, 0), "ord": 2, "keepdims": True},
    )
    yield from cases(la.norm, (V,), {}, (1,))
    yield from cases(la.vector_norm, (M,), {}, {"axis": 0, "ord": 3})
    yield from cases(la.matrix_norm, (wide,), {}, {"ord": 2, "keepdims": True})
    yield from cases(la.cond, (a,), {}, (1,), ("fro",), (-2,))


def of_fourier() -> Iterator[Case]:
    z = np.array([[0.4 + 0.3j, -0.5 + 0.6j, 0.3 - 0.7j], [0.1 - 0.2j, 0.9 + 0.1j, 0.2j]])
    real_in = [fft.fft, fft.ifft, fft.rfft, fft.ihfft]
    variants = [{}, {"n": 3}, {"n": 6, "axis": 0}, {"norm": "ortho"}, {"norm": "forward"}]
    yield from cases(real_in, (M,), *variants)
    yield from cases([fft.fft, fft.ifft, fft.irfft, fft.hfft], (z,), *variants)
    yield from cases([fft.irfft, fft.hfft], (M,), *variants, {"n": 5})
    many = [{}, {"norm": "ortho"}, {"s": (2, 5), "axes": (0, 1)}, {"s": (4, 3), "axes": (1, 0)}]
    yield from cases([fft.fft2, fft.fftn, fft.ifft2, fft.ifftn], (z,), *many)
    yield from cases([fft.rfft2, fft.rfftn], (M,), *many)
    yield from cases([fft.irfft2, fft.irfftn], (z,), *many)
    yield from cases([fft.fftshift, fft.ifftshift], (M,), {}, {"axes": 1})
    power = [
        lambda x: np.abs(fft.fft(x)) ** 2,
        lambda x: np.angle(fft.rfft(x)),
        lambda x: fft.fft(x).imag,
    ]
    power += [lambda x: np.real(fft.ifft(fft.fft(x) * np.conj(fft.fft(x[::-1]))))]
    yield from cases(fft.fft, (V,), *power)
    yield from cases([np.real, np.imag, np.conj, np.abs, np.angle], (z,))
    yield from cases(np.angle, (z,), {"deg": True})
    yield from cases(
        [np.sum, np.mean, np.prod, np.cumsum, np.cumprod, np.var, np.std], (z,), {}, {"axis": 1}
    )
    yield from cases(la.norm, (z,), {}, {"axis": 1}, {"axis": 0, "ord": 1})
    yield from cases([np.vdot, np.dot, np.outer], (z[0], z[1]))
    yield from cases(np.matmul, (z, z.T.copy()))
    yield from cases(np.matmul, (z, (3,)))
    yield from cases(np.einsum, (z, (3,)), lambda a, b: np.einsum("ij,j->i", a, b))
    yield from cases(np.real_if_close, (z,))
