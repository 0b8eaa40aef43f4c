"""saddle and particle: gradient descents whose functions use derivatives themselves, so that
derivatives are nested. Each is calculated in four ways: the first letter is the mode of the outer
derivative, the second that of the inner one, f for forward and r for reverse.

The descent is part of the definition. From x it steps to x − η g, with η = 1e-5 at first, twice as
long after ten steps, and half as long where the function did not become smaller, which is no step;
it ends where the gradient g, or a step, is no longer than 1e-5.

saddle: the smallest value over p of the largest over r of (p_1² + p_2²) − (r_1² + r_2²). Each is
found by a descent from the same point, the outer one on the value that the inner one finds, with
the derivative through all steps of that.

particle: a particle of charge and mass 1 starts at (0, 8) with the velocity (¾, 0), in the field of
charges at (10, 10 − w) and (10, 0). Its acceleration is −∇P for the potential P(x) = Σ 1/|x − c|,
integrated by Euler's method with steps of 0.1. E(w) is the square of where it comes to the ground,
and the descent looks for the w for which that is smallest. How many steps there are depends on w.

The loops run on plain numbers first, as their values decide. Then the steps that they took are
known, and the derivative goes through these: RUN steps are a block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from math import dist, hypot
from typing import Any

import numpy as np

from admodes.compilation import compile as compiled
from admodes.core.carrier import value
from admodes.core.forward import jvp
from admodes.derivatives.gradients import value_and_grad
from admodes.errors import BadValue
from admodes.lab.gradbench.blocks import Block
from admodes.lab.gradbench.programs import Prepared, warm_up
from admodes.lab.gradbench.reading import Fields

TOLERANCE = 1e-5
MODES = ("ff", "fr", "rf", "rr")
RUN = 16
TIME_STEP = 0.1
LONGEST = 10**4
"""Steps after which the particle is taken not to come down."""


def with_gradient(f: Callable, mode: str) -> Callable:
    """The function of a vector that gives f and its gradient, by a mode: r for one reverse sweep, f
    for a forward sweep for each entry."""
    if mode == "r":
        return value_and_grad(f)

    def forward(x: Any) -> tuple[Any, Any]:
        found = [jvp(f, (x,), (unit,)) for unit in np.eye(len(x))]
        return found[0][0], np.stack([slope for _, slope in found])

    return forward


def descend(both: Callable, x: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Where the descent from x ends, and η of each step that it took. both(x) gives the function
    and its gradient."""
    rate, steps = 1e-5, 0
    taken: list[float] = []
    f, g = both(x)
    while hypot(*g) > TOLERANCE:
        if steps == 10:
            rate, steps = 2.0 * rate, 0
            continue
        y = x - rate * g
        if dist(x, y) <= TOLERANCE:
            break
        f_y, g_y = both(y)
        if f_y < f:
            x, f, g, steps = y, f_y, g_y, steps + 1
            taken.append(rate)
        else:
            rate, steps = 0.5 * rate, 0
    return x, taken


class Steps:
    """state ← step(state, length), for known lengths. A step of length 0 must change nothing."""

    def __init__(self, step: Callable, size: int) -> None:
        def run(state: Any, lengths: Any) -> Any:
            for k in range(RUN):
                state = step(state, lengths[k])
            return state

        self._run = Block(run, (size,), (RUN,))

    def __call__(self, state: Any, lengths: Sequence[float]) -> Any:
        for k in range(0, len(lengths), RUN):
            some = np.zeros(RUN)
            some[: len(lengths) - k] = lengths[k : k + RUN]
            state = self._run(state, some)
        return state


def height(p: Any, r: Any) -> Any:
    """(p_1² + p_2²) − (r_1² + r_2²)"""
    return np.sum(p * p) - np.sum(r * r)


