"""Trigonometric functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.builders import Domain, elementwise
from admodes.core.op import Kink, Op
from admodes.ops.arithmetic import hypot, sqrt

sin: Op = elementwise(
    "sin",
    np.sin,
    lambda y, a: cos(a),
    scalar=math.sin,
    symbol=lambda sp, a: sp.sin(a),
    text="sin {0}",
    latex=r"\sin {0}",
    printed=("cos(a)",),
    numpy=(np.sin,),
    holomorphic=True,
    doc="The sine of an angle in radians.",
)
cos: Op = elementwise(
    "cos",
    np.cos,
    lambda y, a: -sin(a),
    scalar=math.cos,
    symbol=lambda sp, a: sp.cos(a),
    text="cos {0}",
    latex=r"\cos {0}",
    printed=("-sin(a)",),
    numpy=(np.cos,),
    holomorphic=True,
    doc="The cosine of an angle in radians.",
)
tan = elementwise(
    "tan",
    np.tan,
    lambda y, a: 1 + y * y,
    scalar=math.tan,
    symbol=lambda sp, a: sp.tan(a),
    text="tan {0}",
    latex=r"\tan {0}",
    printed=("1 + tan(a)^2",),
    domain=Domain(((-1.2, 1.2),)),
    numpy=(np.tan,),
    holomorphic=True,
    doc="The tangent of an angle in radians.",
)


def _edges(name: str) -> Domain:
    return Domain(
        ((-0.9, 0.9),),
        Kink(lambda a: (a == 1) | (a == -1), f"{name} at ±1: the derivative is infinite"),
        "at ±1 the one-sided limit, infinite",
        "|a| ≤ 1",
    )


asin = elementwise(
    "asin",
    np.arcsin,
    lambda y, a: 1 / sqrt((1 - a) * (1 + a)),
    scalar=math.asin,
    symbol=lambda sp, a: sp.asin(a),
    text="arcsin {0}",
    latex=r"\arcsin {0}",
    printed=("1/sqrt(1 - a^2)",),
    domain=_edges("arcsin"),
    numpy=(np.arcsin,),
    aliases=("arcsin",),
    holomorphic=True,
    doc="The inverse sine, in radians; nan outside [-1, 1].",
)
acos = elementwise(
    "acos",
    np.arccos,
    lambda y, a: -1 / sqrt((1 - a) * (1 + a)),
    scalar=math.acos,
    symbol=lambda sp, a: sp.acos(a),
    text="arccos {0}",
    latex=r"\arccos {0}",
    printed=("-1/sqrt(1 - a^2)",),
    domain=_edges("arccos"),
    numpy=(np.arccos,),
    aliases=("arccos",),
    holomorphic=True,
    doc="The inverse cosine, in radians; nan outside [-1, 1].",
)
atan = elementwise(
    "atan",
    np.arctan,
    lambda y, a: 1 / (1 + a * a),
    scalar=math.atan,
    symbol=lambda sp, a: sp.atan(a),
    text="arctan {0}",
    latex=r"\arctan {0}",
    printed=("1/(1 + a^2)",),
    numpy=(np.arctan,),
    aliases=("arctan",),
    holomorphic=True,
    doc="The inverse tangent, in radians.",
)


def _origin(a: Any, b: Any) -> str | None:
    return "atan2 at (0, 0): no derivative, nan" if a == b == 0 else None


atan2 = elementwise(
    "atan2",
    np.arctan2,
    lambda y, a, b: b / hypot(a, b) / hypot(a, b),
    lambda y, a, b: -a / hypot(a, b) / hypot(a, b),
    scalar=math.atan2,
    symbol=lambda sp, a, b: sp.atan2(a, b),
    text="atan2({0}, {1})",
    printed=("b/(a^2 + b^2)", "-a/(a^2 + b^2)"),
    domain=Domain(((0.2, 3.0), (0.2, 3.0)), _origin, "at (0, 0) none: nan"),
    numpy=(np.arctan2,),
    aliases=("arctan2",),
    doc="The angle of the point (b, a), in radians.",
)
