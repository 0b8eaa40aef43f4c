"""Matrices: factorisations, products, series, and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.compiled.case import AUTOGRAD, JAX, TORCH

from .kit import Unseen, workload


def least_squares(n: int, p: int) -> Unseen:
    """How the solution of a least squares problem depends on its matrix, by QR."""
    rng = np.random.default_rng(0)
    a, b, wanted = rng.normal(size=(n, p)), rng.normal(size=n), rng.normal(size=p)

    def f(np, a, b, wanted):
        q, r = np.linalg.qr(a)
        return 0.5 * np.sum((np.linalg.solve(r, q.T @ b) - wanted) ** 2)

    def by_hand(a, b, wanted):
        q, r = np.linalg.qr(a)
        x = np.linalg.solve(r, q.T @ b)
        half = np.linalg.solve(r.T, x - wanted)
        z = np.linalg.solve(r, half)
        d_b = q @ half
        return np.outer(b - a @ x, z) - np.outer(d_b, x), d_b

    name = f"least squares by QR {n} × {p}"
    return workload(name, f, by_hand, (a, b, wanted), 2, without=[AUTOGRAD])


def nuclear(n: int, m: int) -> Unseen:
    """Completing a matrix of low rank: the sum of the singular values."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(n, m)), rng.normal(size=(n, m))
    seen = (rng.uniform(size=(n, m)) < 0.3).astype(float)

    def f(np, x, y, seen):
        return 0.5 * np.sum(seen * (x - y) ** 2) + np.sum(np.linalg.svd(x, compute_uv=False))

    def by_hand(x, y, seen):
        u, _, v = np.linalg.svd(x, full_matrices=False)
        return seen * (x - y) + u @ v

    def torch_text(names, x, y, seen):
        return 0.5 * names.sum(seen * (x - y) ** 2) + names.sum(names.linalg.svdvals(x))

    def autograd_text(anp, x, y, seen):
        s = anp.linalg.svd(x, full_matrices=False)[1]
        return 0.5 * anp.sum(seen * (x - y) ** 2) + anp.sum(s)

    texts = {TORCH: torch_text, AUTOGRAD: autograd_text}
    return workload(f"nuclear norm {n} × {m}", f, by_hand, (x, y, seen), texts=texts)


def principal(n: int, p: int, k: int) -> Unseen:
    """Principal components as a minimum near the Stiefel manifold."""
    rng = np.random.default_rng(2)
    w, x = rng.normal(size=(p, k)) / p**0.5, rng.normal(size=(n, p))

    def f(np, w, x):
        return 0.25 * np.sum((w.T @ w - np.eye(k)) ** 2) - 0.5 / n * np.sum((x @ w) ** 2)

    def by_hand(w, x):
        gram = w.T @ w
        gram[np.arange(k), np.arange(k)] -= 1.0
        return w @ gram - x.T @ (x @ w) / n

    return workload(f"principal components {n:,} × {p}, {k}", f, by_hand, (w, x))


def neighbours(n: int) -> Unseen:
    """Van der Maaten and Hinton's t-SNE."""
    rng = np.random.default_rng(3)
    p = rng.uniform(size=(n, n))
    p = (p + p.T) * (1.0 - np.eye(n))
    p /= p.sum()
    y, off = rng.normal(size=(n, 2)), 1.0 - np.eye(n)

    def f(np, y, p, off):
        d = np.sum((y[:, None, :] - y[None, :, :]) ** 2, axis=2)
        near = off / (1.0 + d)
        return np.sum(p * np.log(1.0 + d)) + np.log(np.sum(near))

    def by_hand(y, p, off):
        square = np.sum(y * y, axis=1)
        near = -2.0 * (y @ y.T)
        near += square[:, None]
        near += square
        near += 1.0
        np.divide(1.0, near, out=near)
        kept = off * near
        near *= 4.0 * (p - kept / kept.sum())
        return near.sum(axis=1)[:, None] * y - near @ y

    return workload(f"t-SNE {n}", f, by_hand, (y, p, off))


