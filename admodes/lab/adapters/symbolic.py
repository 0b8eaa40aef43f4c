"""sympy: the recorded rows as one expression, differentiated by sympy and turned into NumPy code by
its lambdify, with and without common subexpressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.lab.adapters.adapter import UNROLLED, Adapter, vector_function
from admodes.problems.scenario import Scenario
from admodes.symbolic.expressions import expressions, output_components
from admodes.tracing.program import record


class Symbolic(Adapter):
    """Arrays are taken apart into scalars; expressions of more than a few thousand parts are
    refused, because they swell where recorded lists do not."""

    package = "sympy"
    routes = (UNROLLED,)
    compiles = True

    def __init__(self, cse: bool) -> None:
        self.cse, self.backend = cse, "sympy cse" if cse else "sympy"

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        import sympy as sp

        recorded = record(scenario.restricted, *scenario.chosen)
        written = expressions(recorded, exact=True)
        outputs = sp.Matrix(output_components(written))
        found = outputs.jacobian(written.symbols)
        if scenario.operator in ("hessian", "hvp"):
            found = found.T.jacobian(written.symbols)
        if scenario.operator == "hvp":
            along = scenario.direction_vector
            found = found * sp.Matrix(along)
        run = sp.lambdify(written.symbols, found, modules="numpy", cse=self.cse)
        _, x = vector_function(scenario)
        numbers = x.tolist()
        shape = (-1,) if scenario.operator in ("gradient", "hvp") else found.shape
        return lambda: np.asarray(run(*numbers), dtype=float).reshape(shape)


ADAPTERS = (Symbolic(cse=False), Symbolic(cse=True))
