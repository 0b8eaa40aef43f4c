"""All libraries at work on one derivative: processes are started, results judged, then timed in
rounds in which all take turns.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.errors import BadType, BadValue
from admodes.lab.adapters import Adapter, chosen
from admodes.lab.adapters.adapter import UNCHANGED
from admodes.lab.adapters.differences import Differences
from admodes.lab.cells import Cell, Plain
from admodes.lab.children import Failed, Family, Raised, TimedOut, Worker
from admodes.lab.comparison_result import Comparison, Row
from admodes.lab.judging import judged
from admodes.lab.timing import Timing, in_rounds, machine, paired_ratio
from admodes.lab.truth import Truth
from admodes.problems.scenario import Scenario

MOST = 10.0
"""Seconds of measuring after which a slow derivative leaves out further rounds."""

PLAIN = -1
"""In the place of a row: the function itself."""

BASE = "admodes reverse"
"""What compiling has to pay off against."""


class Bench(ExitStack):
    """The processes of all libraries."""

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        adapters: list[Adapter],
        limit: float,
        memory: int,
        rounds: int,
    ) -> None:
        super().__init__()
        self.scenarios, self.adapters = scenarios, adapters
        self.limit, self.memory, self.rounds = limit, memory, rounds
        self.families: dict[str | None, Family] = {}
        self.used = {a.package for a in adapters if a.package in sys.modules}
        central = next(
            a for a in chosen(["finite differences central"]) if isinstance(a, Differences)
        )
        self.central = central
        for adapter in [central, *adapters]:
            if adapter.package not in self.families and _installed(adapter):
                family = Family(adapter.load, self._work)
                self.families[adapter.package] = self.enter_context(family)

    def _work(self, place: int, scenario: int, operator: str, route: str) -> Cell:
        """In the process of a worker: its work. place: of the adapter, or PLAIN."""
        s = replace(self.scenarios[scenario], operator=operator)
        if place == PLAIN:
            return Plain(s)
        adapter = self.central if place == len(self.adapters) else self.adapters[place]
        return Cell(adapter, s, route)

    def worker(self, adapter: Adapter, key: list[Any]) -> Worker:
        return self.families[adapter.package].worker(key, self.memory, adapter.reserve)

    def explained(self, error: Failed, adapter: Adapter) -> str:
        """The reason of a failure; some libraries that have been used do not survive a fork."""
        if not isinstance(error, TimedOut) or adapter.package not in self.used:
            return str(error)
        return (
            f"{error}: {adapter.package} was imported in this process before, and may hang in "
            "forks of it; call compare first, or use the command line"
        )

    def started(self, k: int, choose: bool = False) -> tuple[Worker, np.ndarray, str]:
        """The function of a scenario at work, its value, and the operator: the one that the
        scenario names, or by choice the one that fits. Raises ValueError where the function fails
        at the point, or returns more numbers than the operator is for."""
        scenario = self.scenarios[k]
        plain = self.worker(self.central, [PLAIN, k, scenario.operator, UNCHANGED])
        try:
            found = plain.ask("value", self.limit)
        except Failed as error:
            raise BadValue(f"{scenario.name} itself, at this point, {_verb(error)}") from error
        if found["complex"]:
            raise BadType(
                f"{scenario.name} returned complex numbers: compare its real and imaginary parts"
            )
        value = found["numbers"]
        operator = scenario.operator
        if choose:
            operator = "gradient" if value.size == 1 else "jacobian"
        if operator != "jacobian" and value.size != 1:
            raise BadValue(
                f"a {operator} is of a function with one number as its result, but "
                f"{scenario.name} returned {value.size}: ask for the jacobian"
            )
        return plain, value, operator

    def compared(self, k: int, choose: bool) -> Comparison:
        """One scenario by all adapters."""
        plain, value, operator = self.started(k, choose)
        run = _Run(self, k, operator, value, plain)
        try:
            return run.comparison()
        finally:
            run.close()

    def results(self, k: int) -> list[tuple[np.ndarray | None, str, bool]]:
        """What each adapter gives for a scenario, unjudged, by the first route that gives numbers:
        these, or why there are none; and whether the library is there."""
        self.started(k)[0].close()
        return [self._result(place, adapter, k) for place, adapter in enumerate(self.adapters)]

    def _result(self, place: int, adapter: Adapter, k: int) -> tuple[np.ndarray | None, str, bool]:
        if adapter.package not in self.families:
            return None, adapter.install or str(adapter.package), False
        hindrance = adapter.hindrance()
        if hindrance is not None:
            return None, hindrance, True
        reasons = []
        for route in adapter.routes:
            try:
                key = [place, k, self.scenarios[k].operator, route]
                with closing(self.worker(adapter, key)) as worker:
                    return np.asarray(worker.ask("first", self.limit)["result"]), "", True
            except Failed as error:
                reasons.append(str(error))
        return None, "; ".join(reasons), True


class _Run:
    """One scenario: its workers, and its table."""

    def __init__(
        self, bench: Bench, k: int, operator: str, value: np.ndarray, plain: Worker
    ) -> None:
        self.bench, self.k, self.operator, self.value = bench, k, operator, value
        self.plain = plain
        self.workers: dict[str, Worker] = {}
        self.notes: list[str] = []
        self.truth = self._truth()

    def close(self) -> None:
        for worker in (self.plain, *self.workers.values()):
            worker.close()

    def key(self, place: int, route: str) -> list[Any]:
        return [place, self.k, self.operator, route]

    def _truth(self) -> Truth | None:
        """The reference; where admodes has none, that of central differences."""
        bench = self.bench
        try:
            with closing(bench.worker(bench.central, self.key(PLAIN, UNCHANGED))) as judge:
                return Truth(**judge.ask("truth", bench.limit))
        except Failed as error:
            self.notes.append(f"no reference by admodes, which {_verb(error)}")
        try:
            key = self.key(len(bench.adapters), UNCHANGED)
            with closing(bench.worker(bench.central, key)) as worker:
                result = worker.ask("first", bench.limit)["result"]
            return Truth(result, np.abs(result), "central differences")
        except Failed as error:
            self.notes.append(f"nor by central differences: {error}")
            return None

    def comparison(self) -> Comparison:
        bench, scenario = self.bench, self.bench.scenarios[self.k]
        rows = [self._row(place, adapter) for place, adapter in enumerate(bench.adapters)]
        f = self._timed(rows)
        against = _base(rows, bench.adapters)
        for row, adapter in zip(rows, bench.adapters):
            if adapter.compiles and against is not None and row.time_s is not None:
                row.break_even_calls = break_even(row, against)
        return Comparison(
            function=scenario.name,
            operator=self.operator,
            inputs=sum(scenario.sizes),
            outputs=self.value.size,
            rows=rows,
            f=f,
            reference=None if self.truth is None else self.truth.how,
            break_even_against=None if against is None else against.backend,
            limits={"seconds": bench.limit, "bytes": bench.memory},
            machine=machine(),
            notes=self.notes,
        )

    def _row(self, place: int, adapter: Adapter) -> Row:
        """The first route on which the adapter gives the right numbers, or why there is none."""
        row = Row(adapter.backend, self.operator, exact=adapter.exact)
        family = self.bench.families.get(adapter.package)
        if family is None:
            row.status = "missing"
            row.reason = f"pip install {adapter.install or adapter.package}"
            return row
        hindrance = adapter.hindrance()
        if hindrance is not None:
            row.status, row.reason = "failed", hindrance
            return row
        reasons: list[str] = []
        try:
            row.version = family.loaded()
        except Failed as error:
            row.status, row.reason = (
                _status(error),
                f"{adapter.package} could not be loaded: {error}",
            )
            return row
        statuses: list[str] = []
        for route in adapter.routes:
            row.route = route
            status, reason = self._attempt(row, place, adapter, route)
            statuses.append(status)
            if reason:
                reasons.append(reason if len(adapter.routes) == 1 else f"{route}: {reason}")
            if status == "ok":
                break
        worst = [s for s in ("ok", "wrong", "timeout", "failed") if s in statuses]
        row.status, row.reason = worst[0], "; ".join(reasons) or None
        return row

    def _attempt(
        self, row: Row, place: int, adapter: Adapter, route: str
    ) -> tuple[str, str | None]:
        """Prepare and call along one route: a status, and what there is to say of it. Where it is
        ok the worker stays for timing."""
        seconds = self.bench.limit
        with ExitStack() as unless_ok:
            try:
                worker = self.bench.worker(adapter, self.key(place, route))
                unless_ok.callback(worker.close)
                first = worker.ask("first", seconds)
                verdict = self._verdict(row, adapter, first["result"])
                if verdict is not None:
                    return verdict
                second = worker.ask("again", 2 * seconds)
            except Failed as error:
                return _status(error), self.bench.explained(error, adapter)
            unless_ok.pop_all()
        row.calls_of_f = second["calls"]
        row.first_s, row.peak_bytes = first["first_s"], first["peak"]
        row.warm_up_s = first["first_s"] + second["second_s"]
        self.workers[row.backend] = worker
        return "ok", None

    def _verdict(self, row: Row, adapter: Adapter, result: np.ndarray) -> tuple[str, str] | None:
        """What is wrong with a result; None where nothing is."""
        if np.any(np.isnan(self.value)):
            return "failed", "f is nan at this point"
        if self.truth is None:
            return "failed", "there is nothing to judge the result by"
        by_differences = self.truth.how == "central differences"
        tolerance = adapter.tolerated(self.operator)
        if by_differences:
            tolerance = max(tolerance, self.bench.central.tolerated(self.operator))
        size = float(np.max(np.abs(self.value), initial=0.0))
        least = size if not adapter.exact or by_differences else 0.0
        found = judged(result, self.truth, tolerance, least)
        row.error_ulp = None if by_differences else found.error_ulp
        row.error_relative = found.error_relative
        if found.reason is not None:
            return "wrong", found.reason
        if found.nan:
            return "failed", "the result is nan, as the derivative is at this point"
        return None

    def _timed(self, rows: list[Row]) -> dict[str, Any]:
        """Times of all rows that are ok, and of f, in the same rounds; then memory and counts."""
        bench = self.bench
        samplers: dict[str, Callable[[int], float]] = {"": self._sampler(self.plain, None)}
        by_name = {row.backend: row for row in rows}
        for name, worker in self.workers.items():
            samplers[name] = self._sampler(worker, by_name[name])
        times = in_rounds(samplers, bench.rounds, most=min(MOST, bench.limit))
        for name, worker in self.workers.items():
            row, time = by_name[name], times[name]
            if row.status == "ok":
                self._fill(row, time, times[""], worker)
        median = times[""].median
        return {"time_s": _number(median), "spread": _spread(times[""])}

    def _sampler(self, worker: Worker, row: Row | None) -> Callable[[int], float]:
        """Seconds a call in another process; infinite from the moment where that has
        failed."""

        def sample(loops: int) -> float:
            if row is not None and row.status != "ok":
                return math.inf
            try:
                return float(worker.ask("seconds", self.bench.limit + MOST, loops=loops))
            except Failed as error:
                if row is not None:
                    row.status, row.reason = _status(error), f"while it was timed: {error}"
                return math.inf

        return sample

    def _fill(self, row: Row, time: Timing, f: Timing, worker: Worker) -> None:
        row.time_s, row.spread = time.median, _spread(time)
        row.warm_up_s = max((row.warm_up_s or 0.0) - 2 * time.median, 0.0)
        row.ratio_to_f = _number(paired_ratio(time, f)[1])
        try:
            if row.peak_bytes is None:
                row.peak_bytes = worker.ask("peak", self.bench.limit)
            row.operations = worker.ask("operations", self.bench.limit, calls=row.calls_of_f)
        except Failed as error:
            self.notes.append(f"{row.backend}: memory and operations are not known: {error}")


def _installed(adapter: Adapter) -> bool:
    return adapter.package is None or importlib.util.find_spec(adapter.package) is not None


def _status(error: Failed) -> str:
    return "timeout" if isinstance(error, TimedOut) else "failed"


def _verb(error: Failed) -> str:
    return f"raised {error}" if isinstance(error, Raised) else str(error)


def _number(x: float) -> float | None:
    return x if math.isfinite(x) else None


def _spread(time: Timing) -> list[float] | None:
    return [time.lower, time.upper] if math.isfinite(time.median) else None


def _base(rows: list[Row], adapters: list[Adapter]) -> Row | None:
    """What compiling is set against: reverse mode as it is, else the fastest that does not
    compile."""
    timed = [row for row, a in zip(rows, adapters) if row.time_s is not None and not a.compiles]
    reverse = next((row for row in timed if row.backend == BASE), None)
    return reverse or min(timed, key=lambda row: row.time_s or math.inf, default=None)


def break_even(row: Row, against: Row) -> int | None:
    """From how many calls on a row takes less time in all than another one, its warming up
    included; None where it never does.

    >>> slow = Row("a", "gradient", warm_up_s=0.0, time_s=1.0)
    >>> quick = Row("b", "gradient", warm_up_s=9.0, time_s=0.1)
    >>> break_even(quick, slow), break_even(slow, quick)
    (11, None)
    """
    lost = (row.warm_up_s or 0.0) - (against.warm_up_s or 0.0)
    saved = (against.time_s or 0.0) - (row.time_s or 0.0)
    if saved <= 0:
        return None
    return max(1, 1 + math.floor(lost / saved))