def sinkhorn(n: int, rounds: int) -> Unseen:
    """Cuturi's distance between histograms; its dependence on the costs."""
    rng = np.random.default_rng(4)
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    cost = rng.uniform(size=(n, n))

    def f(np, cost, a, b):
        k = np.exp(-5.0 * cost)
        v = np.ones(n)
        for _ in range(rounds):
            u = a / (k @ v)
            v = b / (k.T @ u)
        return np.sum(u[:, None] * (k * cost) * v)

    def by_hand(cost, a, b):
        k = np.exp(-5.0 * cost)
        us, vs = np.empty((rounds, n)), np.ones((rounds + 1, n))
        for t in range(rounds):
            us[t] = a / (k @ vs[t])
            vs[t + 1] = b / (k.T @ us[t])
        u, v = us[-1], vs[-1]
        weighted = k * cost
        d_u, d_v = weighted @ v, u @ weighted
        d_k = np.outer(u, v)
        result = d_k * k
        d_k *= cost
        for_u, for_v = np.empty((2, rounds, n))
        for t in range(rounds - 1, -1, -1):
            for_v[t] = -d_v * vs[t + 1] ** 2 / b
            d_u = d_u + k @ for_v[t]
            for_u[t] = -d_u * us[t] ** 2 / a
            d_v = for_u[t] @ k
            d_u = 0.0
        d_k += us.T @ for_v + for_u.T @ vs[:-1]
        d_k *= k
        d_k *= 5.0
        return result - d_k

    return workload(f"Sinkhorn {n}², {rounds} rounds", f, by_hand, (cost, a, b))


def tridiagonal(n: int) -> Unseen:
    """Thomas's elimination, entry by entry."""
    rng = np.random.default_rng(5)
    a, c, d = rng.normal(size=(3, n))
    b = 4.0 + rng.uniform(size=n)

    def f(np, a, b, c, d):
        upper, right = np.zeros(n), np.zeros(n)
        upper[0], right[0] = c[0] / b[0], d[0] / b[0]
        for i in range(1, n):
            pivot = b[i] - a[i] * upper[i - 1]
            upper[i] = c[i] / pivot
            right[i] = (d[i] - a[i] * right[i - 1]) / pivot
        x = np.zeros(n)
        x[n - 1] = right[n - 1]
        for i in range(n - 2, -1, -1):
            x[i] = right[i] - upper[i] * x[i + 1]
        return 0.5 * np.sum(x * x)

    def eliminated(a, b, c, d, upper, x):
        upper[0], x[0] = c[0] / b[0], d[0] / b[0]
        for i in range(1, n):
            pivot = b[i] - a[i] * upper[i - 1]
            upper[i] = c[i] / pivot
            x[i] = (d[i] - a[i] * x[i - 1]) / pivot
        for i in range(n - 2, -1, -1):
            x[i] -= upper[i] * x[i + 1]

    def by_hand(a, b, c, d):
        lists = [s.tolist() for s in (a, b, c, d)]
        x, z, spare = [0.0] * n, [0.0] * n, [0.0] * n
        eliminated(*lists, spare, x)
        a, b, c, d = lists
        eliminated([0.0, *c[:-1]], b, [*a[1:], 0.0], x, spare, z)
        x, z = np.array(x), np.array(z)
        d_a, d_c = np.zeros(n), np.zeros(n)
        d_a[1:] = -z[1:] * x[:-1]
        d_c[:-1] = -z[:-1] * x[1:]
        return d_a, -z * x, d_c, z

    def scanned(jnp, a, b, c, d):
        import jax

        def down(state, row):
            upper, right = state
            a, b, c, d = row
            pivot = b - a * upper
            state = c / pivot, (d - a * right) / pivot
            return state, state

        def up(x, row):
            upper, right = row
            x = right - upper * x
            return x, x

        zero = jnp.zeros(())
        rows = jax.lax.scan(down, (zero, zero), (a.at[0].set(0.0), b, c, d))[1]
        return 0.5 * jnp.sum(jax.lax.scan(up, zero, rows, reverse=True)[1] ** 2)

    def listed(names, a, b, c, d):
        upper, right = [c[0] / b[0]], [d[0] / b[0]]
        for i in range(1, n):
            pivot = b[i] - a[i] * upper[i - 1]
            upper.append(c[i] / pivot)
            right.append((d[i] - a[i] * right[i - 1]) / pivot)
        x = right[-1]
        total = x * x
        for i in range(n - 2, -1, -1):
            x = right[i] - upper[i] * x
            total = total + x * x
        return 0.5 * total

    def casadi(ca):
        x = [ca.SX.sym(name, n) for name in "abcd"]
        column = ca.vertcat(*x)
        return ca.Function("g", x, [ca.gradient(listed(ca, *x), column)])

    def numba(njit):
        solve = njit(eliminated)

        @njit
        def gradient(a, b, c, d):
            spare, x, z = np.empty(n), np.empty(n), np.empty(n)
            solve(a, b, c, d, spare, x)
            below, above = np.zeros(n), np.zeros(n)
            below[1:], above[:-1] = c[:-1], a[1:]
            solve(below, b, above, x, spare, z)
            d_a, d_c = np.zeros(n), np.zeros(n)
            d_a[1:] = -z[1:] * x[:-1]
            d_c[:-1] = -z[:-1] * x[1:]
            return d_a, -z * x, d_c, z

        return gradient

    return workload(
        f"tridiagonal system {n}, loop of numbers",
        f,
        by_hand,
        (a, b, c, d),
        4,
        texts={JAX: scanned, TORCH: listed, AUTOGRAD: listed},
        casadi=casadi,
        numba=numba,
        on_arrays=False,
    )


