"""The Jacobian from values alone: difference quotients and the complex step, of functions from
vectors to vectors, for steps that the caller chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Vector = np.ndarray
Function = Callable[[Vector], Vector]

STENCILS = {
    "forward": ({0: -1, 1: 1}, 1),
    "central": ({-1: -1, 1: 1}, 2),
    "fourth_order": ({-2: 1, -1: -8, 1: 8, 2: -1}, 12),
}
"""The weights of f at x + k h, by k; the derivative is their sum over the second number times h."""


def quotients(
    f: Function, x: Vector, h: Vector | float, weights: dict[int, int], divisor: int
) -> np.ndarray:
    """The sum of weights[k] f(x + k h) over divisor times h for each entry of x, as a matrix of
    outputs by inputs. h: the step, or that of each entry.

    >>> quotients(lambda x: x[:1] * x[1:], np.array([2.0, 3.0]), 0.5, *STENCILS["central"])
    array([[3., 2.]])
    """
    steps = np.broadcast_to(h, x.shape)
    total: Any = 0.0
    for k, weight in weights.items():
        total = total + weight * (f(x)[:, None] if k == 0 else _moving(f, x, k * steps))
    found: np.ndarray = total / (divisor * steps)
    return found


def imaginary(f: Function, x: Vector, h: float) -> np.ndarray:
    """The imaginary part of f(x + i h) over h for each entry of x, as a matrix of outputs by
    inputs.

    >>> imaginary(lambda x: x[:1] * x[1:], np.array([2.0, 3.0]), 1e-30)
    array([[3., 2.]])
    """
    turned = _moving(f, x.astype(complex), np.full(x.shape, 1j * h))
    found: np.ndarray = np.imag(turned) / h
    return found


def moved(x: Vector, *moves: tuple[Any, Any]) -> Vector:
    """x with steps added to some entries."""
    y = x.copy()
    for i, step in moves:
        y[i] += step
    return y


def _moving(f: Function, x: Vector, steps: Vector) -> np.ndarray:
    """f where one entry after the other is moved, a column for each."""
    columns = [f(moved(x, (i, step))) for i, step in enumerate(steps)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(f(x)), 0))
