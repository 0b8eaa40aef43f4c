"""Finite differences with the usual steps: forward, with n + 1 calls of f, and central, with 2n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.lab.adapters.adapter import Adapter, vector_function
from admodes.lab.adapters.own import FIRST, summed
from admodes.lab.quotients import STENCILS, Function, Vector, moved, quotients
from admodes.problems.scenario import Scenario
from admodes.programs.count import count

EPSILON = float(np.finfo(float).eps)


class Differences(Adapter):
    """Steps are the root of the accuracy that balances truncation and rounding, times the size of
    the entry where that is above 1, rounded so that x + h is exact.

    Second derivatives are differences of f along two directions: forward with 1 + n + n(n + 1)/2
    calls, central with 1 + 2n². An hvp takes one of the two along the direction: 2n + 2 calls and
    4n.
    """

    exact = False

    def __init__(self, kind: str, tolerance: float) -> None:
        self.kind, self.tolerance = kind, tolerance
        self.backend = f"finite differences {kind}"
        self.central = kind == "central"

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        f, x = vector_function(scenario)
        if scenario.operator == "hessian":
            second = central_hessian if self.central else forward_hessian
            return lambda: second(f, x)
        if scenario.operator == "hvp":
            v = scenario.direction_vector
            return lambda: self._along(f, x, v)
        first = central if self.central else forward
        matrix = scenario.operator == "jacobian"
        return lambda: first(f, x) if matrix else first(f, x)[0]

    def _along(self, f: Function, x: Vector, v: Vector) -> Vector:
        """The change of the gradient along v."""
        step = EPSILON ** (1 / 4) * max(1.0, float(np.max(np.abs(x)))) / float(np.max(np.abs(v)))
        h = steps(x, 1 / 4)
        if self.central:
            ahead, behind = (central(f, x + s * v, h)[0] for s in (step, -step))
            found: Vector = (ahead - behind) / (2 * step)
            return found
        ahead, here = forward(f, x + step * v, h)[0], forward(f, x, h)[0]
        return np.asarray((ahead - here) / step)

    def tolerated(self, operator: str) -> float:
        """Second differences have half as many digits."""
        return self.tolerance if operator in FIRST else self.tolerance**0.5

    def calls(self, operator: str, n: int) -> int:
        """How often f is called for n numbers."""
        return {
            "hessian": 1 + 2 * n * n if self.central else 1 + n + n * (n + 1) // 2,
            "hvp": 4 * n if self.central else 2 * n + 2,
        }.get(operator, 2 * n if self.central else n + 1)

    def operations(self, scenario: Scenario, calls: int) -> dict[str, int]:
        """Those of the calls of f."""
        once = count(scenario.restricted, *scenario.chosen).f
        return summed({kind: n * calls for kind, n in once.items()})


def steps(x: Vector, power: float) -> Vector:
    """One step for each entry."""
    h = EPSILON**power * np.maximum(1.0, np.abs(x))
    found: Vector = (x + h) - x
    return found


def forward(f: Function, x: Vector, h: Vector | None = None) -> Vector:
    """(f(x + h) - f(x)) / h for each entry, as a matrix of outputs by inputs.

    >>> forward(lambda x: x[:1] * x[1:], np.array([2.0, 3.0])).round(6).tolist()
    [[3.0, 2.0]]
    """
    return quotients(f, x, steps(x, 1 / 2) if h is None else h, *STENCILS["forward"])


def central(f: Function, x: Vector, h: Vector | None = None) -> Vector:
    """(f(x + h) - f(x - h)) / 2h for each entry, as a matrix of outputs by inputs."""
    return quotients(f, x, steps(x, 1 / 3) if h is None else h, *STENCILS["central"])


def forward_hessian(f: Function, x: Vector) -> Vector:
    """(f(x + hᵢ + hⱼ) - f(x + hᵢ) - f(x + hⱼ) + f(x)) / hᵢhⱼ."""
    h = steps(x, 1 / 4)
    here = f(x)[0]
    one = [f(moved(x, (i, s)))[0] for i, s in enumerate(h)]
    found = np.zeros((len(x), len(x)))
    for i, j in zip(*np.triu_indices(len(x))):
        both = f(moved(x, (i, h[i]), (j, h[j])))[0]
        found[i, j] = found[j, i] = (both - one[i] - one[j] + here) / (h[i] * h[j])
    return found


def central_hessian(f: Function, x: Vector) -> Vector:
    """The same with steps to both sides; three points on the diagonal."""
    h = steps(x, 1 / 4)
    here = f(x)[0]
    found = np.zeros((len(x), len(x)))
    for i, j in zip(*np.triu_indices(len(x))):
        if i == j:
            sides = f(moved(x, (i, h[i])))[0] + f(moved(x, (i, -h[i])))[0]
            found[i, i] = (sides - 2 * here) / h[i] ** 2
            continue
        signs = [(a, b) for a in (1, -1) for b in (1, -1)]
        terms = [a * b * f(moved(x, (i, a * h[i]), (j, b * h[j])))[0] for a, b in signs]
        found[i, j] = found[j, i] = sum(terms) / (4 * h[i] * h[j])
    return found


FORWARD, CENTRAL = Differences("forward", 1e-4), Differences("central", 1e-6)

ADAPTERS = (FORWARD, CENTRAL)