class Saddle:
    """The saddle point by two nested descents, in two modes."""

    def __init__(self, modes: str) -> None:
        self._outer, self._inner = modes[0], modes[1]
        self._depth = compiled(self.depth)
        self._steps = Steps(self.step, 4)
        warm_up(lambda: self.both(np.ones(2))(np.ones(2)))

    def depth(self, p: Any, r: Any) -> tuple[Any, Any]:
        """−height(p, r), and its gradient by r."""
        found: tuple = with_gradient(lambda r: -height(p, r), self._inner)(r)
        return found

    def step(self, state: Any, rate: Any) -> Any:
        """A step of the inner descent. A state is p and r."""
        p, r = state[:2], state[2:]
        return np.concatenate([p, r - rate * self.depth(p, r)[1]])

    def largest(self, p: Any, start: np.ndarray) -> Any:
        """Where height(p, r) is largest, from start."""
        here = value(p)
        _, rates = descend(lambda r: self._depth(here, r), start)
        return self._steps(np.concatenate([p, start]), rates)[2:]

    def both(self, start: np.ndarray) -> Callable:
        """The largest height as a function of p, with its gradient."""
        return with_gradient(lambda p: height(p, self.largest(p, start)), self._outer)

    def __call__(self, start: np.ndarray) -> np.ndarray:
        p, _ = descend(self.both(start), start)
        return np.concatenate([p, self.largest(p, start)])


def potential(w: Any, x: Any) -> Any:
    """Σ 1/|x − c| over the two charges."""
    upper = x - np.stack([10.0 + 0.0 * w, 10.0 - w])
    lower = x - np.array([10.0, 0.0])
    return 1.0 / np.sqrt(np.sum(upper * upper)) + 1.0 / np.sqrt(np.sum(lower * lower))


class Particle:
    """The w for which the particle lands nearest to 0, in two modes."""

    def __init__(self, modes: str) -> None:
        self._outer, self._inner = modes[0], modes[1]
        self._step = compiled(self.step)
        self._steps = Steps(self.step, 5)
        warm_up(lambda: self.both(np.zeros(1)))

    def step(self, state: Any, time: Any) -> Any:
        """A step of Euler's method. A state is w, the position and the velocity."""
        w, x, v = state[0], state[1:3], state[3:]
        _, slope = with_gradient(lambda x: potential(w, x), self._inner)(x)
        return np.concatenate([state[:1], x + time * v, v - time * slope])

    def landing(self, w: Any) -> Any:
        """E(w), for a vector of one entry."""
        first = np.concatenate([w, [0.0, 8.0, 0.75, 0.0]])
        times = [TIME_STEP] * self._steps_above(value(first))
        _, x, y, u, v = self._steps(first, times)
        # The particle comes to the ground after this, with the velocity that it has now.
        place = x - y / v * u
        return place * place

    def _steps_above(self, state: np.ndarray) -> int:
        """The number of steps after which the next one would end below the ground."""
        for n in range(LONGEST):
            if state[2] + TIME_STEP * state[4] <= 0:
                return n
            state = self._step(state, TIME_STEP)
        raise BadValue(f"the particle has not come to the ground in {LONGEST} steps")

    def both(self, w: np.ndarray) -> tuple[Any, Any]:
        """E and its gradient."""
        found: tuple = with_gradient(self.landing, self._outer)(w)
        return found

    def __call__(self, w: np.ndarray) -> np.ndarray:
        return descend(self.both, w)[0]


solver = cache(lambda problem, modes: problem(modes))
"""A problem in its modes, ready to run."""


def saddle(modes: str) -> Callable[[Any], Prepared]:
    """How saddle is prepared in these modes."""

    def prepare(data: Any) -> Prepared:
        start = Fields(data).array("start", 2)
        return Prepared(partial(solver(Saddle, modes), start))

    return prepare


def particle(modes: str) -> Callable[[Any], Prepared]:
    """How particle is prepared in these modes."""

    def prepare(data: Any) -> Prepared:
        w = np.array([Fields(data).number("w")])
        return Prepared(partial(solver(Particle, modes), w), lambda found: found[0])

    return prepare
