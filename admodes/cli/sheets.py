"""The command report: all that there is to show of a function, printed or as a document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from admodes.cli.options import At, Debug, Digits, Targets, saved
from admodes.cli.running import (
    STDOUT,
    emit,
    page_width,
    recorded_of,
    run,
    target_of,
    writing,
)
from admodes.tracing.trace import check_inputs
from admodes.views.presets import UBC


def report(
    targets: Targets,
    at: At = None,
    preset: Annotated[
        str, typer.Option(help="The layout of a book or course (admodes presets), or a file.")
    ] = UBC.name,
    digits: Digits = 6,
    save: Annotated[
        Path | None, saved("Write .md (with its picture beside it), .html, .pdf, or a folder.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Print or write all that there is to show in one document: function, graph, tables, Jacobian
    by both modes, verification and counts.

    A PDF is typeset by pdflatex, or printed by Chromium where there is no LaTeX.

    \b
    admodes report @cpsc532s -o solution.pdf
    admodes report "x1*x2 + sin(x1)" --at x1=2,x2=-3 -o sheet.html
    admodes report @cpsc532s --preset griewank -o solution.pdf
    admodes report mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" -o sheet
    """
    from admodes.sheets.sheet import report_of

    target = target_of(targets, at)
    recorded = recorded_of(target, "auto", check=lambda: check_inputs(target.args))
    sheet = run(lambda: report_of(recorded, *target.named), target)
    if save in STDOUT:
        emit(sheet.to_table(digits=digits, preset=preset, width=page_width(save)), save)
        return
    with writing(save):
        for path in sheet.save(save, digits=digits, preset=preset):
            print(path, file=sys.stderr)
