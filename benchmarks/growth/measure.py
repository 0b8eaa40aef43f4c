"""What f, its gradient and its compiled gradient take at several sizes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import admodes as ad
from admodes.core.pytree import flatten
from benchmarks.growth.inputs import SIZES, Call

DEAR = 20.0
"""A derivative that takes more times f at the largest size is named."""
FASTER = 0.35
"""So is one whose exponent, over the last two decades, is larger than that of f by more."""
NEGLIGIBLE = 5.0
"""But not where it takes at most so many times f."""
SECONDS = 2.0
"""Sizes whose gradient takes longer are the last."""


@dataclass
class Growth:
    """Seconds by size."""

    name: str
    f: dict[int, float] = field(default_factory=dict)
    eager: dict[int, float] = field(default_factory=dict)
    compiled: dict[int, float] = field(default_factory=dict)
    error: str = ""

    @property
    def largest(self) -> int:
        return max(self.f)

    def ratio(self, times: dict[int, float]) -> float:
        """Times f at the largest size."""
        n = self.largest
        return times[n] / self.f[n]

    def exponent(self, times: dict[int, float]) -> float:
        """Of the growth from a hundredth of the largest size on."""
        n = self.largest
        first = min((k for k in times if 100 * k >= n), default=n)
        if first == n:
            return math.nan
        return math.log(times[n] / times[first]) / math.log(n / first)

    @property
    def verdict(self) -> str:
        if self.error:
            return self.error
        found = []
        for what, times in (("eager", self.eager), ("compiled", self.compiled)):
            ratio = self.ratio(times)
            faster = self.exponent(times) - self.exponent(self.f)
            if ratio > DEAR:
                found.append(f"{what} {ratio:.0f} × f")
            elif ratio > NEGLIGIBLE and faster > FASTER:
                found.append(f"{what} grows faster")
        return ", ".join(found)


def loss(f: Callable) -> Callable:
    """A number that depends on every entry of every result of f."""
    weights: dict[tuple, Any] = {}

    def weighted(y: Any) -> Any:
        y = np.real(y) if np.iscomplexobj(y) else y
        shape = np.shape(y)
        if shape not in weights:
            weights[shape] = np.random.default_rng(5).normal(size=shape)
        return np.sum(y * weights[shape])

    return lambda *xs: sum(map(weighted, flatten(f(*xs))[0]))


def seconds(run: Callable, *args: Any) -> float:
    start = time.thread_time()
    run(*args)
    return time.thread_time() - start


def grown(call: Call, backend: str, budget: float, sizes: tuple[int, ...] = SIZES) -> Growth:
    """The times of a call at all sizes up to its largest; budget: the seconds for each size."""
    found = Growth(call.name)
    total = loss(call.f)
    gradient = ad.grad(total, argnums=tuple(range(len(call.make(4, np.random.default_rng(0))))))
    for n in sizes:
        if n > call.largest:
            break
        args = call.make(n, np.random.default_rng(1))
        compiled = ad.compile(gradient, backend)
        sides = (total, gradient, compiled)
        try:
            first = [seconds(side, *args) for side in sides]
        except Exception as error:
            found.error = f"{type(error).__name__}: {error}"[:60]
            break
        times: list[list[float]] = [[], [], []]
        while len(times[0]) < 3 or (sum(map(sum, times)) < budget and len(times[0]) < 99):
            for side, taken in zip(sides, times, strict=True):
                taken.append(seconds(side, *args))
        for taken, kept in zip(times, (found.f, found.eager, found.compiled), strict=True):
            kept[n] = sorted(taken)[len(taken) // 2]
        if first[1] > SECONDS:
            break
    return found
