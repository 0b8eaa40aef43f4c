"""The points at which workloads are taken, drawn with fixed seeds: tuples of arguments."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from admodes.lab.workloads.texts import FORCING

Point = tuple[Any, ...]


def network(sizes: tuple[int, ...], batch: int) -> Point:
    """Weights and biases of layers of these widths, a batch of inputs, and labels."""
    rng = np.random.default_rng(1)
    layers: list[Any] = []
    for n, m in pairwise(sizes):
        layers += [rng.normal(size=(n, m)) * np.sqrt(2 / n), rng.normal(size=m) * 0.1]
    x = rng.normal(size=(batch, sizes[0]))
    return (*layers, x, np.eye(sizes[-1])[rng.integers(sizes[-1], size=batch)])


def mixture(d: int, k: int, n: int) -> Point:
    """k components in d dimensions, n points, and where the entries of the factors go."""
    rng = np.random.default_rng(2)
    rows, columns = np.tril_indices(d, -1)
    position = np.zeros((d, d), int)
    position[rows, columns] = d + np.arange(len(rows))
    return (
        rng.normal(size=k),
        rng.uniform(size=(k, d)),
        rng.normal(size=(k, d * (d + 1) // 2)) * 0.3,
        rng.normal(size=(n, d)),
        position,
        np.tril(np.ones((d, d)), -1),
    )


def soft_maximum(n: int) -> Point:
    """Numbers of which the larger ones dominate."""
    return (np.random.default_rng(3).normal(size=n) * 3,)


def lstm_step(n: int) -> Point:
    """Weights and biases of a cell of width n, its two states, and an input."""
    rng = np.random.default_rng(4)
    w = rng.normal(size=(4 * n, 2 * n)) / np.sqrt(2 * n)
    return (w, *(rng.normal(size=size) for size in (4 * n, n, n, n)))


def elementwise_chain(entries: int) -> Point:
    """Numbers around 1."""
    return (np.random.default_rng(5).uniform(0.5, 1.5, size=entries),)


def tanh_map(n: int, m: int) -> Point:
    """A matrix with m rows and n columns, and a vector."""
    rng = np.random.default_rng(6)
    return rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=n)


def rosenbrock(n: int) -> Point:
    """A vector, and a direction."""
    rng = np.random.default_rng(7)
    return rng.normal(size=n), rng.normal(size=n)


def burgers(n: int) -> Point:
    """A wave with noise."""
    noise = np.random.default_rng(9).normal(size=n)
    return (np.sin(np.pi * np.linspace(0.0, 1.0, n)) + 0.1 * noise,)


def lorenz(n: int) -> Point:
    """A state of Lorenz's model."""
    return (FORCING + np.random.default_rng(11).normal(size=n),)
