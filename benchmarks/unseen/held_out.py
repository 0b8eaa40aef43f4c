"""Workloads held out: written after admodes had been tuned for the other families, and not tuned
for. The report gives their figures apart from the others'."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from benchmarks.compiled.case import JAX, TORCH

from .kit import GRADIENT, HELD_OUT, HESSIAN, JACOBIAN, Unseen, workload


def _held(name: str, *given: Any, kind: str = GRADIENT, **options: Any) -> Unseen:
    return workload(HELD_OUT + name, *given, kind=kind, **options)


def gaussian(n: int, d: int) -> Unseen:
    """The normal log-likelihood of n observations by the mean and by the Cholesky factor of the
    covariance, of which the entries above the diagonal are not read (Pinheiro and Bates, 1996)."""
    from scipy.linalg import solve_triangular

    rng = np.random.default_rng(20)
    mu, x = rng.normal(size=d), rng.normal(size=(n, d))
    factor = rng.normal(size=(d, d)) / d + np.eye(d)

    def loss(np, solve, mu, factor, x):
        lower = np.tril(factor)
        z = solve(lower, (x - mu).T)
        return 0.5 * np.sum(z * z) + n * np.sum(np.log(np.diag(lower)))

    def f(np, *args):
        return loss(np, np.linalg.solve, *args)

    def by_hand(mu, factor, x):
        z = solve_triangular(factor, (x - mu).T, lower=True, check_finite=False)
        back = solve_triangular(factor, z, lower=True, trans=1, check_finite=False)
        g = np.tril(-(back @ z.T))
        g[np.arange(d), np.arange(d)] += n / np.diag(factor)
        return -back.sum(axis=1), g

    def jax_text(jnp, *args):
        from jax.scipy.linalg import solve_triangular

        return loss(jnp, partial(solve_triangular, lower=True), *args)

    def torch_text(names, *args):
        return loss(names, partial(names.linalg.solve_triangular, upper=False), *args)

    texts = {JAX: jax_text, TORCH: torch_text}
    name = f"Gaussian likelihood {n:,} × {d}"
    return _held(name, f, by_hand, (mu, factor, x), 2, texts=texts)


def hawkes(n: int) -> Unseen:
    """Hawkes' self-exciting process with an exponential kernel, by Ogata's recursion (1981)."""
    rng = np.random.default_rng(21)
    times = np.cumsum(rng.exponential(1.0, size=n))
    end = float(times[-1]) + 1.0
    theta = np.array([0.5, 0.4, 1.2])

    def closed(np, total, theta, left):
        faded = np.sum(1.0 - np.exp(-theta[2] * left))
        return theta[0] * end + theta[1] / theta[2] * faded - total

    def f(np, theta, gaps, left):
        mu, alpha, beta = theta[0], theta[1], theta[2]
        level, total = 0.0, np.log(mu)
        for gap in gaps:
            level = np.exp(-beta * gap) * (1.0 + level)
            total = total + np.log(mu + alpha * level)
        return closed(np, total, theta, left)

    def loop(mu, alpha, beta, gaps):
        level, d_level = 0.0, 0.0
        g_mu, g_alpha, g_beta = 1.0 / mu, 0.0, 0.0
        for gap in gaps:
            fade = math.exp(-beta * gap)
            d_level = fade * (d_level - gap * (1.0 + level))
            level = fade * (1.0 + level)
            share = 1.0 / (mu + alpha * level)
            g_mu, g_alpha, g_beta = g_mu + share, g_alpha + share * level, g_beta + share * d_level
        return g_mu, g_alpha, g_beta

    def finished(loop, theta, gaps, left):
        mu, alpha, beta = theta.tolist()
        g_mu, g_alpha, g_beta = loop(mu, alpha, beta, gaps)
        fades = np.exp(-beta * left)
        faded, d_faded = n - fades.sum(), left @ fades
        g_beta = alpha * ((d_faded - faded / beta) / beta - g_beta)
        return np.array([end - g_mu, faded / beta - g_alpha, g_beta])

    def by_hand(theta, gaps, left):
        return finished(loop, theta, gaps.tolist(), left)

    def scanned(jnp, theta, gaps, left):
        import jax

        def step(state, gap):
            level, total = state
            level = jnp.exp(-theta[2] * gap) * (1.0 + level)
            return (level, total + jnp.log(theta[0] + theta[1] * level)), None

        _, total = jax.lax.scan(step, (jnp.zeros(()), jnp.log(theta[0])), gaps)[0]
        return closed(jnp, total, theta, left)

    return _held(
        f"Hawkes process {n}, loop of numbers",
        f,
        by_hand,
        (theta, np.diff(times), end - times),
        texts={JAX: scanned},
        numba=lambda njit: partial(finished, njit(loop)),
        on_arrays=False,
    )


def choices(n: int, k: int, p: int) -> Unseen:
    """McFadden's conditional logit (1974), where not everybody has every alternative."""
    rng = np.random.default_rng(22)
    w, x = rng.normal(size=p), rng.normal(size=(n, k, p))
    chosen = rng.integers(k, size=n)
    offered = rng.uniform(size=(n, k)) < 0.7
    offered[np.arange(n), chosen] = True
    one = np.eye(k)[chosen]

    def f(np, w, x, offered, one):
        u = np.where(offered, x @ w, -1e4)
        top = np.max(u, axis=1, keepdims=True)
        logs = u - top - np.log(np.sum(np.exp(u - top), axis=1, keepdims=True))
        return -np.sum(one * logs)

    def by_hand(w, x, offered, one):
        u = np.where(offered, x @ w, -1e4)
        u -= u.max(axis=1, keepdims=True)
        np.exp(u, out=u)
        u /= u.sum(axis=1, keepdims=True)
        weighted = x * u[:, :, None]
        mean = weighted.sum(axis=1)
        return weighted.reshape(-1, p).T @ x.reshape(-1, p) - mean.T @ mean

    name = f"conditional logit {n:,} × {k} × {p}"
    return _held(name, f, by_hand, (w, x, offered, one), kind=HESSIAN)


