"""The command exercise: a series of exercises, as a sheet, as its key, or as a folder of all."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from admodes.cli.options import Debug, Mode
from admodes.cli.output import Output, prints
from admodes.cli.running import writing


@prints(folder=True)
def exercise(
    level: Annotated[
        int,
        typer.Option(
            metavar="1..5",
            help="1: chain rule; 2: products, reuse; 3: several inputs and outputs; 4: quotients, "
            "functions, kinks; 5: vectors and matrices.",
        ),
    ] = 1,
    mode: Annotated[Mode, typer.Option(help="Of which mode the tables are.")] = Mode.both,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same exercises, on every machine.")
    ] = 0,
    count: Annotated[
        int, typer.Option(metavar="N", help="How many; blanks fade in from the first to the last.")
    ] = 5,
    key: Annotated[
        bool, typer.Option("--key", help="With the answers in the place of the blanks.")
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print exercises on the two modes, with blanks to fill in.

    The numbers are pleasant: integers and short decimals. The first exercise is nearly filled in,
    the last one has only the function and empty tables.

    JSON is the key of all of it, for admodes grade. Into a folder (-o NAME) everything is written:
    key.json, sheet and key in every format but PDF, and a quiz page of the explorer for each
    exercise.

    \b
    admodes exercise --level 2 --seed 7 --mode reverse --count 4
    admodes exercise --level 3 --seed 7 -o sheet.pdf
    admodes exercise --level 3 --seed 7 --key -o solution.pdf
    admodes exercise --level 5 --seed 7 --count 20 -o exercises
    """
    from admodes.exercises.series import exercise as exercise_of

    series = exercise_of(level, mode.value, seed, count)
    if output.folder is None:
        output.show(series, answers=key)
        return
    with writing(output.folder):
        for path in series.save(output.folder):
            print(path, file=sys.stderr)
