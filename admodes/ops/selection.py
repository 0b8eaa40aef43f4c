"""The declarations of operations with kinks and steps: abs, sign, minimum, maximum, clip, floor,
ceil, round."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, implements
from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.roots import pair
from admodes.errors import BadType
from admodes.ops.arithmetic import square
from admodes.ops.comparisons import both, either, equal, greater, less, less_equal, where

sign = elementwise(
    "sign",
    np.sign,
    0,
    scalar=lambda a: math.copysign(1.0, a) if a > 0 or a < 0 else a + 0.0,
    symbol=lambda sp, a: sp.sign(a),
    text="sign {0}",
    latex=r"\operatorname{sign} {0}",
    printed=("0",),
    selects=True,
    kind="comparisons",
    domain=Domain(((0.2, 3.0),), Kink(lambda a: a == 0, "sign at its step 0"), "0 everywhere"),
    doc="-1, 0 or 1, the sign of a.",
)
abs = elementwise(
    "abs",
    np.abs,
    lambda a: sign(a),
    scalar=math.fabs,
    symbol=lambda sp, a: sp.Abs(a),
    text="|{0}|",
    latex=r"\left|{0}\right|",
    printed=("sign(a)",),
    selects=True,
    kind="comparisons",
    domain=Domain(((0.2, 3.0),), Kink(lambda a: a == 0, "|·| at its kink 0"), "at 0: 0"),
    numpy=(np.abs, np.fabs),
    operator="abs",
    truths=lambda a: a,
    squared=lambda a: square(a),
    aliases=("fabs",),
    numerics=Numerics(same_bits=True, nonnegative=True),
    doc="The absolute value.",
)


def _share(wins: Any, ties: Any) -> Any:
    if ties.__class__ is np.ndarray and not ties.any():
        return wins
    return where(wins, 1.0, where(ties, 0.5, 0.0))


def _tie(name: str) -> Kink:
    return Kink(lambda a, b: a == b, f"{name}: a tie, each argument gets ½")


maximum = elementwise(
    "maximum",
    np.maximum,
    lambda a, b: _share(greater(a, b), equal(a, b)),
    lambda a, b: _share(greater(b, a), equal(a, b)),
    scalar=lambda a, b: float(np.maximum(a, b)) if a != a or b != b or a == b else float(max(a, b)),
    symbol=lambda sp, a, b: sp.Max(a, b),
    text="max({0}, {1})",
    latex=r"\max({0}, {1})",
    printed=("where(a > b, 1, where(a == b, 0.5, 0))", "where(b > a, 1, where(a == b, 0.5, 0))"),
    selects=True,
    kind="comparisons",
    domain=Domain(((0.2, 1.0), (1.5, 3.0)), _tie("max"), "at a tie: ½ each"),
    aliases=("max",),
    truths=either,
    takes_complex=True,
    folds=True,
    doc="The larger of a and b, entry by entry (of several, from the left).",
)
minimum = elementwise(
    "minimum",
    np.minimum,
    lambda a, b: _share(less(a, b), equal(a, b)),
    lambda a, b: _share(less(b, a), equal(a, b)),
    scalar=lambda a, b: float(np.minimum(a, b)) if a != a or b != b or a == b else float(min(a, b)),
    symbol=lambda sp, a, b: sp.Min(a, b),
    text="min({0}, {1})",
    latex=r"\min({0}, {1})",
    printed=("where(a < b, 1, where(a == b, 0.5, 0))", "where(b < a, 1, where(a == b, 0.5, 0))"),
    selects=True,
    kind="comparisons",
    domain=Domain(((0.2, 1.0), (1.5, 3.0)), _tie("min"), "at a tie: ½ each"),
    aliases=("min",),
    truths=both,
    takes_complex=True,
    folds=True,
    doc="The smaller of a and b, entry by entry (of several, from the left).",
)
pair(maximum, minimum)


def _bound(a: Any, b: Any, c: Any) -> str:
    if a in (b, c):
        return "clip at a bound: the derivative inside"
    return "clip with equal bounds: the upper one counts"


clip = elementwise(
    "clip",
    lambda a, low, high: np.minimum(np.maximum(a, low), high),
    lambda a, b, c: where(less_equal(b, a), where(less_equal(a, c), 1.0, 0.0), 0.0),
    lambda a, b, c: where(less(a, b), where(less(b, c), 1.0, 0.0), 0.0),
    lambda a, b, c: where(
        less(c, a), 1.0, where(less_equal(c, b), where(less(a, b), 1.0, 0.0), 0.0)
    ),
    symbol=lambda sp, a, b, c: sp.Min(sp.Max(a, b), c),
    latex=r"\operatorname{clip}({0}, {1}, {2})",
    printed=(
        "where(b <= a, where(a <= c, 1, 0), 0)",
        "where(a < b, where(b < c, 1, 0), 0)",
        "where(c < a, 1, where(c <= b, where(a < b, 1, 0), 0))",
    ),
    selects=True,
    kind="comparisons",
    domain=Domain(
        ((1.0, 2.0), (0.2, 0.8), (2.5, 3.0)),
        Kink(lambda a, b, c: (a == b) | (a == c) | (b == c), _bound),
        "at a bound: 1, as inside; of equal bounds the upper one counts",
    ),
    doc="a kept between low and high.",
)


def _step(name: str, ufunc: Any, offset: float, symbol: Callable, text: str, latex: str) -> Op:
    """A step function; offset is the fraction at which it jumps."""
    return elementwise(
        name,
        ufunc,
        0,
        symbol=symbol,
        text=text,
        latex=latex,
        printed=("0",),
        selects=True,
        kind="comparisons",
        domain=Domain(
            ((0.1, 0.4),),
            Kink(lambda a: a - np.floor(a) == offset, f"{name} at a step"),
            "0 everywhere, at the steps too",
        ),
        doc=f"{name} of a; the derivative is 0.",
    )


floor = _step("floor", np.floor, 0.0, lambda sp, a: sp.floor(a), "⌊{0}⌋", r"\lfloor {0} \rfloor")
ceil = _step("ceil", np.ceil, 0.0, lambda sp, a: sp.ceiling(a), "⌈{0}⌉", r"\lceil {0} \rceil")
round = _step(
    "round",
    np.rint,
    0.5,
    lambda sp, a: (
        sp.floor(a + sp.Rational(1, 2))
        + sp.ceiling((2 * a - 1) / 4)
        - sp.floor((2 * a - 1) / 4)
        - 1
    ),
    "round({0})",
    r"\operatorname{round}({0})",
)


@implements(np.clip)
def _numpy_clip(a: Any, a_min: Any = None, a_max: Any = None, **options: Any) -> Any:
    low = options.pop("min", a_min)
    high = options.pop("max", a_max)
    if options:
        raise BadType(f"np.clip of a traced value does not take {', '.join(options)}=")
    return clip(a, -np.inf if low is None else low, np.inf if high is None else high)


@implements(np.round, np.around)
def _numpy_round(a: Any, decimals: int = 0) -> Any:
    return round(a) if decimals == 0 else round(a * 10.0**decimals) / 10.0**decimals


setattr(Carrier, "__round__", lambda self, digits=None: _numpy_round(self, digits or 0))  # noqa: B010
setattr(Carrier, "__floor__", lambda self: self.unary(floor))  # noqa: B010
setattr(Carrier, "__ceil__", lambda self: self.unary(ceil))  # noqa: B010
