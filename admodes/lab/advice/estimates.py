"""How long a compiled program takes, estimated from its counts (features.py): a weight for each
count, in seconds, and their sum.

The weights were calibrated by `python -m benchmarks.advice --calibrate` on the functions of
benchmarks/advice/calibration.py, of which none is among those on which the adviser is judged. What
decides between routes are ratios of estimates, so that they hold on other machines as far as these
weights keep their proportions there.
"""

from __future__ import annotations

from collections.abc import Mapping

from admodes.core.record import WengertList
from admodes.lab.advice.features import features
from admodes.optimisation import optimise

WEIGHTS: dict[str, dict[str, float]] = {
    "numpy": {
        "calls": 1.29e-06,
        "decisions": 1.25e-05,
        "heavy": 2.77e-09,
        "inner loops": 1.51e-09,
        "large": 3.7e-12,
        "moved": 0,
        "numbers": 8.19e-08,
        "products": 5.55e-11,
        "returned": 2.86e-10,
        "routines": 1.55e-05,
        "rows": 3.99e-07,
        "simple": 5.11e-10,
        "whole": 9.85e-09,
    },
    "llvm": {
        "called": 9.97e-08,
        "calls": 4.26e-06,
        "decisions": 9.02e-06,
        "gathered": 1.86e-10,
        "groups": 0,
        "heavy": 7.39e-09,
        "in line": 2.39e-10,
        "inner loops": 1.01e-08,
        "large": 2.8e-11,
        "loops": 0,
        "moved": 0,
        "native heavy": 1.11e-08,
        "native simple": 0,
        "products": 5.14e-11,
        "returned": 1.35e-10,
        "routines": 2.06e-05,
        "rows": 0,
        "simple": 1.75e-08,
        "strided": 2.34e-10,
        "whole": 7.68e-09,
    },
    "bands": {
        "entries": 3.17e-09,
        "matrices": 4.18e-05,
        "pieces": 1.01e-05,
    },
    "compressed": {
        "blocks": 2.28e-05,
        "entries": 2.25e-08,
        "matrices": 7.17e-05,
        "seeds": 0,
    },
}
"""Seconds for each count, of the back ends and of filling a sparse matrix; measured on two cores of
an AMD EPYC, CPython 3.11, NumPy 2.4, with one thread for BLAS."""


def weighted(backend: str, counts: Mapping[str, float]) -> float:
    """Seconds of a back end, or of filling a sparse matrix, for these counts."""
    weights = WEIGHTS[backend]
    return sum(n * weights[name] for name, n in counts.items())


def estimate(program: WengertList) -> float:
    """Seconds that a recorded list takes once it is compiled, with the back end that is faster.

    >>> from admodes.core.record import record
    >>> import numpy as np
    >>> few = estimate(record(lambda x: x * 2.0, np.ones(10)))
    >>> few < estimate(record(lambda x: np.sin(x) * 2.0, np.ones(10_000))) < 1.0
    True
    """
    found = features(optimise(program, exact=False))
    return min(weighted(backend, counts) for backend, counts in found.items())
