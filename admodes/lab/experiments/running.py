"""Running the points of an experiment: in this process, in several, or on any executor; what was
measured before is not measured again.

A point is a job that takes no arguments and returns plain data. Whatever happens to one point, the
others go on: its record says so.

    >>> from functools import partial
    >>> from admodes.lab.experiments.store import Store
    >>> points = [Point("powers", {"n": n}, "square", partial(pow, n, 2)) for n in (3, "x")]
    >>> with Store(None, "admodes.example/1", "example") as store:
    ...     for record in run_points(points, store):
    ...         print(record["status"], record["result"], record["reason"])
    ok 9 None
    failed None TypeError: unsupported operand type(s) for ** or pow(): 'str' and 'int'
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from admodes.errors import BadValue, Error, one_line
from admodes.lab.experiments.store import Store
from admodes.lab.limits import OverTime, limited

Record = dict[str, Any]
"""A line of the store: experiment, sizes, mode; status "ok", "failed", "timeout" or "crashed"; the
reason where it is not "ok", the result where it is; seconds."""

DEATHS = 2
"""How often a point may take its process along before it is given up as "crashed"."""


class NotMeasurable(Error):
    """A job says that there is nothing to measure, and why."""


@dataclass(frozen=True)
class Point:
    """One point. experiment: a name for everything that decides the figures beside sizes and mode;
    job: what measures it, which other processes need to be able to unpickle; alone: nothing else
    may run meanwhile, since it measures time."""

    experiment: str
    sizes: Mapping[str, Any]
    mode: str
    job: Callable[[], Any]
    alone: bool = False

    @property
    def label(self) -> str:
        """What progress calls it."""
        sizes = ", ".join(f"{k} = {v}" for k, v in self.sizes.items())
        return f"{self.experiment}, {sizes}: {self.mode}"


Show = Callable[[int, int, str], None]
"""Is told how many points are done, of how many, and which is done or about to be."""


def run_points(
    points: Sequence[Point],
    store: Store,
    *,
    executor: Executor | None = None,
    workers: int = 1,
    width: Callable[[], int] | None = None,
    limit: float | None = None,
    show: Show | None = None,
) -> list[Record]:
    """The records of all points, in their order; those that the store has are not run again, unless
    they had timed out or crashed.

    Without an executor, workers says how many processes run side by side: 1 is this one. width
    tells how many points an executor is given at a time (as many as it says that it has workers).
    Points that are to run alone come after the others, one at a time. limit: seconds for each.

    A process that dies, by whatever a point did to it, is replaced. The points that were running
    then are run again one at a time; one during which a process dies twice is "crashed".
    KeyboardInterrupt ends the processes and comes through; all that was done is in the store.

    Raises BadValue for workers or limits that are not positive.
    """
    if workers < 1:
        raise BadValue(f"workers is {workers}, and must be at least 1")
    if limit is not None and not limit > 0:
        raise BadValue(f"limit is {limit}, and must be more than 0 seconds")
    keys = [store.key(p.experiment, p.sizes, p.mode) for p in points]
    todo = {k: p for k, p in zip(keys, points, strict=True) if not _stands(store.get(k))}
    done = len(points) - len(todo)
    place: _Here | _Elsewhere = _Here()
    if executor is not None or workers > 1:
        workers = getattr(executor, "_max_workers", workers)
        place = _Elsewhere(executor, workers, width or (lambda: workers))
    with place:
        for alone in (False, True):
            group = {k: p for k, p in todo.items() if p.alone is alone}
            for key, outcome in place.run(group, alone, limit):
                point = group[key]
                named = {"experiment": point.experiment, "sizes": dict(point.sizes)}
                store.put(key, {**named, "mode": point.mode, **outcome})
                done += 1
                if show is not None:
                    show(done, len(points), point.label)
    return [store.points[key] for key in keys]


def _stands(record: Record | None) -> bool:
    return record is not None and record["status"] in ("ok", "failed")


def attempt(job: Callable[[], Any], limit: float | None) -> Record:
    """Status, reason and result of a job. What it prints goes to standard error, since standard
    output belongs to the result of the command."""
    start = perf_counter()

    def outcome(status: str, reason: str | None = None, result: Any = None) -> Record:
        seconds = perf_counter() - start
        return {"status": status, "reason": reason, "result": result, "seconds": seconds}

    try:
        with contextlib.redirect_stdout(sys.stderr), limited(limit):
            result = job()
        return outcome("ok", result=result)
    except OverTime:
        return outcome("timeout", f"took longer than the limit of {limit:g} s")
    except NotMeasurable as error:
        return outcome("failed", str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also sys.exit in a user's function
        return outcome("failed", reason_of(error))


def reason_of(error: BaseException) -> str:
    """The error in one line.

    >>> reason_of(ZeroDivisionError("division by zero"))
    'ZeroDivisionError: division by zero'
    """
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Here:
    """This process, one point after the other."""

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def run(
        self, points: Mapping[str, Point], alone: bool, limit: float | None
    ) -> Iterator[tuple[str, Record]]:
        for key, point in points.items():
            yield key, attempt(point.job, limit)


class _Elsewhere:
    """An executor that was handed in, or a pool of processes of our own, which is built again when
    it breaks, and which takes the place of an executor that breaks."""

    def __init__(self, executor: Executor | None, workers: int, width: Callable[[], int]) -> None:
        self.executor = executor
        self.workers = workers
        self.width = width
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Elsewhere:
        return self

    def __exit__(self, kind: type | None, *rest: object) -> None:
        if self.pool is None:
            return
        if kind is not None:
            for process in list((self.pool._processes or {}).values()):
                process.kill()
        self.pool.shutdown(cancel_futures=True)

    def run(
        self, points: Mapping[str, Point], alone: bool, limit: float | None
    ) -> Iterator[tuple[str, Record]]:
        waiting, suspects = deque(points), deque[str]()
        deaths: Counter[str] = Counter()
        running: dict[Future, str] = {}
        try:
            while waiting or suspects or running:
                # Suspects run one at a time, so that it is known who is guilty.
                tried = any(deaths[key] for key in running.values())
                queue = suspects or waiting
                most = 1 if alone or suspects else self.width()
                while queue and not tried and len(running) < most:
                    key = queue.popleft()
                    running[self._submit(points[key].job, limit)] = key
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    key = running.pop(future)
                    outcome = _outcome(future)
                    if outcome is None:
                        deaths[key] += 1
                        if deaths[key] < DEATHS:
                            suspects.append(key)
                            continue
                        outcome = _without("crashed", f"its process died {DEATHS} times")
                    yield key, outcome
        finally:
            for future in running:
                future.cancel()

    def _submit(self, job: Callable[[], Any], limit: float | None) -> Future:
        for executor in (self.executor, self.pool):
            if executor is not None:
                with contextlib.suppress(BrokenExecutor):
                    return executor.submit(attempt, job, limit)
        # Not by fork: threads of BLAS and of progress would be copied in the middle of their work.
        self.executor = None
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(self.workers, context, initializer=_begin_worker)
        return self.pool.submit(attempt, job, limit)


def _outcome(future: Future) -> Record | None:
    """The record of a point, or None where its process died."""
    try:
        record: Record = future.result()
        return record
    except (BrokenExecutor, CancelledError):
        return None
    except Exception as error:
        if type(error).__name__ == "KilledWorker":  # dask's, which need not be installed
            return None
        return _without("failed", reason_of(error))


def _without(status: str, reason: str) -> Record:
    return {"status": status, "reason": reason, "result": None, "seconds": None}


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to the process that began it, and ends with that process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()
