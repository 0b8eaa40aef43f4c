"""Other points at which a derivative may have been evaluated: the usual ones by name, and the point
moved or multiplied by any one number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, combinations, pairwise

import numpy as np

from admodes.errors import Error
from admodes.lab.checking.samples import Checked, Sample

Move = Callable[[np.ndarray], np.ndarray]

POINTS: dict[str, Move] = {
    "−x": lambda x: -x,
    "|x|": abs,
    "2 x": lambda x: 2 * x,
    "x/2": lambda x: x / 2,
    "x + 1": lambda x: x + 1,
    "x − 1": lambda x: x - 1,
    "x²": lambda x: x**2,
    "x π/180 (degrees)": lambda x: x * math.pi / 180,
    "x with its numbers in reverse order": lambda x: x[::-1],
    "x with its numbers shifted by one place": lambda x: np.roll(x, 1),
    "x with its numbers shifted back by one place": lambda x: np.roll(x, -1),
    "x rounded": np.round,
    "0": np.zeros_like,
    "1": np.ones_like,
}

FAMILIES: dict[str, tuple[Callable[[float, np.ndarray], np.ndarray], tuple[float, ...]]] = {
    "x + {c:.6g}": (lambda c, x: x + c, (0.1, -0.1, 1.0, -1.0, 0.01, -0.01)),
    "{c:.6g} x": (lambda c, x: c * x, (0.5, 2.0, -1.0, 0.1, 1.1, 0.9)),
}
"""Points with a number in them, and the numbers from which it is searched for."""

STEPS = 12
"""Of Newton's method for that number."""

DELTA = 1e-6
"""The step of its difference quotients."""


def other_point(
    checked: Checked, samples: Sequence[Sample], fits: Callable[[Sequence[np.ndarray]], bool]
) -> str | None:
    """Where the derivative by hand is the right one, in words, x being the point; None where no
    such place is known. fits: whether matrices, one for each sample, are those by hand."""
    for words, move in _usual(checked):
        if _is_there(checked, samples, fits, move):
            return words
    for words, (family, starts) in FAMILIES.items():
        for start in starts:
            c = _number(checked, samples[0], family, start)
            if c is not None and _is_there(checked, samples, fits, partial(family, c)):
                return words.format(c=c)
    return None


def _usual(checked: Checked) -> Iterator[tuple[str, Move]]:
    yield from POINTS.items()
    ends = [0, *accumulate(math.prod(shape) for shape in checked.shapes)]
    parts = [range(a, b) for a, b in pairwise(ends)]
    for i, j in combinations(range(len(parts)), 2):
        if checked.shapes[i] == checked.shapes[j]:
            order = [*range(ends[-1])]
            for a, b in zip(parts[i], parts[j], strict=True):
                order[a], order[b] = b, a
            yield f"x with its arguments {i + 1} and {j + 1} swapped", partial(_taken, order)


def _taken(order: list[int], x: np.ndarray) -> np.ndarray:
    return x[order]


def _is_there(
    checked: Checked,
    samples: Sequence[Sample],
    fits: Callable[[Sequence[np.ndarray]], bool],
    move: Move,
) -> bool:
    found = []
    for s in samples:
        matrix = _right(checked, move(s.x))
        if matrix is None:
            return False
        found.append(matrix)
    return fits(found)


def _right(checked: Checked, x: np.ndarray) -> np.ndarray | None:
    """The right derivative at x; None outside the domain of f."""
    try:
        with np.errstate(all="ignore"):
            return checked.right(x)
    except (Error, ArithmeticError, ValueError):
        return None


def _number(
    checked: Checked,
    sample: Sample,
    family: Callable[[float, np.ndarray], np.ndarray],
    c: float,
) -> float | None:
    """The number at which the derivative comes nearest to the one by hand in a single sample, by
    the method of Gauss and Newton from c; None where that leads nowhere."""
    for _ in range(STEPS):
        here = _right(checked, family(c, sample.x))
        beside = _right(checked, family(c + DELTA, sample.x))
        if here is None or beside is None:
            return None
        slope = (beside - here) / DELTA
        with np.errstate(all="ignore"):
            step = float(np.sum(slope * (sample.given - here)) / np.sum(slope * slope))
        if not math.isfinite(step):
            return None
        c += step
        if abs(step) <= 1e-12 * (1 + abs(c)):
            break
    return c
