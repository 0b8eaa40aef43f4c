"""The declarations of the error function, the gamma function and their derivatives, and of gelu.

Arrays of the error function and the gamma family need scipy (admodes[special]); numbers of erf,
erfc and gammaln do not.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.errors import BadValue, MissingPackage
from admodes.ops.comparisons import both, equal, where
from admodes.ops.exponential import exp, ln
from admodes.ops.strong import strong_mul

TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def _scipy(name: str) -> Callable[..., Any]:
    """A function of scipy.special, imported when it is first called."""

    def kernel(*args: Any) -> Any:
        try:
            from scipy import special
        except ImportError:
            raise MissingPackage(
                f"ad.{name} of this argument needs scipy: pip install 'admodes[special]'"
            ) from None
        y = getattr(special, name)(*args)
        return y.astype(args[-1].dtype, copy=False) if isinstance(y, np.ndarray) else y

    return kernel


erf = elementwise(
    "erf",
    _scipy("erf"),
    lambda a: TWO_OVER_ROOT_PI * exp(-a * a),
    scalar=math.erf,
    symbol=lambda sp, a: sp.erf(a),
    text="erf {0}",
    latex=r"\operatorname{erf} {0}",
    printed=("2/sqrt(pi)*exp(-a^2)",),
    fades=True,
    doc="The error function, 2/√π ∫₀ᵃ exp(-t²) dt.",
)
erfc = elementwise(
    "erfc",
    _scipy("erfc"),
    lambda a: -TWO_OVER_ROOT_PI * exp(-a * a),
    scalar=math.erfc,
    symbol=lambda sp, a: sp.erfc(a),
    text="erfc {0}",
    latex=r"\operatorname{erfc} {0}",
    printed=("-2/sqrt(pi)*exp(-a^2)",),
    fades=True,
    doc="1 - erf(a), accurate where erf is near 1.",
)
POLES = "a is not 0, -1, -2, …"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@functools.cache
def _polygamma(n: int) -> Op:
    """The n-th derivative of digamma."""
    return elementwise(
        "trigamma" if n == 1 else f"polygamma{n}",
        lambda a: _scipy("polygamma")(n, a),
        lambda a: _polygamma(n + 1)(a),
        symbol=lambda sp, a: sp.polygamma(n, a),
        text=f"ψ{str(n).translate(SUBSCRIPTS)}({{0}})",
        latex=rf"\psi^{{({n})}}({{0}})",
        printed=(f"polygamma{n + 1}(a)",),
        domain=Domain(((0.5, 4.0),), valid=POLES),
        fades=True,
        unlisted=n != 1,
        doc=f"The derivative of digamma of order {n}.",
    )


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of digamma, n ≥ 0, at x (a number, an array or a traced value).

    Arrays and numbers need scipy. Raises ValueError for an order that is not a whole number ≥ 0.

    >>> import admodes as ad
    >>> round(ad.polygamma(1, 1.0), 6)
    1.644934
    """
    if n != int(n) or n < 0:
        raise BadValue(f"polygamma: the order is a whole number, 0 or more, not {n!r}")
    return digamma(x) if n == 0 else _polygamma(int(n))(x)


trigamma = _polygamma(1)
digamma = elementwise(
    "digamma",
    _scipy("psi"),
    lambda a: trigamma(a),
    symbol=lambda sp, a: sp.digamma(a),
    text="ψ({0})",
    latex=r"\psi({0})",
    printed=("trigamma(a)",),
    domain=Domain(((0.5, 4.0),), valid=POLES),
    aliases=("psi",),
    fades=True,
    numerics=Numerics(tells_zeros=(0,)),
    doc="The derivative of the logarithm of the gamma function.",
)


