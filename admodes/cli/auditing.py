"""The command `audit`, which judges a derivation that was worked by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Digits, optional
from admodes.cli.output import Output, prints
from admodes.cli.running import Failure, run, target_of
from admodes.errors import Error


@prints()
def audit(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="A file with tables or equations: Markdown, CSV, LaTeX, HTML, notebook, text, or "
            "the JSON of a trace; - reads standard input.",
        ),
    ],
    function: Annotated[
        list[str] | None,
        optional(
            "--function",
            metavar="FUNCTION",
            help="The function: an expression, repeated for several outputs, file.py:function, "
            "package.module:function or @problem; read from the rows of the table unless given.",
        ),
    ] = None,
    at: At = None,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Judge a derivation by hand and name the mistakes.

    Each number of an evaluation, tangent or adjoint table, of a Jacobian or of a chain of equations
    is right, rounded, wrong, or follows from an earlier mistake. Layout, names and order of rows
    are free. Wrong numbers have their likeliest causes.

    Exit status 1 where a number is wrong or follows.

    \b
    admodes audit homework.md --function "x1*x2 + sin(x1)" --at x1=2,x2=3
    admodes audit tables.tex --function @cpsc532s -o marked.html
    admodes audit rules.csv
    """
    document = _document(table)
    if function is None:
        if at is not None:
            raise Failure("--at gives the point of --function, which is missing")
        result = _audited(document, table)
    else:
        target = target_of(function, at)
        result = run(
            lambda: ad.audit(
                *(document, target.function, *target.args),
                names=target.names,
                outputs=target.output_names,
                title=target.title,
            ),
            target,
        )
    output.show(result, digits=digits)
    if not result.passed:
        raise typer.Exit(1)


def _audited(document: Path | str, table: Path) -> ad.Audit:
    try:
        return ad.audit(document)
    except Error as error:
        raise Failure(f"{error} (--function and --at name the function of {table})") from error


def _document(table: Path) -> Path | str:
    """The file, or what stands on standard input."""
    if str(table) == "-":
        return sys.stdin.read()
    if not table.exists():
        raise Failure(f"{table}: there is no such file")
    if table.is_dir():
        raise Failure(f"{table} is a folder: name a file with tables")
    return table
