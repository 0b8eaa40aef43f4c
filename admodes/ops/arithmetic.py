"""The declarations of addition, subtraction, multiplication, division, powers and roots."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Kink
from admodes.core.inplace import bind_in_place
from admodes.core.numerics import Numerics
from admodes.core.op import REGISTRY, Op
from admodes.core.roots import has_origin, power_of, product_of, scaled, square_of
from admodes.core.space import is_complex
from admodes.core.structure import PRODUCT
from admodes.errors import BadType
from admodes.ops.comparisons import both, either, equal, less, where
from admodes.ops.strong import tangent_mul


def _no_truths(sign: str, instead: str) -> Callable[..., Any]:
    """The refusal of an operation that NumPy's truth values do not have."""

    def refuse(*args: Any) -> Any:
        raise BadType(
            f"{sign} of truth values is not defined, as in NumPy: write {instead}, or calculate "
            "with the numbers 0 and 1: (x > 0) * 1.0"
        )

    return refuse


add = elementwise(
    "add",
    np.add,
    1,
    1,
    scalar=operator.add,
    symbol=lambda sp, a, b: a + b,
    text="{0} + {1}",
    latex="{0} + {1}",
    printed=("1", "1"),
    rule="Sum Rule",
    role="add",
    kind="additions",
    operator="add",
    truths=either,
    takes_complex=True,
    numerics=Numerics(carries=(0, 1), same_bits=True, symmetric=True),
    doc="a + b.",
)
subtract = elementwise(
    "subtract",
    np.subtract,
    1,
    -1,
    scalar=operator.sub,
    symbol=lambda sp, a, b: a - b,
    text="{0} - {1}",
    latex="{0} - {1}",
    printed=("1", "-1"),
    rule="Sum Rule",
    kind="additions",
    operator="sub",
    truths=_no_truths("-", "a ^ b"),
    takes_complex=True,
    numerics=Numerics(carries=(0, 1), same_bits=True),
    doc="a - b.",
)
negate = elementwise(
    "negate",
    np.negative,
    -1,
    scalar=operator.neg,
    symbol=lambda sp, a: -a,
    text="-{0}",
    latex="-{0}",
    printed=("-1",),
    kind="negations",
    operator="neg",
    truths=_no_truths("-", "~a"),
    multiple=lambda factor, a: (a, scaled(factor, -1.0)),
    commutes=True,
    takes_complex=True,
    numerics=Numerics(carries=(0,), same_bits=True),
    doc="-a.",
)


def _multiple_of_root(factor: Any, a: Any, b: Any) -> Any:
    """a b as a multiple of the one that is a root."""
    if has_origin(a) and has_origin(b):
        return None
    return (a, scaled(factor, b)) if has_origin(a) else (b, scaled(factor, a))


multiply = elementwise(
    "multiply",
    np.multiply,
    lambda b: b,
    lambda a: a,
    scalar=operator.mul,
    symbol=lambda sp, a, b: a * b,
    text="{0}*{1}",
    latex="{0}*{1}",
    printed=("b", "a"),
    rule="Product Rule",
    course="Prod",
    role="multiply",
    multiple=_multiple_of_root,
    kind="multiplications",
    operator="mul",
    truths=both,
    commutes=True,
    smooth=product_of,
    takes_complex=True,
    structure=PRODUCT,
    numerics=Numerics(carries=(0, 1), same_bits=True, symmetric=True),
    doc="a b.",
)


def _share_of_root(factor: Any, a: Any, b: Any) -> Any:
    """a / b as a multiple of a."""
    return None if has_origin(b) else (a, divide(1.0 if factor is None else factor, b))


