"""Marking: the tables of one submission and a key go in; what each row is worth comes out.

A row that the student fills in is worth one point, shared by the numbers that it has. A number
that is right, rounded, or follows from an earlier mistake earns its share: the mistake itself is
charged, once. A given number that was changed into a wrong one is charged as a row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from admodes.auditing.judging import Judge
from admodes.auditing.quantity import Quantity
from admodes.auditing.result import Cell
from admodes.auditing.worked_table import WorkedTable
from admodes.errors import BadValue
from admodes.grading.keys import Expected, Key, KeyExercise

EARNS = ("right", "rounded", "follows")
"""The verdicts that cost nothing."""

VERDICTS = (*EARNS, "wrong", "missing", "changed")
"""missing: a blank that was left empty; changed: a given number made wrong."""

UNKNOWN = "no known cause"
"""What is said of a mistake that no known cause reproduces."""


@dataclass(frozen=True)
class Mark:
    """What became of one number of the key. given: as the student wrote it, empty where it is
    missing; causes: the likeliest first; source: where a number that follows goes back to."""

    expected: Expected
    verdict: str
    given: str = ""
    causes: tuple[str, ...] = ()
    why: str = ""
    source: str = ""

    @property
    def cause(self) -> str:
        """The misconception that it counts as."""
        return self.causes[0] if self.causes else UNKNOWN


@dataclass(frozen=True)
class MarkedRow:
    """A row of an exercise: its points, and the marks of its numbers."""

    exercise: int
    table: str
    label: str
    marks: tuple[Mark, ...]

    @property
    def blank(self) -> bool:
        """Whether the student had something to fill in; otherwise a given number was changed."""
        return any(mark.expected.blank for mark in self.marks)

    @property
    def points(self) -> Fraction:
        """The share of its numbers that earn, less that of given ones which were changed."""
        filled = [mark for mark in self.marks if mark.expected.blank]
        earned = sum(mark.verdict in EARNS for mark in filled)
        changed = len(self.marks) - len(filled)
        return Fraction(earned - changed, len(filled) or len(self.marks))


@dataclass(frozen=True)
class Marked:
    """A submission as it was marked."""

    rows: tuple[MarkedRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> Fraction:
        """Those of all rows, never below none."""
        return max(sum((row.points for row in self.rows), Fraction(0)), Fraction(0))

    @property
    def marks(self) -> list[Mark]:
        """The marks of all rows."""
        return [mark for row in self.rows for mark in row.marks]

    def counts(self) -> dict[str, int]:
        """How many numbers there are of each verdict."""
        found = Counter(mark.verdict for mark in self.marks)
        return {verdict: found[verdict] for verdict in VERDICTS}


class Marker:
    """A key, ready for any number of submissions: what depends on a function alone is computed when
    it is first needed."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._examiners: dict[int, Examiner] = {}

    @property
    def most(self) -> int:
        """The points that there are: the rows that are filled in."""
        return len(
            {
                (exercise.number, x.table, x.row)
                for exercise in self.key.exercises
                for x in exercise.expected
                if x.blank
            }
        )

    def mark(self, tables: Sequence[WorkedTable]) -> Marked:
        """The marks of the tables of a submission. Raises ValueError where none of them can be
        judged."""
        parts = by_exercise(tables, self.key)
        rows: list[MarkedRow] = []
        notes: list[str] = []
        judged = False
        for exercise in self.key.exercises:
            examiner = self._examiner(exercise)
            cells: list[Cell] = []
            try:
                cells = examiner.audited(parts[exercise.number])
                judged = True
            except BadValue as error:
                notes.append(f"exercise {exercise.number}: {error}")
            rows += examiner.rows(parts[exercise.number], cells)
        if not judged:
            raise BadValue("; ".join(notes))
        return Marked(tuple(rows), tuple(notes))

    def _examiner(self, exercise: KeyExercise) -> Examiner:
        if exercise.number not in self._examiners:
            self._examiners[exercise.number] = Examiner(exercise)
        return self._examiners[exercise.number]


HEADING = re.compile(r"\s*(?:exercise|ex\.?|problem|task|question)?\s*(\d+)\s*(?:[.:)]|$)", re.I)
"""The title of a table that says of which exercise it is."""


def by_exercise(tables: Iterable[WorkedTable], key: Key) -> dict[int, list[WorkedTable]]:
    """The tables of each exercise: a title names its number ("3. Evaluation trace"); tables without
    one belong to the exercise before. The table of the function and the point is left out."""
    numbers = [exercise.number for exercise in key.exercises]
    found: dict[int, list[WorkedTable]] = defaultdict(list)
    current = numbers[0]
    for table in tables:
        match = HEADING.match(table.heading)
        if match and int(match[1]) in numbers and len(numbers) > 1:
            current = int(match[1])
        if [cell.text for cell in table.head] != ["Function", "Point"]:
            found[current].append(table)
    return found


