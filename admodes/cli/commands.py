"""The application: its commands in the groups of the help, with the module of each."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.helping import EXAMPLES, WIDEST, Commands
from admodes.cli.running import emit
from admodes.version import VERSION

GROUPS = {
    "See": {
        "trace": "admodes.cli.tracing",
        "graph": "admodes.cli.drawing",
        "explain": "admodes.cli.paths",
        "explore": "admodes.cli.exploring",
        "report": "admodes.cli.sheets",
        "equations": "admodes.cli.checks",
        "program": "admodes.cli.programs",
    },
    "Differentiate": {
        "jacobian": "admodes.cli.matrices",
        "gradient": "admodes.cli.matrices",
        "hessian": "admodes.cli.matrices",
        "code": "admodes.cli.programs",
        "sparsity": "admodes.cli.programs",
        "advise": "admodes.cli.advising",
    },
    "Count": {
        "count": "admodes.cli.counting",
        "chain": "admodes.cli.counting",
        "eliminate": "admodes.cli.eliminating",
        "revolve": "admodes.cli.programs",
    },
    "Compare and measure": {
        "compare": "admodes.cli.comparing",
        "accuracy": "admodes.cli.curves",
        "kinks": "admodes.cli.curves",
        "swell": "admodes.cli.curves",
        "scale": "admodes.cli.scaling",
        "gradbench": "admodes.cli.gradbench",
    },
    "Verify": {
        "verify": "admodes.cli.checks",
        "check": "admodes.cli.checks",
        "diagnose": "admodes.cli.diagnosing",
    },
    "Teach": {
        "audit": "admodes.cli.auditing",
        "exercise": "admodes.cli.exercising",
        "grade": "admodes.cli.grading_sheets",
        "grade-code": "admodes.cli.grading_code",
    },
    "List what there is": {
        "problems": "admodes.cli.listings",
        "ops": "admodes.cli.listings",
        "presets": "admodes.cli.listings",
    },
}
"""The commands as help groups them. Each is a function of the module beside it, with _ for - in its
name; the module is imported when the command is called and where help is printed."""


class _Admodes(Commands):
    groups = GROUPS


app = typer.Typer(
    name="admodes",
    cls=_Admodes,
    help="Forward-mode and reverse-mode automatic differentiation, side by side.\n\n"
    "A function is one expression per output, file.py:function, package.module:function, or "
    "@problem (admodes problems lists them).\n\n"
    "Exit status: 0 done, 1 a check failed, 2 misuse, 130 interrupted. "
    "admodes COMMAND -h shows options and examples of a command."
    f"{EXAMPLES}"
    'admodes trace "x1*x2 + sin(x1)" --at x1=2,x2=3\n'
    "admodes jacobian @cpsc532s\n"
    "admodes report mine.py:f --at x=[1,2] -o sheet.html",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)


def _print_version(asked: bool) -> None:
    if asked:
        emit(f"admodes {VERSION}\n", None)
        raise typer.Exit


@app.callback()
def options_without_a_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options of admodes itself; the help is that of the application."""
