"""Students: filled sheets of an exercise, with mistakes that are planted and what follows from them
computed; python tests/support/filled_sheets.py FOLDER writes a class of them."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from admodes.auditing.derivation import Derivation
from admodes.auditing.quantity import Quantity
from admodes.exercises.fading import split
from admodes.exercises.series import ENDINGS, Exercise, Question, exercise
from admodes.exercises.worksheets import Figure, tables_of
from admodes.views.dialects import dialect_of, scalar_text
from admodes.views.render import render

Wrong = Mapping[Quantity, float]


def derivation_of(question: Question) -> Derivation:
    """The numbers of an exercise, and how they depend on one another."""
    point = question.task.point
    return Derivation(question.task.f, list(map(float, point.values())), list(point))


def blank_figures(question: Question) -> Iterator[Figure]:
    """The numbers that are to be filled in."""
    for sheet, blanks in zip(question.sheets, question.blanks, strict=True):
        places = {(blank.row, blank.column) for blank in blanks}
        for figure in sheet.figures:
            if (figure.row, figure.column) in places and figure.right is not None:
                yield figure


def numbers_of(question: Question, wrong: Wrong) -> Callable[[Quantity], float]:
    """What a student has who is wrong there and computes everything else from that and from what
    the sheet gives."""
    d = derivation_of(question)
    figures = [f for sheet in question.sheets for f in sheet.figures if f.right is not None]
    filled_in = {f.quantity for f in blank_figures(question)}
    known = {f.quantity: f.right for f in figures if f.quantity not in filled_in} | dict(wrong)

    def number(q: Quantity) -> float:
        if q not in known:
            known[q] = d.recompute(q, number)
        return known[q]

    return number


def filled(
    series: Exercise,
    wrong: Mapping[int, Wrong],
    format: str = "markdown",
    empty: Callable[[int, Quantity], bool] = lambda number, q: False,
) -> str:
    """The sheet as a student hands it in. wrong: by the number of the exercise the quantities that
    are wrong, and as what; empty: whether a blank is left empty."""
    tables = []
    for question in series.questions:
        number = numbers_of(question, wrong.get(question.number, {}))
        write = dialect_of(format)
        tables.append(question.task_table(format))
        parts = zip(
            tables_of(question.trace, question.mode, format),
            question.sheets,
            question.blanks,
            strict=True,
        )
        for table, sheet, blanks in parts:
            rows = [list(line) for line in table.rows]
            hidden = {(blank.row, blank.column): blank.part for blank in blanks}
            for figure in sheet.figures:
                place = figure.row, figure.column
                if place in hidden:
                    kept = split(rows[figure.row][figure.column], hidden[place])[0]
                    text = scalar_text(number(figure.quantity), 6)
                    text = "" if empty(question.number, figure.quantity) else text
                    rows[figure.row][figure.column] = f"{kept}{text}"
            math = table.math
            prose = [
                [write.math(c) if math[j] and c else c for j, c in enumerate(line)] for line in rows
            ]
            title = f"{question.number}. {table.title}"
            tables.append(replace(table, title=title, rows=prose, math=[False] * len(math)))
    return render(tables, format, title="My sheet", width=1000)


def mistakes_in(question: Question, rng: random.Random, most: int) -> dict[Quantity, float]:
    """Some blanks that are filled in wrongly: a lost sign, or a number that is off by one."""
    places = list(blank_figures(question))
    chosen = [rng.choice(places) for _ in range(rng.randrange(most + 1))]
    return {
        f.quantity: -f.right if f.right and rng.random() < 0.6 else f.right + rng.choice((1, 10))
        for f in chosen
    }


def write_class(series: Exercise, folder: Path, students: int, seed: int = 1) -> None:
    """A class whose students make up to three mistakes in each exercise, in all formats."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    formats = list(ENDINGS)
    for k in range(students):
        wrong = {q.number: mistakes_in(q, rng, 3) for q in series.questions}
        format = formats[k % len(formats)]
        path = folder / f"student{k + 1:03}.{ENDINGS[format]}"
        path.write_text(filled(series, wrong, format), "utf-8")


if __name__ == "__main__":
    chosen = exercise(3, mode="both", seed=7, count=2)
    write_class(chosen, Path(sys.argv[1]) / "submissions", 200)
    (Path(sys.argv[1]) / "key.json").write_text(chosen.to_json(), "utf-8")
