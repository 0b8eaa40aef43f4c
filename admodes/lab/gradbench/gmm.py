"""gmm: the logarithm of the posterior of a Gaussian mixture. n points of d dimensions, k Gaussians
with weights softmax(alpha), means mu and inverse covariances Qᵀ Q, where Q is lower triangular with
the diagonal exp q and, below it, l column by column; a Wishart prior with parameters gamma and m.

    F = − n (d/2 log 2π + lse alpha)
        + Σ_i lse_k (alpha_k + Σ_j q_kj − ½ |Q_k (x_i − mu_k)|²)
        + k (ν d log(gamma/√2) − log Γ_d(ν/2))
        − gamma²/2 Σ_k (Σ_j exp 2 q_kj + |l_k|²) + m Σ_kj q_kj,        ν = d + m + 1

with lse the logarithm of a sum of exponentials and Γ_d the multivariate gamma function. After
ADBench (Šrajer, Kukelova, Fitzgibbon, 2018), with GradBench's repairs.
"""

from __future__ import annotations

from functools import partial
from math import lgamma, log, pi, sqrt
from typing import Any

import numpy as np

from admodes.derivatives.gradients import grad
from admodes.errors import BadValue
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

NAMES = ("alpha", "mu", "q", "l")


def factors(q: Any, l: Any) -> Any:  # noqa: E741
    """The matrices Q, one for each Gaussian."""
    d = len(q[0])
    columns, rows = np.triu_indices(d, 1)
    place = np.zeros((d, d), int)
    place[rows, columns] = 1 + np.arange(len(rows))
    # Place 0, on and above the diagonal, is a 0 before the entries of l.
    below = np.concatenate([np.zeros((len(q), 1)), l], axis=1)[:, place]
    return below + np.exp(q)[:, :, None] * np.eye(d)


def log_sum_exp(x: Any) -> Any:
    """log Σ exp along the first axis."""
    top = np.max(x, axis=0)
    return top + np.log(np.sum(np.exp(x - top), axis=0))


def log_posterior(alpha: Any, mu: Any, q: Any, l: Any, x: Any, gamma: Any, m: int) -> Any:  # noqa: E741
    """F"""
    (n, d), k = np.shape(x), len(alpha)
    scaled = (x - mu[:, None, :]) @ np.transpose(factors(q, l), (0, 2, 1))
    inner = (alpha + np.sum(q, axis=1))[:, None] - 0.5 * np.sum(scaled * scaled, axis=2)
    likelihood = np.sum(log_sum_exp(inner)) - n * (0.5 * d * log(2 * pi) + log_sum_exp(alpha))
    degrees = d + m + 1
    constant = degrees * d * np.log(gamma / sqrt(2.0)) - log_gamma(0.5 * degrees, d)
    squares = np.sum(np.exp(2.0 * q)) + np.sum(l * l)
    return likelihood + k * constant - 0.5 * gamma * gamma * squares + m * np.sum(q)


def log_gamma(a: float, d: int) -> float:
    """log Γ_d(a)"""
    return 0.25 * d * (d - 1) * log(pi) + sum(lgamma(a + 0.5 * (1 - j)) for j in range(1, d + 1))


def objective(data: Any) -> Prepared:
    args, m = _input(data)
    return Prepared(PROGRAMS.ready(("gmm", m), lambda: partial(log_posterior, m=m), *args))


def jacobian(data: Any) -> Prepared:
    args, m = _input(data)
    f = partial(log_posterior, m=m)
    run = PROGRAMS.ready(("gmm'", m), lambda: grad(f, (0, 1, 2, 3)), *args)
    return Prepared(run, lambda result: dict(zip(NAMES, result)))


def _input(data: Any) -> tuple[tuple, int]:
    fields = Fields(data)
    d, k, n = (fields.whole(name, 1) for name in ("d", "k", "n"))
    gamma = fields.number("gamma")
    if gamma <= 0:
        raise BadValue(f"gamma must be positive, not {gamma}")
    arrays = (
        fields.array("alpha", k),
        fields.array("mu", k, d),
        fields.array("q", k, d),
        fields.array("l", k, d * (d - 1) // 2),
        fields.array("x", n, d),
    )
    return (*arrays, gamma), fields.whole("m")
