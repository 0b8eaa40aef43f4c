"""Run a workload: first calls, agreement, and interleaved rounds, as JSON data."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from admodes.lab.limits import OverTime, limited
from admodes.lab.timing import interleaved, paired_ratio
from benchmarks.workloads import LEAST

from .case import COMPILED, MANUAL, ONE_OFF_LIMIT, Contestant, F, Job, Skipped, Workload

BUDGET = 4.0
"""Seconds for the rounds of one workload; the slowest of them get by with fewer rounds."""
FEWEST = 5
TRIED = 12
"""Calls after which it is known whether native code is faster."""
SETTLED = (0.5, 5.0)
"""Seconds, at least and at most, that the automatic choice runs before it is timed: it changes its
back end when it has run for as long as that takes to build."""


def measured(
    workload: Workload,
    rounds: int,
    limit: float | None = None,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Any]:
    """The figures of a workload. A contestant that is missing, fails, disagrees with the derivative
    by hand or takes more than `limit` seconds for its first call is not timed, and says why."""
    expected = workload.arrays((workload.expected or workload.manual)())
    jobs: dict[str, Job] = {F: workload.value}
    if workload.manual:
        jobs[MANUAL] = workload.manual
    absent, first, errors = {}, {}, {}
    for name, contestant in workload.contestants.items():
        try:
            with within(limit):
                jobs[name], first[name], result = _prepared(contestant)
            errors[name] = relative_error(contestant.arrays(result), expected)
        except (ImportError, Skipped) as reason:
            absent[name] = {"skipped": str(reason)}
        except Exception as error:
            absent[name] = {"failed": f"{type(error).__name__}: {error}"}
        else:
            if not errors[name] <= workload.tolerance:
                absent[name] = {
                    "failed": f"differs from the derivative by hand: {errors[name]:.1e}"
                }
        if name in absent:
            jobs.pop(name, None)
    if COMPILED in jobs:
        _settle(jobs[COMPILED], first[COMPILED])
    times = interleaved(jobs, _affordable(jobs, rounds), LEAST, clock)
    found = {}
    for name, t in times.items():
        found[name] = {"seconds": t.to_dict()}
        if name in first:
            found[name] |= {"one_off": max(first[name] - t.median, 0.0), "error": errors[name]}
        if workload.unit in times:
            quartiles = paired_ratio(t, times[workload.unit])
            found[name]["ratio"] = dict(zip(("lower", "median", "upper"), quartiles))
    return {
        "unit": workload.unit,
        "operations": workload.operations,
        "targets": [vars(target) for target in workload.targets],
        "one_off_limit": ONE_OFF_LIMIT if workload.on_arrays else None,
        "contestants": found | absent,
    }


@contextmanager
def within(limit: float | None) -> Iterator[None]:
    """Raise TimeoutError where the block takes more seconds than that (None: never)."""
    try:
        with limited(limit):
            yield
    except OverTime:
        raise TimeoutError(f"more than {limit:g} s") from None


def _prepared(contestant: Contestant) -> tuple[Job, float, Any]:
    """The call, the seconds that preparing and calling it for the first time took, its result."""
    gc.collect()
    start = perf_counter()
    run = contestant.prepare()
    result = run()
    return run, perf_counter() - start, result


def _settle(run: Job, first: float) -> None:
    """Call until twice the time of the first call has gone by, within SETTLED, and what is built
    beside the calls has been tried."""
    least, most = SETTLED
    end = perf_counter() + min(max(2.0 * first, least), most)
    while perf_counter() < end:
        run()
    wait = getattr(getattr(run, "func", None), "wait", None)
    if wait is not None:
        wait()
        for _ in range(TRIED):
            run()


def _affordable(jobs: dict[str, Job], rounds: int) -> int:
    """As many rounds as the budget allows, within FEWEST and `rounds`."""
    needed = 0.0
    for job in jobs.values():
        start = perf_counter()
        job()
        needed += max(perf_counter() - start, LEAST)
    return max(min(rounds, FEWEST), min(rounds, int(BUDGET / needed)))


def relative_error(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """The largest difference, array by array, relative to the array's largest entry."""
    if [np.shape(a) for a in found] != [np.shape(b) for b in expected]:
        return np.inf

    def error(a: np.ndarray, b: np.ndarray) -> float:
        if b.size == 0:
            return 0.0
        scale = float(np.max(np.abs(b))) or 1.0
        return float(np.max(np.abs(a - b))) / scale

    return max((error(np.asarray(a), np.asarray(b)) for a, b in zip(found, expected)), default=0.0)
