"""Whether a constant of a row is one number, or an array that repeats one number, and which."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.record import Ref


def number(a: Any) -> float | None:
    """The real number that a constant is, or repeats; None for what a row makes."""
    if a.__class__ is Ref:
        return None
    if a.__class__ is float:
        return a
    if isinstance(a, (int, float)):
        return float(a)
    if a.__class__ is np.ndarray:
        return _repeated(a)
    if isinstance(a, np.generic) and a.dtype.kind in "fbiu":
        return float(a)
    return None


def _repeated(a: np.ndarray) -> float | None:
    if a.dtype.kind != "f" or not a.size:
        return None
    first = a.flat[0]
    if not any(a.strides):
        return float(first)
    if a.flat[-1] != first or not (a == first).all():
        return None
    if first == 0 and np.signbit(a).any() != np.signbit(a).all():
        return None
    return float(first)
