"""How the cost of a Jacobian grows with the number of inputs and outputs: the experiment behind
`admodes scale`.

Two functions, written in scalar operations:

- Speelpenning's product y = x1 x2 … xn (B. Speelpenning, PhD thesis, Illinois 1980), m = 1;
- a dense map y = C sin(B sin(A x)) from n inputs to m outputs through two hidden layers of fixed
  width, so that every output depends on every input and most of the work is shared by all outputs.
  (With nothing to share, as in y_j = sin(a_j · x), the map is m separate functions: each reverse
  sweep visits one m-th of the list, and the number of outputs would not matter.)

For each size the operations are counted exactly, and f, the forward-mode and the reverse-mode
Jacobian are timed. Theory stands beside them: n forward sweeps, m reverse sweeps, and the bound of
4 to 5 on cost(gradient)/cost(f) (W. Baur and V. Strassen, The complexity of partial derivatives,
1983; A. Griewank and A. Walther, Evaluating Derivatives, 2008).
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from admodes.derivatives.gradients import jacobian
from admodes.lab.timing import Timing, interleaved, machine, software_and_hardware
from admodes.ops.trigonometric import sin
from admodes.programs.count import BOUND, KINDS, count
from admodes.views.render import render
from admodes.views.tables import Table

SIZES = (2, 4, 8, 16, 32, 64)
MAX_SIZE = 4096
"""Beyond it the n forward sweeps over a list that grows with n take hours."""

FIXED_INPUTS = 8
FIXED_OUTPUTS = 4
HIDDEN = 16

PARTS = ("f", "partials", "forward", "reverse")
TIMED = ("f", "forward", "reverse")
MODES = ("forward", "reverse")


def speelpenning(x: Sequence[Any]) -> Any:
    """x1 x2 … xn from left to right, without a leading 1.

    >>> speelpenning([2.0, 3.0, 4.0])
    24.0
    """
    product = x[0]
    for factor in x[1:]:
        product = product * factor
    return product


def dense(n: int, m: int, hidden: int = HIDDEN, sine: Callable[[Any], Any] = sin) -> Callable:
    """The dense map R^n → R^m, y = C sin(B sin(A x)), with fixed coefficients.

    It takes a sequence of n numbers, and returns a list of m. sine is what computes the sine: the
    default takes carriers and numbers, `math.sin` numbers only, as fast as Python can.

    >>> [round(y, 6) for y in dense(3, 2)([0.1, 0.2, 0.3])]
    [0.052692, 0.03678]
    """
    a, b, c = _matrix(hidden, n, 1), _matrix(hidden, hidden, 2), _matrix(m, hidden, 3)

    def dense_map(x: Sequence[Any]) -> list[Any]:
        first = [sine(_dot(row, x)) for row in a]
        second = [sine(_dot(row, first)) for row in b]
        return [_dot(row, second) for row in c]

    return dense_map


def _matrix(rows: int, columns: int, layer: int) -> list[list[float]]:
    """Coefficients without pattern, none of them 0 or ±1, small enough that sines do not wrap."""
    return [
        [math.sin((i + 1) * (j + 2) + 10 * layer) / math.sqrt(columns) for j in range(columns)]
        for i in range(rows)
    ]


def _dot(row: Sequence[float], x: Sequence[Any]) -> Any:
    total = row[0] * x[0]
    for a, b in zip(row[1:], x[1:], strict=True):
        total = total + a * b
    return total


@dataclass
class Point:
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
    points: list[Point]

    def seconds_per_operation(self, mode: str) -> float | None:
        """The constant between count and time: the median over the sizes."""
        rates = [p.times[mode].median / p.costs[mode] for p in self.points if p.costs[mode]]
        return statistics.median(rates) if rates else None

    def predicted(self, mode: str, point: Point) -> float | None:
        """Theory's time for a Jacobian: its exact operation count times that constant."""
        rate = self.seconds_per_operation(mode)
        return rate * point.costs[mode] if rate and point.costs[mode] else None

    def off(self, mode: str, point: Point) -> float | None:
        """Measured over predicted time."""
        predicted = self.predicted(mode, point)
        return point.times[mode].median / predicted if predicted else None

    @property
    def heading(self) -> str:
        """The title, with what is fixed."""
        return f"{self.title}, {', '.join(f'{k} = {v}' for k, v in self.fixed.items())}"


