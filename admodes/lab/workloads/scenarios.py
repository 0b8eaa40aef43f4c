"""Workloads as scenarios: which derivative is wanted, at which point, and the result where it is
short by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from admodes.lab.workloads import points, texts
from admodes.problems.scenario import Scenario

ADBENCH = "Šrajer, Kukelova and Fitzgibbon, ADBench (2018)"
LORENZ = "E. N. Lorenz, Predictability: a problem partly solved (1996)"


def plain(text: Callable, *before: Any, **options: Any) -> Callable:
    """The text as a function of NumPy arrays alone, with its first arguments and options fixed."""

    def function(*args: Any) -> Any:
        return text(np, *before, *args, **options)

    function.__name__ = text.__name__
    return function


def network(sizes: tuple[int, ...], batch: int) -> Scenario:
    """The gradient of a ReLU network with two hidden layers and softmax cross-entropy."""
    name = f"MLP {'-'.join(map(str, sizes))}"
    point = points.network(sizes, batch)
    return Scenario(name, plain(texts.mlp), point, tuple(range(6)), "gradient")


def mixture(d: int, k: int, n: int) -> Scenario:
    """The gradient of the log-likelihood of n points in d dimensions under k components."""
    name, point = f"GMM {d}, {k}, {n}", points.mixture(d, k, n)
    return Scenario(name, plain(texts.gmm), point, (0, 1, 2), "gradient", source=ADBENCH)


def soft_maximum(n: int) -> Scenario:
    """The gradient of log-sum-exp, which is the softmax."""
    (x,) = points.soft_maximum(n)
    e = np.exp(x - np.max(x))
    function = plain(texts.log_sum_exp)
    return Scenario(f"log-sum-exp {n}", function, (x,), (0,), "gradient", e / np.sum(e))


def lstm_step(n: int) -> Scenario:
    """The gradient through one step of an LSTM cell of width n."""
    point = points.lstm_step(n)
    return Scenario(f"LSTM step {n}", plain(texts.lstm), point, (0, 1, 2, 3), "gradient")


def elementwise_chain(entries: int, blocks: int) -> Scenario:
    """The gradient through a chain of elementwise operations."""
    name = f"{blocks * texts.CHAIN_BLOCK} operations, {entries} entries"
    function, point = plain(texts.chain, blocks=blocks), points.elementwise_chain(entries)
    return Scenario(name, function, point, (0,), "gradient")


def tanh_map(n: int, m: int) -> Scenario:
    """The Jacobian of tanh(A x) sin x (n = m), or of tanh(A x) sin Σ x."""
    a, x = points.tanh_map(n, m)
    t = np.tanh(a @ x)
    if n == m:
        text, expected = texts.square, (1 - t * t)[:, None] * a * np.sin(x)[:, None]
        expected += np.diag(t * np.cos(x))
    else:
        text, s = texts.oblong, np.sum(x)
        expected = (1 - t * t)[:, None] * a * np.sin(s) + (t * np.cos(s))[:, None]
    name = f"tanh(A x) sin, {n} → {m}"
    return Scenario(name, plain(text, a), (x,), (0,), "jacobian", expected)


def burgers(n: int) -> Scenario:
    """The Jacobian of Burgers' equation on n points: three diagonals."""
    (u,) = points.burgers(n)
    h = 1.0 / (n + 1)
    diffusion, transport = texts.VISCOSITY / h**2, u / (2 * h)
    right, left = np.append(u[1:], 0.0), np.append(0.0, u[:-1])
    expected = np.diag(-2 * diffusion - (right - left) / (2 * h))
    expected += np.diag((diffusion + transport)[1:], -1)
    expected += np.diag((diffusion - transport)[:-1], 1)
    return Scenario(f"Burgers {n}", plain(texts.burgers), (u,), (0,), "jacobian", expected)


def lorenz(n: int, steps: int) -> Scenario:
    """The gradient of an energy after some Runge–Kutta steps of Lorenz's model of 1996."""
    name, function = f"Lorenz {n}, {steps} steps", plain(texts.lorenz_energy, steps)
    return Scenario(name, function, points.lorenz(n), (0,), "gradient", source=LORENZ)


def rosenbrock(n: int) -> Scenario:
    """The product of the Hessian of Rosenbrock's valley with the direction 1, 1/2, 1/3 …."""
    x, _ = points.rosenbrock(n)
    v = 1 / np.arange(1.0, n + 1)
    head, tail = x[:-1], x[1:]
    expected = np.zeros(n)
    expected[:-1] = (1200 * head**2 - 400 * tail + 2) * v[:-1] - 400 * head * v[1:]
    expected[1:] += 200 * v[1:] - 400 * head * v[:-1]
    return Scenario(f"Rosenbrock {n}", plain(texts.rosenbrock), (x,), (0,), "hvp", expected)


def small_scenarios() -> Iterator[Scenario]:
    """Every workload once, at sizes that take milliseconds.

    >>> [s.operator for s in small_scenarios()][4:]
    ['gradient', 'jacobian', 'jacobian', 'jacobian', 'gradient', 'hvp']
    """
    yield network((4, 3, 3, 2), 5)
    yield mixture(2, 3, 20)
    yield soft_maximum(12)
    yield lstm_step(3)
    yield elementwise_chain(10, 2)
    yield tanh_map(6, 6)
    yield tanh_map(5, 12)
    yield burgers(20)
    yield lorenz(8, 5)
    yield rosenbrock(10)