def canonical(n: int, rank: int) -> Unseen:
    """A tensor as a sum of outer products, by einsum."""
    rng = np.random.default_rng(6)
    a, b, c = rng.normal(size=(3, n, rank))
    t = rng.normal(size=(n, n, n))

    def f(np, a, b, c, t):
        return 0.5 * np.sum((np.einsum("ir,jr,kr->ijk", a, b, c) - t) ** 2)

    def by_hand(a, b, c, t):
        pairs = (a[:, None, :] * b).reshape(-1, rank)
        d = (pairs @ c.T - t.reshape(-1, n)).reshape(n, n, n)
        by_c = (d.reshape(-1, n) @ c).reshape(n, n, rank)
        d_a, d_b = np.sum(by_c * b, axis=1), np.sum(by_c * a[:, None, :], axis=0)
        return d_a, d_b, d.reshape(-1, n).T @ pairs

    return workload(f"tensor decomposition {n}³, {rank}", f, by_hand, (a, b, c, t), 3)


def exponential(n: int, terms: int) -> Unseen:
    """The exponential of a matrix by its series, applied to a vector."""
    rng = np.random.default_rng(7)
    a, (x, y) = rng.normal(size=(n, n)) / n, rng.normal(size=(2, n))

    def f(np, a, x, y):
        term = total = np.eye(n)
        for k in range(1, terms + 1):
            term = term @ a / k
            total = total + term
        return 0.5 * np.sum((total @ x - y) ** 2)

    def by_hand(a, x, y):
        powers = [np.eye(n)]
        for k in range(1, terms + 1):
            powers.append(powers[-1] @ a / k)
        d_total = np.outer(np.sum(powers, axis=0) @ x - y, x)
        d_term, g = d_total.copy(), np.zeros((n, n))
        for k in range(terms, 0, -1):
            d_term /= k
            g += powers[k - 1].T @ d_term
            d_term = d_total + d_term @ a.T
        return g

    return workload(f"matrix exponential {n}, {terms} terms", f, by_hand, (a, x, y))


SIZES: list[Any] = [
    (least_squares, (200, 20), (6, 3)),
    (nuclear, (60, 40), (5, 3)),
    (principal, (1000, 50, 5), (6, 4, 2)),
    (neighbours, (300,), (5,)),
    (sinkhorn, (100, 30), (4, 3)),
    (tridiagonal, (200,), (4,)),
    (canonical, (30, 6), (4, 2)),
    (exponential, (20, 12), (3, 3)),
]
