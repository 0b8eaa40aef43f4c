"""Named problems from Oregon State University, the homework "DIY autograd"."""

from __future__ import annotations

from math import cos, log, sin, sqrt
from typing import Any

from admodes.problems.problem import Problem

_DOCUMENT = "Oregon State University, DIY autograd"
_B = 5 + sin(5.0)

EQ4 = Problem(
    name="osu-eq4",
    title="y = ln(x1 + sin x1) · max(x2, x3) · 2",
    document=_DOCUMENT,
    section="equation 4",
    at={"x1": 5.0, "x2": -2.0, "x3": -5.0},
    expressions=("a = sin(x1); b = x1 + a; c = ln(b); d = max(x2, x3); e = c*d; y = e*2",),
    figures={
        "values": (-4 * log(_B),),
        "definitions": {"a": sin(5.0), "b": _B, "c": log(_B), "d": -2.0, "e": -2 * log(_B)},
        "named adjoints": {
            "e": 2.0,
            "d": 2 * log(_B),
            "c": -4.0,
            "b": -4 / _B,
            "a": -4 / _B,
            "x1": -4 / _B * (1 + cos(5.0)),
            "x2": 2 * log(_B),
            "x3": 0.0,
        },
        "jacobian": ((-4 / _B * (1 + cos(5.0)), 2 * log(_B), 0.0),),
    },
    notes=("x2 reaches y along one path, x1 along two; x3 loses the max, so its derivative is 0.",),
)


def loop(x: Any) -> Any:
    """y = 14x/3, as a loop: even i adds x·i, odd i subtracts x/i, for i = 0 … 4."""
    y = x * 0
    for i in range(5):
        y = y + x * i if i % 2 == 0 else y - x / i
    return y


LOOP = Problem(
    name="osu-loop",
    title="a loop over i = 0 … 4: even i adds x·i, odd i subtracts x/i (y = 14x/3)",
    document=_DOCUMENT,
    section="dynamic graphs",
    at={"x": 5.0},
    code=loop,
    figures={"values": (70 / 3,), "jacobian": ((14 / 3,),)},
    notes=("The graph is made anew by every run of the loop.",),
)

ASCENT = Problem(
    name="osu-ascent",
    title="y = (x1 + x2)(x1 x2 + x1 x2²)",
    document=_DOCUMENT,
    section="gradient ascent",
    at={"x1": 1.0, "x2": -0.5},
    expressions=("(x1 + x2)*(x1*x2 + x1*x2^2)",),
    figures={
        "values": (-1 / 8,),
        "jacobian": ((-3 / 8, -1 / 4),),
        "stationary": {
            "(0, 0)": {
                "at": (0.0, 0.0),
                "kind": "undecided",
                "hessian": ((0.0, 0.0), (0.0, 0.0)),
                "eigenvalues": (0.0, 0.0),
            },
            "(0, -1)": {
                "at": (0.0, -1.0),
                "kind": "saddle",
                "hessian": ((0.0, 1.0), (1.0, 0.0)),
                "eigenvalues": (-1.0, 1.0),
            },
            "(1, -1)": {
                "at": (1.0, -1.0),
                "kind": "saddle",
                "hessian": ((0.0, -1.0), (-1.0, -2.0)),
                "eigenvalues": (-1 - sqrt(2.0), -1 + sqrt(2.0)),
            },
            "(3/8, -3/4)": {
                "at": (3 / 8, -3 / 4),
                "kind": "local maximum",
                "hessian": ((-3 / 8, -3 / 16), (-3 / 16, -21 / 32)),
                "eigenvalues": (-3 / 4, -9 / 32),
            },
        },
        "ascent": {"step": 0.1, "steps": 500, "end": (0.375, -0.75)},
    },
    notes=("Gradient ascent from (1, -1/2), 500 steps of 0.1, ends at the maximum (3/8, -3/4).",),
)

SADDLE = Problem(
    name="osu-saddle",
    title="y = 8 x1 + 12 x2 + x1² - 2 x2²",
    document=_DOCUMENT,
    section="stationary points",
    at={"x1": -4.0, "x2": 3.0},
    expressions=("8*x1 + 12*x2 + x1^2 - 2*x2^2",),
    figures={
        "values": (2.0,),
        "jacobian": ((0.0, 0.0),),
        "hessian": ((2.0, 0.0), (0.0, -4.0)),
        "stationary": {
            "(-4, 3)": {
                "at": (-4.0, 3.0),
                "kind": "saddle",
                "hessian": ((2.0, 0.0), (0.0, -4.0)),
                "eigenvalues": (-4.0, 2.0),
            }
        },
    },
    notes=("The only stationary point, a saddle, is the default point.",),
)

PROBLEMS = (EQ4, LOOP, ASCENT, SADDLE)
