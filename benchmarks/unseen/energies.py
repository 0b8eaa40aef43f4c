"""Energies of vectors, meshes and grids, their gradients, Hessians and Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.compiled.case import AUTOGRAD, JAX, TORCH

from .kit import HESSIAN, JACOBIAN, Unseen, workload


def quartic(n: int) -> Unseen:
    """A double well in n dimensions."""
    rng = np.random.default_rng(8)
    x, a = rng.normal(size=n), rng.normal(size=(n, n))
    a = a + a.T

    def f(np, x, a):
        return 0.25 * (x @ x) ** 2 + 0.1 * np.sum(x**4) - 0.5 * (x @ (a @ x))

    def by_hand(x, a):
        h = np.outer(2.0 * x, x)
        h -= a
        h[np.arange(n), np.arange(n)] += x @ x + 1.2 * x * x
        return h

    return workload(f"quartic {n}", f, by_hand, (x, a), kind=HESSIAN)


def powers(n: int) -> Unseen:
    x = np.random.default_rng(9).normal(size=n)

    def f(np, x):
        return np.sum(x**4) + np.sum((1.0 - x) ** 3)

    def by_hand(x):
        d = 1.0 - x
        return 4.0 * (x * x * x) - 3.0 * (d * d)

    return workload(f"sum of powers {n:,}", f, by_hand, (x,))


def surface(side: int) -> Unseen:
    """The area of a mesh of triangles."""
    grid = np.arange(side * side).reshape(side, side)
    a, b, c, d = (g.ravel() for g in (grid[:-1, :-1], grid[1:, :-1], grid[:-1, 1:], grid[1:, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([b, d, c], axis=1)])
    rng = np.random.default_rng(10)
    x = rng.normal(size=(side * side, 3))

    def f(np, x, faces):
        corner = x[faces[:, 0]]
        n = np.cross(x[faces[:, 1]] - corner, x[faces[:, 2]] - corner)
        return 0.5 * np.sum(np.sqrt(np.sum(n * n, axis=1)))

    def by_hand(x, faces):
        corner = x[faces[:, 0]]
        p, q = x[faces[:, 1]] - corner, x[faces[:, 2]] - corner
        n = np.cross(p, q)
        n *= (0.5 / np.sqrt(np.einsum("ij,ij->i", n, n)))[:, None]
        d_p, d_q = np.cross(q, n), np.cross(n, p)
        joined = np.concatenate([-(d_p + d_q), d_p, d_q])
        at = faces.T.ravel()
        return np.stack([np.bincount(at, column, len(x)) for column in joined.T], axis=1)

    def torch_text(names, x, faces):
        corner = x[faces[:, 0]]
        n = names.linalg.cross(x[faces[:, 1]] - corner, x[faces[:, 2]] - corner)
        return 0.5 * names.sum(names.sqrt(names.sum(n * n, 1)))

    name = f"area of {len(faces):,} triangles"
    return workload(name, f, by_hand, (x, faces), texts={TORCH: torch_text})


def grid_energy(side: int) -> Unseen:
    """Ginzburg and Landau's energy with the Laplacian of a grid as a sparse matrix."""
    from scipy.sparse import diags_array, eye_array, kron

    line = diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(side, side))
    laplacian = (kron(line, eye_array(side)) + kron(eye_array(side), line)).tocsr()
    x = np.random.default_rng(11).normal(size=side * side)

    def energy(np, product, x):
        return 0.5 * (x @ product(x)) + 0.25 * np.sum((x * x - 1.0) ** 2)

    def f(np, x):
        return energy(np, lambda x: laplacian @ x, x)

    def by_hand(x):
        return laplacian @ x + x * (x * x - 1.0)

    def jax_text(jnp, x):
        from jax.experimental.sparse import BCOO

        matrix = BCOO.from_scipy_sparse(laplacian)
        return energy(jnp, lambda x: matrix @ x, x)

    def torch_text(names, x):
        parts = (laplacian.indptr, laplacian.indices, laplacian.data)
        matrix = names.sparse_csr_tensor(*map(names.tensor, parts), size=laplacian.shape)
        return energy(names, lambda x: matrix @ x, x)

    texts = {JAX: jax_text, TORCH: torch_text}
    name = f"sparse Laplacian {side}²"
    return workload(name, f, by_hand, (x,), texts=texts, without=[AUTOGRAD])


def exponentials(n: int) -> Unseen:
    """A fit of two exponential functions, for Gauss and Newton's method."""
    t, theta = np.linspace(0.0, 4.0, n), np.array([1.0, 0.5, 2.0, 1.5])

    def f(np, theta, t):
        return theta[0] * np.exp(-theta[1] * t) + theta[2] * np.exp(-theta[3] * t)

    def by_hand(theta, t):
        j = np.empty((n, 4))
        j[:, 0], j[:, 2] = np.exp(-theta[1] * t), np.exp(-theta[3] * t)
        j[:, 1], j[:, 3] = -theta[0] * t * j[:, 0], -theta[2] * t * j[:, 2]
        return j

    return workload(f"two exponentials {n:,}", f, by_hand, (theta, t), kind=JACOBIAN)


SIZES: list[Any] = [
    (quartic, (200,), (4,)),
    (powers, (100_000,), (5,)),
    (surface, (40,), (3,)),
    (grid_energy, (100,), (3,)),
    (exponentials, (1000,), (7,)),
]
