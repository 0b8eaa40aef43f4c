"""The figures for people: a table of 100 columns, details of each workload, and Markdown."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from admodes.lab.timing import software_and_hardware

from .case import COMPILED, EAGER, LLVM, MANUAL, NUMPY, OVER_F, PER_OPERATION, F, Target
from .figures import (
    Data,
    best_peer,
    figure,
    median,
    one_off,
    one_off_in_eager,
    targets,
)

SHORT = {COMPILED: "auto", NUMPY: "numpy", LLVM: "llvm"}
COLUMNS = (COMPILED, NUMPY, LLVM, EAGER)


def head(run: Data) -> list[str]:
    """Machine and versions, in words."""
    peers = run["peers"].items()
    installed = [f"{name} {version}" for name, version in peers if version]
    missing = [name for name, version in peers if not version]
    lines = [*software_and_hardware(run["machine"]), *wrap(f"peers: {', '.join(installed)}", 100)]
    if missing:
        lines += wrap(f"skipped, not installed: {', '.join(missing)}", 100)
    return lines


def seconds(t: float | None) -> str:
    """A time with its unit, in 7 columns at most."""
    if t is None:
        return "–"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if t >= scale:
            return f"{t / scale:.3g} {unit}"
    return f"{t * 1e9:.3g} ns"


def number(x: float | None) -> str:
    """A figure in 5 columns."""
    if x is None:
        return "–"
    digits = 0 if abs(x) >= 99.5 else 1 if abs(x) >= 9.95 else 2 if abs(x) >= 0.0995 else 3
    return f"{x:.{digits}f}"


def target_text(target: Target, found: float | None) -> str:
    """A target and whether it is met, the contestant first where it is not the automatic choice,
    the figure where the unit is not the row's."""
    who = "" if target.contestant == COMPILED else f"{SHORT[target.contestant]} "
    text = f"{who}≤ {target.limit:g}{f' × {target.to}' if target.to else ''}"
    if found is None:
        return f"{text} –"
    reached = f" {number(found)}" if target.to else ""
    return f"{text}{reached} {'met' if found <= target.limit else 'MISSED'}"


def unit_text(unit: str) -> str:
    return unit if unit in (PER_OPERATION, OVER_F) else f"× {unit}"


def row(name: str, workload: Data) -> list[str]:
    """One line of the table; what the figures are is said in the second cell."""
    best = best_peer(workload)
    return [
        name,
        seconds(median(workload, MANUAL)),
        unit_text(workload["unit"]),
        *(number(figure(workload, c)) for c in (F, *COLUMNS)),
        f"{best[0]} {number(best[1])}" if best else "–",
        "; ".join(target_text(target, found) for target, found in targets(workload)),
    ]


TITLES = ["workload", MANUAL, "unit", F, "auto", "numpy", "llvm", "eager", "best peer", "target"]


def table(run: Data) -> list[str]:
    """Two lines a workload: the name and the targets, then the figures."""
    widths = (13, 12, 9, 9, 9, 9, 9, 30)
    lines = ["".join(f"{title:>{w}}" for title, w in zip(TITLES[1:-1], widths))]
    for name, workload in run["workloads"].items():
        cells = row(name, workload)
        lines.append(f"{cells[0]}{cells[-1]:>{100 - len(cells[0])}}")
        lines.append("".join(f"{cell:>{w}}" for cell, w in zip(cells[1:-1], widths)))
    return lines


def details(run: Data) -> list[str]:
    """Every contestant of every workload, with spread, error and one-off cost."""
    lines = []
    for name, workload in run["workloads"].items():
        unit = unit_text(workload["unit"])
        lines += ["", name]
        lines.append(f"{'':18}{'median':>9}{'quartiles':>20}{unit:>12}{'error':>9}{'one-off':>10}")
        for contestant, data in workload["contestants"].items():
            lines.append(_detail(contestant, data, workload))
    return lines


def _detail(contestant: str, data: dict[str, Any], workload: Data) -> str:
    reason = data.get("failed") or data.get("skipped")
    if reason:
        kind = "FAILED" if "failed" in data else "skipped"
        return f"  {contestant:16}{kind}: {reason}"[:100]
    t = data["seconds"]
    spread = f"{seconds(t['lower'])} – {seconds(t['upper'])}"
    error = f"{data['error']:.0e}" if "error" in data else ""
    worth_telling = data.get("one_off", 0.0) > t["median"]
    cost = seconds(data["one_off"]) if worth_telling else ""
    shown = number(figure(workload, contestant))
    return f"  {contestant:16}{seconds(t['median']):>9}{spread:>20}{shown:>12}{error:>9}{cost:>10}"


def one_off_table(run: Data) -> list[str]:
    """The first call, beyond a call: what compiling costs once."""
    lines = [f"{'one-off cost':50}{'numpy':>9}{'in eager':>9}{'llvm':>10}{'jax':>10}{'casadi':>10}"]
    for name, workload in run["workloads"].items():
        numpy = one_off(workload, NUMPY)
        costs = [seconds(one_off(workload, c)) for c in (LLVM, "jax", "casadi")]
        if set(costs) == {"–"} and numpy is None:
            continue
        share = one_off_in_eager(workload)
        line = f"{name:50}{seconds(numpy):>9}{number(share):>9}"
        line += "".join(f"{cost:>10}" for cost in costs)
        limit = workload["one_off_limit"]
        if limit and share is not None and share > limit:
            line += f"  > {limit:.0f}"
        lines.append(line)
    return lines


def text(runs: list[Data]) -> str:
    """All of it, for a terminal."""
    lines = head(runs[0])
    for run in runs:
        title = run["threads"]
        lines += ["", title, "=" * len(title), *table(run), "", *one_off_table(run), *details(run)]
    return "\n".join(lines)


def markdown(runs: list[Data]) -> str:
    """One table for docs/measured.md; where runs with more threads differ, a / stands between."""
    lines = [" / ".join(run["threads"] for run in runs), ""]
    lines += ["| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
    for name in runs[0]["workloads"]:
        rows = [row(name, run["workloads"][name]) for run in runs]
        cells = [" / ".join(dict.fromkeys(found)) for found in zip(*rows)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
