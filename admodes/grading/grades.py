"""ad.grade: a key and a folder of submissions go in; Grades come out: scores, what was
misunderstood, feedback for each student, and what Gradescope and Canvas read."""

from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from admodes.auditing.reading import tables_of
from admodes.errors import BadValue, Error, listed, one_line
from admodes.grading.gradebook import Gradebook, read_gradebook
from admodes.grading.graded import Graded
from admodes.grading.keys import key_of
from admodes.grading.marking import Marked, Marker
from admodes.grading.submissions import Submission, submissions_in
from admodes.lab.limits import OverTime, limited
from admodes.views.dialects import scalar_text
from admodes.views.files import write_text
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

SECONDS = 10.0
"""After which a submission is given up."""

ABSENT = "nothing was handed in under this name"

SHOWN = 6
"""Places of a misconception, and rows, that tables name; the data have all."""

Show = Callable[[int, int, str], None]


@dataclass
class Grades(Result):
    """The submissions of a class, graded (JSON contract "admodes.grades/1").

    submissions: each as it was graded, by name. gradebook: the exported one with the scores in it,
    None where none was given.
    """

    key: str
    submissions: list[Graded]
    most: int
    points: float
    gradebook: Gradebook | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:  # type: ignore[override]
        """What stands above the summary."""
        n = sum(not one.submission.missing for one in self.submissions)
        return f"{self.key or 'Exercises'}: {n} submissions"

    @property
    def misconceptions(self) -> list[dict[str, Any]]:
        """The causes of mistakes, the one that most students share first: how many mistakes, whose,
        and in which cells. A mistake counts for its likeliest cause."""
        places: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in self.submissions:
            for row in one.marked.rows if one.marked else ():
                for mark in row.marks:
                    if mark.verdict in ("wrong", "changed"):
                        where = {"table": row.table, "row": row.label}
                        cell = {"column": mark.expected.column, "given": mark.given}
                        who = {"student": one.submission.student, "exercise": row.exercise}
                        places[mark.cause].append({**who, **where, **cell})
        found = [
            {
                "cause": cause,
                "mistakes": len(cells),
                "students": sorted({cell["student"] for cell in cells}),
                "cells": cells,
            }
            for cause, cells in places.items()
        ]
        return sorted(found, key=lambda m: (-len(m["students"]), -m["mistakes"], m["cause"]))

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.grades/1",
            "key": self.key,
            "max_score": self.points,
            "submissions": [one.data() for one in self.submissions],
            "misconceptions": self.misconceptions,
            "notes": self._notes(),
        }

    def _notes(self) -> list[str]:
        return [*self.notes, *(self.gradebook.notes if self.gradebook else ())]

    def tables(self, format: str = "text") -> list[Table]:
        """The scores, what was misunderstood, and the rows that went wrong most often."""
        made = [self._scores(), self._misunderstood(), self._rows()]
        made = [table for table in made if table.rows]
        made[-1].notes += self._notes()
        return made

    def _scores(self) -> Table:
        lines = []
        for one in self.submissions:
            counts = Counter(one.marked.counts() if one.marked else {})
            right = counts["right"] + counts["rounded"]
            wrong = counts["wrong"] + counts["changed"]
            numbers = [right, counts["follows"], wrong, counts["missing"]]
            told = [str(n) for n in numbers] if one.marked else [""] * 4
            lines.append(
                [one.submission.student, scalar_text(one.score, 2), *told, one_line(one.problem)]
            )
        head = ["Student", "Score", "Right", "Follow", "Wrong", "Missing", "Not read because"]
        if not any(one.problem for one in self.submissions):
            head, lines = head[:-1], [line[:-1] for line in lines]
        title = f"Scores, of {scalar_text(self.points, 2)}"
        return Table(title, head, lines, [False] * len(head))

    def _misunderstood(self) -> Table:
        lines = [
            [
                m["cause"],
                str(m["mistakes"]),
                str(len(m["students"])),
                listed([_place(cell) for cell in m["cells"]], SHOWN).replace("), ", "); "),
            ]
            for m in self.misconceptions
        ]
        head = ["Cause", "Mistakes", "Students", "Who, and where"]
        return Table("What was misunderstood", head, lines, [False] * 4)

    def _rows(self) -> Table:
        wrong: Counter[tuple[str, str]] = Counter()
        missing: Counter[tuple[str, str]] = Counter()
        for one in self.submissions:
            for row in one.marked.rows if one.marked else ():
                verdicts = {mark.verdict for mark in row.marks}
                wrong[row.table, row.label] += bool(verdicts & {"wrong", "changed"})
                missing[row.table, row.label] += "missing" in verdicts
        hardest = sorted(wrong, key=lambda place: (-wrong[place], -missing[place]))[:SHOWN]
        lines = [[*p, str(wrong[p]), str(missing[p])] for p in hardest if wrong[p]]
        head = ["Table", "Row", "Wrong", "Missing"]
        return Table("Rows that went wrong most often", head, lines, [False] * 4)

    def save(self, folder: str | Path) -> list[Path]:
        """Write everything into a folder: summary.html, summary.md, summary.json, scores.csv, and
        for each submission NAME/feedback.html and NAME/results.json, which Gradescope reads;
        gradebook.csv, where there is one. Every file appears whole or not at all; the paths are
        returned. Raises OSError where it cannot be written."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        texts = {
            "summary.html": self.to_table("html"),
            "summary.md": self.to_table("markdown"),
            "summary.json": self.to_table("json"),
            "scores.csv": render([self._scores()], "csv"),
        }
        if self.gradebook is not None:
            texts["gradebook.csv"] = self.gradebook.text()
        paths = [write_text(folder / name, text) for name, text in texts.items()]
        names: Counter[str] = Counter()
        for one in self.submissions:
            if one.submission.missing:
                continue
            name = re.sub(r"[^\w.@ -]", "_", one.submission.name).strip(". ") or "submission"
            names[name.casefold()] += 1
            again = names[name.casefold()]
            place = folder / (name if again == 1 else f"{name} ({again})")
            place.mkdir(exist_ok=True)
            results = json.dumps(one.gradescope(), ensure_ascii=False, indent=2) + "\n"
            paths.append(write_text(place / "results.json", results))
            paths.append(write_text(place / "feedback.html", one.feedback()))
        return paths


def _place(cell: Mapping[str, Any]) -> str:
    """Who wrote a mistaken number, and where."""
    return f"{cell['student']} ({cell['table']}, {cell['row'] or cell['column']}: {cell['given']})"


def grade(
    key: str | Path | Mapping[str, Any],
    submissions: str | Path,
    *,
    points: float | None = None,
    gradebook: str | Path | None = None,
    column: str | None = None,
    show: Show = lambda done, total, label: None,
) -> Grades:
    """Grade a folder of submissions by a key.

    key: the JSON of an exercise (a path, or its data), as `ad.exercise(...).to_json()` has it.
    submissions: the folder; each file in it (Markdown, CSV, LaTeX, HTML, a notebook, text, JSON) or
    folder is one submission, and its name says whose. points: what all rows together are worth; a
    point a row unless given. gradebook, column: a CSV file that Canvas exported, and the column
    that is to hold the scores. show(done, total, name) is called after each submission.

    A row that a student fills in is a point, shared by its numbers. What follows from an earlier
    mistake is not charged again; what the sheet had already earns nothing; a number of the sheet
    that was made wrong costs a row. What cannot be read has the score 0 and says why.

    `.save(folder)` writes a summary, feedback for each student, results.json for Gradescope and the
    gradebook. Raises ValueError where the key, the folder or the gradebook is none, OSError where
    one cannot be read.

    >>> import admodes as ad, tempfile, pathlib
    >>> series = ad.exercise(1, seed=7, count=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     filled = series.to_table("markdown", answers=True).replace("27", "72")
    ...     path = pathlib.Path(folder, "ada.md")
    ...     _ = path.write_text(filled, encoding="utf-8")
    ...     grades = ad.grade(series.to_dict(), folder, points=10)
    >>> [(one.submission.name, one.score) for one in grades.submissions]
    [('ada', 9.17)]
    """
    if points is not None and not 0 < points < 1e9:
        raise BadValue(f"points {points}: a number above 0 is needed")
    if (gradebook is None) != (column is None):
        raise BadValue("a gradebook and the column to fill go together: give both or neither")
    marker = Marker(key_of(key))
    most = marker.most
    if not most:
        raise BadValue("the key has no blanks: there is nothing to grade")
    book = None if gradebook is None else read_gradebook(gradebook)
    worth = float(most if points is None else points)
    handed_in = submissions_in(submissions)
    graded = []
    for done, one in enumerate(handed_in, 1):
        graded.append(_graded(one, marker, most, worth))
        show(done, len(handed_in), one.name)
    grades = Grades(marker.key.title, graded, most, worth, book)
    if book is not None and column is not None:
        book.fill(column, graded)
        absent = [Submission(name, (), ABSENT, True) for name in book.left]
        graded += [Graded(one, None, ABSENT, most, worth, 0.0) for one in absent]
    return grades


def _graded(one: Submission, marker: Marker, most: int, points: float) -> Graded:
    """A submission, graded; whatever happens in it, the others go on."""
    start = time.perf_counter()
    marked, problem = None, one.problem
    if not problem:
        try:
            with limited(SECONDS):
                marked = _marked(one, marker)
        except OverTime:
            problem = f"it took more than {SECONDS:.0f} s"
        except (Error, OSError) as error:
            problem = one_line(error)
        except (Exception, RecursionError, MemoryError) as error:
            problem = f"{type(error).__name__}: {one_line(error)}; look at it by hand"
    return Graded(one, marked, problem, most, points, time.perf_counter() - start)


def _marked(one: Submission, marker: Marker) -> Marked:
    return marker.mark([table for path in one.files for table in tables_of(path)])
