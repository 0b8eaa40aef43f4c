"""Named problems from UBC, CPSC 532S, assignment 1: a function of two variables, and the network of
the printed tables."""

from __future__ import annotations

from math import cos, exp, sin
from typing import Any

import numpy as np

from admodes.ops.activations import sigmoid
from admodes.problems.problem import Problem, adjoint_equations, drawn, flattened, nested

_SIGMOID = 1 / (1 + exp(-1.0))
_SLOPE = _SIGMOID * (1 - _SIGMOID)
_E2 = exp(2.0)
_JACOBIAN = ((sin(3.0), 2 * _E2 + 12 * cos(3.0)), (1.0, 2 + _SLOPE))

CPSC532S = Problem(
    name="cpsc532s",
    title="y1 = e^(2 x2) + x1 sin(3 x2²), y2 = x1 x2 + σ(x2)",
    document="UBC, CPSC 532S",
    section="assignment 1, part 1",
    at={"x1": 2.0, "x2": 1.0},
    expressions=("exp(2*x2) + x1*sin(3*x2^2)", "x1*x2 + sigmoid(x2)"),
    outputs=("y1", "y2"),
    figures={
        "values": (_E2 + 2 * sin(3.0), 2 + _SIGMOID),
        "rows": (
            *(2.0, 1.0, 2.0, _E2, 1.0, 3.0, sin(3.0), 2 * sin(3.0)),
            *(_E2 + 2 * sin(3.0), 2.0, _SIGMOID, 2 + _SIGMOID),
        ),
        "tangents": {
            "x1": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, sin(3.0), sin(3.0), 1.0, 0.0, 1.0),
            "x2": (
                *(0.0, 1.0, 2.0, 2 * _E2, 2.0, 6.0, 6 * cos(3.0), 12 * cos(3.0)),
                *(_JACOBIAN[0][1], 2.0, _SLOPE, 2 + _SLOPE),
            ),
        },
        "adjoints": {
            "y1": (
                *(_JACOBIAN[0][0], _JACOBIAN[0][1], _E2, 1.0, 6 * cos(3.0), 2 * cos(3.0)),
                *(2.0, 1.0, 1.0, 0.0, 0.0, 0.0),
            ),
            "y2": (1.0, 2 + _SLOPE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        },
        "jacobian": _JACOBIAN,
    },
    notes=(
        "⚠ The document's tangents for x2 print 5.940, 11.880 and 11.880 + 14.778 = 2.898: three "
        "minus signs are lost; it is -5.940, -11.880 and -11.880 + 14.778 = 2.898.",
        "⚠ The document prints 1 × 1 = 0 for the adjoint of v7; it is 1.",
    ),
)


def network(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, s: Any, r: Any) -> Any:
    """L = ½‖y - s‖² + rᵀh of a network with one hidden layer of sigmoids.

    >>> one = np.ones(1)
    >>> float(network(one, np.zeros((1, 1)), 0 * one, np.ones((1, 1)), -0.5, 2.0, one))
    2.5
    """
    z = W1 @ x + b1
    h = sigmoid(z)
    y = W2 @ h + b2
    E = np.sum((y - s) ** 2) / 2
    R = r @ h
    L = E + R
    return L  # noqa: RET504 (the rows have the names of local variables)


def _network_figures(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, s: Any, r: Any) -> dict:
    """By the document's equations, with the line for h̄ put right."""
    h = 1 / (1 + np.exp(-(W1 @ x + b1)))
    y = W2 @ h + b2
    y_bar = y - s
    h_bar = r + W2.T @ y_bar
    z_bar = h * (1 - h) * h_bar
    gradient = (
        *(W1.T @ z_bar, np.outer(z_bar, x), z_bar),
        *(np.outer(y_bar, h), y_bar, s - y, h),
    )
    return {
        "values": (float(y_bar @ y_bar / 2 + r @ h),),
        "jacobian": (flattened(gradient),),
        "equations": adjoint_equations(
            {
                "y": "y − s",
                "h": "r + W2ᵀ ȳ",
                "z": "σ'(z) ⊙ h̄",
                "x": "W1ᵀ z̄",
                "W2": "ȳ hᵀ",
                "b2": "ȳ",
                "W1": "z̄ xᵀ",
                "b1": "z̄",
            }
        ),
    }


_DATA = drawn(532, x=(3,), W1=(4, 3), b1=(4,), W2=(2, 4), b2=(2,), s=(2,), r=(4,))

NETWORK = Problem(
    name="cpsc532s-network",
    title="z = W1 x + b1, h = σ(z), y = W2 h + b2, L = ½‖y - s‖² + rᵀh",
    document="UBC, CPSC 532S",
    section="assignment 1, part 2",
    at={name: nested(array) for name, array in _DATA.items()},
    code=network,
    outputs=("L",),
    figures=_network_figures(**_DATA),
    notes=(
        "The document gives no numbers; these are random ones, the same in every run.",
        "⚠ The document's line for h̄ multiplies ∂y/∂h by Ē where it needs ȳ: h̄ = r + W2ᵀ ȳ. Its "
        "notation changes there from bar to hat.",
    ),
)

PROBLEMS = (CPSC532S, NETWORK)
