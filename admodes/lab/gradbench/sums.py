"""lse and llsq: two functions of a vector that end in a sum.

lse is the logarithm of the sum of exponentials, log Σ exp x_i. Taking the largest entry out of the
sum, M + log Σ exp(x_i − M), keeps the exponentials from overflowing.

llsq is half the sum of squares by which the polynomial Σ_j x_j t^j misses the sign of t at n points
t_i from −1 to 1. The polynomials are evaluated by Horner's rule, for all points at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.derivatives.gradients import grad
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields


def log_sum_exp(x: Any) -> Any:
    """log Σ exp x_i, of a vector."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def least_squares(x: Any, t: Any) -> Any:
    """½ Σ_i (sign t_i − Σ_j x_j t_i^j)² for coefficients x and points t."""
    polynomial = 0.0 * t
    for j in reversed(range(len(x))):
        polynomial = polynomial * t + x[j]
    return 0.5 * np.sum((np.sign(t) - polynomial) ** 2)


def points(n: int) -> np.ndarray:
    """−1 + 2 i / (n − 1) for i = 0 … n − 1."""
    return -1.0 + 2.0 * np.arange(n) / (n - 1)


def lse_primal(data: Any) -> Prepared:
    return Prepared(PROGRAMS.ready(("lse",), lambda: log_sum_exp, _vector(data)))


def lse_gradient(data: Any) -> Prepared:
    return Prepared(PROGRAMS.ready(("lse'",), lambda: grad(log_sum_exp), _vector(data)))


def llsq_primal(data: Any) -> Prepared:
    x, t = _vector(data), points(Fields(data).whole("n", 2))
    return Prepared(PROGRAMS.ready(("llsq",), lambda: least_squares, x, t))


def llsq_gradient(data: Any) -> Prepared:
    x, t = _vector(data), points(Fields(data).whole("n", 2))
    return Prepared(PROGRAMS.ready(("llsq'",), lambda: grad(least_squares), x, t))


def _vector(data: Any) -> np.ndarray:
    return Fields(data).vector("x")
