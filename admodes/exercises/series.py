"""ad.exercise: a level and a seed go in; an Exercise comes out: a series of functions at points
with tables in which more and more is blank. It is printed as a sheet or as its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from admodes.errors import BadValue, choices
from admodes.exercises.choosing_functions import Task, tasks_of
from admodes.exercises.fading import BLANK, Blank, blanks_of, split, stage
from admodes.exercises.levels import LEVELS, MODES
from admodes.exercises.worksheets import Figure, Worksheet, tables_of, worksheets_of
from admodes.explorer.page import Page
from admodes.expression import parse
from admodes.tracing.exploring import explore
from admodes.tracing.trace import Trace
from admodes.views.dialects import Text, dialect_of
from admodes.views.documents import document
from admodes.views.files import write_text
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

MOST = 100
"""Exercises of one series."""

ENDINGS = {"text": "txt", "markdown": "md", "latex": "tex", "html": "html", "csv": "csv"}

_MARK = "QQQQ"
"""Stands for a blank while a document is written: letters pass through every format as they are."""

_BLANKS = {
    "latex": r"\underline{\hspace{4em}}",
    "html": '<span class="blank" contenteditable="true" role="textbox" aria-label="blank"></span>',
}

_STYLE = """.blank { display: inline-block; min-width: 5em; min-height: 1.2em;
  border-bottom: 1px solid; }
"""


@dataclass
class Question:
    """One exercise of a series: the task, how far its blanks have faded, and its tables."""

    number: int
    task: Task
    mode: str
    trace: Trace
    sheets: list[Worksheet]
    blanks: list[list[Blank]]

    def tables(self, format: str, answers: bool) -> list[Table]:
        """The function and the point, then the tables with blanks, or with answers in their place.
        Titles begin with the number of the exercise, by which a submission is read."""
        made = [self.task_table(format)]
        prose = dialect_of(format).math
        for table, blanks in zip(
            tables_of(self.trace, self.mode, format), self.blanks, strict=True
        ):
            hidden = {} if answers else {(b.row, b.column): b.part for b in blanks}
            rows = [
                [
                    _written(cell, hidden.get((i, j)), prose if math else str)
                    for j, (cell, math) in enumerate(zip(line, table.math, strict=True))
                ]
                for i, line in enumerate(table.rows)
            ]
            title = f"{self.number}. {table.title}"
            made.append(Table(title, table.head, rows, [False] * len(table.math)))
        return made

    def task_table(self, format: str) -> Table:
        """The function and the point."""
        write = dialect_of(format)
        point = ", ".join(
            write.math(f"{write.variable(name)} = {value}")
            for name, value in self.task.point.items()
        )
        rows = [[write.math(self._formula(write)), point]]
        if self.task.matrix is not None:
            shown = self.task.matrix[0 if write.name == "text" else 1]
            rows.insert(0, [f"{write.math(shown)}; by components:", ""])
        return Table(f"Exercise {self.number}", ["Function", "Point"], rows, [False, False])

    def _formula(self, write: Text) -> str:
        """The function with the names of its outputs."""
        outputs = (y["name"] for y in self.trace.outputs)
        named = []
        for y, text in zip(outputs, self.task.function, strict=True):
            before, sign, last = text.rpartition("; ")
            named.append(f"{before}{sign}{y} = {last}")
        read = parse(*named, inputs=self.task.point)
        return "; ".join(named) if write.name == "text" else read.latex

    def data(self) -> dict[str, Any]:
        """The exercise as a part of a key."""
        tables = []
        for table, sheet, blanks in zip(
            tables_of(self.trace, self.mode, "text"), self.sheets, self.blanks, strict=True
        ):
            rows = [[cell.replace(Text.thin, " ") for cell in line] for line in table.rows]
            tables.append(
                {
                    "title": f"{self.number}. {table.title}",
                    "kind": sheet.kind,
                    "direction": sheet.direction,
                    "head": table.head,
                    "rows": rows,
                    "figures": [_figure_data(f) for f in sheet.figures if f.right is not None],
                    "blanks": [_blank_data(b, rows[b.row][b.column]) for b in blanks],
                }
            )
        return {
            "number": self.number,
            "idea": self.task.idea,
            "matrix": self.task.matrix and self.task.matrix[0],
            "function": list(self.task.function),
            "point": self.task.point,
            "tables": tables,
        }


def _written(cell: str, hidden: str | None, prose: Callable[[str], str]) -> str:
    """A cell, a part of it blank."""
    if hidden is None:
        return prose(cell) if cell else ""
    kept = split(cell, hidden)[0].rstrip()
    return f"{prose(kept)} {_MARK}" if kept else _MARK


def _figure_data(figure: Figure) -> dict[str, Any]:
    place = {"row": figure.row, "column": figure.column}
    return {**place, "quantity": figure.quantity._asdict(), "right": figure.right}


def _blank_data(blank: Blank, cell: str) -> dict[str, Any]:
    answer = split(cell, blank.part)[1]
    return {"row": blank.row, "column": blank.column, "part": blank.part, "answer": answer}


def question_of(number: int, task: Task, mode: str, faded: Fraction) -> Question:
    """An exercise on a task, of which so much has faded."""
    t = task.traced(mode)
    sheets = worksheets_of(t, mode)
    shown = zip(sheets, tables_of(t, mode, "text"), strict=True)
    blanks = [blanks_of(sheet, table.rows, faded) for sheet, table in shown]
    return Question(number, task, mode, t, sheets, blanks)


@dataclass
class Exercise(Result):
    """A series of exercises (JSON contract "admodes.exercise/1", which is the key of all of it).

    str() is the sheet as text. level, mode, seed and count are what it was made of; questions: the
    exercises, one after the other.
    """

    level: int
    mode: str
    seed: int
    count: int
    questions: list[Question]

    @property
    def title(self) -> str:  # type: ignore[override]
        """What stands above the sheet."""
        mode = "both modes" if self.mode == "both" else f"{self.mode} mode"
        return f"Exercises, level {self.level}, {mode} (seed {self.seed})"

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.exercise/1",
            "title": self.title,
            "level": self.level,
            "mode": self.mode,
            "seed": self.seed,
            "exercises": [question.data() for question in self.questions],
        }

    def tables(self, format: str = "text", answers: bool = False) -> list[Table]:
        """The tables in a format: with blanks, or with the answers in their place."""
        made = [table for q in self.questions for table in q.tables(format, answers)]
        if not answers:
            made[0].notes.append(
                "Fill in what is blank. Numbers are exact, with three decimals "
                "or fewer; where whole rows are blank, one operation is one row."
            )
        return made

    def _written(self, format: str, width: int, fragment: bool, options: dict[str, Any]) -> str:
        title = f"{self.title}: key" if options.get("answers") else self.title
        body = render(
            self.tables(format, **options), format, title=title, width=width, fragment=True
        ).replace(_MARK, _BLANKS.get(format, BLANK))
        return (
            body if fragment else document(body, format, title, _STYLE if format == "html" else "")
        )

    def pages(self) -> list[Page]:
        """A page of the explorer for each exercise, which begins as a quiz."""
        return [
            explore(
                q.task.f,
                *map(float, q.task.point.values()),
                names=list(q.task.point),
                title=f"Exercise {q.number}",
                rows="scalar",
                quiz=True,
            )
            for q in self.questions
        ]

    def save(self, folder: str | Path) -> list[Path]:
        """Write everything into a folder: key.json; sheet and key as text, Markdown, LaTeX, HTML
        and CSV (sheet.md, key.md); quiz-01.html and so on. Every file appears whole or not at all;
        the paths are returned. Raises OSError where it cannot be written."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [write_text(folder / "key.json", self.to_json() + "\n")]
        for name, answers in (("sheet", False), ("key", True)):
            for format, ending in ENDINGS.items():
                text = self.to_table(format, answers=answers)
                paths.append(write_text(folder / f"{name}.{ending}", text))
        for number, page in enumerate(self.pages(), 1):
            paths.append(page.save(folder / f"quiz-{number:02}.html"))
        return paths


