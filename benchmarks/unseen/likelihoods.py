"""Likelihoods and losses of statistics, their gradients and Hessians."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.compiled.case import AUTOGRAD, JAX, TORCH

from .kit import HESSIAN, Unseen, workload


def _regression(n: int, p: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=p) / p, rng.normal(size=(n, p))


def logistic(n: int, p: int) -> Unseen:
    w, x = _regression(n, p, 0)
    y = (np.random.default_rng(1).uniform(size=n) < 0.5).astype(float)

    def f(np, w, x, y):
        z = x @ w
        return np.sum(np.logaddexp(0.0, z) - y * z)

    def by_hand(w, x, y):
        return (1.0 / (1.0 + np.exp(-(x @ w))) - y) @ x

    def torch_text(names, w, x, y):
        z = x @ w
        return names.sum(names.nn.functional.softplus(z) - y * z)

    texts = {TORCH: torch_text}
    return workload(f"logistic regression {n:,} × {p}", f, by_hand, (w, x, y), texts=texts)


def softmax_regression(n: int, p: int, k: int) -> Unseen:
    rng = np.random.default_rng(2)
    w, x = rng.normal(size=(p, k)), rng.normal(size=(n, p))
    y = np.eye(k)[rng.integers(k, size=n)]

    def f(np, w, x, y):
        z = x @ w
        top = np.max(z, axis=1, keepdims=True)
        logs = z - top - np.log(np.sum(np.exp(z - top), axis=1, keepdims=True))
        return -np.sum(y * logs) / n

    def by_hand(w, x, y):
        z = x @ w
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        z -= y
        z /= n
        return x.T @ z

    return workload(f"softmax regression {n:,} × {p} × {k}", f, by_hand, (w, x, y))


def poisson(n: int, p: int) -> Unseen:
    w, x = _regression(n, p, 3)
    y = np.random.default_rng(4).poisson(1.0, size=n).astype(float)

    def f(np, w, x, y):
        z = x @ w
        return np.sum(np.exp(z) - y * z)

    def by_hand(w, x, y):
        return (x.T * np.exp(x @ w)) @ x

    return workload(f"Poisson regression {n:,} × {p}", f, by_hand, (w, x, y), kind=HESSIAN)


def robust(n: int, p: int) -> Unseen:
    """Charbonnier's loss."""
    w, x = _regression(n, p, 5)
    y = np.random.default_rng(6).normal(size=n)

    def f(np, w, x, y):
        r = x @ w - y
        return np.sum(np.sqrt(1.0 + r * r) - 1.0)

    def by_hand(w, x, y):
        r = x @ w - y
        return (x.T * (1.0 + r * r) ** -1.5) @ x

    return workload(f"robust regression {n:,} × {p}", f, by_hand, (w, x, y), kind=HESSIAN)


def cox(n: int, p: int) -> Unseen:
    """The partial likelihood of survival times in descending order."""
    w, x = _regression(n, p, 7)
    died = (np.random.default_rng(8).uniform(size=n) < 0.7).astype(float)

    def f(np, w, x, died):
        z = x @ w
        return np.sum(died * (np.logaddexp.accumulate(z) - z))

    def by_hand(w, x, died):
        z = x @ w
        e = np.exp(z - z.max())
        later = np.cumsum((died / np.cumsum(e))[::-1])[::-1]
        return (e * later - died) @ x

    def jax_text(jnp, w, x, died):
        import jax

        z = x @ w
        return jnp.sum(died * (jax.lax.cumlogsumexp(z) - z))

    def torch_text(names, w, x, died):
        z = x @ w
        return names.sum(died * (names.logcumsumexp(z, 0) - z))

    def autograd_text(anp, w, x, died):
        z = x @ w
        return anp.sum(died * (anp.log(anp.cumsum(anp.exp(z - anp.max(z)))) + anp.max(z) - z))

    texts = {JAX: jax_text, TORCH: torch_text, AUTOGRAD: autograd_text}
    return workload(f"Cox partial likelihood {n:,} × {p}", f, by_hand, (w, x, died), texts=texts)


