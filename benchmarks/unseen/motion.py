"""Physics and states in time: fields, particles, filters, integrators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.lab.workloads.texts import FORCING, lorenz_slope
from benchmarks.compiled.case import AUTOGRAD, JAX, TORCH

from .kit import Unseen, workload


def heat(n: int, steps: int) -> Unseen:
    """Conductivities and first temperatures of a rod from its last, by assignment to slices."""
    rng = np.random.default_rng(0)
    k, u, target = rng.uniform(0.1, 0.4, size=n - 1), rng.normal(size=n), rng.normal(size=n)

    def f(np, k, u, target):
        u = u.copy()
        for _ in range(steps):
            flow = k * (u[1:] - u[:-1])
            u[1:-1] += flow[1:] - flow[:-1]
        return 0.5 * np.sum((u - target) ** 2)

    def by_hand(k, u, target):
        u, slopes = u.copy(), np.empty((steps, n - 1))
        for t in range(steps):
            slopes[t] = u[1:] - u[:-1]
            flow = k * slopes[t]
            u[1:-1] += flow[1:] - flow[:-1]
        w, g = u - target, np.zeros(n - 1)
        for t in range(steps - 1, -1, -1):
            back = np.zeros(n - 1)
            back[1:] += w[1:-1]
            back[:-1] -= w[1:-1]
            g += back * slopes[t]
            back *= k
            w[1:] += back
            w[:-1] -= back
        return g, w

    def stepped(names, k, u):
        flow = k * (u[1:] - u[:-1])
        return names.concatenate([u[:1], u[1:-1] + flow[1:] - flow[:-1], u[-1:]])

    def listed(names, k, u, target):
        for _ in range(steps):
            u = stepped(names, k, u)
        return 0.5 * names.sum((u - target) ** 2)

    def scanned(jnp, k, u, target):
        import jax

        u = jax.lax.scan(lambda u, _: (stepped(jnp, k, u), None), u, length=steps)[0]
        return 0.5 * jnp.sum((u - target) ** 2)

    texts = {JAX: scanned, TORCH: listed, AUTOGRAD: listed}
    name = f"heat equation {n:,}, {steps} steps"
    return workload(name, f, by_hand, (k, u, target), 2, texts=texts)


def gravity(n: int) -> Unseen:
    """The energy of n bodies, softened."""
    rng = np.random.default_rng(1)
    x, m = rng.normal(size=(n, 3)), rng.uniform(size=n)

    def f(np, x, m):
        d = x[:, None, :] - x[None, :, :]
        return -0.5 * np.sum(m[:, None] * m / np.sqrt(np.sum(d * d, axis=2) + 0.01))

    def by_hand(x, m):
        d = x[:, None, :] - x
        square = np.einsum("ijk,ijk->ij", d, d) + 0.01
        w = m[:, None] * m / (square * np.sqrt(square))
        return w.sum(axis=1)[:, None] * x - w @ x

    return workload(f"gravity of {n} bodies", f, by_hand, (x, m))


def lennard_jones(n: int) -> Unseen:
    """Atoms in a periodic box, by pairs."""
    rng = np.random.default_rng(2)
    side = math.ceil(n ** (1 / 3))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[:n]
    x = 1.2 * grid + 0.05 * rng.normal(size=(n, 3))
    i, j = np.triu_indices(n, 1)
    box = 1.2 * (side + 1)

    def f(np, x, i, j):
        d = x[i] - x[j]
        d = d - box * np.round(d / box)
        s = 1.0 / np.sum(d * d, axis=1) ** 3
        return 4.0 * np.sum(s * s - s)

    def by_hand(x, i, j):
        d = x[i] - x[j]
        d -= box * np.round(d / box)
        square = np.einsum("ij,ij->i", d, d)
        s = 1.0 / square**3
        d *= (-24.0 * (2.0 * s * s - s) / square)[:, None]
        columns = [np.bincount(i, c, n) - np.bincount(j, c, n) for c in d.T]
        return np.stack(columns, axis=1)

    return workload(f"Lennard-Jones, {n} atoms", f, by_hand, (x, i, j), tolerance=1e-7)


def mean_field(n: int) -> Unseen:
    """The free energy of Ising spins in the mean field."""
    rng = np.random.default_rng(3)
    j = rng.normal(size=(n, n)) / np.sqrt(n)
    theta, h = rng.normal(size=n), rng.normal(size=n)
    j += j.T

    def f(np, theta, j, h):
        m = np.tanh(theta)
        p, q = 0.5 * (1.0 + m), 0.5 * (1.0 - m)
        return -0.5 * (m @ (j @ m)) - h @ m + np.sum(p * np.log(p) + q * np.log(q))

    def by_hand(theta, j, h):
        m = np.tanh(theta)
        return (theta - j @ m - h) * (1.0 - m * m)

    return workload(f"Ising mean field {n}", f, by_hand, (theta, j, h))


def lattice(side: int) -> Unseen:
    """The action of a scalar field with x⁴ on a torus."""
    phi = np.random.default_rng(4).normal(size=(side, side))

    def f(np, phi):
        kinetic = sum(np.sum((np.roll(phi, 1, axis) - phi) ** 2) for axis in (0, 1))
        return 0.5 * kinetic + np.sum(0.3 * phi**2 + 0.1 * phi**4)

    def by_hand(phi):
        g = phi * (4.6 + 0.4 * (phi * phi))
        for axis in (0, 1):
            g -= np.roll(phi, 1, axis)
            g -= np.roll(phi, -1, axis)
        return g

    return workload(f"lattice action {side}²", f, by_hand, (phi,))


def lorenz(n: int, steps: int) -> Unseen:
    """Lorenz's 1996 model by Runge–Kutta, over a time in which differences can check it."""
    x = np.random.default_rng(5).normal(size=n)
    step = 0.004

    def turn(np, x):
        k1 = lorenz_slope(np, x)
        k2 = lorenz_slope(np, x + 0.5 * step * k1)
        k3 = lorenz_slope(np, x + 0.5 * step * k2)
        k4 = lorenz_slope(np, x + step * k3)
        return x + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    def f(np, x):
        for _ in range(steps):
            x = turn(np, x)
        return 0.5 * np.sum(x * x)

    def slope(x, out):
        out[2:-1] = (x[3:] - x[:-3]) * x[1:-2]
        out[0] = (x[1] - x[-2]) * x[-1]
        out[1] = (x[2] - x[-1]) * x[0]
        out[-1] = (x[0] - x[-3]) * x[-2]
        out -= x
        out += FORCING
        return out

    def back(x, w):
        before = np.roll(x, 1)
        p, q = before * w, (np.roll(x, -1) - np.roll(x, 2)) * w
        return np.roll(p, 1) - np.roll(p, -2) + np.roll(q, -1) - w

    def by_hand(x):
        stages, k = np.empty((steps, 4, n)), np.empty((4, n))
        for t in range(steps):
            stage = stages[t]
            stage[0] = x
            for s, part in enumerate((0.5 * step, 0.5 * step, step)):
                np.add(x, part * slope(stage[s], k[s]), out=stage[s + 1])
            slope(stage[3], k[3])
            x = x + step / 6.0 * (k[0] + 2.0 * (k[1] + k[2]) + k[3])
        w = x
        for stage in stages[::-1]:
            share = step / 6.0 * w
            a4 = back(stage[3], share)
            a3 = back(stage[2], 2.0 * share + step * a4)
            a2 = back(stage[1], 2.0 * share + 0.5 * step * a3)
            a1 = back(stage[0], share + 0.5 * step * a2)
            w = w + a1 + a2 + a3 + a4
        return w

    def scanned(jnp, x):
        import jax

        x = jax.lax.scan(lambda x, _: (turn(jnp, x), None), x, length=steps)[0]
        return 0.5 * jnp.sum(x * x)

    texts = {JAX: scanned}
    name = f"Lorenz-96 {n}, {steps} steps"
    return workload(name, f, by_hand, (x,), texts=texts)


