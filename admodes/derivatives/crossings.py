"""Warnings about second derivatives at a kink: `crossing` looks whether a kink was met while the
second derivative was calculated, and warns if it made a difference to the result.

Not every kink does: its contribution may be cut off, or the function may be smooth although its
parts are not. So the second derivative along a direction is compared with those right beside the
point, on both sides. Only where a kink was met is anything computed for this.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.checking import unchecked
from admodes.core.forward import jvp
from admodes.core.places import place_of_call
from admodes.core.pytree import flatten, unflatten
from admodes.core.space import is_complex
from admodes.core.watching import watching

STEP = 2.0**-20
"""How far beside the point, relative to the larger of 1 and the number."""

NEARER = 2.0**-4
"""How much nearer the second pair of points is."""

ALIKE = 1e-4
"""Second derivatives that differ by less, relative to the largest, count as the same."""


_shown: dict = {}


class KinkWarning(UserWarning):
    """A second derivative was taken at a kink: what came out is that of the documented convention
    for the first derivative, and not the limit from the sides. finding: what was met, and what
    there is beside it."""

    def __init__(self, who: str, finding: str) -> None:
        super().__init__(f"{who}: {finding}")
        self.finding = finding


class Slopes(NamedTuple):
    """The value, and the first and the second derivative along a direction."""

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray


@contextmanager
def crossing(who: str, f: Callable, x: Any) -> Iterator[None]:
    """Warn where the second derivative of f at x, which is taken inside, crosses a kink that
    counts. Traced values are left to whoever has plain ones."""
    leaves, tree = flatten(x)
    if not all(map(_is_plain, leaves)):
        yield
        return
    with watching() as met:
        yield
    if not met or not all(np.all(np.isfinite(x)) for x in leaves):
        return
    found = _beside(lambda *xs: f(unflatten(tree, list(xs))), leaves)
    if found is not None:
        kinks = "; ".join(met)
        warning = KinkWarning(who, f"the second derivative crosses a kink ({kinks}). {found}")
        file, line = place_of_call().line or ("admodes", 0)
        warnings.warn_explicit(warning, None, file, line, registry=_shown)


def _is_plain(x: Any) -> bool:
    return not isinstance(x, Carrier) and not is_complex(x)


def _beside(f: Callable, leaves: list) -> str | None:
    """What there is to say of the derivatives on both sides; None where f is smooth."""
    xs = [np.asarray(x, float) for x in leaves]
    numbers = sum(x.size for x in xs)
    # All of one sign, so that jumps of sums do not cancel; all different.
    line = 1.0 - 0.5 * (0.618034 * np.arange(numbers) % 1.0)
    split = np.cumsum([x.size for x in xs])[:-1]
    along = [v.reshape(x.shape) for v, x in zip(np.split(line, split), xs, strict=True)]
    size = STEP * max(1.0, *(np.max(np.abs(x), initial=0.0) for x in xs))

    def sides(step: float) -> list[Slopes]:
        points = ([x + s * step * v for x, v in zip(xs, along, strict=True)] for s in (-1, 0, 1))
        return [_slopes(f, point, along) for point in points]

    try:
        with unchecked():
            far, near = sides(size), sides(size * NEARER)
    except (ArithmeticError, ValueError, TypeError, LookupError):
        return "Beside it the function has no derivatives."
    if not np.all(np.isfinite(near[1].second)):
        return None
    values, firsts, seconds = map(np.stack, zip(*near, strict=True))
    step = size * NEARER
    return (
        _jump("value", values, firsts, step)
        or _jump("first derivative", firsts, seconds, step)
        or _change(np.stack([s.second for s in far]), seconds)
    )


def _jump(what: str, ys: np.ndarray, slopes: np.ndarray, size: float) -> str | None:
    """Whether a quantity changes by more than its own slopes explain."""
    steepest = np.max(np.abs(slopes), axis=0)
    small = np.abs(ys[2] - ys[0]) <= 4 * size * steepest + 1e-10 * np.abs(ys[2])
    if np.all(small):
        return None
    before, _, after = ys[:, int(np.argmin(small))]
    return f"The {what} jumps there: along a direction from {before:.6g} to {after:.6g}."


def _change(far: np.ndarray, near: np.ndarray) -> str | None:
    """Whether the second derivatives differ, and not less so nearer by."""
    spread = np.ptp(near, axis=0)
    same = (spread <= ALIKE * np.max(np.abs(near), axis=0)) | (spread <= 0.5 * np.ptp(far, axis=0))
    if np.all(same):
        return None
    before, here, after = near[:, int(np.argmin(same))]
    return (
        f"Along a direction it is {before:.6g} on one side and {after:.6g} on the other; the "
        f"documented convention gives {here:.6g}."
    )


def _slopes(f: Callable, xs: list, along: list) -> Slopes:
    points, seeds = tuple(x[()] for x in xs), tuple(v[()] for v in along)

    def slope(*zs: Any) -> Any:
        return jvp(f, zs, seeds)

    (value, first), (_, second) = jvp(slope, points, seeds)
    return Slopes(_flat(value), _flat(first), _flat(second))


def _flat(tree: Any) -> np.ndarray:
    return np.concatenate([np.ravel(y) for y in flatten(tree)[0]])
