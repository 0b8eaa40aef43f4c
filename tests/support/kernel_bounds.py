"""How far the kernels of an operation may lie apart: NumPy's and SciPy's loops on arrays, which
differ by CPU, and libm on numbers, which native code calls too. This is what exact=True of
ad.compile leaves open."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY

VALUES = 4
"""Units in the last place between the values of two kernels, where nothing else is stated here."""

SLOPES = 16
"""The same between partials, which are short formulas of such values, and between the values of
operations that occur in derivatives alone."""

SCIPY = {"erf": 8, "erfc": 16, "gelu": 16, "gammaln": 16}
"""Numbers take libm, arrays SciPy, whose erfc is off by up to 11 units near 1 (2 million points,
against libm's); the product that makes gelu of it has up to twice as many units as its factor."""

ROOT = math.sqrt(2.0)

GAMMAS = ("gammaln", "digamma", "trigamma")
"""Their places are those of max(1, |value|), as libraries have it near the zeros."""

TERMS = {
    "entr": lambda a: (math.log(a), 1.0),
    "sinc": lambda a: (math.cos(math.pi * a), -math.sin(math.pi * a) / (math.pi * a)),
    "gelu": lambda a: (math.erfc(-a / ROOT), a * math.exp(-a * a / 2) * math.sqrt(2 / math.pi)),
}
"""What cancels in a partial."""


def apart(name: str, orders: tuple[int, ...], point: tuple[float, ...]) -> float:
    """Units in the last place allowed between two kernels of an operation, or of its partial."""
    most = SCIPY.get(name, VALUES) if name in REGISTRY and not orders else SLOPES
    a = point[0]
    # SciPy takes the exponential of a rounded square.
    if name == "erfc" and not orders and 0 < a < 30:
        most += a * a
    if name == "gelu" and -40 < a < 0:
        most += a * a / 2
    if orders and name in TERMS and 0 < abs(a) < 1e10 and (a > 0 or name != "entr"):
        terms = TERMS[name](a)
        most *= sum(map(abs, terms)) / abs(sum(terms)) if sum(terms) else math.inf
    return most


def ulps(name: str, found: Any, wanted: Any) -> np.ndarray:
    """The distances of results in units in the last place of wanted, in its precision; infinite
    where one is finite and the other is not."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    size = np.maximum(np.abs(wanted), 1.0 if name in GAMMAS else np.finfo(wanted.dtype).tiny)
    with np.errstate(all="ignore"):
        far = np.abs(found.astype(float) - wanted) / np.spacing(size).astype(float)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.where(same, 0.0, np.where(np.isnan(far), np.inf, far))
