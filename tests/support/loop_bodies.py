"""Bodies of loops for tests: one turn as a function, the loop as plain Python, and as a region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import admodes as ad
from admodes.core.record import record
from admodes.loops.operations import Parts, loop
from admodes.loops.region import Region


@dataclass
class Turns:
    """turn(*state, *leaves of the turn, *constants) gives the new state, then results; args are
    those of the loop, with a leading axis of n where they belong to turns."""

    turn: Callable
    n: int
    carried: int
    per_turn: int
    args: tuple
    backwards: bool = False

    def plain(self, *args: Any) -> list[Any]:
        """The last state and the results of turns, by a loop of Python's."""
        first, last = self.carried, self.carried + self.per_turn
        state, results = list(args[:first]), []
        for i in reversed(range(self.n)) if self.backwards else range(self.n):
            ys = self.turn(*state, *(x[i] for x in args[first:last]), *args[last:])
            state = list(ys[:first])
            results.append(ys[first:])
        if self.backwards:
            results.reverse()
        return [*state, *(ad.stack(list(column)) for column in zip(*results, strict=True))]

    @property
    def region(self) -> Region:
        first, last, i = self.carried, self.carried + self.per_turn, (self.n - 1) * self.backwards
        xs = [x[i] if first <= k < last else x for k, x in enumerate(self.args)]
        body = record(self.turn, *xs)
        return Region(body, self.n, self.carried, self.per_turn, self.backwards)

    def rolled(self) -> Callable:
        """The same function by one operation."""
        region = self.region

        def run(*args: Any) -> list[Any]:
            parts = Parts(loop(*args, region=region), region.results)
            return [parts[k] for k in range(len(parts.shapes))]

        return run


def vector(f: Callable, weights: bool = False) -> Callable:
    """f with its results in one vector; or the sum of these, with different weights."""

    def run(*args: Any) -> Any:
        y = np.concatenate([np.reshape(y, -1) if np.ndim(y) else ad.stack([y]) for y in f(*args)])
        return (y * np.cos(np.arange(1.0, len(y) + 1))).sum() if weights else y

    return run


def points(*shapes: tuple[int, ...], seed: int = 0) -> tuple:
    """Numbers and arrays between ½ and 1."""
    random = np.random.default_rng(seed)
    xs = [random.uniform(0.5, 1.0, shape) for shape in shapes]
    return tuple(x if x.ndim else float(x) for x in xs)
