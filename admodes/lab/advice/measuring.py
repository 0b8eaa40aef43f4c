"""The times of routes as they are when they are called again and again: compiled, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from admodes.compilation.front import compile
from admodes.core.pytree import flatten, unflatten
from admodes.lab.advice.routes import DIFFERENCES, Route
from admodes.lab.advice.subject import Subject
from admodes.lab.timing import interleaved

SETTLING = 0.3
"""Seconds of calls before a route is timed: the compiler tries its back ends meanwhile."""

ROUNDS = 11
LEAST = 2e-3
"""Seconds of calls in a round."""

LONGEST = 5.0
"""A route that a first call shows to take more seconds than this is not timed further."""


def measured(
    at: Subject, routes: Sequence[Route], clock: Callable[[], float] = perf_counter
) -> dict[Route, float]:
    """Median seconds of a steady call by route; none of routes that do not fit into the limit.
    clock: what is read, as in timing.interleaved."""
    jobs: dict[Route, Callable[[], Any]] = {}
    once: dict[Route, float] = {}
    for route in routes:
        run = _differences(at) if route.route == DIFFERENCES else route.run
        if run is None or route.bytes > at.limit or (not at.is_recorded and run is route.run):
            continue
        job = _job(compile(run) if route.compiled else run, at.chosen)
        start = clock()
        try:
            job()
        except Exception as error:  # that route has no time; the others have
            at.leave_out(route.route, error)
            continue
        spent = clock() - start
        if spent > LONGEST:
            once[route] = spent
            continue
        while clock() - start < SETTLING + 2 * spent:
            job()
        jobs[route] = job
    times = interleaved(jobs, ROUNDS, LEAST, clock)
    return once | {route: t.median for route, t in times.items()}


def _job(run: Callable, args: tuple) -> Callable[[], Any]:
    return lambda: run(*args)


def _differences(at: Subject) -> Callable:
    """Forward differences of first order in the plainest form."""
    f = compile(at.function) if at.is_recorded else at.function

    def differences(*chosen: Any) -> list[list[np.ndarray]]:
        leaves, tree = flatten(chosen)
        first = [np.asarray(y, float) for y in flatten(f(*chosen))[0]]
        columns = []
        for k, x in enumerate(leaves):
            for i in np.ndindex(np.shape(x)):
                h = 1.5e-8 * max(1.0, abs(float(np.asarray(x)[i])))
                moved = np.array(x, float)
                moved[i] += h
                at_k = [*leaves[:k], moved if np.ndim(x) else float(moved), *leaves[k + 1 :]]
                ys = flatten(f(*unflatten(tree, at_k)))[0]
                columns.append([(np.asarray(y) - y0) / h for y, y0 in zip(ys, first)])
        return columns

    return differences
