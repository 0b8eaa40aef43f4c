"""HIPS autograd: reverse mode over autograd.numpy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from admodes.core.rebinding import Library
from admodes.lab.adapters.adapter import leaf_function, one_number
from admodes.lab.adapters.rebound import Rebound
from admodes.problems.scenario import Scenario


class Autograd(Rebound):
    """autograd.grad; for Jacobians and second derivatives, which autograd has for one array alone,
    the inputs are one vector and so are the outputs."""

    backend = package = "autograd"

    def library(self) -> Library:
        import autograd.numpy
        import autograd.scipy.special

        modules = {"numpy": autograd.numpy, "scipy.special": autograd.scipy.special}
        return Library(modules)

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        import autograd

        f, leaves = leaf_function(scenario)
        leaves = [np.asarray(x, float) if np.ndim(x) else float(x) for x in leaves]
        if scenario.operator == "gradient":
            gradient = autograd.grad(lambda *xs: one_number(f(*xs)), tuple(range(len(leaves))))
            return lambda: gradient(*leaves)
        g, x = self._vector(f, leaves, scenario)
        if scenario.operator == "jacobian":
            jacobian = autograd.jacobian(g)
            return lambda: jacobian(x)

        def number(x: Any) -> Any:
            return g(x)[0]

        if scenario.operator == "hessian":
            hessian = autograd.hessian(number)
            return lambda: hessian(x)
        v = scenario.direction_vector
        product = autograd.hessian_vector_product(number)
        return lambda: product(x, v)

    def _vector(self, f: Callable, leaves: list, scenario: Scenario) -> tuple[Callable, np.ndarray]:
        """f from vector to vector, in autograd's own operations."""
        import autograd.numpy as anp

        ends = np.cumsum([0, *scenario.sizes])
        shapes = [np.shape(x) for x in leaves]

        def of(x: Any) -> Any:
            parts = [x[a:b] for a, b in pairwise(ends)]
            shaped = [anp.reshape(p, s) if s else p[0] for p, s in zip(parts, shapes)]
            return anp.concatenate([anp.reshape(y, (-1,)) for y in f(*shaped)])

        return of, np.concatenate([np.ravel(x) for x in leaves])


ADAPTERS = (Autograd(),)