divide: Op = elementwise(
    "divide",
    np.divide,
    lambda b: 1 / b,
    lambda y, b: -y / b,
    scalar=operator.truediv,
    symbol=lambda sp, a, b: a / b,
    text="{0} / {1}",
    latex=r"\frac{{0}}{{1}}",
    printed=("1/b", "-a/b^2"),
    rule="Quotient Rule",
    kind="divisions",
    multiple=_share_of_root,
    domain=Domain(((-3.0, 3.0), (0.3, 3.0)), valid="b ≠ 0"),
    operator="truediv",
    commutes=True,
    takes_complex=True,
    fades=True,
    numerics=Numerics(tells_zeros=(1,), carries=(0,), same_bits=True),
    doc="a / b; inf or nan where b is 0.",
)
inverse = elementwise(
    "inverse",
    lambda a: 1 / a,
    lambda y: -y * y,
    scalar=lambda a: 1 / a,
    symbol=lambda sp, a: 1 / a,
    text="1 / {0}",
    latex=r"\frac1{{0}}",
    printed=("-1/a^2",),
    kind="divisions",
    domain=Domain(((0.3, 3.0),), valid="a ≠ 0"),
    numpy=(np.reciprocal,),
    aliases=("reciprocal",),
    course="Inv",
    takes_complex=True,
    fades=True,
    numerics=Numerics(tells_zeros=(0,)),
    doc="1 / a.",
)
square = elementwise(
    "square",
    np.square,
    lambda a: 2 * a,
    scalar=lambda a: a * a,
    symbol=lambda sp, a: a**2,
    text="{0}²",
    latex="{0}^2",
    printed=("2*a",),
    kind="multiplications",
    smooth=square_of,
    takes_complex=True,
    numerics=Numerics(carries=(0,), same_bits=True, nonnegative=True),
    doc="a².",
)


def _float_power(a: float, b: float) -> float:
    if a == 0.0 and b < 0.0:
        raise ZeroDivisionError
    return math.pow(a, b)


def _fades(a: Any, b: Any) -> Any:
    """Where a slope of 0 is no isolated one, as that of a² at 0 is."""
    return either(less(b, 1), equal(b, math.inf))


def _power_logs(n: int, a: Any, b: Any) -> Any:
    """a^b (ln a)^n by half powers, so that neither factor overflows before the product does."""
    half, log = np.power(a, 0.5 * b), np.log(a)
    return np.where((half == 0) & ~np.isnan(log), 0.0, half * log**n * half)


def _float_power_logs(n: int, a: float, b: float) -> float:
    half, log = math.pow(a, 0.5 * b), math.log(a)
    return half * log**n * half if half else 0.0


@functools.cache
def _power_log(n: int) -> Op:
    """a^b (ln a)^n, the n-th derivative of a power with respect to its exponent."""
    return elementwise(
        f"power_log{n}",
        lambda a, b: _power_logs(n, a, b),
        lambda a, b: (
            tangent_mul(_power_log(n)(a, b - 1), b)
            + (power(a, b - 1) if n == 1 else n * _power_log(n - 1)(a, b - 1))
        ),
        lambda a, b: _power_log(n + 1)(a, b),
        scalar=lambda a, b: _float_power_logs(n, a, b),
        symbol=lambda sp, a, b: a**b * sp.log(a) ** n,
        text="{0}^{1} ln {0}" if n == 1 else f"{{0}}^{{1}} (ln {{0}})^{n}",
        latex=r"{0}^{{1}} \ln {0}" if n == 1 else rf"{{0}}^{{{{1}}}} \ln^{{{n}}} {{0}}",
        kind="powers",
        domain=Domain(((0.3, 3.0), (-2.0, 3.0)), valid="a > 0"),
        fades=_fades,
        unlisted=True,
        takes_complex=True,
        numerics=Numerics(hides_nan=(1,)),
        doc=f"a^b (ln a)^{n}.",
    )


_power_kink = Kink(
    lambda a, b: (a == 0) & ((np.real(b) < 0) | (b != np.floor(np.real(b)))),
    "0 to a power: the derivative is the one-sided limit",
)


_power_log(1)

