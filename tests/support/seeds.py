"""Where randomised tests get their random numbers: ADMODES_TEST_SEED=3 draws other ones."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, seed, settings

SEED = int(os.environ.get("ADMODES_TEST_SEED", "0"))


def generator(k: int) -> np.random.Generator:
    """The k-th generator of this run; with the default seed 0 that of np.random.default_rng(k)."""
    return np.random.default_rng((SEED, k) if SEED else k)


def share(count: int) -> int:
    """How many of so many random programs a run takes: all of them, or with another seed, which
    draws others, half."""
    return count // 2 if SEED else count


def blocks(count: int) -> range:
    """The same of blocks of random programs: all of them, or every second one."""
    return range(SEED % 2, count, 2) if SEED else range(count)


def examples(count: int) -> Callable[[Callable], Callable]:
    """A decorator for tests with hypothesis: so many examples, the same at each run."""

    def decorated(test: Callable) -> Callable:
        fixed = settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )(test)
        return seed(SEED)(fixed) if SEED else fixed

    return decorated
