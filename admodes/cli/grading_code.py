"""The command grade-code: a student's autograd module, run in a process of its own and judged."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from admodes.cli.options import Debug, optional
from admodes.cli.output import Output, prints
from admodes.cli.running import Failure


class Interface(StrEnum):
    diy = "DIY-autograd"
    micrograd = "micrograd"


@prints(long="which runs the module")
def grade_code(
    module: Annotated[
        Path, typer.Argument(metavar="MODULE", help="The file of the module.", show_default=False)
    ],
    interface: Annotated[
        Interface | None, optional(help="Told by what the module defines, unless given.")
    ] = None,
    adapter: Annotated[
        Path | None,
        optional(metavar="FILE", help="Ten lines that say how to use a module of another kind."),
    ] = None,
    also: Annotated[
        list[Path] | None, optional(metavar="FILE", help="A file that the module imports.")
    ] = None,
    accumulates: Annotated[
        bool,
        typer.Option("--accumulates", help="A second backward() is meant to add to the first."),
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=1.0, max=55.0, help="After these there is an answer.")
    ] = 40.0,
    memory: Annotated[
        int, typer.Option(min=64, metavar="MIB", help="Memory that the module may use.")
    ] = 1024,
    seed: Annotated[
        int | None, optional(help="The same seed takes the same random points.")
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Run a student's autograd module and say what is wrong with it.

    A module like DIY autograd's (Variable, Prod.forward, backward) or micrograd's (Value). It runs
    in a process of its own and returns numbers, which are judged here: the rule of each operation,
    and how gradients are added up (reuse, order of traversal, second backward, constants, ties,
    deep chains). The smallest graph shows each fault, and what the isolation promises on this
    machine is printed, with what it does not.

    Exit status 0 where all is right, 1 for anything else, 2 where there is no such file.

    \b
    admodes grade-code student.py
    admodes grade-code student.py --accumulates --format json
    admodes grade-code tensors.py --adapter how.py --also helpers.py
    """
    from admodes.grading.modules.examining import grade_code as grade

    try:
        result = grade(
            module,
            interface=interface and interface.value,
            adapter=adapter,
            also=also or (),
            accumulates=accumulates,
            seconds=seconds,
            memory=memory * 2**20,
            seed=seed,
        )
    except OSError as error:
        raise Failure(f"{error.filename or module}: {error.strerror or error}") from error
    output.show(result)
    if not result.passed:
        raise typer.Exit(1)