def kalman(steps: int) -> Unseen:
    """The likelihood of a linear model with four states and two observations."""
    rng = np.random.default_rng(6)
    a = np.eye(4) + 0.1 * np.diag(np.ones(3), 1)
    q, r = 0.1 * np.eye(4), 0.5 * np.eye(2)
    h, y = rng.normal(size=(2, 4)), rng.normal(size=(steps, 2))

    def turn(np, state, row, a, q, r, h):
        x, p, total = state
        x, p = a @ x, a @ p @ a.T + q
        s = h @ p @ h.T + r
        inverse = np.linalg.inv(s)
        v, gain = row - h @ x, p @ h.T @ inverse
        total = total + 0.5 * (v @ inverse @ v + np.linalg.slogdet(s)[1])
        return x + gain @ v, p - gain @ h @ p, total

    def f(np, a, q, r, h, y):
        state = np.zeros(4), np.eye(4), 0.0
        for t in range(steps):
            state = turn(np, state, y[t], a, q, r, h)
        return state[2]

    def by_hand(a, q, r, h, y):
        x, p, kept = np.zeros(4), np.eye(4), []
        for t in range(steps):
            x0, p0 = x, p
            x, p = a @ x, a @ p @ a.T + q
            hp = h @ p
            inverse = np.linalg.inv(hp @ h.T + r)
            gain, v = p @ h.T @ inverse, y[t] - h @ x
            kept.append((x0, p0, p, hp, inverse, gain, v))
            x, p = x + gain @ v, p - gain @ hp
        d_a, d_q, d_r = np.zeros((4, 4)), np.zeros((4, 4)), np.zeros((2, 2))
        d_x, d_p = np.zeros(4), np.zeros((4, 4))
        for x0, p0, p, hp, inverse, gain, v in reversed(kept):
            d_gain = np.outer(d_x, v) - d_p @ hp.T
            d_v = gain.T @ d_x + inverse @ v
            d_inverse = 0.5 * np.outer(v, v) + h @ p.T @ d_gain
            d_s = 0.5 * inverse.T - inverse.T @ d_inverse @ inverse.T
            d_p = d_p - (gain @ h).T @ d_p + d_gain @ inverse.T @ h + h.T @ d_s @ h
            d_x = d_x - h.T @ d_v
            d_r += d_s
            d_q += d_p
            d_a += d_p @ a @ p0.T + d_p.T @ a @ p0 + np.outer(d_x, x0)
            d_x, d_p = a.T @ d_x, a.T @ d_p @ a
        return d_a, d_q, d_r

    def scanned(jnp, a, q, r, h, y):
        import jax

        state = jnp.zeros(4), jnp.eye(4), jnp.zeros(())
        return jax.lax.scan(lambda s, row: (turn(jnp, s, row, a, q, r, h), None), state, y)[0][2]

    args = (a, q, r, h, y)
    return workload(f"Kalman filter, {steps} steps", f, by_hand, args, 3, texts={JAX: scanned})


