"""The result of the scaling experiment (scaling.py): the counts and times of every size, and
theory's figures beside them, as data, as tables and as JSON.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Any

from admodes.lab.timing import Timing, software_and_hardware
from admodes.programs.count import BOUND, KINDS
from admodes.views.result import Result
from admodes.views.tables import Table

PARTS = ("f", "partials", "forward", "reverse")
TIMED = ("f", "forward", "reverse")
MODES = ("forward", "reverse")


@dataclass
class Measurement:
    """One size. counts: operations by kind of f, of the partials, and of all sweeps of a whole
    Jacobian in each mode; length: of the list; times: of f, and of the Jacobian in each mode."""

    n: int
    m: int
    length: int
    counts: dict[str, dict[str, int]]
    times: dict[str, Timing]

    @property
    def sweeps(self) -> dict[str, int]:
        """n forward sweeps, or m reverse sweeps."""
        return {"forward": self.n, "reverse": self.m}

    @property
    def totals(self) -> dict[str, int]:
        """The counts, summed over the kinds."""
        return {part: sum(self.counts[part].values()) for part in PARTS}

    @property
    def costs(self) -> dict[str, int]:
        """Operations of f, and of a whole Jacobian in each mode: f, the partials, the sweeps."""
        totals = self.totals
        shared = totals["f"] + totals["partials"]
        return {"f": totals["f"], **{mode: shared + totals[mode] for mode in MODES}}

    @property
    def bound(self) -> tuple[int, int]:
        """4 to 5 times the cost of f for each output: what m gradients may cost."""
        low, high = (k * self.m * self.totals["f"] for k in BOUND)
        return low, high

    def ratio(self, mode: str) -> float | None:
        """Operations of the Jacobian over those of f; None where f has none."""
        costs = self.costs
        return costs[mode] / costs["f"] if costs["f"] else None


@dataclass
class Experiment:
    """One function, with one of n and m varied and the other fixed."""

    function: str
    title: str
    varied: str
    fixed: dict[str, int]
    points: list[Measurement]

    def seconds_per_operation(self, mode: str) -> float | None:
        """The constant between count and time: the median over the sizes."""
        rates = [p.times[mode].median / p.costs[mode] for p in self.points if p.costs[mode]]
        return statistics.median(rates) if rates else None

    def predicted(self, mode: str, point: Measurement) -> float | None:
        """Theory's time for a Jacobian: its exact operation count times that constant."""
        rate = self.seconds_per_operation(mode)
        return rate * point.costs[mode] if rate and point.costs[mode] else None

    def off(self, mode: str, point: Measurement) -> float | None:
        """Measured over predicted time."""
        predicted = self.predicted(mode, point)
        return point.times[mode].median / predicted if predicted else None

    @property
    def heading(self) -> str:
        """The title, with what is fixed."""
        return f"{self.title}, {', '.join(f'{k} = {v}' for k, v in self.fixed.items())}"


@dataclass
class Scaling(Result):
    """What `scale` found: counts and times of every experiment, and the machine they belong to.

    str() and to_table() give tables, to_dict() and to_json() everything, in full precision.
    """

    machine: dict[str, Any]
    rounds: int
    experiments: list[Experiment]

    title = "How the cost of a Jacobian grows"

    def tables(self, format: str = "text") -> list[Table]:
        """Counts, times, and the counts by kind at the largest size, for each experiment; for csv
        one table with one line a size."""
        if format == "csv":
            return [self.flat_table()]
        made: list[Table] = []
        for e in self.experiments:
            made += [_counts_table(e), _times_table(e), _kinds_table(e)]
        made[0].notes += [
            "forward, reverse: all sweeps of a whole Jacobian, n forward or m reverse",
            "fwd÷f, rev÷f: (f + partials + sweeps) ÷ f",
            "bound: 4m to 5m for rev÷f (Baur, Strassen 1983; Griewank, Walther 2008)",
        ]
        made[1].notes += [
            f"median [quartiles] of {self.rounds} interleaved rounds",
            "÷ th: measured ÷ theory, which is the exact count times one constant a mode",
            *software_and_hardware(self.machine),
        ]
        return made

    def flat_table(self) -> Table:
        """One line a size with everything, for spreadsheets; times in seconds."""
        head = ["function", "varied", "n", "m", "length", "forward_sweeps", "reverse_sweeps"]
        head += [f"{part}_{kind}" for part in PARTS for kind in (*KINDS, "total")]
        head += [f"{mode}_ratio" for mode in MODES]
        head += ["reverse_bound_lower", "reverse_bound_upper"]
        head += [f"{part}_seconds_{q}" for part in TIMED for q in ("median", "lower", "upper")]
        head += [f"{mode}_seconds_predicted" for mode in MODES]
        rows = [_flat(e, p) for e in self.experiments for p in e.points]
        return Table("scaling", head, rows, [False] * len(head))

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.scaling/1",
            "machine": self.machine,
            "rounds": self.rounds,
            "bound": list(BOUND),
            "experiments": [
                {
                    "function": e.function,
                    "title": e.title,
                    "varied": e.varied,
                    "fixed": e.fixed,
                    "seconds_per_operation": {m: e.seconds_per_operation(m) for m in MODES},
                    "points": [_point_data(e, p) for p in e.points],
                }
                for e in self.experiments
            ],
        }


