"""The command grade: a folder of filled sheets, graded by the key of their exercises."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from admodes.cli.options import Debug, optional
from admodes.cli.output import Output, prints
from admodes.cli.running import Failure, writing


@prints(folder=True, named=("--out",), shows_progress=True)
def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            metavar="SUBMISSIONS",
            help="The folder: each file or folder in it is one student's, and its name says whose.",
            show_default=False,
        ),
    ],
    key: Annotated[
        Path,
        typer.Option(metavar="KEY.json", help="The key: admodes exercise --format json writes it."),
    ],
    points: Annotated[
        float | None, optional(help="What all rows are worth together; a point a row without it.")
    ] = None,
    gradebook: Annotated[
        Path | None,
        optional(metavar="FILE.csv", help="A gradebook that Canvas exported; a copy is filled."),
    ] = None,
    column: Annotated[
        str | None, optional(metavar="NAME", help="The column of the gradebook to fill.")
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Grade filled sheets: scores, feedback, what was misunderstood.

    A row that is filled in is a point. What follows from an earlier mistake is not charged again;
    what the sheet had already earns nothing. What cannot be read has score 0 and says why.

    The summary is printed. Into a folder (-o OUT) everything is written: summary.html, .md and
    .json, scores.csv, and for each submission feedback.html and results.json, which Gradescope
    reads; with --gradebook gradebook.csv too.

    \b
    admodes grade --key exercises/key.json submissions -o graded
    admodes grade --key exercises/key.json submissions -o graded --points 10 \\
        --gradebook canvas.csv --column "Homework 3"
    """
    from admodes.grading.grades import grade as grade_folder
    from admodes.lab.experiments.progress import progress

    try:
        with progress("grade") as show:
            grades = grade_folder(
                key, submissions, points=points, gradebook=gradebook, column=column, show=show
            )
    except OSError as error:
        raise Failure(f"cannot read {error.filename}: {error.strerror}") from error
    folder = output.folder or (None if output.save is None or output.save.suffix else output.save)
    if folder is None and output.save is None and gradebook is not None:
        raise Failure("the filled gradebook is written into a folder: add -o NAME")
    if folder is not None:
        with writing(folder):
            grades.save(folder)
        print(f"{folder}: {grades.title}", file=sys.stderr)
        output = replace(output, save=None, folder=None)
    output.show(grades)