def exercise(level: int, mode: str = "both", seed: int = 0, count: int = 5) -> Exercise:
    """A series of exercises with pleasant numbers, and its key.

    level: 1 (one path, chain rule), 2 (products, sums, reuse), 3 (several inputs and outputs), 4
    (quotients, functions, kinks, branches) or 5 (vectors and matrices by their components). mode:
    "forward", "reverse" or "both". Every idea of the level occurs in turn. The first exercise is
    nearly filled in, the last one has only the function and empty tables. All numbers are
    multiples of 1/8, so the same seed gives the same bytes on every machine.

    `.to_table("html")` is the sheet, with `answers=True` its solution, `.to_json()` the key that
    ad.grade reads, `.pages()` the quizzes; `.save("folder")` writes all of it.

    Raises ValueError for an unknown level or mode, and for a count below 1, above 100, or above
    what the level has.

    >>> import admodes as ad
    >>> series = ad.exercise(2, mode="reverse", seed=7, count=3)
    >>> [question.task.function for question in series.questions]
    [('5*x1*(x2 + 2)',), ('4*x1**2 - 3*x2',), ('x1*(x1 + 3*x2)',)]
    """
    check_exercise(level, mode, seed, count)
    questions = [
        question_of(k + 1, task, mode, stage(k, count))
        for k, task in enumerate(tasks_of(level, mode, seed, count))
    ]
    return Exercise(level, mode, seed, count, questions)


def check_exercise(level: Any, mode: Any, seed: Any, count: Any) -> None:
    """Refuse what is no exercise."""
    if level not in LEVELS or isinstance(level, bool):
        raise BadValue(f"level {level!r}: choose from {', '.join(map(str, LEVELS))}")
    if mode not in MODES:
        raise BadValue(f"mode {mode!r}: {choices(mode, MODES)}")
    if not isinstance(seed, int):
        raise BadValue(f"seed {seed!r}: a whole number is needed")
    if not isinstance(count, int) or not 1 <= count <= MOST:
        raise BadValue(f"count {count!r}: a whole number from 1 to {MOST} is needed")