def beta_binomial(n: int) -> Unseen:
    from scipy.special import digamma, gammaln

    rng = np.random.default_rng(9)
    theta, x = np.array([0.3, 0.2, 0.1, -0.2]), rng.normal(size=n)
    trials = rng.integers(5, 30, size=n).astype(float)
    k = np.floor(trials * rng.uniform(size=n))

    def likelihood(np, gammaln, theta, x, k, trials):
        a, b = np.exp(theta[0] + theta[1] * x), np.exp(theta[2] + theta[3] * x)
        upper = gammaln(k + a) + gammaln(trials - k + b) - gammaln(trials + a + b)
        return -np.sum(upper + gammaln(a + b) - gammaln(a) - gammaln(b))

    def f(np, theta, x, k, trials):
        return likelihood(np, gammaln, theta, x, k, trials)

    def by_hand(theta, x, k, trials):
        a, b = np.exp(theta[0] + theta[1] * x), np.exp(theta[2] + theta[3] * x)
        both = digamma(a + b) - digamma(trials + a + b)
        d_a = -a * (digamma(k + a) - digamma(a) + both)
        d_b = -b * (digamma(trials - k + b) - digamma(b) + both)
        return np.array([d_a.sum(), d_a @ x, d_b.sum(), d_b @ x])

    def jax_text(jnp, *args):
        from jax.scipy.special import gammaln

        return likelihood(jnp, gammaln, *args)

    def autograd_text(anp, *args):
        from autograd.scipy.special import gammaln

        return likelihood(anp, gammaln, *args)

    def torch_text(names, *args):
        return likelihood(names, names.lgamma, *args)

    texts = {JAX: jax_text, TORCH: torch_text, AUTOGRAD: autograd_text}
    return workload(f"beta-binomial {n:,}", f, by_hand, (theta, x, k, trials), texts=texts)


