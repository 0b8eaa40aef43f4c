"""Paths and prices, and recurrences over rows of a table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.compiled.case import AUTOGRAD, JAX, TORCH

from .kit import Unseen, workload


def asian(paths: int, steps: int) -> Unseen:
    """The price of an option on an arithmetic mean, path by path: its sensitivities."""
    z = np.random.default_rng(0).normal(size=(paths, steps))
    strike, end = 100.0, 1.0
    dt = end / steps

    def f(np, start, rate, sigma, z):
        logs = (rate - 0.5 * sigma**2) * dt + sigma * dt**0.5 * z
        prices = start * np.exp(np.cumsum(logs, axis=1))
        payoff = np.maximum(np.mean(prices, axis=1) - strike, 0.0)
        return np.exp(-rate * end) * np.mean(payoff)

    def by_hand(start, rate, sigma, z):
        walk = np.cumsum(z, axis=1)
        walk *= dt**0.5
        times = dt * np.arange(1, steps + 1)
        prices = sigma * walk
        prices += (rate - 0.5 * sigma**2) * times
        np.exp(prices, out=prices)
        prices *= start
        mean = prices.mean(axis=1)
        taken = np.exp(-rate * end) / paths * (mean > strike)
        d_start = taken @ mean / start
        at = prices @ times / steps
        d_rate = taken @ at - end * (taken @ (mean - strike))
        prices *= walk
        return d_start, d_rate, taken @ prices.mean(axis=1) - sigma * (taken @ at)

    args = (100.0, 0.03, 0.2, z)
    return workload(f"Asian option {paths:,} × {steps}", f, by_hand, args, 3)


def black_scholes(n: int) -> Unseen:
    """The sensitivities of n options at once."""
    from scipy.special import erf

    rng = np.random.default_rng(1)
    s, k = rng.uniform(80.0, 120.0, size=n), rng.uniform(80.0, 120.0, size=n)
    sigma, t = rng.uniform(0.1, 0.4, size=n), rng.uniform(0.2, 2.0, size=n)
    r = rng.uniform(0.0, 0.05, size=n)

    def price(np, erf, s, sigma, t, r, k):
        spread = sigma * np.sqrt(t)
        d1 = (np.log(s / k) + r * t) / spread + 0.5 * spread
        d2 = d1 - spread
        upper, lower = 0.5 * (1.0 + erf(d1 / 2**0.5)), 0.5 * (1.0 + erf(d2 / 2**0.5))
        return np.sum(s * upper - k * np.exp(-r * t) * lower)

    def f(np, s, sigma, t, r, k):
        return price(np, erf, s, sigma, t, r, k)

    def by_hand(s, sigma, t, r, k):
        root = np.sqrt(t)
        spread = sigma * root
        d1 = (np.log(s / k) + r * t) / spread + 0.5 * spread
        delta, lower = 0.5 * (1.0 + erf(d1 / 2**0.5)), 0.5 * (1.0 + erf((d1 - spread) / 2**0.5))
        vega = s * np.exp(-0.5 * d1 * d1) * (root / math.sqrt(2.0 * math.pi))
        held = k * np.exp(-r * t) * lower
        return delta, vega, 0.5 * vega * sigma / t + r * held, t * held

    def jax_text(jnp, *args):
        from jax.scipy.special import erf

        return price(jnp, erf, *args)

    def autograd_text(anp, *args):
        from autograd.scipy.special import erf

        return price(anp, erf, *args)

    def torch_text(names, *args):
        return price(names, names.erf, *args)

    texts = {JAX: jax_text, TORCH: torch_text, AUTOGRAD: autograd_text}
    return workload(f"Black–Scholes greeks {n:,}", f, by_hand, (s, sigma, t, r, k), 4, texts=texts)


def drawdown(days: int, assets: int) -> Unseen:
    """The ulcer index of a portfolio: squares of what is lost since the highest value."""
    rng = np.random.default_rng(2)
    w, returns = rng.dirichlet(np.ones(assets)), 0.01 * rng.normal(size=(days, assets))

    def lost(np, accumulated, w, returns):
        value = np.exp(np.cumsum(returns @ w))
        return np.mean((1.0 - value / accumulated(value)) ** 2)

    def f(np, w, returns):
        return lost(np, np.maximum.accumulate, w, returns)

    def by_hand(w, returns):
        value = np.exp(np.cumsum(returns @ w))
        peak = np.maximum.accumulate(value)
        at = np.maximum.accumulate(np.where(value == peak, np.arange(days), 0))
        d = -2.0 / days * (1.0 - value / peak) / peak
        g = d - np.bincount(at, d * value / peak, days)
        g *= value
        return np.cumsum(g[::-1])[::-1] @ returns

    def jax_text(jnp, w, returns):
        import jax

        return lost(jnp, jax.lax.cummax, w, returns)

    def torch_text(names, w, returns):
        return lost(names, lambda x: names.cummax(x, 0).values, w, returns)

    texts = {JAX: jax_text, TORCH: torch_text}
    name = f"maximum drawdown {days:,} × {assets}"
    return workload(name, f, by_hand, (w, returns), texts=texts, without=[AUTOGRAD])


def knapsack(items: int, capacity: int) -> Unseen:
    """A soft knapsack: one row of the table, changed in place for each item."""
    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=items), rng.integers(1, capacity // 4, size=items).tolist()

    def f(np, values):
        row = np.zeros(capacity)
        for i, w in enumerate(weights):
            row[w:] = np.logaddexp(row[w:], row[:-w] + values[i])
        return row[-1]

    def by_hand(values):
        row, taken = np.zeros(capacity), []
        for v, w in zip(values, weights):
            with_it = row[:-w] + v
            wider = np.logaddexp(row[w:], with_it)
            taken.append(np.exp(with_it - wider))
            row[w:] = wider
        g, d = np.empty(items), np.zeros(capacity)
        d[-1] = 1.0
        for i in range(items - 1, -1, -1):
            share = d[weights[i] :] * taken[i]
            g[i] = share.sum()
            d[weights[i] :] -= share
            d[: -weights[i]] += share
        return g

    def joined(names, values):
        row = 0.0 * values[0] + names.zeros(capacity)
        for i, w in enumerate(weights):
            after = names.logaddexp(row[w:], row[:-w] + values[i])
            row = names.concatenate([row[:w], after])
        return row[-1]

    texts = dict.fromkeys((JAX, TORCH, AUTOGRAD), joined)
    name = f"soft knapsack {items} × {capacity:,}"
    return workload(name, f, by_hand, (values,), texts=texts)


def soft_warping(n: int) -> Unseen:
    """Cuturi and Blondel's soft dynamic time warping with two row buffers, entry by entry."""
    x, y = np.random.default_rng(4).normal(size=(2, n))
    far = 1e3

    def f(np, x, y):
        before = np.full(n + 1, far)
        before[0] = 0.0
        for i in range(n):
            row = np.full(n + 1, far)
            for j in range(n):
                total = np.exp(-before[j]) + np.exp(-before[j + 1]) + np.exp(-row[j])
                row[j + 1] = (x[i] - y[j]) ** 2 - np.log(total)
            before = row
        return before[n]

    def by_hand(x, y):
        xs, ys = x.tolist(), y.tolist()
        rows = [[0.0] + [far] * n]
        for a in xs:
            row, before = [far], rows[-1]
            for j, b in enumerate(ys):
                e = math.exp(-before[j]) + math.exp(-before[j + 1]) + math.exp(-row[j])
                row.append((a - b) ** 2 - math.log(e))
            rows.append(row)
        g = [0.0] * n
        d = [0.0] * n + [1.0]
        for i in range(n - 1, -1, -1):
            row, before, d_before = rows[i + 1], rows[i], [0.0] * (n + 1)
            for j in range(n - 1, -1, -1):
                difference = xs[i] - ys[j]
                g[i] += 2.0 * difference * d[j + 1]
                share = d[j + 1] * math.exp(row[j + 1] - difference * difference)
                d_before[j] += share * math.exp(-before[j])
                d_before[j + 1] += share * math.exp(-before[j + 1])
                d[j] += share * math.exp(-row[j])
            d = d_before
        return np.array(g)

    def listed(names, x, y):
        before = [0.0 * x[0], *[0.0 * x[0] + far] * n]
        for i in range(n):
            row = [0.0 * x[0] + far]
            for j in range(n):
                e = names.exp(-before[j]) + names.exp(-before[j + 1]) + names.exp(-row[j])
                row.append((x[i] - y[j]) ** 2 - names.log(e))
            before = row
        return before[n]

    def casadi(ca):
        x = ca.SX.sym("x", n)
        return ca.Function("g", [x], [ca.gradient(listed(ca, x, y.tolist()), x)])

    return workload(
        f"soft time warping {n} × {n}, loop of numbers",
        f,
        by_hand,
        (x, y),
        texts={TORCH: listed, AUTOGRAD: listed},
        without=[JAX],
        casadi=casadi,
        on_arrays=False,
    )


