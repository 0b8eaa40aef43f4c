"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.builders import Domain, elementwise, is_complex
from admodes.core.op import Kink, Op
from admodes.ops.arithmetic import hypot, sqrt, square

sinh: Op = elementwise(
    "sinh",
    np.sinh,
    lambda y, a: cosh(a),
    scalar=math.sinh,
    symbol=lambda sp, a: sp.sinh(a),
    text="sinh {0}",
    latex=r"\sinh {0}",
    printed=("cosh(a)",),
    numpy=(np.sinh,),
    holomorphic=True,
    doc="The hyperbolic sine.",
)
cosh: Op = elementwise(
    "cosh",
    np.cosh,
    lambda y, a: sinh(a),
    scalar=math.cosh,
    symbol=lambda sp, a: sp.cosh(a),
    text="cosh {0}",
    latex=r"\cosh {0}",
    printed=("sinh(a)",),
    numpy=(np.cosh,),
    holomorphic=True,
    doc="The hyperbolic cosine.",
)
tanh = elementwise(
    "tanh",
    np.tanh,
    lambda y, a: square(1 / cosh(a)),
    scalar=math.tanh,
    symbol=lambda sp, a: sp.tanh(a),
    text="tanh {0}",
    latex=r"\tanh {0}",
    printed=("1 - tanh(a)^2",),
    numpy=(np.tanh,),
    holomorphic=True,
    doc="The hyperbolic tangent.",
)


def _leg(a: Any) -> Any:
    """√(1 + a²), without overflow on the way where a is real."""
    return sqrt(1 + a * a) if is_complex(a) else hypot(1.0, a)


asinh = elementwise(
    "asinh",
    np.arcsinh,
    lambda y, a: 1 / _leg(a),
    scalar=math.asinh,
    symbol=lambda sp, a: sp.asinh(a),
    text="arsinh {0}",
    latex=r"\operatorname{arsinh} {0}",
    printed=("1/sqrt(1 + a^2)",),
    numpy=(np.arcsinh,),
    aliases=("arcsinh",),
    holomorphic=True,
    doc="The inverse hyperbolic sine.",
)
acosh = elementwise(
    "acosh",
    np.arccosh,
    lambda y, a: 1 / (sqrt(a - 1) * sqrt(a + 1)),
    scalar=math.acosh,
    symbol=lambda sp, a: sp.acosh(a),
    text="arcosh {0}",
    latex=r"\operatorname{arcosh} {0}",
    printed=("1/sqrt(a^2 - 1)",),
    domain=Domain(
        ((1.2, 4.0),),
        Kink(lambda a: a == 1, "arcosh at 1: the derivative is infinite"),
        "at 1 the one-sided limit, inf",
        "a ≥ 1",
    ),
    numpy=(np.arccosh,),
    aliases=("arccosh",),
    holomorphic=True,
    doc="The inverse hyperbolic cosine; nan below 1.",
)
atanh = elementwise(
    "atanh",
    np.arctanh,
    lambda y, a: 1 / ((1 - a) * (1 + a)),
    scalar=math.atanh,
    symbol=lambda sp, a: sp.atanh(a),
    text="artanh {0}",
    latex=r"\operatorname{artanh} {0}",
    printed=("1/(1 - a^2)",),
    domain=Domain(
        ((-0.9, 0.9),),
        Kink(lambda a: (a == 1) | (a == -1), "artanh at ±1: infinite"),
        "at ±1 the one-sided limit, inf",
        "|a| < 1",
    ),
    numpy=(np.arctanh,),
    aliases=("arctanh",),
    holomorphic=True,
    doc="The inverse hyperbolic tangent; nan outside [-1, 1].",
)