def _point_data(e: Experiment, p: Measurement) -> dict[str, Any]:
    return {
        "n": p.n,
        "m": p.m,
        "length": p.length,
        "sweeps": p.sweeps,
        "counts": p.counts,
        "totals": p.totals,
        "costs": p.costs,
        "ratios": {mode: p.ratio(mode) for mode in MODES},
        "bound": list(p.bound),
        "times": {part: p.times[part].to_dict() for part in TIMED},
        "predicted": {mode: e.predicted(mode, p) for mode in MODES},
    }


def _flat(e: Experiment, p: Measurement) -> list[str]:
    cells: list[Any] = [e.function, e.varied, p.n, p.m, p.length, p.n, p.m]
    for part in PARTS:
        cells += [*(p.counts[part].get(kind, 0) for kind in KINDS), p.totals[part]]
    cells += [p.ratio(mode) for mode in MODES]
    cells += p.bound
    for part in TIMED:
        cells += [p.times[part].median, p.times[part].lower, p.times[part].upper]
    cells += [e.predicted(mode, p) for mode in MODES]
    return ["" if c is None else str(c) for c in cells]


def _counts_table(e: Experiment) -> Table:
    rows = []
    for p in e.points:
        t = p.totals
        row = [_size(e, p), str(p.length), *(str(t[part]) for part in PARTS)]
        low, high = (k * p.m for k in BOUND)
        rows.append([*row, _short(p.ratio("forward")), _short(p.ratio("reverse")), f"{low}–{high}"])
    head = [e.varied, "list", *PARTS, "fwd÷f", "rev÷f", "bound"]
    return Table(f"{e.heading}: exact counts", head, rows, [False] * len(head))


def _times_table(e: Experiment) -> Table:
    rows = []
    for p in e.points:
        row = [_size(e, p), _spread(p.times["f"], 1e6)]
        for mode in MODES:
            row += [_spread(p.times[mode], 1e3), _short(e.off(mode, p))]
        rows.append(row)
    head = [e.varied, "f, µs", "forward, ms", "÷ th", "reverse, ms", "÷ th"]
    return Table(f"{e.heading}: measured times", head, rows, [False] * len(head))


def _kinds_table(e: Experiment) -> Table:
    p = e.points[-1]
    kinds = [kind for kind in KINDS if any(p.counts[part].get(kind) for part in PARTS)]
    names = ["f", "partials", f"{p.n} forward sweeps", f"{p.m} reverse sweep{'s' * (p.m != 1)}"]
    rows = [
        [name, *(str(p.counts[part].get(kind, 0)) for kind in kinds), str(p.totals[part])]
        for name, part in zip(names, PARTS, strict=True)
    ]
    title = f"{e.heading}: counts by kind at {e.varied} = {_size(e, p)}"
    return Table(title, ["", *kinds, "sum"], rows, [False] * (len(kinds) + 2))


def _size(e: Experiment, p: Measurement) -> str:
    return str(p.n if e.varied == "n" else p.m)


def _spread(t: Timing, unit: float) -> str:
    low, high = _short(t.lower * unit), _short(t.upper * unit)
    return f"{_short(t.median * unit)} [{low}–{high}]"


def _short(x: float | None) -> str:
    """Three digits are more than a clock on a shared machine can vouch for."""
    if x is None:
        return "-"
    if x < 1:
        return f"{x:.2f}" if x >= 0.1 else f"{x:.3f}"
    return f"{x:.{max(0, 2 - math.floor(math.log10(x)))}f}"