def ranking(n: int, p: int) -> Unseen:
    """The logistic loss of all pairs in the wrong order: RankNet (Burges and others, 2005)."""
    rng = np.random.default_rng(23)
    w, x = rng.normal(size=p), rng.normal(size=(n, p))
    grade = rng.integers(5, size=n)
    above = grade[:, None] > grade

    def loss(np, softplus, w, x, above):
        score = x @ w
        lost = softplus(score[None, :] - score[:, None])
        return np.sum(np.where(above, lost, 0.0)) / n

    def f(np, w, x, above):
        return loss(np, lambda z: np.logaddexp(0.0, z), w, x, above)

    def by_hand(w, x, above):
        score = x @ w
        share = score[:, None] - score
        np.exp(share, out=share)
        share += 1.0
        np.divide(above, share, out=share)
        return (share.sum(axis=0) - share.sum(axis=1)) @ x / n

    texts = {TORCH: lambda names, *args: loss(names, names.nn.functional.softplus, *args)}
    return _held(f"pairwise ranking {n} × {p}", f, by_hand, (w, x, above), texts=texts)


def cloth(side: int) -> Unseen:
    """Provot's springs between neighbours along rows, columns and diagonals (1995), and weight."""
    rng = np.random.default_rng(24)
    flat = np.stack([*np.meshgrid(*[np.arange(side)] * 2), np.zeros((side, side))], axis=2)
    x = flat + 0.1 * rng.normal(size=flat.shape)
    whole, first, last = slice(None), slice(None, -1), slice(1, None)
    ends = [
        ((last, whole), (first, whole), 1.0, 1.0),
        ((whole, last), (whole, first), 1.0, 1.0),
        ((last, last), (first, first), 2**0.5, 0.3),
        ((last, first), (first, last), 2**0.5, 0.3),
    ]

    def f(np, x):
        total = 0.1 * np.sum(x[:, :, 2])
        for p, q, rest, stiff in ends:
            d = x[p] - x[q]
            length = np.sqrt(np.sum(d * d, axis=2))
            total = total + 0.5 * stiff * np.sum((length - rest) ** 2)
        return total

    def by_hand(x):
        g = np.zeros_like(x)
        g[:, :, 2] = 0.1
        for p, q, rest, stiff in ends:
            d = x[p] - x[q]
            length = np.sqrt(np.einsum("ijk,ijk->ij", d, d))
            d *= (stiff * (1.0 - rest / length))[:, :, None]
            g[p] += d
            g[q] -= d
        return g

    return _held(f"springs of a cloth {side}²", f, by_hand, (x,))


