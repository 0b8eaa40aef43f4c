"""Adaptive finite differences, by numdifftools: central steps of many sizes, extrapolated to step 0
after Richardson."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.lab.adapters.adapter import vector_function
from admodes.lab.adapters.differences import Differences
from admodes.problems.scenario import Scenario


class Adaptive(Differences):
    """numdifftools' Jacobian and Hessian; an hvp is its Hessian times the direction."""

    package = "numdifftools"

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        import numdifftools

        f, x = vector_function(scenario)
        if scenario.operator in ("gradient", "jacobian"):
            jacobian = numdifftools.Jacobian(f)
            shape = (-1, len(x)) if scenario.operator == "jacobian" else (-1,)
            return lambda: np.reshape(jacobian(x), shape)
        hessian = numdifftools.Hessian(lambda x: f(x)[0])
        if scenario.operator == "hessian":
            return lambda: hessian(x)
        v = scenario.direction_vector
        return lambda: hessian(x) @ v


ADAPTERS = (Adaptive("adaptive", 1e-6),)
