"""One submission as it was graded, and what is written of it: a page of feedback, and the
results.json of Gradescope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from admodes.grading.marking import EARNS, Mark, Marked, MarkedRow, mistakes_of
from admodes.grading.submissions import Submission
from admodes.views.dialects import scalar_text
from admodes.views.documents import document
from admodes.views.render import render
from admodes.views.tables import Table

DIGITS = 6

SIGNS = {
    "right": "✓",
    "rounded": "✓",
    "follows": "↳",
    "wrong": "✗",
    "changed": "✗",
    "missing": "○",
}
"""What stands before a verdict."""

_STYLE = """td.right { background: #e5f5e5; } td.wrong, td.changed { background: #ffd6d6; }
td.follows { background: #fff0c2; } td.missing { background: #eee; } td[class] {
  white-space: nowrap; }
"""

_SHOWN = re.compile(r"<td>(?=(?:✓|↳|✗|○) (right|follows|wrong|changed|missing))")


@dataclass(frozen=True)
class Graded:
    """A submission with its marks; marked is None where it could not be read, and problem says why.
    most: the points of the key; points: what these are worth; seconds: what marking took."""

    submission: Submission
    marked: Marked | None
    problem: str
    most: int
    points: float
    seconds: float

    @property
    def score(self) -> float:
        """The points that it earned, to two decimals."""
        if self.marked is None or not self.most:
            return 0.0
        return float(round(Fraction(self.points) * self.marked.points / self.most, 2))

    @property
    def status(self) -> str:
        """graded, not read, or missing."""
        if self.submission.missing:
            return "missing"
        return "not read" if self.marked is None else "graded"

    def data(self) -> dict[str, Any]:
        """The submission in the contract."""
        return {
            "name": self.submission.name,
            "student": self.submission.student,
            "files": [path.name for path in self.submission.files],
            "status": self.status,
            "problem": self.problem,
            "score": self.score,
            "max_score": self.points,
            "counts": {} if self.marked is None else self.marked.counts(),
            "rows": [] if self.marked is None else [_row_data(row) for row in self.marked.rows],
            "mistakes": [] if self.marked is None else mistakes_of(self.marked),
        }

    def feedback(self) -> str:
        """A page for the student: every row that was to be filled in, with its mark."""
        title = f"{self.submission.student}: {_short(self.score)} of {_short(self.points)} points"
        if self.marked is None:
            table = Table("Not graded", ["Why"], [[self.problem]], [False])
            return render([table], "html", title=title)
        tables: dict[str, Table] = {}
        for row in self.marked.rows:
            head = ["Row", "Mark", "Yours", "Right", "Points", "What to look at"]
            table = tables.setdefault(row.table, Table(row.table, head, [], [False] * 6))
            table.rows += _lines(row)
        shown = list(tables.values())
        if shown:
            shown[-1].notes += self.marked.notes
        body = render(shown, "html", title=title, fragment=True)
        return document(_SHOWN.sub(r'<td class="\1">', body), "html", title, _STYLE)

    def gradescope(self) -> dict[str, Any]:
        """The results.json of Gradescope: the score, and a test for each row."""
        scale = self.points / self.most if self.most else 0.0
        results: dict[str, Any] = {
            "score": self.score,
            "execution_time": round(self.seconds, 3),
            "output": self.problem or _told(self.marked),
            "visibility": "after_published",
            "stdout_visibility": "hidden",
            "extra_data": {"schema": "admodes.grades/1", "submission": self.submission.name},
            "tests": [],
        }
        rows = () if self.marked is None else self.marked.rows
        for k, row in enumerate(rows, 1):
            most = scale if row.blank else 0.0
            results["tests"].append(
                {
                    "name": f"{row.table}: {row.label}",
                    "score": round(float(row.points) * scale, 4),
                    "max_score": round(most, 4),
                    "number": f"{row.exercise}.{k}",
                    "status": "passed" if row.points == 1 else "failed",
                    "output": "\n".join(_sentence(mark) for mark in row.marks),
                    "tags": sorted({mark.cause for mark in row.marks if mark.causes}),
                    "visibility": "after_published",
                }
            )
        return results


def _lines(row: MarkedRow) -> list[list[str]]:
    """The lines of a row on the page, one for each number."""
    return [
        [
            row.label if k == 0 else "",
            f"{SIGNS[mark.verdict]} {'right' if mark.verdict == 'rounded' else mark.verdict}",
            mark.given,
            scalar_text(mark.expected.right, DIGITS),
            _short(float(row.points)) if k == 0 else "",
            _advice(mark),
        ]
        for k, mark in enumerate(row.marks)
    ]


def _advice(mark: Mark) -> str:
    """What to say of a number beside its mark."""
    if mark.verdict == "follows":
        return f"follows from {mark.source}; not charged again"
    if mark.verdict == "missing":
        return "left empty"
    if mark.verdict in EARNS:
        return ""
    words = "a number of the sheet was changed; " if mark.verdict == "changed" else ""
    return words + " or ".join(mark.causes or (mark.cause,)) + (f": {mark.why}" if mark.why else "")


def _sentence(mark: Mark) -> str:
    """A number and its mark in words."""
    given = f" {mark.given}" if mark.given else ""
    advice = _advice(mark)
    return f"{mark.expected.column}{given}: {mark.verdict}" + (f", {advice}" if advice else "")


def _told(marked: Marked | None) -> str:
    counts = {} if marked is None else marked.counts()
    told = [f"{n} {verdict}" for verdict, n in counts.items() if n]
    return ", ".join(told) or "nothing to mark"


def _short(x: float) -> str:
    return scalar_text(x, 2)


def _row_data(row: MarkedRow) -> dict[str, Any]:
    return {
        "exercise": row.exercise,
        "table": row.table,
        "row": row.label,
        "points": float(row.points),
        "max_points": 1.0 if row.blank else 0.0,
        "cells": [
            {
                "column": mark.expected.column,
                "given": mark.given,
                "right": mark.expected.right,
                "verdict": mark.verdict,
                "cause": list(mark.causes) or None,
                "because_of": mark.source or None,
            }
            for mark in row.marks
        ],
    }