def epidemic(regions: int, steps: int) -> Unseen:
    """Kermack and McKendrick's model (1927) of regions that mix, by Runge–Kutta: how the last state
    depends on the rates of infection and of recovery."""
    rng = np.random.default_rng(25)
    beta, gamma = rng.uniform(0.3, 0.6, size=regions), rng.uniform(0.1, 0.2, size=regions)
    mixing = rng.dirichlet(np.ones(regions), size=regions)
    ill = rng.uniform(0.01, 0.05, size=regions)
    start = np.stack([1.0 - ill, ill])
    target = rng.uniform(size=(2, regions))
    h = 0.5

    def step(np, beta, gamma, mixing, y):
        def slope(y):
            flow = beta * y[0] * (mixing @ y[1])
            return np.stack([-flow, flow - gamma * y[1]])

        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    def f(np, beta, gamma, mixing, start, target):
        y = start
        for _ in range(steps):
            y = step(np, beta, gamma, mixing, y)
        return 0.5 * np.sum((y - target) ** 2)

    def by_hand(beta, gamma, mixing, start, target):
        y, slopes = start, np.empty((4, 2, regions))
        stages, met = np.empty((steps, 4, 2, regions)), np.empty((steps, 4, regions))
        before = (0.0, 0.5 * h, 0.5 * h, h)
        for t in range(steps):
            for s in range(4):
                at = np.add(y, before[s] * slopes[s - 1] if s else 0.0, out=stages[t, s])
                flow = beta * at[0]
                flow *= np.matmul(mixing, at[1], out=met[t, s])
                np.negative(flow, out=slopes[s, 0])
                np.subtract(flow, gamma * at[1], out=slopes[s, 1])
            y = y + h / 6.0 * (slopes[0] + 2.0 * (slopes[1] + slopes[2]) + slopes[3])
        d, mixed, rates = y - target, mixing.T.copy(), beta * met
        caught, back, all_d = beta * stages[:, :, 0], np.empty((2, regions)), np.empty_like(stages)
        for t in range(steps - 1, -1, -1):
            thirds = h / 3.0 * d
            for s in range(3, -1, -1):
                a = np.multiply(thirds, 1.0 if s in (1, 2) else 0.5, out=all_d[t, s])
                if s < 3:
                    a += before[s + 1] * back
                d_flow = a[1] - a[0]
                np.multiply(d_flow, rates[t, s], out=back[0])
                np.subtract(mixed @ (d_flow * caught[t, s]), gamma * a[1], out=back[1])
                d += back
        d_flow = all_d[:, :, 1] - all_d[:, :, 0]
        g_beta = np.einsum("tsi,tsi,tsi->i", d_flow, stages[:, :, 0], met)
        return g_beta, -np.einsum("tsi,tsi->i", all_d[:, :, 1], stages[:, :, 1])

    def scanned(jnp, beta, gamma, mixing, start, target):
        import jax

        def one(y, _):
            return step(jnp, beta, gamma, mixing, y), None

        y = jax.lax.scan(one, start, length=steps)[0]
        return 0.5 * jnp.sum((y - target) ** 2)

    args = (beta, gamma, mixing, start, target)
    name = f"epidemic of {regions} regions, {steps} steps"
    return _held(name, f, by_hand, args, 2, texts={JAX: scanned})


def factors(n: int, m: int, rank: int) -> Unseen:
    """Lee and Seung's factorisation into nonnegative matrices, by Kullback and Leibler's divergence
    (1999)."""
    rng = np.random.default_rng(26)
    w, h = rng.uniform(0.1, 1.0, size=(n, rank)), rng.uniform(0.1, 1.0, size=(rank, m))
    v = rng.poisson(3.0, size=(n, m)).astype(float)

    def f(np, w, h, v):
        made = w @ h
        return np.sum(made - v * np.log(made))

    def by_hand(w, h, v):
        r = w @ h
        np.divide(v, r, out=r)
        np.subtract(1.0, r, out=r)
        return r @ h.T, w.T @ r

    return _held(f"nonnegative factors {n} × {m}, {rank}", f, by_hand, (w, h, v), 2)