power: Op = elementwise(
    "power",
    np.power,
    lambda a, b: tangent_mul(power(a, b - 1), b),
    lambda a, b: _power_log(1)(a, b),
    scalar=_float_power,
    symbol=lambda sp, a, b: a**b,
    text="{0}^{1}",
    latex="{0}^{{1}}",
    printed=("b*a^(b - 1)", "a^b*ln(a)"),
    rule="Power Rule",
    kind="powers",
    domain=Domain(
        ((0.3, 3.0), (-2.0, 3.0)),
        _power_kink,
        "at a = 0 the one-sided limit: 0 for b > 1 and b = 0, 1 for b = 1, inf for 0 < b < 1, of "
        "which the derivative with respect to b is nan",
        "a ≥ 0, or whole b",
    ),
    numpy=(np.power, np.float_power),
    smooth=power_of,
    aliases=("pow",),
    takes_complex=True,
    fades=_fades,
    numerics=Numerics(hides_nan=(0, 1), tells_zeros=(0,)),
    doc="a to the power b; either may be differentiated. A negative base takes whole exponents.",
)


def _power_operator(self: Any, exponent: Any) -> Any:
    if exponent.__class__ is int and exponent == 2:
        return self.unary(square)
    return self.binary(power, self, exponent)


setattr(Carrier, "__pow__", _power_operator)  # noqa: B010
bind_in_place("pow")
setattr(Carrier, "__rpow__", lambda self, base: self.binary(power, base, self))  # noqa: B010
setattr(Carrier, "__pos__", lambda self: self.clone())  # noqa: B010

sqrt = elementwise(
    "sqrt",
    np.sqrt,
    lambda y: 0.5 / y,
    scalar=math.sqrt,
    symbol=lambda sp, a: sp.sqrt(a),
    text="√{0}",
    latex=r"\sqrt{{0}}",
    printed=("1/(2*sqrt(a))",),
    domain=Domain(
        ((0.2, 4.0),),
        Kink(lambda a: a == 0, "√ at 0: the derivative is infinite"),
        "at 0 the one-sided limit, inf",
        "a ≥ 0",
    ),
    squared=lambda a: a * where(less(a, 0), np.nan, 1.0),
    takes_complex=True,
    fades=True,
    numerics=Numerics(same_bits=True),
    doc="The square root; nan below 0.",
)
root = elementwise(
    "root",
    np.sqrt,
    lambda y: where(equal(y, 0), 0.0, 0.5 / where(equal(y, 0), 1.0, y)),
    scalar=math.sqrt,
    symbol=lambda sp, a: sp.sqrt(a),
    text="√{0}",
    latex=r"\sqrt{{0}}",
    printed=("where(a == 0, 0, 1/(2*sqrt(a)))",),
    numpy=(),
    selects=True,
    domain=Domain(
        ((0.2, 4.0),),
        Kink(lambda a: a == 0, "the root of a sum of squares at 0: the derivative is 0"),
        "at 0: 0, the subgradient of a norm",
        "a ≥ 0",
    ),
    squared=lambda a: a,
    doc="√a of a sum of squares, as in norms and standard deviations.",
)
cbrt = elementwise(
    "cbrt",
    np.cbrt,
    lambda y: 1 / (3 * y * y),
    scalar=math.cbrt,
    symbol=lambda sp, a: sp.sign(a) * sp.Abs(a) ** sp.Rational(1, 3),
    text="∛{0}",
    latex=r"\sqrt[3]{{0}}",
    printed=("1/(3*cbrt(a)^2)",),
    domain=Domain(
        ((0.2, 4.0),),
        Kink(lambda a: a == 0, "∛ at 0: the derivative is infinite"),
        "at 0 the limit, inf",
    ),
    fades=True,
    doc="The real cube root, of negative numbers too.",
)


def absolute_square(x: Any) -> Any:
    """|x|², which has a derivative at 0 for complex x too."""
    if is_complex(x):
        return REGISTRY["square"](REGISTRY["real"](x)) + REGISTRY["square"](REGISTRY["imag"](x))
    return REGISTRY["square"](x)
