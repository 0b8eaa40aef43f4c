"""The figures for people: in a terminal, and as the section of docs/measured.md."""

from __future__ import annotations

from datetime import date

from admodes.lab.timing import software_and_hardware
from benchmarks.compiled.case import COMPILED, EAGER, LLVM, MANUAL, NUMPY, F
from benchmarks.compiled.figures import Data, best_peer, figure, median
from benchmarks.compiled.report import details, head, number, seconds

from .targets import rows, to_peer

TITLES = ["workload", "manual", "f", "auto", "numpy", "llvm", "eager", "best peer", "auto ÷ peer"]
TITLES += ["first call"]
GOALS = ["figure", "before", "reached", "to reach", ""]


def cells(name: str, data: Data) -> list[str]:
    """One line of the table of workloads."""
    best = best_peer(data)
    contestants = data["contestants"]
    first = contestants[COMPILED].get("one_off")

    def shown(contestant: str) -> str:
        return (
            "failed"
            if "failed" in contestants.get(contestant, {})
            else number(figure(data, contestant))
        )

    return [
        name,
        seconds(median(data, MANUAL)),
        *(shown(c) for c in (F, COMPILED, NUMPY, LLVM, EAGER)),
        f"{best[0]} {number(best[1])}" if best else "–",
        number(to_peer(data)),
        seconds(first),
    ]


def goals(run: Data) -> list[list[str]]:
    """The lines of the table of targets."""
    lines = []
    for goal, value, note in rows(run):
        sign = "≥" if goal.at_least else "≤"
        limit, reached, verdict = "–", value, "MISSED"
        if not isinstance(value, str):
            reached = number(value) + goal.unit
            verdict = "met" if goal.met(value) else "MISSED"
        if note:
            reached = f"{reached} ({note})"
        if goal.limit is None:
            verdict = "no goal"
        else:
            limit = f"{sign} {goal.limit:g}{goal.unit}"
        before = goal.before + goal.unit if goal.before != "–" else "–"
        lines.append([goal.title, before, reached, limit, verdict])
    return lines


def versions(run: Data) -> str:
    """Machine, date and versions in one sentence."""
    installed = [f"{name} {version}" for name, version in run["peers"].items() if version]
    parts = [*software_and_hardware(run["machine"]), ", ".join(installed)]
    return f"{date.today().isoformat()}: " + "; ".join(parts)


def markdown(run: Data) -> str:
    lines = [f"Measured {versions(run)}.", ""]
    for titles, table in ((GOALS, goals(run)), (TITLES, _table(run))):
        if table:
            lines += [_line(titles), "|" + "---|" * len(titles), *map(_line, table), ""]
    return "\n".join(lines)


def text(run: Data) -> str:
    """For a terminal: the workloads in two lines each, their contestants, the targets."""
    lines = head(run)
    lines += ["", "".join(f"{title:>11}" for title in TITLES[1:])]
    for first, *others in _table(run):
        lines += [first, "".join(f"{cell:>11}" for cell in others)]
    lines += details(run)
    for title, before, reached, limit, verdict in goals(run):
        lines += ["", title, f"    {reached}   before {before}, to reach {limit}: {verdict}"]
    return "\n".join(lines)


def _table(run: Data) -> list[list[str]]:
    return [cells(name, data) for name, data in run["workloads"].items()]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
