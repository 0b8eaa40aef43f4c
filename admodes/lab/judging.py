"""Is what a library computed the derivative? Correctness comes before time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from admodes.lab.truth import EXACT, UNIT, Truth


@dataclass(frozen=True)
class Judgement:
    """error_ulp: the largest error in units in the last place, or in the unit by which rounding at
    random moves the entry where that is larger. error_relative: the largest error over the largest
    entry. reason: what is wrong, None where nothing is. nan: whether there are nans, rightly."""

    error_ulp: float
    error_relative: float
    reason: str | None = None
    nan: bool = False


def judged(result: np.ndarray, truth: Truth, tolerance: float, least: float = 0.0) -> Judgement:
    """A result against the truth. tolerance: the relative error from which an entry is wrong,
    unless rounding explains it; least: the size below which errors are not relative, as for
    differences of a large f.

    >>> t = Truth(np.array([1.0, 0.0]), np.zeros(2), "by hand")
    >>> judged(np.array([1.0 + 2.0**-52, 0.0]), t, 1e-9).error_ulp
    1.0
    >>> judged(np.array([1.0, -0.5]), t, 1e-9).reason
    'entry [1] is -0.5, not 0.0'
    """
    expected = truth.reference
    if result.shape != expected.shape:
        reason = f"the result has the shape {result.shape}, not {expected.shape}"
        return Judgement(np.nan, np.nan, reason)
    with np.errstate(all="ignore"):
        same = (result == expected) | (np.isnan(result) & np.isnan(expected))
        errors = np.where(same, 0.0, np.abs(result - expected))
        errors = np.where(np.isnan(errors), np.inf, errors)
        finite = np.abs(expected[np.isfinite(expected)])
        largest = float(np.max(finite, initial=0.0))
        sizes = np.abs(expected)
        units = np.fmax(np.spacing(np.abs(expected)), UNIT * truth.scale)
        # An exact 0 that rounding does not move: relative to the other entries.
        bare = (sizes == 0) & (truth.scale == 0)
        sizes = np.where(bare, 1e-3 * largest, sizes)
        units = np.where(bare, UNIT * sizes, units)
        wrong = ~same & ~np.isfinite(expected)
        rounding = np.fmin(EXACT * truth.scale, truth.reach)
        wrong |= errors > np.fmax(tolerance * np.fmax(sizes, least), rounding)
        ulps = np.where(errors == 0, 0.0, errors / units)
    error = float(np.max(errors, initial=0.0))
    wrong_entry = None
    if np.any(wrong):
        place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        at = ", ".join(map(str, place))
        wrong_entry = f"entry [{at}] is {float(result[place])!r}, not {float(expected[place])!r}"
    nan = bool(np.any(np.isnan(result)))
    return Judgement(float(np.max(ulps, initial=0.0)), error / (largest or 1.0), wrong_entry, nan)
