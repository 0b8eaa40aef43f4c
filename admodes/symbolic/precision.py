"""Arithmetic with many digits by mpmath: doubles as mpmath numbers, the evaluation of sympy forms
at any number of digits, and numerical limits."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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

_ONE_THREAD = threading.RLock()


@contextmanager
def precise(digits: int) -> Iterator[Any]:
    """mpmath at a number of digits. Its precision belongs to the process, so that one thread at a
    time may enter.

    >>> from admodes.symbolic.precision import precise
    >>> with precise(30) as mpmath:
    ...     print(mpmath.mpf(1) / 3)
    0.333333333333333333333333333333
    """
    import mpmath

    with _ONE_THREAD, mpmath.workdps(digits):
        yield mpmath


def number(x: Any) -> Any:
    """x as an mpmath number, exactly. Raises TypeError for complex numbers."""
    import mpmath

    if isinstance(x, (complex, np.complexfloating)):
        raise BadType("complex numbers are not followed")
    return x if isinstance(x, mpmath.mpf) else mpmath.mpf(float(x))


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
    for a in args:
        if mpmath.isnan(a) or (mpmath.isinf(a) and not infinite):
            return None
        if mpmath.isfinite(a) and mpmath.mag(a) >= OUT_OF_RANGE and not tame(function):
            return None
    with precise(_working_digits(args, digits)):
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
    with precise(digits + 5):
        return +y


def _working_digits(args: Sequence[Any], digits: int) -> int:
    """Enough digits for the cancellation in forms such as e^a - 1, 1 - tanh² a or 1 + erf a: the
    decimal exponents of the arguments, of their exponentials and of those of half their squares as
    far as doubles reach."""
    import mpmath

    extra = 20.0
    for a in args:
        if a and mpmath.isfinite(a):
            extra += min(abs(mpmath.mag(a)), OUT_OF_RANGE) * 0.302 + min(
                float(max(abs(a), a * a / 4)), 800.0
            )
    return digits + int(extra)


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
