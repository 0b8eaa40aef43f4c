"""The tables of a scaling experiment."""

from __future__ import annotations

import math
from typing import Any

from admodes.core.costs import KINDS
from admodes.lab.experiments.measuring import WAYS
from admodes.lab.experiments.scaling_points import MODES, OTHERS, Experiment, Measurement
from admodes.lab.experiments.slopes import Slope
from admodes.programs.count import BOUND
from admodes.views.tables import Table

NAMES = {
    "f": "f",
    "partials": "partials",
    "forward": "forward",
    "reverse": "reverse",
    "symbolic": "symbolic",
    "finite_differences": "differences",
    "complex_step": "complex",
}


def all_tables(experiments: list[Experiment], timed: bool, notes: list[str]) -> list[Table]:
    """The slopes with the notes below them, and the counts and times of each experiment."""
    tables = [_slopes(experiments, timed, notes)]
    for e in experiments:
        tables += [_counts(e), _others(e), _kinds(e)]
        if timed:
            tables.append(_times(e))
        tables[-1].notes += _missing(e)
    return [table for table in tables if table.rows or table.notes]


def _slopes(experiments: list[Experiment], timed: bool, more: list[str]) -> Table:
    kinds = ("exact", "measured") if timed else ("exact",)
    rows = []
    for e in experiments:
        fits, theory = e.fits(), e.slopes()["theory"]
        for mode in MODES:
            cells = [_slope(fits[kind].get(mode)) for kind in kinds]
            rows.append([f"{e.function}, {e.varied}", mode, _short(theory.get(mode)), *cells])
    what = "exact: operations, measured: time" if timed else "in operations"
    notes = [
        f"log(all sweeps of a Jacobian ÷ f) against log of what varies, 95 % confidence; {what}"
    ]
    notes += [f"{e.function}: {_crossing(e)}" for e in experiments if e.varied != "length"]
    head = ["", "mode", "theory", *kinds]
    return Table("Slopes on logarithmic axes", head, rows, [False] * len(head), notes + more)


def _crossing(e: Experiment) -> str:
    """Where both modes cost the same, in words."""
    words = []
    for kind, unit in (("exact", "operations"), ("measured", "time")):
        at = e.crossover(kind)
        pairs = [
            (p.costs.get("forward"), p.costs.get("reverse"))
            if kind == "exact"
            else (p.seconds("forward"), p.seconds("reverse"))
            for p in e.points
        ]
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        if at is not None:
            words.append(f"at {e.varied} = {_short(at)} in {unit}")
        elif known:
            cheaper = "forward" if all(a <= b for a, b in known) else "reverse"
            words.append(f"nowhere in {unit} ({cheaper} is cheaper throughout)")
    return f"over {e.varied} both modes cost the same " + ", ".join(words or ["nowhere known"])


def _slope(s: Slope | None) -> str:
    if s is None:
        return "-"
    if s.lower is None or s.upper is None:
        return _rounded(s.slope, 3)
    return f"{_rounded(s.slope, 3)} [{_rounded(s.lower, 2)}, {_rounded(s.upper, 2)}]"


def _rounded(x: float, digits: int) -> str:
    return f"{round(x, digits) + 0.0:.{digits}f}"  # without the sign of a zero


def _counts(e: Experiment) -> Table:
    rows = []
    for p in e.points:
        if p.outputs is None:
            continue
        low, high = (k * p.outputs for k in BOUND)
        parts = [str(p.totals[part]) for part in ("f", "partials", *MODES)]
        ratios = [_short(p.ratio(mode)) for mode in MODES]
        rows.append([str(p.value), str(p.length), *parts, *ratios, f"{low}–{high}"])
    head = [e.varied, "list", "f", "partials", *MODES, "fwd÷f", "rev÷f", "bound"]
    notes = [
        "forward, reverse: all sweeps of a whole Jacobian, n forward or m reverse",
        "fwd÷f, rev÷f: (f + partials + sweeps) ÷ f; bound: 4m to 5m for rev÷f (Baur, Strassen "
        "1983; Griewank, Walther 2008)",
    ]
    return Table(f"{e.heading}: exact counts", head, rows, [False] * len(head), notes)


