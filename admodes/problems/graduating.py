"""Named problems from the project sheet "Graduating autograd"."""

from __future__ import annotations

from math import cos, log, sin, tanh

from admodes.problems.problem import Problem

_DOCUMENT = "Graduating autograd (project sheet)"

LOG_SIN = Problem(
    name="grad-log-sin",
    title="z = ln(x1 x2) sin(x2)",
    document=_DOCUMENT,
    section="a worked example in stages",
    at={"x1": 1.0, "x2": 2.0},
    expressions=("a = x1*x2; y1 = ln(a); y2 = sin(x2); z = y1*y2",),
    outputs=("z",),
    figures={
        "values": (log(2.0) * sin(2.0),),
        "definitions": {"a": 2.0, "y1": log(2.0), "y2": sin(2.0)},
        "jacobian": ((sin(2.0), sin(2.0) / 2 + log(2.0) * cos(2.0)),),
    },
    notes=(
        "∂z/∂x1 in stages is 1 · y2 · (1/a) · x2.",
        "⚠ The sheet prints d/dx sin x = -cos x; it is cos x.",
    ),
)

G = Problem(
    name="grad-g",
    title="g = x1 x2 (x1 + x2)",
    document=_DOCUMENT,
    section="the function g",
    at={"x1": 1.0, "x2": 2.0},
    expressions=("g = x1*x2*(x1 + x2)",),
    outputs=("g",),
    figures={"values": (6.0,), "jacobian": ((8.0, 5.0),), "hessian": ((4.0, 6.0), (6.0, 2.0))},
)

H = Problem(
    name="grad-h",
    title="h = 3x² + 4x + 2",
    document=_DOCUMENT,
    section="the function h",
    at={"x": 3.0},
    expressions=("h = 3*x^2 + 4*x + 2",),
    outputs=("h",),
    figures={"values": (41.0,), "jacobian": ((22.0,),), "hessian": ((6.0,),)},
)

_X = (1.0, 2.0, -1.0)
_W = (0.5, -0.25, 0.1)
_Y = tanh(0.2)
_SLOPE = 1 - _Y * _Y

NEURON = Problem(
    name="grad-neuron",
    title="y = tanh(x·w + b)",
    document=_DOCUMENT,
    section="a neuron",
    at={
        **dict(zip(("x1", "x2", "x3"), _X, strict=True)),
        **dict(zip(("w1", "w2", "w3"), _W, strict=True)),
        "b": 0.3,
    },
    expressions=("z = x1*w1 + x2*w2 + x3*w3 + b; y = tanh(z)",),
    figures={
        "values": (_Y,),
        "definitions": {"z": 0.2},
        "jacobian": ((*(_SLOPE * w for w in _W), *(_SLOPE * x for x in _X), _SLOPE),),
    },
)

PROBLEMS = (LOG_SIN, G, H, NEURON)
