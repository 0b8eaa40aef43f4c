"""hello: the square of a number, and its derivative."""

from __future__ import annotations

from typing import Any

from admodes.derivatives.gradients import grad
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import number


def square_of(x: Any) -> Any:
    """x²"""
    return x * x


def square(data: Any) -> Prepared:
    return Prepared(PROGRAMS.ready(("square",), lambda: square_of, number(data, "input")))


def double(data: Any) -> Prepared:
    """The derivative of the square, by reverse mode."""
    x = number(data, "input")
    return Prepared(PROGRAMS.ready(("double",), lambda: grad(square_of), x))