def _others(e: Experiment) -> Table:
    ways = ("symbolic", "finite_differences", "complex_step")
    kept = ("f", *MODES)
    rows = [
        [
            str(p.value),
            *(str(p.totals.get(way, "-")) for way in ways),
            *(str(p.bytes.get(way, "-")) for way in kept),
        ]
        for p in e.points
        if p.totals
    ]
    head = [e.varied, *(NAMES[way] for way in ways), *(f"{way}, B" for way in kept)]
    title = f"{e.heading}: operations of other ways; bytes (B) live at once"
    return Table(title, head, rows, [False] * len(head))


def _kinds(e: Experiment) -> Table:
    counted = [p for p in e.points if p.operations]
    if not counted:
        return Table("", [], [], [])
    p = counted[-1]
    kinds = [kind for kind in KINDS if any(c.get(kind) for c in p.operations.values())]
    moves = ["moves"] if "moves" in kinds else []
    head = ["", *(kind for kind in kinds if kind != "moves"), "sum", *moves]
    rows = [
        [NAMES[part], *(str((c | {"sum": p.totals[part]}).get(kind, 0)) for kind in head[1:])]
        for part, c in p.operations.items()
    ]
    notes = ["sum: all but moves of entries, which are no arithmetic"] if moves else []
    title = f"{e.heading}: counts by kind at {e.varied} = {p.value}"
    return Table(title, head, rows, [False] * len(head), notes)


def _times(e: Experiment) -> Table:
    rows = [
        [
            str(p.value),
            *(_spread(p, way, 1e6 if way == "f" else 1e3) for way in WAYS),
        ]
        for p in e.points
    ]
    head = [e.varied, "f, µs", *(NAMES[way] for way in OTHERS)]
    return Table(f"{e.heading}: measured times, ms", head, rows, [False] * len(head))


def _missing(e: Experiment) -> list[str]:
    """What could not be measured, and why; what has the same reason together."""
    reasons: dict[tuple[str, str], dict[str, list[str]]] = {}
    for p in e.points:
        for what, cell in p.cells().items():
            if cell["status"] != "ok":
                at = reasons.setdefault((cell["status"], cell["reason"]), {})
                at.setdefault(str(p.value), []).append(what.replace("_", " "))
    notes = []
    for (status, reason), at in reasons.items():
        parts = [", ".join(whats) if len(whats) < 3 else "everything" for whats in at.values()]
        which = parts[0] if len(set(parts)) == 1 else "some"
        notes.append(f"{e.varied} = {', '.join(at)}, {which}: {status}: {reason}")
    return notes


def flat(experiments: list[Experiment]) -> Table:
    """One line a size with everything, for spreadsheets; times in seconds."""
    parts = ("f", "partials", *OTHERS)
    head = ["function", "varied", "value", "n", "m", "length"]
    head += [f"{part}_{kind}" for part in parts for kind in (*KINDS, "total")]
    head += [f"{way}_ratio" for way in OTHERS] + [f"{way}_bytes" for way in WAYS]
    head += ["reverse_bound_lower", "reverse_bound_upper"]
    head += [f"{way}_seconds_{q}" for way in WAYS for q in ("median", "lower", "upper")]
    head += [f"{mode}_seconds_predicted" for mode in MODES]
    rows = [_flat(e, p) for e in experiments for p in e.points]
    return Table("scaling", head, rows, [False] * len(head))


def _flat(e: Experiment, p: Measurement) -> list[str]:
    cells: list[Any] = [e.function, e.varied, p.value, p.inputs, p.outputs, p.length]
    for part in ("f", "partials", *OTHERS):
        counts = p.operations.get(part)
        kinds = [None] * len(KINDS) if counts is None else [counts.get(k, 0) for k in KINDS]
        cells += [*kinds, p.totals.get(part)]
    cells += [p.ratio(way) for way in OTHERS] + [p.bytes.get(way) for way in WAYS]
    cells += p.bound or [None, None]
    for way in WAYS:
        t = p.time(way)
        cells += [None] * 3 if t is None else [t.median, t.lower, t.upper]
    cells += [e.predicted(mode, p) for mode in MODES]
    return ["" if c is None else str(c) for c in cells]


def _spread(p: Measurement, way: str, unit: float) -> str:
    t = p.time(way)
    if t is None:
        return "-"
    return f"{_short(t.median * unit)} ±{50 * (t.upper - t.lower) / t.median:.0f}%"


def _short(x: float | None) -> str:
    """Three digits are more than a clock on a shared machine can vouch for."""
    if x is None:
        return "-"
    if x < 1:
        return f"{x:.2f}" if x >= 0.1 or x == 0 else f"{x:.3f}"
    return f"{x:.{max(0, 2 - math.floor(math.log10(x)))}f}"