def soft_means(n: int, k: int, d: int) -> Unseen:
    """Soft k-means: the free energy of assignments."""
    rng = np.random.default_rng(10)
    c, x = rng.normal(size=(k, d)), rng.normal(size=(n, d))

    def f(np, c, x):
        scores = -2.0 * np.sum((x[:, None, :] - c[None, :, :]) ** 2, axis=2)
        top = np.max(scores, axis=1, keepdims=True)
        return -np.sum(top[:, 0] + np.log(np.sum(np.exp(scores - top), axis=1)))

    def by_hand(c, x):
        scores = 4.0 * (x @ c.T) - 2.0 * np.sum(c * c, axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        w = np.exp(scores)
        w /= w.sum(axis=1, keepdims=True)
        return 4.0 * (w.sum(axis=0)[:, None] * c - w.T @ x)

    return workload(f"soft k-means {n:,}, {k}, {d}", f, by_hand, (c, x))


def gaussian_process(n: int) -> Unseen:
    """The log marginal likelihood with a squared exponential kernel."""
    rng = np.random.default_rng(11)
    at = np.sort(rng.uniform(0.0, 10.0, size=n))
    square = (at[:, None] - at) ** 2
    theta, y = np.array([0.1, -0.2, -1.0]), np.sin(at) + 0.1 * rng.normal(size=n)

    def f(np, theta, square, y):
        scale, length, noise = np.exp(2.0 * theta)
        k = scale * np.exp(-0.5 * square / length) + noise * np.eye(n)
        factor = np.linalg.cholesky(k)
        z = np.linalg.solve(factor, y)
        return 0.5 * (z @ z) + np.sum(np.log(np.diag(factor)))

    def by_hand(theta, square, y):
        scale, length, noise = np.exp(2.0 * theta)
        k = scale * np.exp(-0.5 * square / length)
        inverse = np.linalg.inv(k + noise * np.eye(n))
        alpha = inverse @ y
        w = inverse - np.outer(alpha, alpha)
        by_scale = w * k
        d_length = 0.5 / length * np.vdot(by_scale, square)
        return np.array([by_scale.sum(), d_length, noise * np.trace(w)])

    def split(anp, theta, square, y):
        scale, length, noise = (anp.exp(2.0 * theta[i]) for i in range(3))
        k = scale * anp.exp(-0.5 * square / length) + noise * anp.eye(n)
        factor = anp.linalg.cholesky(k)
        z = anp.linalg.solve(factor, y)
        return 0.5 * (z @ z) + anp.sum(anp.log(anp.diag(factor)))

    texts = {AUTOGRAD: split, TORCH: split}
    return workload(f"Gaussian process {n}", f, by_hand, (theta, square, y), texts=texts)


def hidden_markov(states: int, steps: int) -> Unseen:
    """The forward algorithm in logarithms."""
    rng = np.random.default_rng(12)
    a, b = rng.normal(size=(states, states)), rng.normal(size=(steps, states))

    def f(np, a, b):
        alpha = b[0]
        for t in range(1, steps):
            alpha = np.logaddexp.reduce(alpha[:, None] + a, axis=0) + b[t]
        return np.logaddexp.reduce(alpha)

    def by_hand(a, b):
        alphas, e = [b[0]], np.exp(a)
        for t in range(1, steps):
            top = alphas[-1].max()
            alphas.append(np.log(np.exp(alphas[-1] - top) @ e) + top + b[t])
        g = np.exp(alphas[-1] - alphas[-1].max())
        g /= g.sum()
        d_b = np.empty_like(b)
        before, after = np.empty((2, steps - 1, states))
        for t in range(steps - 1, 0, -1):
            d_b[t] = g
            top = alphas[t - 1].max()
            before[t - 1] = np.exp(alphas[t - 1] - top)
            after[t - 1] = g * np.exp(top + b[t] - alphas[t])
            g = before[t - 1] * (e @ after[t - 1])
        d_b[0] = g
        return e * (before.T @ after), d_b

    def summed(names, x, axis=0):
        top = names.max(x, axis=axis)
        return top + names.log(names.sum(names.exp(x - top), axis=axis))

    def listed(names, a, b):
        alpha = b[0]
        for t in range(1, steps):
            alpha = summed(names, alpha[:, None] + a) + b[t]
        return summed(names, alpha)

    def scanned(jnp, a, b):
        import jax

        def step(alpha, row):
            return jax.nn.logsumexp(alpha[:, None] + a, axis=0) + row, None

        return jax.nn.logsumexp(jax.lax.scan(step, b[0], b[1:])[0])

    texts = {JAX: scanned, TORCH: listed, AUTOGRAD: listed}
    name = f"hidden Markov model {states}, {steps} steps"
    return workload(name, f, by_hand, (a, b), 2, texts=texts)


def quantiles(n: int, p: int) -> Unseen:
    """The median of the distances and a quantile of the residuals."""
    w, x = _regression(n, p, 13)
    y = np.random.default_rng(14).normal(size=n)

    def f(np, w, x, y):
        r = y - x @ w
        return np.median(np.abs(r)) ** 2 + np.quantile(r, 0.9) ** 2

    def by_hand(w, x, y):
        r = y - x @ w
        far = np.abs(r)
        i, j = (n - 1) // 2, 9 * (n - 1) // 10
        i, j = np.argpartition(far, i)[i], np.argpartition(r, j)[j]
        return -2.0 * (r[i] * x[i] + r[j] * x[j])

    name = f"median and quantile of residuals {n:,} × {p}"
    return workload(name, f, by_hand, (w, x, y), without=[AUTOGRAD])


def graphical(n: int) -> Unseen:
    """A smoothed graphical lasso."""
    rng = np.random.default_rng(15)
    x = rng.normal(size=(2 * n, n))
    s, p = x.T @ x / len(x), np.eye(n) + 0.01 * (x[:n] + x[:n].T)

    def f(np, p, s):
        return np.sum(s * p) - np.linalg.slogdet(p)[1] + 0.1 * np.sum(np.sqrt(p * p + 1e-4))

    def by_hand(p, s):
        return s - np.linalg.inv(p).T + 0.1 * p / np.sqrt(p * p + 1e-4)

    return workload(f"graphical lasso {n}", f, by_hand, (p, s))


SIZES: list[Any] = [
    (logistic, (20000, 50), (7, 3)),
    (softmax_regression, (2000, 50, 10), (7, 3, 4)),
    (poisson, (2000, 30), (7, 3)),
    (robust, (2000, 30), (7, 3)),
    (cox, (2000, 10), (7, 3)),
    (beta_binomial, (2000,), (6,)),
    (soft_means, (5000, 8, 3), (9, 4, 3)),
    (gaussian_process, (200,), (6,)),
    (hidden_markov, (20, 100), (3, 5)),
    (quantiles, (5001, 10), (21, 3)),
    (graphical, (50,), (4,)),
]
