"""What the workloads together are to reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.compiled.case import COMPILED, MANUAL
from benchmarks.compiled.figures import best_peer, figure, median
from benchmarks.compiled.report import number

from .kit import HELD_OUT

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """One row of the table. limit: the largest figure that is good enough, or the least where
    `at_least`, or None where none was set. before: what it was, in words."""

    title: str
    unit: str
    before: str
    limit: float | None
    at_least: bool = False

    def met(self, value: float) -> bool:
        if self.limit is None:
            return True
        return value >= self.limit if self.at_least else value <= self.limit


MEAN = Goal("auto ÷ manual, geometric mean over array workloads", "", "1.19", 0.9)
WORST = Goal("auto ÷ manual, worst array workload", "", "82 and MemoryError", 2.0)
FIRST = Goal(
    "share of workloads in which auto is first, before the best peer", "%", "58", 85.0, True
)
IN_WORDS = {MEAN: "geometric mean", WORST: "worst", FIRST: "first in"}
"""What the three are called where one row has them all."""
HELD = Goal(
    "the same of workloads held out: written after the tuning, and not tuned for",
    "",
    "–",
    None,
)
ONCE: dict[str, Goal] = {
    "loop": Goal("first call, loop of 10⁵ array operations of one body", " s", "> 300", 1.0),
    "lorenz": Goal("first call, Lorenz-96, 500 steps", " s", "42", 1.0),
    "kalman": Goal("first call, Kalman filter, 200 steps", " s", "4", 0.5),
    "irregular 10,000": Goal(
        "one-off cost an operation, irregular list of 10⁴", " µs", "100", 30.0
    ),
    "irregular 100,000": Goal("the same of 10⁵", " µs", "–", 30.0),
    "heat memory": Goal("compiled peak memory ÷ states of the loop, heat", "", "–", 1.5),
    "lorenz memory": Goal("the same, Lorenz-96", "", "–", 1.5),
    "eager": Goal("eager float operation, forward and backward", " µs", "2.0", 1.6),
    "minors 5": Goal("gradient of a determinant by minors of 5, llvm ÷ casadi", "", "3.9", 1.0),
    "minors 6": Goal("of 6", "", "1.6", 0.5),
    "minors 7": Goal("of 7", "", "0.86", 0.3),
    "import": Goal("import admodes beyond NumPy", " ms", "85", 40.0),
}


def to_manual(workloads: Mapping[str, Data], contestant: str = COMPILED) -> dict[str, float]:
    """By array workload, the contestant's time as a multiple of the derivative by hand."""
    found = {
        name: figure(data, contestant, MANUAL)
        for name, data in workloads.items()
        if data["one_off_limit"]
    }
    return {name: value for name, value in found.items() if value is not None}


def geometric_mean(values: Any) -> float:
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def to_peer(data: Data) -> float | None:
    """auto as a multiple of the best peer."""
    best, ours = best_peer(data), median(data, COMPILED)
    other = best and median(data, best[0])
    return ours / other if ours and other else None


def _three(workloads: Mapping[str, Data]) -> Iterator[tuple[Goal, float, str]]:
    """What is said of many workloads together."""
    ratios = to_manual(workloads)
    if ratios:
        yield MEAN, geometric_mean(list(ratios.values())), f"{len(ratios)} workloads"
        worst = max(ratios, key=ratios.__getitem__)
        yield WORST, ratios[worst], worst
    peers = [x for x in map(to_peer, workloads.values()) if x is not None]
    if peers:
        first = sum(x <= 1.0 for x in peers)
        yield FIRST, 100.0 * first / len(peers), f"{first} of {len(peers)}"


def _told(goal: Goal, value: float, note: str) -> str:
    return f"{IN_WORDS[goal]} {number(value)}{goal.unit} ({note.removeprefix(HELD_OUT)})"


def rows(run: Data) -> Iterator[tuple[Goal, float | str, str]]:
    """Each goal with the figure reached, or why there is none, and a note."""
    held = {n: data for n, data in run["workloads"].items() if n.startswith(HELD_OUT)}
    yield from _three({n: data for n, data in run["workloads"].items() if n not in held})
    if three := [_told(*row) for row in _three(held)]:
        yield HELD, "; ".join(three), ""
    for name, value in run["once"].items():
        yield ONCE[name], value, ""