def pendulum(steps: int) -> Unseen:
    """A pendulum by Runge–Kutta, a loop over two numbers."""
    step, pull = 0.05, 9.81

    def turn(sin, a, w, length):
        g = -pull / length
        k1, l1 = w, g * sin(a)
        k2, l2 = w + 0.5 * step * l1, g * sin(a + 0.5 * step * k1)
        k3, l3 = w + 0.5 * step * l2, g * sin(a + 0.5 * step * k2)
        k4, l4 = w + step * l3, g * sin(a + step * k3)
        a = a + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return a, w + step / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)

    def run(sin, a, w, length):
        for _ in range(steps):
            a, w = turn(sin, a, w, length)
        return (a - 1.0) ** 2 + 0.1 * w * w

    def f(np, a, w, length):
        return run(np.sin, a, w, length)

    def back(cos, sin, kept, a, w, length):
        """Backwards through the steps; kept has the states before each."""
        g = -pull / length
        d_a, d_w, d_g = 2.0 * (a - 1.0), 0.2 * w, 0.0
        for t in range(steps - 1, -1, -1):
            a, w = kept[t]
            l1 = g * sin(a)
            a2 = a + 0.5 * step * w
            l2 = g * sin(a2)
            a3 = a + 0.5 * step * (w + 0.5 * step * l1)
            a4 = a + step * (w + 0.5 * step * l2)
            p, q = step / 6.0 * d_a, step / 6.0 * d_w
            b4 = q * g * cos(a4)
            b3 = (2.0 * q + step * p) * g * cos(a3)
            e2 = 2.0 * q + 0.5 * step * (2.0 * p + step * b4)
            b2 = e2 * g * cos(a2)
            e1 = q + 0.5 * step * (2.0 * p + 0.5 * step * b3)
            b1 = e1 * g * cos(a)
            d_g += q * sin(a4) + (2.0 * q + step * p) * sin(a3) + e2 * sin(a2) + e1 * sin(a)
            d_a += b1 + b2 + b3 + b4
            d_w += 6.0 * p + 0.5 * step * (b2 + b3) + step * b4
        return d_a, d_w, -d_g * g / length

    def by_hand(a, w, length):
        kept = []
        for _ in range(steps):
            kept.append((a, w))
            a, w = turn(math.sin, a, w, length)
        return back(math.cos, math.sin, kept, a, w, length)

    def looped(jnp, a, w, length):
        import jax

        def body(state, _):
            return turn(jnp.sin, *state, length), None

        a, w = jax.lax.scan(body, (a, w), length=steps)[0]
        return (a - 1.0) ** 2 + 0.1 * w * w

    def casadi(ca):
        x = [ca.SX.sym(n) for n in ("a", "w", "length")]
        return ca.Function("g", x, [ca.gradient(run(ca.sin, *x), ca.vertcat(*x))])

    def numba(njit):
        once, undo = njit(turn), njit(back)
        sin, cos = njit(lambda x: np.sin(x)), njit(lambda x: np.cos(x))

        @njit
        def gradient(a, w, length):
            kept = np.empty((steps, 2))
            for t in range(steps):
                kept[t, 0] = a
                kept[t, 1] = w
                a, w = once(sin, a, w, length)
            return undo(cos, sin, kept, a, w, length)

        return gradient

    return workload(
        f"pendulum, {steps} steps, loop of numbers",
        f,
        by_hand,
        (0.5, 0.1, 1.3),
        3,
        texts={JAX: looped},
        casadi=casadi,
        numba=numba,
        on_arrays=False,
    )


SIZES: list[Any] = [
    (heat, (1000, 500), (7, 4)),
    (gravity, (200,), (5,)),
    (lennard_jones, (150,), (8,)),
    (mean_field, (400,), (5,)),
    (lattice, (128,), (4,)),
    (lorenz, (1000, 500), (7, 3)),
    (kalman, (200,), (3,)),
    (pendulum, (200,), (3,)),
]
