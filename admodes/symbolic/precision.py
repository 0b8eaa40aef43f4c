"""Arithmetic with many digits by mpmath: doubles as mpmath numbers, the evaluation of sympy forms
at any number of digits, and numerical limits."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.errors import BadType
from admodes.symbolic.forms import AtKink, LocalForm, local_form, tame

DIGITS = 50
"""Significant digits of reference values."""

OUT_OF_RANGE = 5000
"""A power of two beyond which only powers and logarithms are followed: exponentials would have
exponents that fill the memory."""

_LARGE = 11
"""The order from which on the exponential of a number has more than 800 digits."""

_ONE_THREAD = threading.RLock()


class precise:
    """mpmath at a number of digits. Its precision belongs to the process, so that one thread at a
    time may enter.

    >>> from admodes.symbolic.precision import precise
    >>> with precise(30) as mpmath:
    ...     print(mpmath.mpf(1) / 3)
    0.333333333333333333333333333333
    """

    __slots__ = ("before", "digits")

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def __enter__(self) -> Any:
        import mpmath

        # What is no number of digits raises here, before the lock is taken.
        prec = mpmath.libmp.dps_to_prec(self.digits)
        _ONE_THREAD.acquire()
        self.before = mpmath.mp.prec
        mpmath.mp.prec = prec
        return mpmath

    def __exit__(self, *error: object) -> None:
        import mpmath

        mpmath.mp.prec = self.before
        _ONE_THREAD.release()


def number(x: Any) -> Any:
    """x as an mpmath number, exactly. Raises TypeError for complex numbers."""
    import mpmath

    if x.__class__ is mpmath.mpf:
        return x
    if isinstance(x, (complex, np.complexfloating)):
        raise BadType("complex numbers are not followed")
    return mpmath.mpf(float(x))


def order_of(x: Any) -> int | None:
    """The smallest power of two that an mpmath number lies below: 0 for 0, None for what is not
    finite."""
    _, mantissa, exponent, bits = x._mpf_
    if mantissa:
        return int(exponent + bits)
    return None if exponent else 0


def evaluate(
    function: Callable[..., Any], xs: Sequence[Any], digits: int = DIGITS, infinite: bool = False
) -> Any:
    """A compiled symbolic form at xs to `digits` digits: nan outside the real domain, None at
    poles and for arguments that are not finite (infinite: infinities are taken). Raises AtKink at
    a jump.

    >>> from admodes.symbolic.forms import local_form
    >>> from admodes.symbolic.precision import evaluate
    >>> import admodes as ad
    >>> print(evaluate(local_form(ad.ln).value, [-1.0]))
    nan
    """
    import mpmath

    args = [number(x) for x in xs]
    extra = 20.0
    for a in args:
        order = order_of(a)
        if order is not None:
            if order >= OUT_OF_RANGE and not tame(function):
                return None
            extra += _cancelled(a, order)
        elif a != a or not infinite:
            return None
    with precise(_shared(digits + int(extra))):
        try:
            y = mpmath.mpmathify(function(*args))
        except (
            ZeroDivisionError,
            ValueError,
            OverflowError,
            TypeError,
            mpmath.libmp.NoConvergence,
        ):
            return None
        if isinstance(y, mpmath.mpc):
            y = y.real if y.imag == 0 else mpmath.nan
        mpmath.mp.dps = digits + 5
        return +y


def _shared(digits: int) -> int:
    """So many digits or up to a quarter more, of few different numbers: what mpmath prepares for
    psi and gamma at each number of digits, Bernoulli numbers and the like, then serves again."""
    step = max(1, 1 << (digits.bit_length() - 3))
    return -(-digits // step) * step


def _cancelled(a: Any, order: int) -> float:
    """Enough digits for the cancellation in forms such as e^a - 1, 1 - tanh² a or 1 + erf a of an
    argument of this order: the decimal exponents of the argument, of its exponential and of that of
    half its square as far as doubles reach."""
    size = abs(float(a)) if order < _LARGE else math.inf
    return min(abs(order), OUT_OF_RANGE) * 0.302 + min(max(size, size * size / 4), 800.0)


def one_sided(op: Op, k: int, xs: Sequence[float]) -> list[float]:
    """The limits of sympy's partial of op by argument k as one argument at a time approaches xs
    from either side; infinite where it grows without bound. Empty without a symbolic form.

    >>> import admodes as ad
    >>> from admodes.symbolic.precision import one_sided
    >>> sorted(one_sided(ad.abs, 0, [0.0])), one_sided(ad.sqrt, 0, [0.0])
    ([-1.0, 1.0], [inf])
    """
    form = local_form(op)
    if form is None or form.derivatives[k] is None:
        return []
    limits = []
    digits = 1400
    with precise(digits) as mpmath:
        for j, side in itertools.product(range(len(xs)), (1, -1)):
            near, nearer = (
                _near(form, k, xs, j, side * mpmath.mpf(2) ** power, digits)
                for power in (-1000, -2000)
            )
            if near is None or nearer is None:
                continue
            grows = abs(nearer) > 1 and abs(nearer) > abs(near) * (1 + mpmath.mpf(2) ** -40)
            limits.append(math.copysign(math.inf, nearer) if grows else float(nearer))
    return limits


def _near(form: LocalForm, k: int, xs: Sequence[float], j: int, step: Any, digits: int) -> Any:
    """The partial by argument k with argument j moved by step; None outside the domain."""
    moved = [number(x) for x in xs]
    moved[j] += step
    try:
        partial = evaluate(form.derivatives[k], moved, digits)
    except AtKink:
        return None
    inside = all(y is not None and y == y for y in (partial, evaluate(form.value, moved, digits)))
    return partial if inside else None
