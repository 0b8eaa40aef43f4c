"""UBC, CPSC 532S, assignment 1: the model of the printed tables."""

from __future__ import annotations

from math import cos, exp, sin

from admodes.problems.problem import Problem

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

PROBLEMS = (CPSC532S,)
