"""ode: a Runge–Kutta method. y' = g(y) with g_0 = x_0 and g_i = x_i y_{i−1}, y(0) = 0, from time 0
to 2 by s equal steps of the classical method of order 4; all of y(2), and the gradient of its last
entry with respect to x, which is the derivative of the method's result and not that of the exact
solution. Each step is a block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.derivatives.gradients import grad
from admodes.lab.gradbench.blocks import Block
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

END = 2.0


def slope(x: Any, y: Any) -> Any:
    """y'"""
    return x * np.concatenate([np.ones(1), y[:-1]])


def step(x: Any, y: Any, h: float) -> Any:
    """y after one step of length h."""
    k1 = slope(x, y)
    k2 = slope(x, y + 0.5 * h * k1)
    k3 = slope(x, y + 0.5 * h * k2)
    k4 = slope(x, y + h * k3)
    return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def solution(x: Any, steps: int, one: Any = None) -> Any:
    """y(2) by so many steps; one takes one of them."""
    one = one or (lambda x, y: step(x, y, END / steps))
    y = np.zeros(len(x))
    for _ in range(steps):
        y = one(x, y)
    return y


def blocked(n: int, steps: int) -> Any:
    """solution, with a step as one block."""
    one = Block(lambda x, y: step(x, y, END / steps), (n,), (n,))
    return lambda x: solution(x, steps, one)


def primal(data: Any) -> Prepared:
    x, s = _input(data)
    return Prepared(PROGRAMS.ready(("ode", s), lambda: blocked(len(x), s), x))


def gradient(data: Any) -> Prepared:
    x, s = _input(data)

    def build() -> Any:
        y = blocked(len(x), s)
        return grad(lambda x: y(x)[-1])

    return Prepared(PROGRAMS.ready(("ode'", s), build, x))


def _input(data: Any) -> tuple[np.ndarray, int]:
    fields = Fields(data)
    return fields.vector("x"), fields.whole("s", 1)
