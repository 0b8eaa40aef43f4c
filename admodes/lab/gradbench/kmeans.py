"""kmeans: one step of Newton's method for k centroids of n points. The cost is the sum of squared
distances from each point to its nearest centroid,

    f(c) = Σ_i |p_i − c_near(i)|²,

where which one is nearest is constant between kinks. An entry of a centroid meets no other one in
f, so the Hessian is diagonal, and its product with a vector of ones, one reverse sweep under one
forward direction, is that diagonal. The direction is the gradient divided by it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.forward import jvp
from admodes.derivatives.gradients import grad
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields


def nearest(points: Any, centroids: Any) -> Any:
    """For each point the position of its nearest centroid. |p|² is the same for all of them, and
    |c|² − 2 p·c needs one product of matrices."""
    lengths = np.sum(centroids * centroids, axis=1)
    return np.argmin(lengths - 2.0 * (points @ centroids.T), axis=1)


def cost(points: Any, centroids: Any) -> Any:
    """f(c)"""
    difference = points - centroids[nearest(points, centroids)]
    return np.sum(difference * difference)


def newton(points: Any, centroids: Any) -> Any:
    """The gradient by the centroids, divided by the diagonal of the Hessian."""
    gradient = grad(lambda c: cost(points, c))
    slope, diagonal = jvp(gradient, (centroids,), (np.ones(np.shape(centroids)),))
    return slope / diagonal


def prepared_cost(data: Any) -> Prepared:
    return Prepared(PROGRAMS.ready(("cost",), lambda: cost, *_input(data)))


def prepared_newton(data: Any) -> Prepared:
    return Prepared(PROGRAMS.ready(("dir",), lambda: newton, *_input(data)))


def _input(data: Any) -> tuple[np.ndarray, np.ndarray]:
    fields = Fields(data)
    points = fields.array("points", None, None, least=(1, 1))
    return points, fields.array("centroids", None, points.shape[1], least=(1,))
