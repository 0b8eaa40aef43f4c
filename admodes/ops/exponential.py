"""The declarations of exponentials and logarithms: exp, ln, and those that keep their digits near 0
(expm1, log1p) or have another base.
"""

from __future__ import annotations

import math

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.numerics import Numerics
from admodes.core.op import Op

LN2 = math.log(2.0)
LN10 = math.log(10.0)


def _edge(low: float) -> Domain:
    return Domain(
        ((low + 0.2, low + 4.0),),
        Kink(lambda a: a == low, f"at {low:g}: -inf, and the derivative is infinite"),
        f"at {low:g} the one-sided limit, inf",
        f"a > {low:g}",
    )


exp: Op = elementwise(
    "exp",
    np.exp,
    lambda y: y,
    scalar=math.exp,
    symbol=lambda sp, a: sp.exp(a),
    text="e^{0}",
    latex="e^{{0}}",
    printed=("exp(a)",),
    takes_complex=True,
    fades=True,
    numerics=Numerics(nonnegative=True),
    doc="e to the power a.",
)
exp2: Op = elementwise(
    "exp2",
    np.exp2,
    lambda a: 2 * LN2 * exp2(a - 1),
    scalar=lambda a: math.pow(2.0, a),
    symbol=lambda sp, a: sp.Integer(2) ** a,
    text="2^{0}",
    latex="2^{{0}}",
    printed=("2^a*ln(2)",),
    takes_complex=True,
    fades=True,
    doc="2 to the power a.",
)
expm1 = elementwise(
    "expm1",
    np.expm1,
    lambda a: exp(a),
    scalar=math.expm1,
    symbol=lambda sp, a: sp.exp(a) - 1,
    text="e^{0} - 1",
    latex="e^{{0}} - 1",
    printed=("exp(a)",),
    takes_complex=True,
    fades=True,
    doc="e to the power a, minus 1, accurate near 0.",
)
ln = elementwise(
    "ln",
    np.log,
    lambda a: 1 / a,
    scalar=math.log,
    symbol=lambda sp, a: sp.log(a),
    text="ln {0}",
    latex=r"\ln {0}",
    printed=("1/a",),
    domain=_edge(0.0),
    aliases=("log",),
    takes_complex=True,
    fades=True,
    doc="The natural logarithm; -inf at 0, nan below.",
)
log2 = elementwise(
    "log2",
    np.log2,
    lambda a: 1 / (a * LN2),
    scalar=math.log2,
    symbol=lambda sp, a: sp.log(a) / sp.log(2),
    text="log₂ {0}",
    latex=r"\log_2 {0}",
    printed=("1/(a*ln(2))",),
    domain=_edge(0.0),
    takes_complex=True,
    fades=True,
    doc="The logarithm to base 2.",
)
log10 = elementwise(
    "log10",
    np.log10,
    lambda a: 1 / (a * LN10),
    scalar=math.log10,
    symbol=lambda sp, a: sp.log(a) / sp.log(10),
    text="log₁₀ {0}",
    latex=r"\log_{10} {0}",
    printed=("1/(a*ln(10))",),
    domain=_edge(0.0),
    takes_complex=True,
    fades=True,
    doc="The logarithm to base 10.",
)
log1p = elementwise(
    "log1p",
    np.log1p,
    lambda a: 1 / (1 + a),
    scalar=math.log1p,
    symbol=lambda sp, a: sp.log(1 + a),
    text="ln(1 + {0})",
    latex=r"\ln(1 + {0})",
    printed=("1/(1 + a)",),
    domain=_edge(-1.0),
    takes_complex=True,
    fades=True,
    doc="ln(1 + a), accurate near 0.",
)
