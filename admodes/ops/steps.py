"""The declarations of NumPy's ufuncs with steps or several pieces: remainder, floor_divide, fmax,
heaviside, sinc and others."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from admodes.core.carrier import UFUNCS, Carrier, implements
from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.linear import linear
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.structure import ENTRYWISE
from admodes.core.truth import is_whole
from admodes.errors import BadType
from admodes.ops.activations import logaddexp
from admodes.ops.arithmetic import multiply, power
from admodes.ops.comparisons import equal, greater, less, not_equal, where
from admodes.ops.selection import maximum, minimum
from admodes.ops.shaping import constant


def _at_step(a: Any, b: Any) -> Any:
    """Whether a / b is a whole number, as far as floats can tell."""
    whole = np.remainder(np.divide(a, np.where(b == 0, 1.0, b)), 1.0)
    return (b != 0) & ~(whole > 0.0)


floor_divide = elementwise(
    "floor_divide",
    np.floor_divide,
    0,
    0,
    symbol=lambda sp, a, b: sp.floor(a / b),
    text="⌊{0} / {1}⌋",
    latex=r"\lfloor {0} / {1} \rfloor",
    printed=("0", "0"),
    kind="divisions",
    selects=True,
    domain=Domain(
        ((0.2, 0.8), (1.0, 2.0)),
        Kink(_at_step, "// at a step"),
        "0 everywhere, at the steps too",
        "b ≠ 0",
    ),
    operator="floordiv",
    numerics=Numerics(tells_zeros=(1,)),
    doc="a // b, the quotient rounded down; the derivative is 0.",
)
remainder = elementwise(
    "remainder",
    np.remainder,
    1,
    lambda a, b: -floor_divide(a, b),
    symbol=lambda sp, a, b: a - b * sp.floor(a / b),
    text="{0} mod {1}",
    latex=r"{0} \bmod {1}",
    printed=("1", "-floor(a/b)"),
    kind="divisions",
    domain=Domain(
        ((2.2, 2.8), (1.0, 1.09)),
        Kink(_at_step, "% at a step"),
        "at a step as between the steps",
        "b ≠ 0",
    ),
    operator="mod",
    doc="a % b with the sign of b.",
)
trunc = elementwise(
    "trunc",
    np.trunc,
    0,
    symbol=lambda sp, a: sp.sign(a) * sp.floor(sp.Abs(a)),
    printed=("0",),
    selects=True,
    kind="comparisons",
    domain=Domain(
        ((0.1, 0.9),),
        Kink(lambda a: (a == np.floor(a)) & (a != 0), "trunc at a step"),
        "0 everywhere, at the steps too",
    ),
    doc="a rounded towards 0; the derivative is 0.",
)


def _series(n: int, x: Any) -> Any:
    """The n-th derivative of sin(πx)/(πx) by its power series."""
    k = (n + 1) // 2
    z = np.pi * x
    term = (-1.0) ** k * z ** (2 * k - n) / (math.factorial(2 * k - n) * (2 * k + 1))
    total = term
    for _ in range(25):
        step = (2 * k - n + 1) * (2 * k - n + 2) * (2 * k + 3) / (2 * k + 1)
        term = -term * z * z / step
        total = total + term
        k += 1
    return total * np.pi**n


def _quarters(x: Any, k: int) -> Any:
    """sin(πx + kπ/2), accurate also near its zeros."""
    rest = x - np.rint(x)
    near = np.abs(rest) <= 0.25
    if k % 2 == 0:
        side = np.where(
            near, np.sin(np.pi * rest), np.sign(rest) * np.cos(np.pi * (0.5 - np.abs(rest)))
        )
    else:
        side = np.where(near, np.cos(np.pi * rest), np.sin(np.pi * (0.5 - np.abs(rest))))
    odd = np.remainder(np.rint(x), 2.0) != 0
    return np.where(odd != (k % 4 >= 2), -side, side)


def _sinc_slope(n: int, x: Any) -> Any:
    near = np.abs(np.pi * x) < n + 1.0
    far = np.where(near, 1.0, x)
    y = _quarters(far, 0) / (np.pi * far)
    for k in range(1, n + 1):
        y = (np.pi ** (k - 1) * _quarters(far, k) - k * y) / far
    if np.any(near):
        y = np.where(near, 0.0, y)
        y[near] = _series(n, np.asarray(x)[near])
    return y.astype(np.result_type(x, np.float32), copy=False)


@functools.cache
def _sinc(n: int) -> Op:
    """The n-th derivative of sinc; n = 0 is sinc itself."""
    return elementwise(
        "sinc" if n == 0 else f"sinc{n}",
        lambda a: _sinc_slope(n, a),
        lambda a: _sinc(n + 1)(a),
        symbol=lambda sp, a: sp.diff(sp.sin(sp.pi * a) / (sp.pi * a), a, n),
        text="sinc {0}" if n == 0 else f"sinc⁽{n}⁾({{0}})",
        latex=r"\operatorname{sinc} {0}" if n == 0 else rf"\operatorname{{sinc}}^{{({n})}}({{0}})",
        printed=("(cos(pi*a) - sin(pi*a)/(pi*a))/a",) if n == 0 else (f"sinc{n + 1}(a)",),
        domain=Domain(((0.2, 3.0),)),
        unlisted=n != 0,
        doc="sin(πa) / (πa), 1 at 0, with all of its derivatives there.",
    )


sinc = _sinc(0)
implements(np.sinc)(lambda x: sinc(x))


def _test(name: str, ufunc: np.ufunc, doc: str, *tells_zeros: int) -> Op:
    return linear(
        name,
        ufunc,
        differentiable=(False,),
        kind="comparisons",
        structure=ENTRYWISE,
        numerics=Numerics(tells_zeros=tells_zeros),
        is_test=True,
        doc=doc + "; it has no derivative.",
    )


isnan = _test("isnan", np.isnan, "Whether a is not a number")
isfinite = _test("isfinite", np.isfinite, "Whether a is finite")
isinf = _test("isinf", np.isinf, "Whether a is infinite")
signbit = _test("signbit", np.signbit, "Whether a has a minus sign", 0)


def _skip_nan(op: Op) -> Any:
    return lambda a, b: op(_known(a, b), _known(b, a))


def _known(a: Any, other: Any) -> Any:
    return a if is_whole(a) else where(isnan(a), other, a)


def _ldexp(a: Any, n: Any) -> Any:
    if not is_whole(n):
        raise BadType("np.ldexp takes whole exponents, as in NumPy: write a * 2.0**n")
    return a * (power(2.0, n) if isinstance(n, Carrier) else np.ldexp(constant(1.0, a), n))


def _heaviside(a: Any, b: Any) -> Any:
    return where(greater(a, 0), 1.0, where(less(a, 0), 0.0, where(equal(a, 0), b, a)))


def _copysign(a: Any, b: Any) -> Any:
    differ = not_equal(signbit(a), signbit(b))
    return multiply(a, where(differ, constant(-1.0, a), constant(1.0, a)))


def _fmod(a: Any, b: Any) -> Any:
    return a - b * trunc(a / b)


def _logaddexp2(a: Any, b: Any) -> Any:
    return logaddexp(a * math.log(2.0), b * math.log(2.0)) / math.log(2.0)


UFUNCS.update(
    {
        np.fmax: _skip_nan(maximum),
        np.fmin: _skip_nan(minimum),
        np.heaviside: _heaviside,
        np.copysign: _copysign,
        np.fmod: _fmod,
        np.logaddexp2: _logaddexp2,
        np.positive: lambda a: a.clone(),
        np.deg2rad: lambda a: a * (math.pi / 180.0),
        np.radians: lambda a: a * (math.pi / 180.0),
        np.rad2deg: lambda a: a * (180.0 / math.pi),
        np.degrees: lambda a: a * (180.0 / math.pi),
        np.ldexp: _ldexp,
        np.divmod: lambda a, b: (floor_divide(a, b), remainder(a, b)),
        np.modf: lambda a: (a - trunc(a), trunc(a)),
    }
)
setattr(Carrier, "__trunc__", lambda self: self.unary(trunc))  # noqa: B010
setattr(Carrier, "__divmod__", lambda self, other: np.divmod(self, other))  # noqa: B010
setattr(Carrier, "__rdivmod__", lambda self, other: np.divmod(other, self))  # noqa: B010
implements(np.fix)(lambda x: trunc(x))
