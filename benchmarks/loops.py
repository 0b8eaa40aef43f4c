"""What a loop costs that stays a loop, beside the same steps written out one after the other.

    python -m benchmarks.loops [--only NAME …] [--backends numpy llvm] [--seconds 1.0]

For each loop, its gradient and the derivative of that along a direction: the microseconds of a call
of both programs, the best of interleaved calls, and their ratio; and the milliseconds of building
each, recording included. Both programs are recorded and built as ad.compile does it, but none is
searched for repetition.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any

import numpy as np

import admodes as ad
from admodes.compilation.backends import built
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import record_leaves
from admodes.views.render import render
from admodes.views.tables import Table


def lorenz(state: tuple, _: Any, s: float, r: float, b: float) -> tuple:
    """A step of Runge and Kutta."""

    def slope(p: tuple) -> tuple:
        x, y, z = p
        return s * (y - x), x * (r - z) - y, x * y - b * z

    def ahead(h: float, k: tuple) -> tuple:
        return tuple(x + h * v for x, v in zip(state, k, strict=True))

    one = slope(state)
    two = slope(ahead(0.005, one))
    three = slope(ahead(0.005, two))
    four = slope(ahead(0.01, three))
    steps = zip(state, one, two, three, four, strict=True)
    return tuple(x + 0.01 / 6.0 * (p + 2.0 * q + 2.0 * u + v) for x, p, q, u, v in steps)


def newton(x: float, _: Any, a: float) -> float:
    return x - (x * x - a) / (2.0 * x)


def heat(u: np.ndarray, _: Any, c: float) -> np.ndarray:
    inside = u[1:-1] + c * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.concatenate([u[:1], inside, u[-1:]])


def lorenz96(x: np.ndarray, _: Any, f: float) -> np.ndarray:
    def slope(x: np.ndarray) -> np.ndarray:
        return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + f

    one = slope(x)
    two = slope(x + 0.005 * one)
    three = slope(x + 0.005 * two)
    four = slope(x + 0.01 * three)
    return x + 0.01 / 6.0 * (one + 2.0 * two + 2.0 * three + four)


def recurrent(h: np.ndarray, x: np.ndarray, w: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.tanh(w @ h + v @ x)


def entries(*shape: int) -> np.ndarray:
    return 0.3 * np.random.default_rng(len(shape)).standard_normal(shape)


LOOPS: dict[str, tuple[Callable, int, Any, tuple, np.ndarray | None]] = {
    "Newton, 8 steps": (newton, 8, 2.0, (3.0,), None),
    "Newton, 50 steps": (newton, 50, 2.0, (3.0,), None),
    "Lorenz, 100 steps": (lorenz, 100, (1.0, 2.0, 3.0), (10.0, 28.0, 2.6), None),
    "Lorenz, 500 steps": (lorenz, 500, (1.0, 2.0, 3.0), (10.0, 28.0, 2.6), None),
    "heat, 64 points, 50 steps": (heat, 50, entries(64), (0.1,), None),
    "Lorenz-96, 40 points, 30 steps": (lorenz96, 30, entries(40), (8.0,), None),
    "RNN, 16 units, 30 steps": (
        *(recurrent, 30, entries(16), (entries(16, 16), entries(16, 8)), entries(30, 8)),
    ),
}
"""By name: a step, how many there are, the first state, parameters, and an entry for each step."""


def both(step: Callable, n: int, per_step: np.ndarray | None) -> tuple[Callable, Callable]:
    """The sum of the last state as a function of a tuple of the first one and of the parameters,
    as a loop and written out."""

    def total(state: Any) -> Any:
        return sum(np.sum(x) for x in flatten(state)[0])

    def rolled(args: tuple) -> Any:
        state, params = args
        return total(ad.loop(step, state, n, *params, per_step=per_step))

    def written_out(args: tuple) -> Any:
        state, params = args
        for i in range(n):
            state = step(state, i if per_step is None else per_step[i], *params)
        return total(state)

    return rolled, written_out


def along_ones(f: Callable) -> Callable:
    """The derivative of the gradient of f along a direction of ones."""

    def found(args: tuple) -> Any:
        leaves, tree = flatten(args)
        ones = unflatten(tree, [np.ones(np.shape(x)) if np.ndim(x) else 1.0 for x in leaves])
        return ad.jvp(ad.grad(f), (args,), (ones,))[1]

    return found


def ready(f: Callable, args: tuple, backend: str) -> tuple[Callable, list, float]:
    """The program of f, its arguments, and how many seconds of building it took."""
    leaves, tree = flatten(args)
    start = thread_time()
    program = record_leaves(
        lambda *xs: flatten(f(unflatten(tree, list(xs))))[0], leaves, f, values=False, loops=True
    )
    _, run = built(program, backend, exact=False)
    return run, leaves, thread_time() - start


def best(runs: list[Callable], args: list, seconds: float) -> list[float]:
    """The shortest time of each, called in turn."""
    found = [float("inf")] * len(runs)
    end = perf_counter() + seconds
    while perf_counter() < end:
        for k, run in enumerate(runs):
            start = perf_counter()
            run(*args)
            found[k] = min(found[k], perf_counter() - start)
    return found


def rows(name: str, backend: str, seconds: float) -> list[list[str]]:
    """A line for the value, the gradient and the second derivative of a loop."""
    step, n, state, params, per_step = LOOPS[name]
    args = (state, params)
    found = []
    kinds = {"value": lambda f: f, "gradient": ad.grad, "second": along_ones}
    for kind, derive in kinds.items():
        made = [ready(derive(f), args, backend) for f in both(step, n, per_step)]
        short, long = best([run for run, _, _ in made], made[0][1], seconds)
        times = [f"{short * 1e6:.1f}", f"{long * 1e6:.1f}", f"{short / long:.2f}"]
        found.append([name, backend, kind, *times, *(f"{t * 1e3:.0f}" for _, _, t in made)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=LOOPS, default=list(LOOPS), metavar="NAME")
    parser.add_argument("--backends", nargs="+", default=["numpy", "llvm"])
    parser.add_argument("--seconds", type=float, default=1.0)
    given = parser.parse_args()
    body = [
        row
        for backend in given.backends
        for name in given.only
        for row in rows(name, backend, given.seconds)
    ]
    head = ["loop", "back end", "what", "loop µs", "written out µs", "ratio"]
    head += ["loop built ms", "written out built ms"]
    table = Table("Loops and their steps written out", head, body, [False] * len(head), [])
    print(render([table], "markdown"))


if __name__ == "__main__":
    main()