def convolutions(length: int, width: int, layers: int) -> Unseen:
    """A network of dilated causal convolutions with residuals, after WaveNet (van den Oord and
    others, 2016)."""
    rng = np.random.default_rng(27)
    w = rng.normal(size=(layers, 2, width, width)) / width**0.5
    b, x = 0.1 * rng.normal(size=(layers, width)), rng.normal(size=(length, width))
    gaps = [2**k for k in range(layers)]
    y = rng.normal(size=(length - sum(gaps), width))

    def f(np, w, b, x, y):
        for k, gap in enumerate(gaps):
            past, now = x[:-gap], x[gap:]
            x = now + np.tanh(past @ w[k, 0] + now @ w[k, 1] + b[k])
        return 0.5 * np.sum((x - y) ** 2) / length

    def by_hand(w, b, x, y):
        kept = []
        for k, gap in enumerate(gaps):
            t = x[:-gap] @ w[k, 0]
            t += x[gap:] @ w[k, 1]
            t += b[k]
            np.tanh(t, out=t)
            kept.append((x, t))
            x = x[gap:] + t
        d = (x - y) / length
        g_w, g_b = np.empty_like(w), np.empty_like(b)
        for k in range(layers - 1, -1, -1):
            (x, t), gap = kept[k], gaps[k]
            e = d * (1.0 - t * t)
            g_w[k, 0], g_w[k, 1], g_b[k] = x[:-gap].T @ e, x[gap:].T @ e, e.sum(axis=0)
            if k:
                back = np.zeros_like(x)
                back[gap:] = d + e @ w[k, 1].T
                back[:-gap] += e @ w[k, 0].T
                d = back
        return g_w, g_b

    name = f"dilated convolutions {length} × {width}, {layers} layers"
    return _held(name, f, by_hand, (w, b, x, y), 2)


def procrustes(n: int, d: int) -> Unseen:
    """What is left, robustly, of the distance between two sets of points after the best rotation,
    which a singular value decomposition finds (Schönemann, 1966)."""
    rng = np.random.default_rng(28)
    x = rng.normal(size=(n, d)) * np.linspace(0.5, 2.0, d)
    y = x @ np.linalg.qr(rng.normal(size=(d, d)))[0] + 0.3 * rng.normal(size=(n, d))

    def f(np, x, y):
        u, _, vt = np.linalg.svd(x.T @ y, full_matrices=False)
        r = x @ (u @ vt) - y
        return np.sum(np.sqrt(1.0 + np.sum(r * r, axis=1)) - 1.0)

    def by_hand(x, y):
        u, s, vt = np.linalg.svd(x.T @ y, full_matrices=False)
        turn = u @ vt
        r = x @ turn - y
        r /= np.sqrt(1.0 + np.einsum("ij,ij->i", r, r))[:, None]
        a = u.T @ (x.T @ r) @ vt.T
        a = (a - a.T) / (s[:, None] + s)
        return r @ turn.T + y @ (u @ a @ vt).T

    return _held(f"Procrustes rotation {n:,} × {d}", f, by_hand, (x, y))


def arm(joints: int) -> Unseen:
    """Where the joints of a planar arm are, by their angles, as inverse kinematics need it
    (Whitney, 1969)."""
    rng = np.random.default_rng(29)
    theta, lengths = 0.3 * rng.normal(size=joints), rng.uniform(0.5, 1.5, size=joints)

    def f(np, theta, lengths):
        angle = np.cumsum(theta)
        x, y = np.cumsum(lengths * np.cos(angle)), np.cumsum(lengths * np.sin(angle))
        return np.concatenate([x, y])

    def by_hand(theta, lengths):
        angle = np.cumsum(theta)
        steps = lengths * np.cos(angle), lengths * np.sin(angle)
        x, y = np.cumsum(steps[0]), np.cumsum(steps[1])
        j = np.empty((2 * joints, joints))
        j[:joints] = np.tril((y - steps[1]) - y[:, None])
        j[joints:] = np.tril(x[:, None] - (x - steps[0]))
        return j

    return _held(f"arm of {joints} joints", f, by_hand, (theta, lengths), kind=JACOBIAN)


SIZES: list[Any] = [
    (gaussian, (500, 60), (7, 3)),
    (hawkes, (500,), (6,)),
    (choices, (3000, 8, 6), (9, 4, 3)),
    (ranking, (300, 20), (8, 3)),
    (cloth, (40,), (4,)),
    (epidemic, (20, 30), (3, 4)),
    (factors, (200, 100, 10), (5, 4, 2)),
    (convolutions, (200, 64, 3), (12, 3, 3)),
    (procrustes, (1000, 20), (12, 3)),
    (arm, (200,), (5,)),
]
