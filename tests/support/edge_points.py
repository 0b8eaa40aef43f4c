"""Points at the edges of the numbers, and the limits of derivatives there.

The limit is sought by mpmath along several paths that approach the point: zeros and infinities are
replaced by powers of ten far beyond the doubles. Where all paths tend to one number, that number is
the limit, and where one does not settle there is none.
"""

from __future__ import annotations

import functools
import itertools
import math
import os

import mpmath
import numpy as np
from harness import _formula_of

ALL = os.environ.get("ADMODES_TEST_EDGES") == "all"
"""ADMODES_TEST_EDGES=all takes all points; the ordinary run takes fewer."""

INF, NAN = math.inf, math.nan
FEW = [0.0, -0.0, INF, -INF, NAN, 5e-324, 1e-200, -1e200, 1.7e308, 0.3, 1.0, -2.0]
MORE = [-5e-324, 1e-310, -1e-200, 1e200, -1.7e308, -0.3, -1.0, 2.5, 800.0, -800.0]
THREE = [0.0, INF, NAN, 1e200, 0.3, -2.0]
EXPONENTS = (320, 640)
"""The powers of ten on the way to an edge."""

DIGITS = {"logaddexp": 120, "gammaln": 60, "digamma": 60, "trigamma": 60}
"""Digits of the reference between the edges, where 1500 would be slow and fewer suffice."""

WITHOUT = {
    "sinc": "NumPy's sinc is nan at infinity",
    "power": "mpmath takes too long far out",
    "gammaln": "mpmath takes too long far out",
    "digamma": "mpmath takes too long far out",
    "trigamma": "mpmath takes too long far out",
    "remainder": "its steps lie dense at the edges",
}
"""Operations that are only compared with themselves, and why."""


@functools.cache
def points(op):
    """The points for an operation, as tuples of floats."""
    if op.arity == 3:
        return list(itertools.product(FEW if ALL else THREE, repeat=3))
    return list(itertools.product(FEW + MORE if ALL or op.arity == 1 else FEW, repeat=op.arity))


def _is_edge(v):
    return v == 0 or math.isinf(v)


def _paths(point):
    """Functions from an exponent to a point on the way."""
    edges = [i for i, v in enumerate(point) if _is_edge(v)]
    rates = {(1,) * len(edges), *itertools.permutations((1, 4, 9)[: len(edges)])}
    sides = [(1, -1) if point[i] == 0 else (math.copysign(1, point[i]),) for i in edges]
    for rate, side in itertools.product(sorted(rates), itertools.product(*sides)):

        def on(k, rate=rate, side=side):
            z = [mpmath.mpf(0 if math.isinf(v) else v) for v in point]
            for i, r, s in zip(edges, rate, side, strict=True):
                sign = 1 if math.isinf(point[i]) else -1
                z[i] = s * mpmath.mpf(10) ** (sign * k * r)
            return z

        yield on


def _real(f, z):
    try:
        y = mpmath.mpmathify(f(*z))
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    return None if isinstance(y, mpmath.mpc) or mpmath.isnan(y) else y


def _tends(near, far):
    """Where two values on a path lead, or None."""
    if far == near:
        return far
    if abs(far) > 1e8 * abs(near):
        return mpmath.sign(far) * mpmath.inf
    if abs(far) < 1e-8 * abs(near):
        return mpmath.mpf(0)
    return far if abs(far - near) < 1e-15 * abs(near) else None


def limit(op, orders, point):
    """The limit of a derivative, as a float; None where there is none, where the operation has a
    documented kink, and where the reference does not tell."""
    kink = op.domain.kink
    if any(map(math.isnan, point)) or (kink is not None and kink(*point)) or op.name in WITHOUT:
        return None
    if op.symbol is None:
        return None
    f = _formula_of(op, orders)
    if not any(map(_is_edge, point)):
        with mpmath.workdps(DIGITS.get(op.name, 1500)):
            y = _real(f, [mpmath.mpf(v) for v in point])
            return None if y is None else float(y)
    with mpmath.workdps(400 if op.name == "xlog1py" else 60):
        found = []
        for on in _paths(point):
            near, far = (_real(f, on(k)) for k in EXPONENTS)
            if near is not None and far is not None:
                found.append(_tends(near, far))
        if not found or None in found:
            return None
        first = found[0]
        same = all(y == first or abs(y - first) < 1e-15 * abs(first) for y in found)
        return float(first) if same else None


def agree(a, b, least=1e-300):
    """Whether numbers are the same up to rounding, nan being nan."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(all="ignore"):
        close = np.abs(a - b) <= 1e-9 * np.maximum(np.abs(a), np.abs(b)) + least
        return (a == b) | (np.isnan(a) & np.isnan(b)) | close
