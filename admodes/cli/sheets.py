"""The command report: all that there is to show of a function, printed or as a document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from admodes.cli.options import At, Debug, Digits, PresetName
from admodes.cli.output import Format, Output, prints
from admodes.cli.running import Failure, recorded_of, run, target_of, writing
from admodes.tracing.trace import check_inputs
from admodes.views.presets import UBC


@prints(folder=True)
def report(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FUNCTION]...",
            help="Expressions, file.py:function, package.module:function or @problem.",
        ),
    ] = None,
    at: At = None,
    experiments: Annotated[
        bool,
        typer.Option("--experiments", help="Run all experiments of the lab, into the folder -o."),
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Of the experiments this one; may be repeated.")
    ] = None,
    preset: PresetName = UBC.name,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print or write all that there is to show in one document.

    Function, graph, tables, Jacobian by both modes, verification and counts.

    A PDF is typeset by pdflatex, or printed by Chromium where there is no LaTeX. With
    --experiments there is no function: the pages in reports/ are written anew.

    \b
    admodes report @cpsc532s -o solution.pdf
    admodes report "x1*x2 + sin(x1)" --at x1=2,x2=-3 -o sheet.html
    admodes report @cpsc532s --preset griewank -o solution.pdf
    admodes report mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" -o sheet
    admodes report --experiments -o reports
    """
    from admodes.sheets.sheet import report_of

    if experiments or only:
        _write_experiments(targets, output, only or [])
        return
    target = target_of(targets or [], at)
    recorded = recorded_of(target, "auto", check=lambda: check_inputs(target.args))
    sheet = run(lambda: report_of(recorded, *target.named), target)
    place = output.folder or (output.save if output.format is Format.markdown else None)
    if place is None:
        output.show(sheet, digits=digits, preset=preset)
        if output.save is not None:
            print(output.save, file=sys.stderr)
        return
    with writing(place):
        for path in sheet.save(place, digits=digits, preset=preset):
            print(path, file=sys.stderr)


def _write_experiments(targets: list[str] | None, output: Output, only: list[str]) -> None:
    from admodes.lab.pages.writing import write_pages

    if output.save is not None and output.folder is None:
        raise Failure(f"-o {output.save}: the pages of experiments are written into a folder")
    folder = output.folder or Path("reports")
    if targets:
        raise Failure(f"report --experiments takes no function, and {targets[0]} is one")
    with writing(folder):
        for path in write_pages(folder, only):
            print(path, file=sys.stderr)
