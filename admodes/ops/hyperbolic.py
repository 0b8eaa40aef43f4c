"""The declarations of the hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.space import is_complex
from admodes.ops.activations import sigmoid
from admodes.ops.arithmetic import sqrt, square
from admodes.ops.planar import hypot
from admodes.ops.strong import strong_mul

sinh: Op = elementwise(
    "sinh",
    np.sinh,
    lambda a: cosh(a),
    scalar=math.sinh,
    symbol=lambda sp, a: sp.sinh(a),
    text="sinh {0}",
    latex=r"\sinh {0}",
    printed=("cosh(a)",),
    takes_complex=True,
    doc="The hyperbolic sine.",
)
cosh: Op = elementwise(
    "cosh",
    np.cosh,
    lambda a: sinh(a),
    scalar=math.cosh,
    symbol=lambda sp, a: sp.cosh(a),
    text="cosh {0}",
    latex=r"\cosh {0}",
    printed=("sinh(a)",),
    takes_complex=True,
    numerics=Numerics(nonnegative=True),
    doc="The hyperbolic cosine.",
)
tanh = elementwise(
    "tanh",
    np.tanh,
    lambda a: 4 * sigmoid(2 * a) * sigmoid(-2 * a) if is_complex(a) else square(1 / cosh(a)),
    scalar=math.tanh,
    symbol=lambda sp, a: sp.tanh(a),
    text="tanh {0}",
    latex=r"\tanh {0}",
    printed=("1 - tanh(a)^2",),
    takes_complex=True,
    fades=True,
    doc="The hyperbolic tangent.",
)


def _leg(a: Any) -> Any:
    """√(1 + a²), without overflow on the way."""
    return sqrt(1 + 1j * a) * sqrt(1 - 1j * a) if is_complex(a) else hypot(1.0, a)


asinh = elementwise(
    "asinh",
    np.arcsinh,
    lambda a: 1 / _leg(a),
    scalar=math.asinh,
    symbol=lambda sp, a: sp.asinh(a),
    text="arsinh {0}",
    latex=r"\operatorname{arsinh} {0}",
    printed=("1/sqrt(1 + a^2)",),
    aliases=("arcsinh",),
    takes_complex=True,
    fades=True,
    doc="The inverse hyperbolic sine.",
)
_acosh_edge = Domain(
    ((1.2, 4.0),),
    Kink(lambda a: a == 1, "arcosh at 1: the derivative is infinite"),
    "at 1 the one-sided limit, inf",
    "a ≥ 1",
)
_acosh_slope = elementwise(
    "acosh_slope",
    lambda a: 1 / (np.sqrt(a - 1) * np.sqrt(a + 1)),
    lambda y, a: -strong_mul(a, y) * y * y,
    scalar=lambda a: 1 / (math.sqrt(a - 1) * math.sqrt(a + 1)),
    symbol=lambda sp, a: 1 / (sp.sqrt(a - 1) * sp.sqrt(a + 1)),
    text="1 / √({0}² - 1)",
    latex=r"\frac1{\sqrt{{0}^2 - 1}}",
    domain=_acosh_edge,
    fades=True,
    unlisted=True,
    takes_complex=True,
    doc="The derivative of the inverse hyperbolic cosine.",
)
acosh = elementwise(
    "acosh",
    np.arccosh,
    lambda a: _acosh_slope(a),
    scalar=math.acosh,
    symbol=lambda sp, a: sp.acosh(a),
    text="arcosh {0}",
    latex=r"\operatorname{arcosh} {0}",
    printed=("1/sqrt(a^2 - 1)",),
    domain=_acosh_edge,
    aliases=("arccosh",),
    takes_complex=True,
    fades=True,
    doc="The inverse hyperbolic cosine; nan below 1.",
)
_atanh_edges = Domain(
    ((-0.9, 0.9),),
    Kink(lambda a: (a == 1) | (a == -1), "artanh at ±1: infinite"),
    "at ±1 the one-sided limit, inf",
    "|a| < 1",
)
_atanh_slope = elementwise(
    "atanh_slope",
    lambda a: 1 / (1 - a) / (1 + a) if np.iscomplexobj(a) else 1 / ((1 - a) * (1 + a)),
    lambda y, a: 2 * strong_mul(a, y) * y,
    scalar=lambda a: 1 / ((1 - a) * (1 + a)),
    symbol=lambda sp, a: 1 / (1 - a**2),
    text="1 / (1 - {0}²)",
    latex=r"\frac1{1 - {0}^2}",
    kind="divisions",
    domain=_atanh_edges,
    unlisted=True,
    takes_complex=True,
    doc="The derivative of the inverse hyperbolic tangent.",
)
atanh = elementwise(
    "atanh",
    np.arctanh,
    lambda a: _atanh_slope(a),
    scalar=math.atanh,
    symbol=lambda sp, a: sp.atanh(a),
    text="artanh {0}",
    latex=r"\operatorname{artanh} {0}",
    printed=("1/(1 - a^2)",),
    domain=_atanh_edges,
    aliases=("arctanh",),
    takes_complex=True,
    doc="The inverse hyperbolic tangent; nan outside [-1, 1].",
)
