"""ad.revolve: what a binomial schedule costs, as data, as a table, and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admodes.checkpointing.binomial import (
    Action,
    advances,
    checked,
    listed,
    repetition,
)
from admodes.checkpointing.picture import picture
from admodes.views.result import Result
from admodes.views.tables import Table

OTHERS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Numbers of snapshots that the table shows beside the one in question."""


@dataclass
class Revolve(Result):
    """What it costs to reverse n steps with so many snapshots. repetition: the most often that a
    step is evaluated without being recorded. advances: how many evaluations without recording the
    schedule takes. evaluations: how often a gradient through ad.checkpointed_loop calls the step:
    the advances, the last step once more for the result, and every step once to record it."""

    n: int
    snapshots: int
    repetition: int
    advances: int
    evaluations: int

    @property
    def factor(self) -> float:
        """Evaluations per step; a sweep that keeps everything takes 1."""
        return self.evaluations / max(self.n, 1)

    @property
    def states(self) -> int:
        """How many states are kept at once: the snapshots in use and the current one."""
        return min(self.snapshots, max(self.n - 1, 0)) + 1

    @property
    def actions(self) -> list[Action]:
        """The schedule."""
        return listed(self.n, self.snapshots)

    def others(self) -> list[Revolve]:
        """The same n with other numbers of snapshots, this one among them."""
        most = max(self.n - 1, 1)
        numbers = {k for k in OTHERS if k < most} | {most, self.snapshots}
        return [revolve(self.n, k) for k in sorted(numbers)]

    def _data(self) -> dict[str, Any]:
        figures = {**vars(self), "factor": self.factor, "states": self.states}
        return {**figures, "actions": [a._asdict() for a in self.actions]}

    def tables(self, format: str = "text") -> list[Table]:
        """One line per number of snapshots."""
        head = [
            *("snapshots", "states", "of all", "r"),
            *("advances", "evaluations", "per step"),
        ]
        rows = [
            [
                f"{r.snapshots} *" if r.snapshots == self.snapshots else str(r.snapshots),
                str(r.states),
                f"{100 * r.states / (r.n + 1):.3g}%",
                *map(str, (r.repetition, r.advances, r.evaluations)),
                f"{r.factor:.3g}",
            ]
            for r in self.others()
        ]
        notes = [
            "* the schedule in question; states: what is kept at once, of n + 1; "
            "evaluations = advances, every step once recorded, and the last for the result",
            "advances = r n - C(s + r, r - 1) with s snapshots and r repetitions, the least that "
            "is possible (Griewank and Walther 2000)",
        ]
        title = f"Reversing {self.n} step{'' if self.n == 1 else 's'}"
        return [Table(title, head, rows, [False] * len(head), notes)]

    def draw(self, path: str | Path) -> Path:
        """The schedule as a picture (PNG, SVG or PDF by its extension): the state over the number
        of evaluations, with the life of every snapshot. Raises ValueError for another extension,
        MissingPlots (a RuntimeError) where matplotlib is not installed."""
        title = (
            f"n = {self.n}, snapshots = {self.snapshots}: {self.advances} advances, "
            f"at most {self.repetition} of each step"
        )
        return picture(self.actions, title, path)


def revolve(n: int, snapshots: int | None = None) -> Revolve:
    """What reversing n steps with so many snapshots costs, by Griewank and Walther's binomial
    schedule: exact counts, the schedule itself (.actions), a table of the trade-off between memory
    and evaluations, and a picture (.draw(path)). snapshots: by default what ad.checkpointed_loop
    takes, as many as n has binary digits.

    Raises TypeError where a number is no integer, ValueError for negative n or no snapshot.

    A. Griewank and A. Walther, Algorithm 799: revolve, ACM Transactions on Mathematical Software 26
    (2000).

    >>> import admodes as ad
    >>> r = ad.revolve(100, 5)
    >>> r.repetition, r.advances, r.evaluations
    (4, 316, 417)
    >>> str(r.actions[1])
    'advance from 0 to 56'
    """
    n, snapshots = checked(n, snapshots, "revolve")
    least = advances(n, snapshots)
    total = least + n + 1 if n else 0
    return Revolve(n, snapshots, repetition(n, snapshots), least, total)
