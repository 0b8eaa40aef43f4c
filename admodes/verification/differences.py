"""Central differences with an error estimate, and whether a kink lies within their steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.record import Step, WengertList, record


def ridders(
    f: Callable[[float], list[float]], x: float, first: float = 0.125
) -> list[tuple[float, float]]:
    """df/dx of a function with several results by central differences, extrapolated to step 0,
    with the error estimates (Ridders 1982). first is the largest step of ten; nan, inf where no
    step gives finite values.

    >>> import math
    >>> from admodes.verification.differences import ridders
    >>> round(ridders(lambda x: [math.exp(x)], 0.0)[0][0], 11)
    1.0
    """
    above: list[np.ndarray] = []
    best, error = np.array(math.nan), np.array(math.inf)
    with np.errstate(all="ignore"):
        for level in range(10):
            h = first / 2.0**level
            up, down = x + h, x - h
            line = [(np.array(f(up), float) - np.array(f(down), float)) / (up - down)]
            for order, coarser in enumerate(above):
                factor = 4.0 ** (order + 1)
                line.append((factor * line[order] - coarser) / (factor - 1))
                off = np.maximum(abs(line[-1] - line[-2]), abs(line[-1] - coarser))
                best = np.where(off < error, line[-1], best)
                error = np.where(off < error, off, error)
            above = line
    return [(float(b), float(e)) for b, e in zip(best, error, strict=True)]


def central_differences(
    f: Callable, xs: Sequence[float], j: int, outputs: int = 1, finer: float = 1.0
) -> list[tuple[float, float]]:
    """Differences of every output of f with respect to argument j, with their error estimates;
    not a number where f raises an arithmetic error, or leaves the real numbers as Python's roots
    do."""
    kind = type(xs[j])

    def moved(x: float) -> list[float]:
        try:
            with np.errstate(all="ignore"):
                found = f(*xs[:j], kind(x), *xs[j + 1 :])
                return [math.nan if y.__class__ is complex else float(y) for y in found]
        except (ArithmeticError, ValueError):
            return [math.nan] * outputs

    return ridders(moved, xs[j], _reach(xs[j]) * finer)


def _reach(x: float) -> float:
    """The largest step from x."""
    return max(abs(x), 0.01) / 8


def crosses(f: Callable, xs: Sequence[float], j: int) -> bool:
    """Whether f takes another branch, or a row another side of its kink, near xs in direction j."""
    reach = _reach(xs[j])

    def sides(step: float) -> list:
        program = record(f, *xs[:j], xs[j] + step, *xs[j + 1 :])
        return [(s.op.name, _side(program, s)) for s in program.steps if s.op is not None]

    here = sides(0.0)
    return any(sides(step) != here for step in (reach, -reach, reach / 512, -reach / 512))


def _side(program: WengertList, step: Step) -> Any:
    """Where a row is with respect to its kinks: its truth value, its step, its chosen argument."""
    op = step.op
    if op.passive:
        return np.asarray(step.value).tolist()
    if op.elementwise and op.kind == "comparisons":
        xs = program.arguments(step)
        shares = (op.partial(k, step.value, xs) for k in range(len(xs)))
        return [np.sign(p).tolist() for p in shares]
    return None
