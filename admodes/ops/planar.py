"""The declarations of lengths and angles in the plane, hypot and atan2, and of what their
derivatives are made of.

No rule squares a length: at 1e-200 and at 1e200 squares are no doubles.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.ops.arithmetic import square
from admodes.ops.strong import tangent_mul

_POINTS = ((0.2, 3.0), (0.2, 3.0))


_MODERATE = 1e-100, 1e100
"""Between these neither squares nor their quotients leave the range of doubles."""


def _is_moderate(size: Any, kind: Any) -> bool:
    """Whether all points have such a size."""
    low, high = _MODERATE
    return kind == np.float64 and np.size(size) > 0 and low < np.min(size) and np.max(size) < high


def _cosine(a: Any, b: Any) -> Any:
    """a / hypot(a, b) of numbers scaled by the larger one, since hypot may overflow."""
    size = np.maximum(np.abs(a), np.abs(b))
    if _is_moderate(size, np.result_type(a, b)):
        return a / np.hypot(a, b)
    far = np.isinf(size)
    along = np.where(far, np.where(np.isinf(a), np.sign(a), 0.0), a / size)
    up = np.where(far, np.where(np.isinf(b), np.sign(b), 0.0), b / size)
    lost = np.isnan(size) | (np.isinf(a) & np.isinf(b))
    return np.where(lost, np.nan, along / np.hypot(along, up)).astype(np.result_type(a, b))


def _float_cosine(a: float, b: float) -> float:
    size = max(abs(a), abs(b))
    if not 0.0 < size < math.inf:
        raise ValueError
    return a / size / math.hypot(a / size, b / size)


cosine: Op = elementwise(
    "cosine",
    _cosine,
    lambda a, b: tangent_mul(over_square(b, a), cosine(b, a)),
    lambda a, b: -tangent_mul(over_square(a, b), cosine(b, a)),
    scalar=_float_cosine,
    symbol=lambda sp, a, b: a / sp.sqrt(a**2 + b**2),
    text="{0} / hypot({0}, {1})",
    latex=r"\frac{{0}}{\operatorname{hypot}({0}, {1})}",
    printed=("b^2/hypot(a, b)^3", "-a*b/hypot(a, b)^3"),
    kind="divisions",
    domain=Domain(_POINTS, valid="not (0, 0)"),
    fades=True,
    unlisted=True,
    doc="The cosine of the angle of the point (a, b).",
)


def _over_square(a: Any, b: Any) -> Any:
    """a / (a² + b²), 0 where either is infinite."""
    if _is_moderate(np.maximum(np.abs(a), np.abs(b)), np.result_type(a, b)):
        return a / (a * a + b * b)
    far = (np.isinf(a) | np.isinf(b)) & ~np.isnan(a) & ~np.isnan(b)
    return np.where(far, 0.0, _cosine(a, b) / np.hypot(a, b)).astype(np.result_type(a, b))


over_square: Op = elementwise(
    "over_square",
    _over_square,
    lambda a, b: tangent_mul(
        (cosine(b, a) - cosine(a, b)) * (cosine(b, a) + cosine(a, b)), _inverse_square(a, b)
    ),
    lambda y, a, b: -2 * tangent_mul(y, over_square(b, a)),
    scalar=lambda a, b: _float_cosine(a, b) / math.hypot(a, b),
    symbol=lambda sp, a, b: a / (a**2 + b**2),
    text="{0} / ({0}² + {1}²)",
    latex=r"\frac{{0}}{{0}^2 + {1}^2}",
    printed=("(b^2 - a^2)/(a^2 + b^2)^2", "-2*a*b/(a^2 + b^2)^2"),
    kind="divisions",
    domain=Domain(_POINTS, valid="not (0, 0)"),
    fades=True,
    unlisted=True,
    doc="a / (a² + b²), the slope of an angle.",
)


def _inverse_square(a: Any, b: Any) -> Any:
    return 1 / hypot(a, b) / hypot(a, b)


hypot: Op = elementwise(
    "hypot",
    np.hypot,
    lambda a, b: cosine(a, b),
    lambda a, b: cosine(b, a),
    scalar=math.hypot,
    symbol=lambda sp, a, b: sp.sqrt(a**2 + b**2),
    latex=r"\operatorname{hypot}({0}, {1})",
    printed=("a/hypot(a, b)", "b/hypot(a, b)"),
    domain=Domain(
        _POINTS,
        Kink(lambda a, b: (a == 0) & (b == 0), "hypot at (0, 0): no derivative, nan"),
        "at (0, 0) none: nan",
    ),
    squared=lambda a, b: square(a) + square(b),
    numerics=Numerics(hides_nan=(0, 1)),
    doc="√(a² + b²) without overflow on the way.",
)


atan2: Op = elementwise(
    "atan2",
    np.arctan2,
    lambda a, b: over_square(b, a),
    lambda a, b: -over_square(a, b),
    scalar=math.atan2,
    symbol=lambda sp, a, b: sp.atan2(a, b),
    printed=("b/(a^2 + b^2)", "-a/(a^2 + b^2)"),
    domain=Domain(
        _POINTS,
        Kink(lambda a, b: (a == 0) & (b == 0), "atan2 at (0, 0): no derivative, nan"),
        "at (0, 0) none: nan",
    ),
    aliases=("arctan2",),
    fades=True,
    numerics=Numerics(tells_zeros=(0, 1)),
    doc="The angle of the point (b, a), in radians.",
)
