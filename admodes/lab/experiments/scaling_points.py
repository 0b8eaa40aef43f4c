"""The points of a scaling experiment: counts and times of every size, slopes and crossover, and
theory's figures beside them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from admodes.core.costs import arithmetic
from admodes.lab.experiments.measuring import WAYS
from admodes.lab.experiments.slopes import Slope, crossover, fit
from admodes.lab.timing import Timing
from admodes.programs.count import BOUND

MODES = ("forward", "reverse")
OTHERS = WAYS[1:]

THEORY = {
    "forward": {"n": 1.0, "m": 0.0, "length": 0.0},
    "reverse": {"n": 0.0, "m": 1.0, "length": 0.0},
    "finite_differences": {"n": 1.0, "m": 0.0, "length": 0.0},
    "complex_step": {"n": 1.0, "m": 0.0, "length": 0.0},
}
"""The slopes of all sweeps ÷ f against what is varied; those of differences for large n."""


@dataclass
class Measurement:
    """One size. records: of its points, by what they are about ("exact", "symbolic" and "time of
    …"), each with status, reason and result."""

    sizes: dict[str, int]
    value: int
    records: dict[str, dict[str, Any]]

    def _result(self, what: str) -> dict[str, Any]:
        return self.records.get(what, {}).get("result") or {}

    @property
    def inputs(self) -> int | None:
        """How many numbers go in; None where nothing could be counted."""
        return self._result("exact").get("n")

    @property
    def outputs(self) -> int | None:
        """How many numbers come out."""
        return self._result("exact").get("m")

    @property
    def length(self) -> int | None:
        """Operations in the list."""
        return self._result("exact").get("length")

    @property
    def operations(self) -> dict[str, dict[str, int]]:
        """By kind: of f, of the partials, of all sweeps of a whole Jacobian in each mode, and of
        the other ways of having it."""
        found = dict(self._result("exact").get("operations", {}))
        extra = self._result("symbolic").get("operations")
        return found if extra is None else {**found, "symbolic": extra}

    @property
    def totals(self) -> dict[str, int]:
        """The operations, summed over the kinds but for moves of entries, which are no
        arithmetic."""
        return {part: arithmetic(kinds) for part, kinds in self.operations.items()}

    @property
    def costs(self) -> dict[str, int]:
        """What f and a whole Jacobian cost: in the two modes f, the partials and the sweeps."""
        totals = self.totals
        shared = totals.get("f", 0) + totals.pop("partials", 0)
        return {way: t + shared * (way in MODES) for way, t in totals.items()}

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes that are live at once."""
        return dict(self._result("exact").get("bytes", {}))

    @property
    def bound(self) -> list[int] | None:
        """4 to 5 times the cost of f for each output: what m gradients may cost."""
        if self.outputs is None:
            return None
        return [k * self.outputs * self.totals["f"] for k in BOUND]

    def sweeps_ratio(self, way: str) -> float | None:
        """Operations of all sweeps ÷ those of f."""
        totals = self.totals
        return totals[way] / totals["f"] if way in totals and totals.get("f") else None

    def ratio(self, way: str) -> float | None:
        """Operations of the Jacobian ÷ those of f; None where f has none."""
        costs = self.costs
        return costs[way] / costs["f"] if way in costs and costs.get("f") else None

    def time(self, way: str) -> Timing | None:
        """Seconds a call."""
        found = self._result(f"time of {way}")
        return Timing(found["samples"][way], found["loops"][way]) if found else None

    def seconds(self, way: str) -> float | None:
        """The median time."""
        time = self.time(way)
        return None if time is None else time.median

    def time_ratio(self, way: str) -> dict[str, float] | None:
        """Time ÷ that of f, round by round: median and quartiles."""
        found = self._result(f"time of {way}")
        return (
            dict(zip(("lower", "median", "upper"), found["ratio"], strict=True)) if found else None
        )

    def cells(self) -> dict[str, dict[str, Any]]:
        """Status and reason of every point."""
        return {k: {"status": r["status"], "reason": r["reason"]} for k, r in self.records.items()}


@dataclass
class Experiment:
    """One function, with one of its sizes varied and the others fixed."""

    function: str
    title: str
    varied: str
    fixed: dict[str, int]
    points: list[Measurement]

    @property
    def values(self) -> list[int]:
        """What the varied size is."""
        return [p.value for p in self.points]

    @property
    def heading(self) -> str:
        """The title, with what is varied and fixed."""
        fixed = ", ".join(f"{k} = {v}" for k, v in self.fixed.items())
        return f"{self.title}, more {self.varied}" + (f" ({fixed})" if fixed else "")

    def fits(self) -> dict[str, dict[str, Slope]]:
        """The slopes of log(all sweeps ÷ f) against the log of what is varied, of operations
        ("exact") and of times ("measured")."""
        found: dict[str, dict[str, Slope]] = {"exact": {}, "measured": {}}
        for way in OTHERS:
            times = [(p.time_ratio(way) or {}).get("median") for p in self.points]
            curves = {"exact": [p.sweeps_ratio(way) for p in self.points], "measured": times}
            for kind, ys in curves.items():
                slope = fit(self.values, ys)
                if slope is not None:
                    found[kind][way] = slope
        return found

    def slopes(self) -> dict[str, Any]:
        """The slopes alone, their 95 % confidence, and theory's."""
        fits = self.fits()
        return {
            **{kind: {w: s.slope for w, s in found.items()} for kind, found in fits.items()},
            "confidence": {
                kind: {way: [s.lower, s.upper] for way, s in found.items()}
                for kind, found in fits.items()
            },
            "theory": {w: t[self.varied] for w, t in THEORY.items() if self.varied in t},
        }

    def crossover(self, kind: str) -> float | None:
        """Where both modes cost the same, in operations ("exact") or in time ("measured"); None
        where one is cheaper throughout."""
        forward, reverse = (
            [p.costs.get(mode) if kind == "exact" else p.seconds(mode) for p in self.points]
            for mode in MODES
        )
        return crossover(self.values, forward, reverse)

    def seconds_per_operation(self, mode: str) -> float | None:
        """The constant between count and time: the median over the sizes."""
        pairs = [(p.seconds(mode), p.costs.get(mode)) for p in self.points]
        rates = [seconds / cost for seconds, cost in pairs if seconds and cost]
        return statistics.median(rates) if rates else None

    def predicted(self, mode: str, point: Measurement) -> float | None:
        """Theory's time for a Jacobian: its exact operation count times that constant."""
        rate = self.seconds_per_operation(mode)
        cost = point.costs.get(mode)
        return rate * cost if rate and cost else None
