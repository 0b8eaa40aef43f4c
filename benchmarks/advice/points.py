"""Cases, and the points at which functions are taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Case = tuple[Callable, np.ndarray]


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def positive(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.4, 1.6, n)
