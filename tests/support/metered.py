"""What the engines calculate, counted while they run on values that note every operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

import admodes as ad
from admodes.core.carrier import Carrier, Level
from admodes.core.pytree import flatten
from admodes.core.scalars import counted, fitting
from admodes.core.values import shape_of


@counted
class Metered(Carrier):
    """A plain value. meter: the operations so far, those of the function and its partials under
    False, those of the sweep under True. seeded: whether the value was calculated from a seed, so
    that it is a tangent or an adjoint."""

    __slots__ = ("__weakref__", "meter", "seeded", "shares")

    def __init__(self, level: Level, primal: Any, meter: dict, seeded: bool) -> None:
        self.level = level
        self.primal = primal
        self.meter = meter
        self.seeded = seeded

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        mine = [a for a in args if a.__class__ is Metered]
        plain = tuple(a.primal if a.__class__ is Metered else a for a in args)
        y = op.dispatch(plain, params)
        seeded = any(a.seeded for a in mine)
        self.meter[seeded].update(op.costs(plain, y, params))
        return self.level.truth(y) if op.passive else metered(self.level, y, self.meter, seeded)


def metered(level: Level, x: Any, meter: dict, seeded: bool) -> Any:
    return fitting(Metered, x, shape_of(x))(level, x, meter, seeded)


def _seed_of(x: Any) -> Any:
    return np.full(np.shape(x), 0.7) if np.shape(x) else 0.7


def forward_operations(f: Callable, xs: list) -> dict[bool, Counter]:
    """The operations of one forward sweep in which every argument has a tangent."""
    level, meter = Level(), {False: Counter(), True: Counter()}
    primals = tuple(metered(level, x, meter, False) for x in xs)
    ad.jvp(f, primals, tuple(metered(level, _seed_of(x), meter, True) for x in xs))
    return meter


def reverse_operations(f: Callable, xs: list, chosen: int) -> dict[bool, Counter]:
    """The operations of one reverse sweep from one of the results."""
    level, meter = Level(), {False: Counter(), True: Counter()}
    primals = (metered(level, x, meter, False) for x in xs)
    y, pullback = ad.vjp(lambda *x: flatten(f(*x))[0][chosen], *primals)
    pullback(metered(level, _seed_of(ad.value(y)), meter, True))
    return meter
