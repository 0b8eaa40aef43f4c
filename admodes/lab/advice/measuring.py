"""The times of routes as they are when they are called again and again: compiled, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from admodes.compilation.front import compile
from admodes.lab.advice.routes import Route
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
        run = route.run
        if run is None or route.why_not or route.bytes > at.limit:
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
