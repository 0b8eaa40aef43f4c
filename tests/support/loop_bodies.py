"""Bodies of loops for tests: one turn as a function, the loop as plain Python, and as a region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import admodes as ad
from admodes.core.record import record_leaves
from admodes.loops.operations import looped
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
        body = record_leaves(lambda *given: tuple(self.turn(*given)), xs, self.turn, loops=True)
        return Region(body, self.n, self.carried, self.per_turn, self.backwards)

    def rolled(self) -> Callable:
        """The same function by one operation."""
        region = self.region
        return lambda *args: looped(region, args)


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


def random_turns(random: np.random.Generator) -> Turns:
    """A random loop, with numbers and arrays in its state, its leaves of turns and its constants,
    and sometimes with a branch."""
    shapes = [(), (2,), (2, 2)]
    draw = [[shapes[i] for i in random.integers(3, size=n)] for n in random.integers(1, 4, size=3)]
    state, leaves, constants = draw
    n = int(random.integers(1, 6))
    plan = [(int(random.integers(8)), *random.integers(100, size=2)) for _ in range(8)]
    picks = random.integers(100, size=len(state) + int(random.integers(3)))
    branch = bool(random.integers(2))

    def turn(*xs: Any) -> tuple:
        values = list(xs)
        for kind, i, j in plan:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(STEPS[kind](a, b))
            if branch and kind == 0 and np.sum(values[-1]) < 5.0:
                values[-1] = 0.5 * values[-1]
        # What goes on stays between -1 and 1, and has the shape that it had.
        ends = [values[p % len(values)] for p in picks]
        kept = [
            0.5 * s + np.tanh(np.mean(y) + (y if np.shape(y) == np.shape(s) else 0.0)) / 3
            for s, y in zip(xs, ends, strict=False)
        ][: len(state)]
        return (*kept, *ends[len(state) :])

    args = points(*state, *((n, *s) for s in leaves), *constants, seed=int(random.integers(1000)))
    return Turns(turn, n, len(state), len(leaves), args, bool(random.integers(2)))


STEPS: list[Callable] = [
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: np.sin(a),
    lambda a, b: np.exp(-a * a),
    lambda a, b: np.sum(a * b) / 4,
    lambda a, b: np.where(a > b, a, b * b),
    lambda a, b: a @ b / 2 if np.ndim(a) and np.ndim(b) else a + b,
    lambda a, b: a[..., ::-1] / (1.0 + b * b) if np.ndim(a) else a / (2.0 + b),
]
"""What a turn may do with two values."""