def garch(n: int) -> Unseen:
    """Bollerslev's GARCH(1, 1), a loop over numbers."""
    theta, r = np.array([0.1, 0.1, 0.8]), np.random.default_rng(16).normal(size=n)

    def f(np, theta, r):
        w, a, b = theta
        h, total = 1.0, 0.0
        for x in r:
            total = total + np.log(h) + x * x / h
            h = w + a * x * x + b * h
        return 0.5 * total

    def by_hand(theta, r):
        w, a, b = theta.tolist()
        h, d_w, d_a, d_b, g_w, g_a, g_b = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for x in r.tolist():
            s = x * x
            share = 0.5 * (1.0 / h - s / (h * h))
            g_w, g_a, g_b = g_w + share * d_w, g_a + share * d_a, g_b + share * d_b
            d_w, d_a, d_b = 1.0 + b * d_w, s + b * d_a, h + b * d_b
            h = w + a * s + b * h
        return np.array([g_w, g_a, g_b])

    def scanned(jnp, theta, r):
        import jax

        def step(state, x):
            h, total = state
            return (
                theta[0] + theta[1] * x * x + theta[2] * h,
                total + jnp.log(h) + x * x / h,
            ), None

        return 0.5 * jax.lax.scan(step, (jnp.ones(()), jnp.zeros(())), r)[0][1]

    def listed(names, theta, r):
        h, total = 1.0 + 0.0 * theta[0], 0.0
        for i in range(n):
            total = total + names.log(h) + r[i] * r[i] / h
            h = theta[0] + theta[1] * r[i] * r[i] + theta[2] * h
        return 0.5 * total

    def casadi(ca):
        theta = ca.SX.sym("theta", 3)
        h, total = ca.SX(1.0), ca.SX(0.0)
        for x in r.tolist():
            total = total + ca.log(h) + x * x / h
            h = theta[0] + theta[1] * (x * x) + theta[2] * h
        return ca.Function("g", [theta], [ca.gradient(0.5 * total, theta)])

    def numba(njit):
        @njit
        def run(theta, r):
            w, a, b = theta
            h = 1.0
            d, g = np.zeros(3), np.zeros(3)
            for x in r:
                s = x * x
                g += 0.5 * (1.0 / h - s / (h * h)) * d
                d *= b
                d[0] += 1.0
                d[1] += s
                d[2] += h
                h = w + a * s + b * h
            return g

        return run

    return workload(
        f"GARCH {n}, loop of numbers",
        f,
        by_hand,
        (theta, r),
        texts={JAX: scanned, TORCH: listed, AUTOGRAD: listed},
        casadi=casadi,
        numba=numba,
        on_arrays=False,
    )


SIZES: list[Any] = [
    (asian, (20000, 50), (9, 4)),
    (black_scholes, (20000,), (5,)),
    (drawdown, (2500, 20), (9, 3)),
    (knapsack, (40, 1000), (4, 20)),
    (soft_warping, (24,), (3,)),
    (garch, (500,), (6,)),
]
