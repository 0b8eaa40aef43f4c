"""The declarations of the trigonometric functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.space import is_complex
from admodes.ops.strong import strong_mul

sin: Op = elementwise(
    "sin",
    np.sin,
    lambda a: cos(a),
    scalar=math.sin,
    symbol=lambda sp, a: sp.sin(a),
    text="sin {0}",
    latex=r"\sin {0}",
    printed=("cos(a)",),
    takes_complex=True,
    doc="The sine of an angle in radians.",
)
cos: Op = elementwise(
    "cos",
    np.cos,
    lambda a: -sin(a),
    scalar=math.cos,
    symbol=lambda sp, a: sp.cos(a),
    text="cos {0}",
    latex=r"\cos {0}",
    printed=("-sin(a)",),
    takes_complex=True,
    doc="The cosine of an angle in radians.",
)
tan = elementwise(
    "tan",
    np.tan,
    lambda y: 1 + y * y,
    scalar=math.tan,
    symbol=lambda sp, a: sp.tan(a),
    text="tan {0}",
    latex=r"\tan {0}",
    printed=("1 + tan(a)^2",),
    domain=Domain(((-1.2, 1.2),)),
    takes_complex=True,
    doc="The tangent of an angle in radians.",
)
cot: Op = elementwise(
    "cot",
    lambda a: 1 / np.tan(a),
    lambda y: -1 - y * y,
    scalar=lambda a: 1 / math.tan(a),
    symbol=lambda sp, a: sp.cot(a),
    text="cot {0}",
    latex=r"\cot {0}",
    printed=("-1 - cot(a)^2",),
    domain=Domain(((0.4, 2.7),), valid="sin a ≠ 0"),
    takes_complex=True,
    numerics=Numerics(tells_zeros=(0,)),
    doc="The cotangent of an angle in radians.",
)
sec: Op = elementwise(
    "sec",
    lambda a: 1 / np.cos(a),
    lambda y, a: y * tan(a),
    scalar=lambda a: 1 / math.cos(a),
    symbol=lambda sp, a: sp.sec(a),
    text="sec {0}",
    latex=r"\sec {0}",
    printed=("sec(a)*tan(a)",),
    domain=Domain(((-1.2, 1.2),), valid="cos a ≠ 0"),
    takes_complex=True,
    doc="The secant of an angle in radians.",
)
csc: Op = elementwise(
    "csc",
    lambda a: 1 / np.sin(a),
    lambda y, a: -y * cot(a),
    scalar=lambda a: 1 / math.sin(a),
    symbol=lambda sp, a: sp.csc(a),
    text="csc {0}",
    latex=r"\csc {0}",
    printed=("-csc(a)*cot(a)",),
    domain=Domain(((0.4, 2.7),), valid="sin a ≠ 0"),
    takes_complex=True,
    numerics=Numerics(tells_zeros=(0,)),
    doc="The cosecant of an angle in radians.",
)


def _edges(name: str) -> Domain:
    return Domain(
        ((-0.9, 0.9),),
        Kink(lambda a: (a == 1) | (a == -1), f"{name} at ±1: the derivative is infinite"),
        "at ±1 the one-sided limit, infinite",
        "|a| ≤ 1",
    )


def _asin_slopes(a: Any) -> Any:
    if np.iscomplexobj(a):
        return 1 / np.sqrt(1 - a) / np.sqrt(1 + a)
    return 1 / np.sqrt((1 - a) * (1 + a))


_asin_slope = elementwise(
    "asin_slope",
    _asin_slopes,
    lambda y, a: strong_mul(a, y) * y * y,
    scalar=lambda a: 1 / math.sqrt((1 - a) * (1 + a)),
    symbol=lambda sp, a: 1 / sp.sqrt(1 - a**2),
    text="1 / √(1 - {0}²)",
    latex=r"\frac1{\sqrt{1 - {0}^2}}",
    domain=_edges("arcsin"),
    unlisted=True,
    takes_complex=True,
    doc="The derivative of the inverse sine.",
)
asin = elementwise(
    "asin",
    np.arcsin,
    lambda a: _asin_slope(a),
    scalar=math.asin,
    symbol=lambda sp, a: sp.asin(a),
    text="arcsin {0}",
    latex=r"\arcsin {0}",
    printed=("1/sqrt(1 - a^2)",),
    domain=_edges("arcsin"),
    aliases=("arcsin",),
    takes_complex=True,
    doc="The inverse sine, in radians; nan outside [-1, 1].",
)
acos = elementwise(
    "acos",
    np.arccos,
    lambda a: -_asin_slope(a),
    scalar=math.acos,
    symbol=lambda sp, a: sp.acos(a),
    text="arccos {0}",
    latex=r"\arccos {0}",
    printed=("-1/sqrt(1 - a^2)",),
    domain=_edges("arccos"),
    aliases=("arccos",),
    takes_complex=True,
    doc="The inverse cosine, in radians; nan outside [-1, 1].",
)
atan = elementwise(
    "atan",
    np.arctan,
    lambda a: 1 / (1 + 1j * a) / (1 - 1j * a) if is_complex(a) else 1 / (1 + a * a),
    scalar=math.atan,
    symbol=lambda sp, a: sp.atan(a),
    text="arctan {0}",
    latex=r"\arctan {0}",
    printed=("1/(1 + a^2)",),
    aliases=("arctan",),
    takes_complex=True,
    fades=True,
    doc="The inverse tangent, in radians.",
)