class Examiner:
    """One exercise of a key, with a judge of its function."""

    def __init__(self, exercise: KeyExercise) -> None:
        self.exercise = exercise
        inputs = exercise.point
        self.judge = Judge(exercise.f, *inputs.values(), names=list(inputs))
        self.places = {_bare(table.heading): table.position for table in exercise.sheet}
        self.partials = {x.table for x in exercise.expected if x.quantity.kind == "partial"}

    @cached_property
    def handed_out(self) -> Found:
        """The numbers that stand in the sheet already."""
        sheet = list(self.exercise.sheet)
        try:
            return self._found(sheet, self.audited(sheet))
        except BadValue:  # nothing but blanks
            return {}

    def audited(self, tables: Sequence[WorkedTable]) -> list[Cell]:
        """The verdicts on tables. Raises ValueError where nothing can be judged.

        The formulas of the sheet's partials, such as ∂v2/∂v1 = 3, are left out: the number in one
        would be taken for what the student goes on with.
        """
        bare = [
            _without_formulas(table) if self.places.get(_bare(table.heading)) in self.partials
            else table
            for table in tables
        ]  # fmt: skip
        return self.judge.audit(bare).cells

    def rows(self, tables: Sequence[WorkedTable], cells: Sequence[Cell]) -> list[MarkedRow]:
        """The rows that are filled in, and those with a given number that was changed."""
        found = self._found(tables, cells)
        titled = {self.places.get(_bare(table.heading)) for table in tables}
        made: dict[tuple[int, int], list[Mark]] = defaultdict(list)
        for expected in self.exercise.expected:
            place = expected.table if expected.table in titled else None
            written = [c for q in self._same(expected) for c in found.get((place, q), [])]
            mark = self._mark(expected, written)
            if mark is not None:
                made[expected.table, expected.row].append(mark)
        titles = [table.heading for table in self.exercise.sheet]
        return [
            MarkedRow(self.exercise.number, titles[i], marks[0].expected.label, tuple(marks))
            for (i, _), marks in made.items()
        ]

    def _found(self, tables: Sequence[WorkedTable], cells: Sequence[Cell]) -> Found:
        """The cells by the table of the sheet that they stand in, where a title tells that, and by
        what they are."""
        place = {table.position: self.places.get(_bare(table.heading)) for table in tables}
        found: Found = defaultdict(list)
        for cell in cells:
            if cell.quantity is not None:
                found[place[cell.table], cell.quantity].append(cell)
        return found

    def _same(self, expected: Expected) -> list[Quantity]:
        """What a number may be taken for: in the partials ∂v2/∂v0 also for a tangent, where v0 is
        an input, or an adjoint, where v2 is an output; an entry of the Jacobian for either."""
        q, d = expected.quantity, self.judge.subject.derivation
        if q.kind not in ("entry", "partial"):
            return [q]
        below = d.inputs.get(q.direction)
        if q.argument is not None:
            below = d.trace.rows[q.row].args[q.argument].get("row")
        tangents = [Quantity("tangent", q.row, x) for x, row in d.inputs.items() if row == below]
        if below is None:
            return [q]
        ends = [y for y, row in d.outputs.items() if row == q.row]
        return [q, *tangents, *(Quantity("adjoint", below, y) for y in ends)]

    def _mark(self, expected: Expected, cells: list[Cell]) -> Mark | None:
        """The mark of a number; None for a given one that is as it was."""
        if not expected.blank:
            wrong = next((cell for cell in cells if cell.verdict == "wrong"), None)
            return None if wrong is None else _told(expected, "changed", wrong)
        cells = self._own(expected, cells)
        if not cells:
            return Mark(expected, "missing")
        cell = next((cell for cell in cells if cell.verdict == "wrong"), cells[0])
        return _told(expected, cell.verdict, cell)

    def _own(self, expected: Expected, cells: list[Cell]) -> list[Cell]:
        """The cells that the student wrote: without those of the sheet, such as the number in
        ∂v2/∂v1 = 3."""
        given = [
            str(cell.column)
            for q in self._same(expected)
            for cell in self.handed_out.get((expected.table, q), [])
        ]
        own = []
        for cell in cells:
            if str(cell.column) in given:
                given.remove(str(cell.column))
            else:
                own.append(cell)
        return own


Found = dict[tuple[int | None, Quantity], list[Cell]]
"""Cells by table of the sheet (None where no title tells it) and quantity."""


def _without_formulas(table: WorkedTable) -> WorkedTable:
    """A table whose first cells end before the sign of equality."""
    rows = [
        (replace(line[0], text=line[0].text.partition(" = ")[0]), *line[1:]) for line in table.rows
    ]
    return replace(table, rows=tuple(rows))


def _bare(title: str) -> str:
    """A title by its letters and digits: formats write the same one in several ways."""
    return "".join(c for c in title.casefold() if c.isalnum())


def _told(expected: Expected, verdict: str, cell: Cell) -> Mark:
    causes = tuple(cell.cause or ()) if verdict in ("wrong", "changed") else ()
    source = "" if cell.source is None else f"{cell.source.row}: {cell.source.written}"
    return Mark(
        expected, verdict, cell.written, causes, cell.texts[0] if cell.texts else "", source
    )


def mistakes_of(marked: Marked) -> list[dict[str, Any]]:
    """The mistakes, each with the cell and its causes."""
    return [
        {
            "exercise": row.exercise,
            "table": row.table,
            "row": row.label,
            "column": mark.expected.column,
            "given": mark.given,
            "right": mark.expected.right,
            "verdict": mark.verdict,
            "cause": list(mark.causes),
        }
        for row in marked.rows
        for mark in row.marks
        if mark.verdict not in EARNS
    ]
