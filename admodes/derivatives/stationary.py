"""The second derivative test: gradient and Hessian at a point go in, the kind of the point
(minimum, maximum, saddle, undecided) comes out, with the eigenvalues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

TOLERANCE = 1e-9
"""Relative to the size of the terms: below it a gradient entry or an eigenvalue counts as 0."""


@dataclass
class Stationary:
    """kind: one of "local minimum", "local maximum", "saddle", "undecided" (a zero eigenvalue), or
    "not stationary"; eigenvalues of the Hessian in ascending order."""

    kind: str
    eigenvalues: list[float]


def classify(gradient: Any, hessian: Any, point: Any) -> Stationary:
    """Name the kind of a point from gradient (n), Hessian (n × n) and coordinates (n).

    >>> from admodes.derivatives.stationary import classify
    >>> classify([0.0, 0.0], [[2.0, 0.0], [0.0, -2.0]], [0.0, 0.0]).kind
    'saddle'
    """
    g, h, x = (np.asarray(a, dtype=float) for a in (gradient, hessian, point))
    if not (np.all(np.isfinite(g)) and np.all(np.isfinite(h))):
        return Stationary("not stationary", [])
    eigenvalues = np.linalg.eigvalsh(h)
    size = float(np.max(np.abs(eigenvalues), initial=0.0))
    if np.any(np.abs(g) > TOLERANCE * (1.0 + size * (1.0 + np.max(np.abs(x), initial=0.0)))):
        return Stationary("not stationary", eigenvalues.tolist())
    signs = np.where(np.abs(eigenvalues) <= TOLERANCE * size, 0, np.sign(eigenvalues))
    if np.any(signs > 0) and np.any(signs < 0):
        kind = "saddle"
    elif size == 0.0 or np.any(signs == 0):
        kind = "undecided"
    else:
        kind = "local minimum" if signs[0] > 0 else "local maximum"
    return Stationary(kind, eigenvalues.tolist())
