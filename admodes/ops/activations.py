"""The declarations of activations and their kin: sigmoid, logit, softplus, relu and variants,
logaddexp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.ops.comparisons import greater, where
from admodes.ops.exponential import exp, expm1
from admodes.ops.strong import strong_mul, tangent_mul


def _sigmoid(x: Any) -> Any:
    right = np.real(x) >= 0
    small = np.exp(np.where(right, -x, x))
    return np.where(right, 1.0, small) / (1 + small)


def _float_sigmoid(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


sigmoid: Op = elementwise(
    "sigmoid",
    _sigmoid,
    lambda y, a: y * sigmoid(-a),
    scalar=_float_sigmoid,
    symbol=lambda sp, a: 1 / (1 + sp.exp(-a)),
    text="σ({0})",
    latex=r"\sigma({0})",
    printed=("sigmoid(a)*(1 - sigmoid(a))",),
    aliases=("σ",),
    takes_complex=True,
    fades=True,
    doc="The logistic function 1 / (1 + e^-a).",
)


def _logit(x: Any) -> Any:
    middle = np.log1p((2 * x - 1) / (1 - x))
    return np.where(np.abs(x - 0.5) < 0.25, middle, np.log(x) - np.log1p(-x))


_logit_edges = Domain(
    ((0.1, 0.9),),
    Kink(lambda a: (a == 0) | (a == 1), "logit at the edge of (0, 1): infinite"),
    "at 0 and 1 the limit, inf",
    "0 < a < 1",
)
_logit_slope = elementwise(
    "logit_slope",
    lambda a: 1 / (a * (1 - a)),
    lambda y, a: strong_mul(2 * a - 1, y) * y,
    scalar=lambda a: 1 / (a * (1 - a)),
    symbol=lambda sp, a: 1 / (a * (1 - a)),
    text="1 / ({0} (1 - {0}))",
    latex=r"\frac1{{0} (1 - {0})}",
    kind="divisions",
    domain=_logit_edges,
    unlisted=True,
    numerics=Numerics(tells_zeros=(0,)),
    doc="The derivative of logit.",
)
logit = elementwise(
    "logit",
    _logit,
    lambda a: _logit_slope(a),
    symbol=lambda sp, a: sp.log(a / (1 - a)),
    printed=("1/(a*(1 - a))",),
    domain=_logit_edges,
    doc="ln(a / (1 - a)), the inverse of the sigmoid.",
)


def _float_softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


softplus = elementwise(
    "softplus",
    lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    lambda a: sigmoid(a),
    scalar=_float_softplus,
    symbol=lambda sp, a: sp.log(1 + sp.exp(a)),
    printed=("sigmoid(a)",),
    fades=True,
    doc="ln(1 + e^a).",
)


def _at_zero(name: str) -> Any:
    return Kink(lambda a, *rest: a == 0, f"{name} at its kink 0")


relu = elementwise(
    "relu",
    lambda x: np.maximum(x, 0.0),  # which keeps nan
    lambda a: where(greater(a, 0.0), 1.0, 0.0),
    scalar=lambda x: x if x > 0 or x != x else 0.0,
    symbol=lambda sp, a: sp.Max(a, 0),
    printed=("where(a > 0, 1, 0)",),
    selects=True,
    kind="comparisons",
    domain=Domain(((0.2, 3.0),), _at_zero("relu"), "at 0: 0"),
    doc="max(a, 0).",
)
leaky_relu = elementwise(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, slope * x),
    lambda a, b: where(greater(a, 0.0), 1.0, b),
    lambda a: where(greater(a, 0.0), 0.0, a),
    scalar=lambda x, slope: float(x) if x > 0 else slope * x,
    symbol=lambda sp, a, b: sp.Piecewise((a, a > 0), (a * b, True)),
    printed=("where(a > 0, 1, b)", "where(a > 0, 0, a)"),
    defaults=(0.01,),
    kind="comparisons",
    domain=Domain(((-3.0, -0.2), (0.1, 0.5)), _at_zero("leaky_relu"), "at 0: the slope"),
    fades=True,
    numerics=Numerics(hides_nan=(1,)),
    doc="a where a > 0, otherwise slope × a (slope 0.01 unless given).",
)
elu = elementwise(
    "elu",
    lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    lambda a, b: where(greater(a, 0.0), 1.0, tangent_mul(exp(a), b)),
    lambda a: where(greater(a, 0.0), 0.0, expm1(a)),
    scalar=lambda x, alpha: float(x) if x > 0 else alpha * math.expm1(x),
    symbol=lambda sp, a, b: sp.Piecewise((a, a > 0), (b * (sp.exp(a) - 1), True)),
    printed=("where(a > 0, 1, b*exp(a))", "where(a > 0, 0, exp(a) - 1)"),
    defaults=(1.0,),
    domain=Domain(((-3.0, -0.2), (0.5, 1.5)), _at_zero("elu"), "at 0: alpha"),
    fades=True,
    numerics=Numerics(hides_nan=(1,)),
    doc="a where a > 0, otherwise alpha × (e^a - 1) (alpha 1 unless given).",
)


def _float_logaddexp(a: float, b: float) -> float:
    if a == b:
        return a + math.log(2.0)
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    lambda a, b: sigmoid(a - b),
    lambda a, b: sigmoid(b - a),
    scalar=_float_logaddexp,
    symbol=lambda sp, a, b: sp.log(sp.exp(a) + sp.exp(b)),
    printed=("sigmoid(a - b)", "sigmoid(b - a)"),
    fades=True,
    doc="ln(e^a + e^b).",
)