@dataclass
class Scaling:
    """What `scale` found: counts and times of every experiment, and the machine they belong to.

    str() and to_table() give tables, to_dict() and to_json() everything, in full precision.
    """

    machine: dict[str, Any]
    rounds: int
    experiments: list[Experiment]

    def tables(self) -> list[Table]:
        """Counts, times, and the counts by kind at the largest size, for each experiment."""
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

    def to_table(self, format: str = "text", width: int = 80) -> str:
        """The result in text, markdown, latex, html, csv (one line a size) or json.

        Raises ValueError for an unknown format.
        """
        if format == "json":
            return self.to_json() + "\n"
        tables = [self.flat_table()] if format == "csv" else self.tables()
        title = "How the cost of a Jacobian grows"
        return render(tables, format, title=title, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON data; times in seconds."""
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

    def to_json(self) -> str:
        """to_dict() as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def __str__(self) -> str:
        return self.to_table()

    def _repr_html_(self) -> str:
        return render(self.tables(), "html", fragment=True)


def scale(
    sizes: Sequence[int] = SIZES,
    repeats: int = 15,
    functions: Sequence[str] = ("speelpenning", "dense"),
) -> Scaling:
    """Count and time f and its Jacobian in both modes while n, and then m, takes the given sizes.

    repeats: rounds of timing, in each of which everything takes its turn. functions: "speelpenning"
    (n varies, m = 1) and "dense" (n varies at m = 4, m varies at n = 8).

    Raises ValueError for sizes that are not whole numbers from 1 to MAX_SIZE, for repeats below 1,
    and for unknown functions.

    >>> result = scale(sizes=[4, 16], repeats=1, functions=["speelpenning"])
    >>> result.experiments[0].points[1].totals
    {'f': 15, 'partials': 0, 'forward': 720, 'reverse': 30}
    >>> result.experiments[0].points[1].counts["forward"]
    {'additions': 240, 'multiplications': 480}
    """
    sizes = sorted(set(sizes))
    if not sizes or not all(isinstance(k, int) and k >= 1 for k in sizes):
        raise ValueError(f"sizes {sizes}: give whole numbers from 1, such as [2, 4, 8]")
    if sizes[-1] > MAX_SIZE:
        raise ValueError(f"sizes: {sizes[-1]} is too large; the limit is {MAX_SIZE}")
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}, and must be at least 1")
    plans = []
    for name in functions:
        if name not in _PLANS:
            raise ValueError(f"function {name!r} is unknown; choose from {', '.join(_PLANS)}")
        plans += list(_PLANS[name](sizes))
    if not plans:
        raise ValueError(f"functions is empty; choose from {', '.join(_PLANS)}")
    # All experiments are timed in the same rounds, so that their curves may be compared as well.
    jobs = {
        (title, n, m, part): job
        for _, title, _, _, cases in plans
        for n, m, f, plain in cases
        for part, job in _jobs(f, plain, _place(n)).items()
    }
    times = interleaved(jobs, repeats)
    experiments = [
        Experiment(
            name,
            title,
            varied,
            fixed,
            [
                _point(n, m, f, {part: times[title, n, m, part] for part in TIMED})
                for n, m, f, _ in cases
            ],
        )
        for name, title, varied, fixed, cases in plans
    ]
    return Scaling(machine(), repeats, experiments)


Case = tuple[int, int, Callable, Callable]
"""n, m, f, and f as fast as plain Python can on floats."""

Plan = tuple[str, str, str, dict[str, int], list[Case]]
"""Name of the function, title, what varies, what is fixed, the sizes."""


def _speelpenning_plan(sizes: Sequence[int]) -> Iterator[Plan]:
    cases: list[Case] = [(n, 1, speelpenning, speelpenning) for n in sizes]
    yield "speelpenning", "Speelpenning's product", "n", {"m": 1}, cases


def _dense_plan(sizes: Sequence[int]) -> Iterator[Plan]:
    def case(n: int, m: int) -> Case:
        return n, m, dense(n, m), dense(n, m, sine=math.sin)

    more_inputs = [case(n, FIXED_OUTPUTS) for n in sizes]
    more_outputs = [case(FIXED_INPUTS, m) for m in sizes]
    yield "dense", "Dense map, more inputs", "n", {"m": FIXED_OUTPUTS}, more_inputs
    yield "dense", "Dense map, more outputs", "m", {"n": FIXED_INPUTS}, more_outputs


_PLANS = {"speelpenning": _speelpenning_plan, "dense": _dense_plan}


def _place(n: int) -> list[float]:
    """Where f is taken: numbers about 1, so that a long product neither overflows nor dies out."""
    return [1.0 + 0.5 * math.sin(1.0 + i) for i in range(n)]


def _jobs(f: Callable, plain: Callable, x: list[float]) -> dict[str, Callable[[], object]]:
    """What is timed. The inputs are a list of floats, one carrier each, so that the times are those
    of the scalar operations that are counted, and not of indexing into arrays."""
    forward, reverse = jacobian(f, mode="forward"), jacobian(f, mode="reverse")
    return {"f": lambda: plain(x), "forward": lambda: forward(x), "reverse": lambda: reverse(x)}


def _point(n: int, m: int, f: Callable, times: dict[str, Timing]) -> Point:
    found = count(f, _place(n))
    counts = {"f": found.f, "partials": found.partials, **found.totals}
    return Point(n, m, found.length, counts, times)


def _point_data(e: Experiment, p: Point) -> dict[str, Any]:
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


def _flat(e: Experiment, p: Point) -> list[str]:
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


def _size(e: Experiment, p: Point) -> str:
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
