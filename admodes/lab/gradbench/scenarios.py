"""The functions of GradBench's evals as scenarios: plain NumPy code at a small point, for other
libraries and tests. hello's square is no more than a product, and the descents of saddle and
particle end as values decide: these are not among them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from admodes.lab.gradbench import ba, det, gmm, kmeans, lstm, ode, sums
from admodes.problems.scenario import Scenario

SOURCE = "GradBench, github.com/gradbench/gradbench"


def scenarios() -> tuple[Scenario, ...]:
    """A scenario for each function that is differentiated.

    >>> [s.name for s in scenarios()]
    ['lse', 'llsq', 'det', 'ode', 'kmeans', 'gmm', 'lstm', 'ba']
    """
    rng = np.random.default_rng(12)
    x, points = rng.normal(size=6), rng.normal(size=(9, 2))
    mixture = (rng.normal(size=shape) for shape in ((3,), (3, 2), (3, 2), (3, 1)))
    network = (rng.normal(size=shape) for shape in ((4, 12), (3, 3), (4, 3)))
    characters = rng.integers(0, 2, (5, 3)).astype(float)
    cameras, places = rng.normal(size=(11, 2)), rng.normal(size=(3, 3)) + 9.0
    seen, weights = rng.normal(size=(2, 4)), rng.uniform(0.5, 1.0, 4)
    observed = (cameras[:, [0, 1, 0, 1]], places[:, [0, 1, 2, 0]], weights, seen)
    gmm_args = (*mixture, points, 0.8)
    named: list[tuple] = [
        ("lse", sums.log_sum_exp, (x,), (0,), "gradient"),
        ("llsq", sums.least_squares, (x, sums.points(9)), (0,), "gradient"),
        ("det", det.determinant, (rng.normal(size=(4, 4)),), (0,), "gradient"),
        ("ode", partial(ode.solution, steps=3), (x,), (0,), "jacobian"),
        ("kmeans", kmeans.cost, (points, points[-3:]), (1,), "hessian"),
        ("gmm", partial(gmm.log_posterior, m=1), gmm_args, (0, 1, 2, 3), "gradient"),
        ("lstm", lstm.loss, (*network, characters), (0, 1), "gradient"),
        ("ba", ba.errors, observed, (0, 1, 2), "jacobian"),
    ]
    return tuple(replace(Scenario(*entry), source=SOURCE) for entry in named)