ZETA_TAILS = (
    *(0.3224670334241132, 0.0673523010531981, 0.020580808427784546, 0.007385551028673986),
    *(0.0028905103307415234, 0.001192753911703261, 0.0005096695247430425),
    *(0.00022315475845357939, 9.945751278180853e-05, 4.492623673813314e-05),
    *(2.050721277567069e-05, 9.439488275268397e-06, 4.374866789907488e-06),
    *(2.039215753801366e-06, 9.55141213040742e-07, 4.492469198764566e-07),
    *(2.1207184805554665e-07, 1.0043224823968099e-07, 4.7698101693639804e-08),
    *(2.2711094608943164e-08, 1.0838659214896955e-08, 5.183475041970047e-09),
    *(2.4836745438024785e-09, 1.1921401405860912e-09, 5.731367241678862e-10),
    *(2.7595228851242334e-10, 1.330476437424449e-10, 6.4229645638381e-11),
    3.1044247747322276e-11,
)
"""(ζ(k) - 1) / k for k = 2, 3, …: ln Γ(2 + x) = (1 - γ) x + Σ (ζ(k) - 1) (-x)^k / k."""


def _about_two(x: Any) -> Any:
    """ln Γ(2 + x) for |x| ≤ ½, to full accuracy also near 0."""
    y = 0.0 * x
    for c in reversed(ZETA_TAILS):
        y = c - x * y
    return x * (0.42278433509846713 + x * y)


def _log_gamma(a: float) -> float:
    if 0.5 <= a <= 2.5:
        return _about_two(a - 2.0) if a >= 1.5 else _about_two(a - 1.0) - math.log1p(a - 1.0)
    if 2.5 < a <= 3.5:
        return _about_two(a - 3.0) + math.log(a - 1.0)
    return math.lgamma(a) if math.isfinite(a) else abs(a)


def _log_gammas(a: Any) -> Any:
    size = np.abs(a)
    y = np.where(np.isinf(a), size, _scipy("gammaln")(a))
    # Beside the pole at 0 the library is infinite already.
    y = np.where(size < np.finfo(float).tiny, -np.log(size), y).astype(a.dtype)
    near = (a >= 0.5) & (a <= 2.5)
    if not np.any(near):
        return y
    # Near the zeros 1 and 2 the library keeps only the absolute accuracy.
    above = a >= 1.5
    x = np.where(near, a - np.where(above, 2.0, 1.0), 0.0)
    found = _about_two(x) - np.where(above, 0.0, np.log1p(x))
    return np.where(near, found, y).astype(y.dtype)


gammaln = elementwise(
    "gammaln",
    _log_gammas,
    lambda a: digamma(a),
    scalar=_log_gamma,
    symbol=lambda sp, a: sp.re(sp.loggamma(a)),
    text="ln Γ({0})",
    latex=r"\ln\Gamma({0})",
    printed=("digamma(a)",),
    domain=Domain(((0.5, 4.0),), valid=POLES),
    aliases=("lgamma",),
    doc="The logarithm of the absolute value of the gamma function.",
)
gelu: Op = elementwise(
    "gelu",
    lambda a: 0.5 * a * erfc.array(-a / math.sqrt(2.0)),
    lambda a: 0.5 * erfc(a * -math.sqrt(0.5)) + strong_mul(a, exp(-0.5 * a * a)) / ROOT_TWO_PI,
    scalar=lambda a: 0.5 * a * math.erfc(-a / math.sqrt(2.0)),
    symbol=lambda sp, a: a * (1 + sp.erf(a / sp.sqrt(2))) / 2,
    printed=("(1 + erf(a/sqrt(2)))/2 + a*exp(-a^2/2)/sqrt(2*pi)",),
    fades=True,
    doc="a Φ(a) with the normal distribution Φ (Hendrycks and Gimpel, 2016).",
)


def _times_log(a: Any, b: Any) -> Any:
    y = np.where(np.equal(a, 0) & ~np.isnan(b), 0.0, a * np.log(b))
    return y.astype(np.result_type(a, b), copy=False)


xlogy: Op = elementwise(
    "xlogy",
    _times_log,
    lambda b: ln(b),
    lambda a, b: a / where(both(equal(a, 0), equal(b, 0)), 1.0, b),
    symbol=lambda sp, a, b: a * sp.log(b),
    printed=("ln(b)", "a/b"),
    domain=Domain(((-3.0, 3.0), (0.3, 3.0)), valid="b > 0"),
    doc="a ln b, and 0 where a is 0.",
)
