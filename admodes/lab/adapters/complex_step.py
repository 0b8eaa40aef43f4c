"""The complex step: Im f(x + ih)/h, exact to rounding for functions that are analytic as they are
written (W. Squire and G. Trapp, SIAM Review 40, 1998); n calls of f."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.rebinding import Library
from admodes.core.record import WengertList, record
from admodes.lab.adapters.adapter import (
    UNCHANGED,
    UNROLLED,
    Adapter,
    NotOffered,
    not_offered,
    vector_function,
)
from admodes.lab.quotients import imaginary
from admodes.lab.unrolling import unrolled
from admodes.problems.scenario import Scenario

STEP = 2.0**-100


class ComplexStep(Adapter):
    """Refuses functions whose recording has an operation that is not analytic, or a decision.

    NumPy's own functions of complex arrays may be others than those of real ones, such as the norm:
    then the recorded program, in which a norm is the root of a sum of squares, is the second route.
    """

    backend = "complex step"
    routes = (UNCHANGED, UNROLLED)

    def function(self, scenario: Scenario, route: str) -> Callable[..., Any]:
        if route == UNCHANGED:
            return scenario.function
        return unrolled(scenario, Library({"numpy": np}))

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        not_offered(scenario, "gradient", "jacobian")
        refuse(record(scenario.restricted, *scenario.chosen))
        f, x = vector_function(scenario)
        matrix = scenario.operator == "jacobian"
        return lambda: imaginary(f, x, STEP) if matrix else imaginary(f, x, STEP)[0]


def refuse(program: WengertList) -> None:
    """Refuse a recorded list for what is not analytic in it."""
    for step in program.steps:
        op = step.op
        if op is not None and (op.is_test or op.conjugates or not op.takes_complex):
            what = "compares complex numbers" if op.is_test else "is not analytic"
            raise NotOffered(f"f has the operation {op.name}, which {what}")
    if program.guards:
        raise NotOffered(
            "f decides by the value of its inputs, which complex numbers have no order for"
        )


ADAPTERS = (ComplexStep(),)
